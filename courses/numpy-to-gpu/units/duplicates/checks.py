"""Checks that learners run themselves. Code: Apache-2.0."""

import numpy as np

from grader.checks import FunctionCheck, Hints, Report

#: (height, width, bins) and (height, width, segments).
SCENES = ((1, 2, 3), (5, 8, 4), (0, 3, 2), (24, 32, 40))
PARTS = ((1, 1, 1), (4, 5, 3), (0, 4, 2), (24, 30, 40))
#: Array operations that either function may start. A solution without a Python loop needs about eight.
OPERATIONS = 20
#: CuPy's bincount looks at the smallest and the largest value, so some numbers may cross.
TO_HOST = 64


def scene(rng, size):
    """(temps, edges): float32 in steps of half a degree, half of the frame exactly on one edge; the first pixel is
    colder than every bin, the last lies on the last edge."""
    height, width, bins = size
    edges = 20 + np.cumsum(rng.integers(1, 6, size=bins + 1)) / 2
    temps = rng.integers(30, int(2 * edges[-1]) + 10, size=(height, width)) / 2
    temps[height // 2 :, : width // 2] = edges[bins // 2]
    if temps.size:
        temps.flat[-1] = edges[-1]
        temps.flat[0] = 3
    return temps.astype("f4"), edges.astype("f4")


def counts_of(temps, edges):
    place = np.searchsorted(edges, temps.ravel(), side="right")
    return np.bincount(place, minlength=edges.size + 1)[1:-1].astype("i4")


def part(rng, size):
    """(temps, labels, count): float32 and int32 of one shape; -1 is background, and segment 1 of many has no pixel."""
    height, width, count = size
    labels = rng.integers(-1, count, size=(height, width)).astype("i4")
    if count > 2:
        labels[labels == 1] = 0
    if labels.size > 1:
        labels.flat[0] = -1
    return rng.uniform(20, 90, size=(height, width)).astype("f4"), labels, count


def means_of(temps, labels, count):
    place = labels.ravel() + 1
    total = np.bincount(place, weights=temps.ravel(), minlength=count + 1)
    return (total / np.maximum(np.bincount(place, minlength=count + 1), 1))[1:].astype("f4")


def _finish(check) -> Report:
    check.limits(to_host=TO_HOST, to_device=TO_HOST, most_launches=OPERATIONS)
    return check.points(correct=3, same_type=1, on_device=2, keeps_inputs=1).run()


def temperature_histogram(function, sizes=SCENES, hidden=False) -> Report:
    check = FunctionCheck(function, arrays=("cupy",), name="temperature_histogram", hidden=hidden)
    return _finish(check.inputs(scene, sizes=sizes).expect(counts_of))


def segment_means(function, sizes=PARTS, hidden=False) -> Report:
    check = FunctionCheck(function, arrays=("cupy",), name="segment_means", hidden=hidden)
    return _finish(check.inputs(part, sizes=sizes).expect(means_of, rtol=1e-4))


temperature_histogram_hint = Hints(
    {
        "en": "Add up the counters. How many pixels should be counted, and how many are?",
        "de": "Zähl die Zähler zusammen. Wie viele Pixel sollten gezählt sein, und wie viele sind es?",
    },
    {
        "en": "`cupyx.scatter_add(counts, place, 1)` loses nothing. But where does a pixel with `place == -1` go?",
        "de": "`cupyx.scatter_add(counts, place, 1)` verliert nichts. Aber wohin geht ein Pixel mit `place == -1`?",
    },
    {
        "en": "Leave the `- 1` away and take `edges.size + 1` counters: one for all that is colder at the front, one "
        "for all that is hotter at the end. Return those in between.",
        "de": "Lass das `- 1` weg und nimm `edges.size + 1` Zähler: vorn einen für alles, was kälter ist, hinten einen "
        "für alles, was heißer ist. Gib die dazwischen zurück.",
    },
)

segment_means_hint = Hints(
    {
        "en": "A mean is a sum divided by a count. You need two arrays of counters.",
        "de": "Ein Mittel ist eine Summe geteilt durch eine Anzahl. Du brauchst zwei Arrays mit Zählern.",
    },
    {
        "en": "`cupyx.scatter_add(total, place, values)` also adds an array, one value for each index.",
        "de": "`cupyx.scatter_add(total, place, values)` addiert auch ein Array, einen Wert je Index.",
    },
    {
        "en": "With `place = labels.ravel() + 1` the background gets counter 0, which you cut off at the end. Divide by "
        "`cp.maximum(pixels, 1)`.",
        "de": "Mit `place = labels.ravel() + 1` bekommt der Hintergrund den Zähler 0, den du am Ende abschneidest. "
        "Teile durch `cp.maximum(pixels, 1)`.",
    },
)
