"""Checks that learners run themselves. Code: Apache-2.0."""

import numpy as np

from grader.checks import CheckFinding, FunctionCheck, Hints, LearnerError, OnDevice, Part, Report, current

#: (samples, warm-up), and samples of both series with the limit in GB/s.
SERIES = ((1, 0), (13, 1), (9, 2), (30, 5))
PAIRS = ((5, 4, 40), (12, 9, 4800), (30, 21, 900))
#: (pixels on a side, steps, repeats): twice and four times the steps are tried as well.
RUNS = ((32, 10, 3), (128, 10, 5))
#: A time may be off by so much of itself.
TOLERANCE = 0.2
POINTS = 6.0


def times(rng, n):
    """n milliseconds: the first is a warm-up, about one in five is an outlier, the others differ by a hundredth."""
    samples = rng.uniform(0.5, 4) * rng.uniform(0.99, 1.01, n)
    samples[rng.random(n) < 0.2] *= rng.uniform(2, 8)
    samples[0] *= rng.uniform(40, 200)
    return samples


def series(rng, size):
    """(samples, warm_up): float64."""
    n, warm_up = size
    samples = times(rng, n)
    samples[:warm_up] *= rng.uniform(3, 9, warm_up)
    return samples, warm_up


def typical(samples, warm_up):
    rest = samples[warm_up:]
    middle = np.median(rest)
    return middle, np.median(abs(rest - middle))


def pair(rng, size):
    """(before, after, nbytes, limit): float64 milliseconds; the bandwidth stays below the limit in GB/s."""
    n, m, limit = size
    before, after = times(rng, n), times(rng, m)
    nbytes = int(rng.uniform(0.3, 0.9) * limit * 1e6 * np.median(after[1:]))
    return before, after, nbytes, limit


def verdict(before, after, nbytes, limit):
    old, new = np.median(before[1:]), np.median(after[1:])
    rate = nbytes / (new / 1000) / 1e9
    return old / new, rate, rate / limit


def robust(function, sizes=SERIES, hidden=False) -> Report:
    check = FunctionCheck(function, name="robust", hidden=hidden)
    check.inputs(series, sizes=sizes).expect(typical, rtol=1e-9)
    return check.points(correct=4, keeps_inputs=1).run()


def compare(function, sizes=PAIRS, hidden=False) -> Report:
    check = FunctionCheck(function, name="compare", hidden=hidden)
    check.inputs(pair, sizes=sizes).expect(verdict, rtol=1e-9)
    return check.points(correct=5, keeps_inputs=1).run()


def measure(function, runs=RUNS, hidden=False) -> Report:
    """Each run is repeated with twice and four times the work."""
    surroundings = current()
    points, found = POINTS, []
    for side, steps, repeats in runs:
        image = np.full((side, side), 50, "f4")
        medians = []
        for work in (steps, 2 * steps, 4 * steps):
            try:
                samples, trace = surroundings.call(function, (OnDevice(image), work, repeats), {})
            except LearnerError as error:
                found.append(CheckFinding(error.kind, error.message, line=error.line, evidence=error.evidence))
                points = 0.0
                break
            milliseconds = numbers(samples, repeats)
            if milliseconds is None:
                found.append(CheckFinding("wrong-type", NOT_A_LIST, evidence=str(samples)[:200]))
                points = 0.0
                break
            medians.append(float(np.median(milliseconds)))
            if trace.launches is None:
                continue
            calls = trace.launches / work
            if calls < repeats:
                found.append(CheckFinding("host-fallback", NOT_CALLED))
                points = 0.0
                break
            if calls < repeats + 1:
                found.append(CheckFinding("wrong-result", NO_WARM_UP))
                points = min(points, POINTS - 2)
            if not trace.synchronisations and not trace.copies_to_host:
                found.append(CheckFinding("wrong-result", NOT_WAITED))
                points = min(points, POINTS - 2)
            if trace.busy and max(abs(milliseconds * 1e6 * calls / trace.busy - 1)) > TOLERANCE:
                found.append(CheckFinding("wrong-result", OTHER_TIMES))
                points = 0.0
        if points and (medians[0] <= 0 or any(off(medians, times) > TOLERANCE for times in (1, 2))):
            found.append(CheckFinding("wrong-result", NOT_TWICE, evidence=str(medians)))
            points = 0.0
        if not points:
            break
    return Report(
        parts=[Part("correct", points, POINTS)],
        findings=found,
        name="measure",
        device=surroundings.device.name,
        hidden=hidden,
        language=surroundings.language,
    )


def numbers(samples, count):
    """An array of `count` finite milliseconds, None where it is something else."""
    listed = samples.tolist() if isinstance(samples, np.ndarray) else samples
    if not isinstance(listed, list | tuple) or len(listed) != count:
        return None
    if not all(isinstance(one, int | float | np.floating) and abs(one) < 1e9 for one in listed):
        return None
    return np.array(listed, float)


def off(medians, number):
    """By how much of itself the time of 2 ** number times the work is off."""
    return abs(medians[number] / (2**number * medians[0]) - 1)


NOT_A_LIST = {
    "en": "The result is no list of `repeats` numbers. Collect the milliseconds of each call.",
    "de": "Das Ergebnis ist keine Liste mit `repeats` Zahlen. Sammle die Millisekunden jedes Aufrufs.",
}
NOT_CALLED = {
    "en": "`work` ran on the device fewer times than there are numbers in the list. Call it for each of them.",
    "de": "`work` lief seltener auf dem Device, als Zahlen in der Liste stehen. Ruf es für jede davon auf.",
}
NO_WARM_UP = {
    "en": "Nothing ran before the first measured call. Let `work` run once without measuring it.",
    "de": "Vor dem ersten gemessenen Aufruf lief nichts. Lass `work` einmal laufen, ohne es zu messen.",
}
NOT_WAITED = {
    "en": "Nobody waited for the device. A GPU refuses the time between two events while the second one lies ahead: call "
    "`synchronize()` of the event first.",
    "de": "Niemand hat auf das Device gewartet. Eine GPU verweigert die Zeit zwischen zwei Events, solange das zweite noch "
    "bevorsteht: Ruf vorher `synchronize()` des Events auf.",
}
OTHER_TIMES = {
    "en": "The times are not those of one call of `work` each, in milliseconds. Does the first event come right before the "
    "call, the second right behind it, both on the stream of the work?",
    "de": "Die Zeiten sind nicht die von je einem Aufruf von `work`, in Millisekunden. Kommt das erste Event direkt vor dem "
    "Aufruf, das zweite direkt dahinter, beide auf dem Stream der Arbeit?",
}
NOT_TWICE = {
    "en": "Twice the work does not take twice as long by your measurement. What is measured besides the work?",
    "de": "Doppelte Arbeit dauert nach deiner Messung nicht doppelt so lange. Was wird außer der Arbeit gemessen?",
}

measure_hint = Hints(
    {
        "en": "`elapsed` from above does almost everything for a single call. What happens before the first one?",
        "de": "`elapsed` von oben macht für einen einzelnen Aufruf fast alles. Was geschieht vor dem ersten?",
    },
    {
        "en": "Call `work(image, steps)` once for itself. Then a loop: two new events, `start.record()`, the call, "
        "`end.record()`.",
        "de": "Ruf `work(image, steps)` einmal für sich auf. Dann eine Schleife: zwei neue Events, `start.record()`, der "
        "Aufruf, `end.record()`.",
    },
    {
        "en": "At the end of each turn `end.synchronize()`, then append `cp.cuda.get_elapsed_time(start, end)` to a list.",
        "de": "Am Ende jeder Runde `end.synchronize()`, dann `cp.cuda.get_elapsed_time(start, end)` an eine Liste hängen.",
    },
)

robust_hint = Hints(
    {
        "en": "`samples[warm_up:]` is the rest. What is sorted in place, and what is not?",
        "de": "`samples[warm_up:]` ist der Rest. Was sortiert an Ort und Stelle, und was nicht?",
    },
    {
        "en": "`np.median` sorts a copy, and takes the mean of the two in the middle where the number is even.",
        "de": "`np.median` sortiert eine Kopie und nimmt bei gerader Anzahl das Mittel der beiden mittleren.",
    },
    {
        "en": "The distances are `abs(rest - middle)`. Return `middle, np.median(...)` of these.",
        "de": "Die Abstände sind `abs(rest - middle)`. Gib `middle, np.median(...)` davon zurück.",
    },
)

compare_hint = Hints(
    {
        "en": "Go through it line by line: which values go in, which kind of middle, which units?",
        "de": "Geh Zeile für Zeile durch: Welche Werte gehen ein, welche Art von Mitte, welche Einheiten?",
    },
    {
        "en": "Both series lose their first value, and both are represented by the median. A second has 1000 milliseconds, "
        "a GB has 10⁹ bytes.",
        "de": "Beide Reihen verlieren ihren ersten Wert, und für beide steht der Median. Eine Sekunde hat 1000 "
        "Millisekunden, ein GB hat 10⁹ Bytes.",
    },
    {
        "en": "`new = np.median(after[1:])` and `rate = nbytes / (new / 1000) / 1e9`. Is a share of the limit `limit / "
        "rate`?",
        "de": "`new = np.median(after[1:])` und `rate = nbytes / (new / 1000) / 1e9`. Ist der Anteil an der Grenze `limit "
        "/ rate`?",
    },
)
