"""Checks that learners run themselves. Code: Apache-2.0."""

import numpy as np

from grader.checks import FunctionCheck, Hints, OnDevice, Report, current

FILMS = ((1, 1, 1), (2, 3, 5), (3, 4, 6), (0, 2, 3), (4, 5, 9), (2, 3, 9), (2, 4, 5))
COUNTS = ((1, 1, 1), (3, 2, 5), (0, 2, 3), (3, 31, 33))
#: What NumPy calls `axis`; the shape of a film chooses one of them.
AXES = ((1, 2), None, 0, 1, -1, (0, 1))
#: A reduction, and the copies that the stand-in makes of operands that it stretches or turns. A chain starts more.
DISTANCE, LEVELS, SOFT = 3, 3, 6


def traffic(function, *arguments):
    """Call `function` with copies of its NumPy arrays on the device: (operations started, bytes in, bytes back).

    Raises LearnerError where `function` raises.
    """
    placed = [OnDevice(value) if isinstance(value, np.ndarray) else value for value in arguments]
    _, trace = current().call(function, placed, {})
    return trace.launches, trace.to_device, trace.to_host


def _dtype(shape):
    return "f4" if shape[2] % 2 else "f8"


def film_and_reference(rng, shape):
    """(film, reference, axis): float32 where a frame has an odd number of columns, else float64."""
    film = rng.uniform(20, 90, size=shape).astype(_dtype(shape))
    return film, rng.uniform(20, 90, size=shape[1:]).astype(film.dtype), AXES[sum(shape) % len(AXES)]


def distance_of(film, reference, axis):
    return np.sqrt(((film.astype("f8") - reference) ** 2).sum(axis=axis)).astype(film.dtype)


def raw_counts(rng, shape):
    """A film of the sensor's whole numbers, uint16; none is 0."""
    return (rng.integers(3_000, 65_536, size=shape).astype("u2"),)


def levels_of(counts):
    return counts.sum(axis=(1, 2), dtype="i8"), counts.min(axis=(1, 2))


def warm_and_cold(rng, shape):
    """(temps, width): each frame has a level of its own, hot or far below zero; some pixels are masked by -inf."""
    width = float(rng.integers(1, 6)) / 20
    level = rng.choice([-55, 65], size=(shape[0], 1, 1)) + rng.uniform(-5, 5, size=(shape[0], 1, 1))
    temps = level + width * rng.uniform(-3, 3, size=shape)
    if shape[1] * shape[2] > 4:
        temps[:, 0, 1] = -np.inf
    return temps.astype(_dtype(shape)), width


def soft_maximum_of(temps, width):
    wide = temps.astype("f8")
    largest = wide.max(axis=(1, 2), keepdims=True)
    total = np.exp((wide - largest) / width).sum(axis=(1, 2))
    return (largest[:, 0, 0] + width * np.log(total)).astype(temps.dtype)


def _check(function, name, hidden, operations) -> FunctionCheck:
    check = FunctionCheck(function, arrays=("cupy",), name=name, hidden=hidden)
    check.limits(to_host=0, to_device=0, most_launches=operations)
    return check.points(correct=3, same_type=1, on_device=2, keeps_inputs=1)


def distance(function, sizes=FILMS, hidden=False) -> Report:
    check = _check(function, "distance", hidden, DISTANCE)
    return check.inputs(film_and_reference, sizes=sizes).expect(distance_of, rtol=1e-5).run()


def frame_counts(function, sizes=COUNTS, hidden=False) -> Report:
    check = _check(function, "frame_counts", hidden, LEVELS)
    return check.inputs(raw_counts, sizes=sizes).expect(levels_of).run()


def soft_maximum(function, sizes=FILMS, hidden=False) -> Report:
    check = _check(function, "soft_maximum", hidden, SOFT)
    return check.inputs(warm_and_cold, sizes=sizes).expect(soft_maximum_of, rtol=1e-5).run()


distance_hint = Hints(
    {
        "en": "Which of the three steps knows a single pixel, which one two results, and which one the finished sum?",
        "de": "Welcher der drei Schritte kennt ein einzelnes Pixel, welcher zwei Ergebnisse, und welcher die fertige "
        "Summe?",
    },
    {
        "en": "Map: the squared difference. Reduce: `a + b`. Post: the square root. What does a sum begin with?",
        "de": "map: das Quadrat der Differenz. reduce: `a + b`. post: die Wurzel. Womit beginnt eine Summe?",
    },
    {
        "en": '`"T x, T r"`, `"T y"`, `"(x - r) * (x - r)"`, `"a + b"`, `"y = sqrt(a)"`, `"0"` are the strings. In the '
        "call, hand on `axis=axis`.",
        "de": '`"T x, T r"`, `"T y"`, `"(x - r) * (x - r)"`, `"a + b"`, `"y = sqrt(a)"`, `"0"` sind die Texte. Reich '
        "beim Aufruf `axis=axis` weiter.",
    },
)

frame_counts_hint = Hints(
    {
        "en": "Compare the shape of the result with `(n,)`. Which axes must go?",
        "de": "Vergleiche die Form des Ergebnisses mit `(n,)`. Welche Achsen müssen verschwinden?",
    },
    {
        "en": "A sum is held in the type of the output. What is the largest number in `uint16`, and what is smaller "
        "than every count when the search for the smallest begins?",
        "de": "Eine Summe wird im Typ der Ausgabe gehalten. Welches ist die größte Zahl in `uint16`? Und was ist bei "
        "der Suche nach dem Kleinsten schon am Anfang kleiner als jeder Zählwert?",
    },
    {
        "en": 'The total wants the output `"int64 y"`. The coldest count begins with the largest number there is, '
        '`"65535"`. Both go over `axis=(1, 2)`.',
        "de": 'Die Summe braucht die Ausgabe `"int64 y"`. Der kleinste Zählwert beginnt mit der größten Zahl, die es '
        'gibt, `"65535"`. Beide laufen über `axis=(1, 2)`.',
    },
)

soft_maximum_hint = Hints(
    {
        "en": "Two reductions: first the largest value of each frame, then a sum in which no exponent is above 0.",
        "de": "Zwei Reduktionen: zuerst der größte Wert jedes Bildes, dann eine Summe, in der kein Exponent über 0 "
        "liegt.",
    },
    {
        "en": "`temps.max(axis=(1, 2), keepdims=True)` has the shape `(n, 1, 1)` and broadcasts in your kernel. It may "
        "be an input like any other.",
        "de": "`temps.max(axis=(1, 2), keepdims=True)` hat die Form `(n, 1, 1)` und passt durch Broadcasting in deinen "
        "Kernel. Es darf eine Eingabe sein wie jede andere.",
    },
    {
        "en": 'With `"T t, T m, T w"` the map is `exp((t - m) / w)` and the post step `y = w * log(a)`. At the end add '
        "`m.reshape(-1)`.",
        "de": 'Mit `"T t, T m, T w"` ist map `exp((t - m) / w)` und post `y = w * log(a)`. Addiere am Ende '
        "`m.reshape(-1)`.",
    },
)
