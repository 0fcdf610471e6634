"""Checks that learners run themselves, hints, and a count of copies. Code: Apache-2.0."""

import numpy as np

from grader.checks import CheckFinding, FunctionCheck, Hints, Part, Report, current, use

LENGTHS = (1000, 1, 33, 4097)
#: Steps for each length. The longest row is longer than the given launch has threads.
STEPS = {1000: 3, 2: 1, 33: 4, 3001: 2}


def traffic(function, *arrays):
    """Call `function` with copies of NumPy `arrays`, or with device arrays as they are: (launches, bytes copied to the
    GPU, bytes copied back), None each where nothing counts them.

    Raises LearnerError where `function` raises.
    """
    _, trace = current().call(function, arrays, {})
    return trace.launches, trace.to_device, trace.to_host


class Counting:
    """The surroundings in force, and what was counted in each call there."""

    def __init__(self):
        self._inner = current()
        self.calls = []

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def call(self, function, args, kwargs):
        result, trace = self._inner.call(function, args, kwargs)
        self.calls.append((args, trace))
        return result, trace


def needless(inputs, output, trace, most, hidden):
    """Findings of a call that needs `inputs` bytes over, `output` bytes back and `most` launches."""
    found = []
    if not trace.launches:
        found.append(CheckFinding("host-fallback", NO_LAUNCH))
    elif trace.to_device < inputs or trace.to_host < output:
        found.append(CheckFinding("host-fallback", TOO_LITTLE))
    elif trace.to_device > inputs or trace.to_host > output:
        text = TOO_MUCH if hidden else too_much(trace.to_device, inputs, trace.to_host, output)
        found.append(CheckFinding("host-fallback", text))
    if trace.launches > most:
        found.append(CheckFinding("many-launches", MANY_LAUNCHES if hidden else many_launches(trace.launches, most)))
    return found


def crossing_once(check, reference, launches, points) -> Report:
    """The report of `check`, and `points` for a function of NumPy arrays that copies each of them over once and its
    result back once, with at most `launches(*arguments)` launches. A wrong result earns none of these points."""
    counting = Counting()
    with use(counting):
        report = check.run()
    right = all(part.points == part.max for part in report.parts if part.name == "correct")
    counted = [(args, trace) for args, trace in counting.calls if trace.launches is not None]
    found = []
    for args, trace in counted:
        inputs = sum(arg.nbytes for arg in args if isinstance(arg, np.ndarray))
        output = np.asarray(reference(*args)).nbytes
        found += needless(inputs, output, trace, launches(*args), report.hidden)
    got = 0.0 if found or not right else float(points) if counted else None
    return report + Report(parts=[Part("on_device", got, float(points))], findings=found)


def celsius_of(raw):
    return raw.astype("f4") * np.float32(0.04)


def calibrated(function, lengths=LENGTHS, hidden=False) -> Report:
    """raw: uint16, shape (n,), on the host."""
    check = FunctionCheck(function, name="calibrated", hidden=hidden)
    check.inputs(lambda rng, n: (rng.integers(500, 60_000, n, "u2"),), sizes=lengths).expect(celsius_of, rtol=1e-6)
    return crossing_once(check.points(correct=2, same_type=1), celsius_of, lambda raw: 1, 3)


def smoothed_once(values):
    padded = np.pad(values, 1, mode="edge")
    return (padded[:-2] + padded[1:-1] + padded[2:]) / np.float32(3)


def marks(raw, dark, limit):
    return (smoothed_once(raw - dark) > limit).astype("u1")


def image_dark_limit(rng, n):
    """raw, dark, limit: float32, shape (n,), in steps of a quarter; no mean of three such numbers lies at the limit."""
    raw, dark = rng.integers(80, 400, n) / 4, rng.integers(0, 40, n) / 4
    return raw.astype("f4"), dark.astype("f4"), float(rng.integers(50, 60)) + 0.125


def hot_spots(function, lengths=LENGTHS, hidden=False) -> Report:
    check = FunctionCheck(function, name="hot_spots", hidden=hidden)
    check.inputs(image_dark_limit, sizes=lengths).expect(marks)
    return crossing_once(check.points(correct=2, same_type=1, keeps_inputs=1), marks, lambda *args: 3, 4)


def smoothed_often(row, steps):
    for _ in range(steps):
        row = smoothed_once(row)
    return row


def smoothed(function, steps=None, hidden=False) -> Report:
    """row: float32, shape (n,), on the host; steps as the length has them."""
    steps = steps or STEPS
    check = FunctionCheck(function, name="smoothed", hidden=hidden)
    check.inputs(lambda rng, n: (rng.uniform(20, 90, n).astype("f4"), steps[n]), sizes=steps)
    check.expect(smoothed_often, rtol=1e-5)
    return crossing_once(check.points(correct=2, keeps_inputs=1), smoothed_often, lambda row, count: count, 3)


NO_LAUNCH = {
    "en": "Nothing ran on the GPU. Launch the given kernels on device arrays.",
    "de": "Auf der GPU lief nichts. Starte die gegebenen Kernel auf Device-Arrays.",
}
TOO_LITTLE = {
    "en": "Less is copied than the inputs and the result have bytes. Either the result stayed on the GPU, or the host did "
    "part of the work.",
    "de": "Es wird weniger kopiert, als Eingaben und Ergebnis Bytes haben. Entweder blieb das Ergebnis auf der GPU, oder "
    "der Host hat einen Teil der Arbeit gemacht.",
}
TOO_MUCH = {
    "en": "More is copied than needed. A NumPy array in a launch goes there and back; make room for results with "
    "device_array, and leave what is in between on the GPU.",
    "de": "Es wird mehr kopiert als nötig. Ein NumPy-Array in einem Start geht hin und zurück; schaffe Platz für "
    "Ergebnisse mit device_array und lass alles, was dazwischen liegt, auf der GPU.",
}
MANY_LAUNCHES = {
    "en": "There are more launches than needed. Let one launch work on the whole array.",
    "de": "Es sind mehr Starts als nötig. Lass einen Start auf dem ganzen Array arbeiten.",
}


def too_much(over, inputs, back, output):
    return {
        "en": f"{over} bytes went to the GPU, and {inputs} would do; {back} bytes came back, and {output} would do. "
        f"{TOO_MUCH['en']}",
        "de": f"{over} Bytes gingen zur GPU, {inputs} hätten gereicht; {back} Bytes kamen zurück, {output} hätten "
        f"gereicht. {TOO_MUCH['de']}",
    }


def many_launches(got, most):
    return {
        "en": f"There were {got} launches, and {most} would do. Let one launch work on the whole array.",
        "de": f"Es waren {got} Starts, {most} hätten gereicht. Lass einen Start auf dem ganzen Array arbeiten.",
    }


calibrated_hint = Hints(
    {
        "en": "Look at `kelvin_of` once more. Which of its lines differs, because input and result have different types?",
        "de": "Sieh dir `kelvin_of` noch einmal an. Welche Zeile wird anders, weil Eingabe und Ergebnis verschiedene Typen "
        "haben?",
    },
    {
        "en": "The result needs room on the GPU only: `cuda.device_array(raw.size, np.float32)`.",
        "de": "Das Ergebnis braucht nur Platz auf der GPU: `cuda.device_array(raw.size, np.float32)`.",
    },
    {
        "en": "`there = cuda.to_device(raw)`, room for the result, `calibrate[4, 256](there, room)`, and at the end "
        "`return room.copy_to_host()`. The loop in the kernel takes any launch.",
        "de": "`there = cuda.to_device(raw)`, Platz für das Ergebnis, `calibrate[4, 256](there, room)` und am Ende "
        "`return room.copy_to_host()`. Die Schleife im Kernel verträgt jeden Start.",
    },
)

hot_spots_hint = Hints(
    {
        "en": "Write down for each of the five arrays: does it come from the host, is it wanted there, or neither?",
        "de": "Schreib für jedes der fünf Arrays auf: Kommt es vom Host, wird es dort gebraucht, oder keins von beidem?",
    },
    {
        "en": "Two arrays come from the host: `to_device`. One goes back: `copy_to_host`. All three that kernels write are "
        "`device_array`s.",
        "de": "Zwei Arrays kommen vom Host: `to_device`. Eins geht zurück: `copy_to_host`. Alle drei, in die Kernel "
        "schreiben, sind `device_array`s.",
    },
    {
        "en": "The marks have the type `np.uint8`, the other two `np.float32`. Give each kernel what the one before has "
        "written.",
        "de": "Die Markierungen haben den Typ `np.uint8`, die beiden anderen `np.float32`. Gib jedem Kernel, was der davor "
        "geschrieben hat.",
    },
)

smoothed_hint = Hints(
    {
        "en": "Which of the two arrays has the kernel written, and which one is fetched? And what does the next step read?",
        "de": "Welches der beiden Arrays hat der Kernel geschrieben, und welches wird geholt? Und was liest der nächste "
        "Schritt?",
    },
    {
        "en": "What can stand before the loop, because it is needed only once? And what after it?",
        "de": "Was kann vor der Schleife stehen, weil es nur einmal nötig ist? Und was dahinter?",
    },
    {
        "en": "Before the loop `now = cuda.to_device(row)` and `later = cuda.device_array_like(now)`. In it the launch and "
        "`now, later = later, now`. After it `return now.copy_to_host()`.",
        "de": "Vor der Schleife `now = cuda.to_device(row)` und `later = cuda.device_array_like(now)`. Darin der Start und "
        "`now, later = later, now`. Danach `return now.copy_to_host()`.",
    },
)
