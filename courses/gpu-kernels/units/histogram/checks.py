"""Checks that learners run themselves, and hints. Code: Apache-2.0."""

import numpy as np

from grader.checks import Hints, KernelCheck, Report, ceil_div

LENGTHS = (1000, 1, 31, 256, 2049)
BINS = {1000: 16, 1: 1, 31: 256, 256: 1, 2049: 100}
SHAPES = ((12, 40), (40, 12), (1, 1), (31, 33))


def one_thread_each(n):
    return ceil_div(n, 256), 256


def temperatures(rng, n, bins):
    """heat, low, width, counts: temperatures in steps of a quarter degree, float32, shape (n,), so that bins are exact.

    Some lie just below the first bin and some at the end of the last; counts is int32, shape (bins,), all 0.
    """
    low, width = 20.0, float(rng.choice((0.5, 1.0, 2.0)))
    steps = rng.integers(int(-8 * width), int(4 * width * bins + 8 * width), n)
    heat = (low + steps / 4).astype("f4")
    heat[0], heat[-1] = low - width / 4, low + width * bins
    heat[n // 2] = low + width * bins / 2
    return heat, np.float32(low), np.float32(width), np.zeros(bins, "i4")


def counted(heat, low, width, counts):
    numbers = np.floor((heat - low) / width).astype(int)
    inside = numbers[(numbers >= 0) & (numbers < counts.size)]
    return counts + np.bincount(inside, minlength=counts.size)


def histogram(kernel, lengths=LENGTHS, bins=BINS, hidden=False) -> Report:
    names = ("heat", "low", "width", "counts")
    signature = "void(float32[:], float32, float32, int32[:])"
    check = KernelCheck(kernel, signature, launch=one_thread_each, names=names, name="histogram", hidden=hidden)
    check.inputs(lambda rng, n: temperatures(rng, n, bins[n]), sizes=lengths)
    check.expect(counted, output=3, accumulates=True)
    return check.points(correct=3, in_bounds=1, race_free=2).run()


def raw_values(rng, n):
    """raw, most: int32, shapes (n,) and (1,). The greatest value stands in the last quarter, one that is more below 0 than
    that is above it stands first, and most starts below all of them."""
    raw = rng.integers(-4000, 4000, n, "i4")
    raw[0] = -4500
    raw[n - 1 - rng.integers(0, max(n // 4, 1))] = 4000 + rng.integers(0, 100)
    return raw, np.full(1, -5000, "i4")


def hottest(kernel, lengths=LENGTHS, hidden=False) -> Report:
    signature = "void(int32[:], int32[:])"
    check = KernelCheck(kernel, signature, launch=one_thread_each, names=("raw", "most"), name="hottest", hidden=hidden)
    check.inputs(raw_values, sizes=lengths)
    check.expect(lambda raw, most: np.maximum(most, raw.max()), output=1, accumulates=True)
    return check.points(correct=2, in_bounds=1, race_free=1).run()


def blocks_of_an_image(shape):
    height, width = shape
    return (ceil_div(width, 32), ceil_div(height, 8)), (32, 8)


def hot_per_row(kernel, shapes=SHAPES, hidden=False) -> Report:
    names = ("image", "limit", "counts")
    signature = "void(float32[:, :], float32, int32[:])"
    check = KernelCheck(kernel, signature, launch=blocks_of_an_image, names=names, name="hot_per_row", hidden=hidden)
    check.inputs(some_hot_pixels, sizes=shapes)
    check.expect(lambda image, limit, counts: counts + (image > limit).sum(axis=1), output=2, accumulates=True)
    return check.points(correct=2, in_bounds=1, race_free=2).run()


def some_hot_pixels(rng, shape):
    """image, limit, counts: whole degrees, float32; the limit is one of them. Each row has a hot pixel and, if it is long
    enough, one exactly at the limit."""
    image = rng.integers(20, 90, shape).astype("f4")
    image[:, -1], image[:, 0] = 60, 95
    return image, np.float32(60), np.zeros(shape[0], "i4")


histogram_hint = Hints(
    {
        "en": "Which bin does a temperature of 19.9 degrees belong to, if the first bin begins at 20? And what is "
        "`int(-0.1)`?",
        "de": "In welches Fach gehört eine Temperatur von 19,9 Grad, wenn das erste Fach bei 20 beginnt? Und was ist "
        "`int(-0.1)`?",
    },
    {
        "en": "Several threads may meet in one bin. `cuda.atomic.add(array, index, value)` lets them add one after the "
        "other.",
        "de": "Mehrere Threads können sich im selben Fach treffen. Mit `cuda.atomic.add(array, index, value)` zählen sie "
        "nacheinander.",
    },
    {
        "en": "Guard the pixel, then `if heat[i] >= low:`, then `b = int((heat[i] - low) / width)`, and count only if "
        "`b < counts.shape[0]`.",
        "de": "Sichere das Pixel ab, dann `if heat[i] >= low:`, dann `b = int((heat[i] - low) / width)`, und zähle nur, "
        "wenn `b < counts.shape[0]`.",
    },
)

hottest_hint = Hints(
    {
        "en": "Comparing and writing are two steps. What may happen in between?",
        "de": "Vergleichen und Schreiben sind zwei Schritte. Was kann dazwischen passieren?",
    },
    {
        "en": "There are more atomic operations than adding; look for the one that keeps the greater value.",
        "de": "Es gibt mehr atomare Operationen als das Addieren. Such die, die den größeren Wert behält.",
    },
    {
        "en": "`cuda.atomic.max(most, 0, raw[i])` inside the guard is all.",
        "de": "`cuda.atomic.max(most, 0, raw[i])` hinter dem Wächter ist alles.",
    },
)

hot_per_row_hint = Hints(
    {
        "en": "All threads of a row count in one place. Which of `x` and `y` is the number of the row?",
        "de": "Alle Threads einer Zeile zählen an derselben Stelle. Was ist die Nummer der Zeile, `x` oder `y`?",
    },
    {
        "en": "`+= 1` is three steps: read, add, write. Look for the operation that makes them one.",
        "de": "`+= 1` sind drei Schritte: lesen, addieren, schreiben. Such die Operation, die daraus einen macht.",
    },
    {
        "en": "`cuda.atomic.add(counts, y, 1)`, and only for pixels hotter than the limit.",
        "de": "`cuda.atomic.add(counts, y, 1)`, und nur für Pixel, die heißer als die Grenze sind.",
    },
)
