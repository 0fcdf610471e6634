"""Checks that learners run themselves, and hints. Code: Apache-2.0."""

import numpy as np

from grader.checks import Hints, KernelCheck, Report, ceil_div

#: For each number of pixels: how many bins there are, and how many threads each block has.
CASES = {1000: (100, 64), 1: (1, 32), 31: (256, 96), 256: (16, 128), 2049: (250, 256)}


def covering(cases):
    """Blocks of the case's size, just enough for its pixels."""
    return lambda n: (ceil_div(n, cases[n][1]), cases[n][1])


def handed_over(cases):
    """Each block hands over each bin once."""
    return lambda n: ceil_div(n, cases[n][1]) * cases[n][0]


def inside(levels, bins):
    """Those of the levels that have a bin."""
    return levels[(levels >= 0) & (levels < bins)]


def levels_and_counts(rng, n, bins):
    """levels, counts: int32, shapes (n,) and (bins,). Most pixels share one level; some lie just outside of the bins.

    The last bin has a pixel in the first block, too. counts starts with numbers from 1 on.
    """
    levels = rng.integers(0, bins, n)
    levels[rng.random(n) < 0.6] = bins // 3
    levels[rng.random(n) < 0.1] = bins
    levels[rng.random(n) < 0.1] = -1
    levels[-1], levels[n // 2], levels[0] = bins, -1, bins - 1
    return levels.astype("i4"), rng.integers(1, 9, bins, "i4")


def counted(levels, counts):
    return counts + np.bincount(inside(levels, counts.size), minlength=counts.size)


def shared_histogram(kernel, cases=CASES, hidden=False) -> Report:
    signature, names = "void(int32[:], int32[:])", ("levels", "counts")
    launch = covering(cases)
    check = KernelCheck(kernel, signature, launch=launch, names=names, name="shared_histogram", hidden=hidden)
    check.inputs(lambda rng, n: levels_and_counts(rng, n, cases[n][0]), sizes=tuple(cases))
    check.expect(counted, output=1, accumulates=True)
    return check.points(correct=3, in_bounds=1, race_free=1, global_atomics=(1, handed_over(cases))).run()


def strips_with(kernel, cases=CASES, hidden=False) -> Report:
    def strips(levels, counts):
        length = cases[levels.size][1]
        found = [np.unique(inside(one, counts.size)) for one in np.split(levels, range(length, levels.size, length))]
        return counts + np.bincount(np.concatenate(found), minlength=counts.size)

    signature, names = "void(int32[:], int32[:])", ("levels", "counts")
    check = KernelCheck(kernel, signature, launch=covering(cases), names=names, name="strips_with", hidden=hidden)
    check.inputs(lambda rng, n: levels_and_counts(rng, n, cases[n][0]), sizes=tuple(cases))
    check.expect(strips, output=1, accumulates=True)
    return check.points(correct=2, in_bounds=1, race_free=2).run()


def zone_sums(kernel, cases=CASES, hidden=False) -> Report:
    def summed(zone, raw, sums):
        there = zone >= 0
        return sums + np.bincount(zone[there], raw[there], minlength=sums.size).astype("i8")

    signature, names = "void(int32[:], int32[:], int32[:])", ("zone", "raw", "sums")
    check = KernelCheck(kernel, signature, launch=covering(cases), names=names, name="zone_sums", hidden=hidden)
    check.inputs(lambda rng, n: zones_and_raw_values(rng, n, cases[n][0]), sizes=tuple(cases))
    check.expect(summed, output=2, accumulates=True)
    return check.points(correct=2, in_bounds=1, race_free=1, global_atomics=(1, handed_over(cases))).run()


def zones_and_raw_values(rng, n, zones):
    """zone, raw, sums: int32, shapes (n,), (n,) and (zones,). A zone of -1 is the background; sums starts above 0."""
    zone = rng.integers(-1, zones, n, "i4")
    zone[n // 2] = -1
    zone[0] = zones - 1
    return zone, rng.integers(500, 2000, n, "i4"), rng.integers(1, 9, zones, "i4")


shared_histogram_hint = Hints(
    {
        "en": "Three parts: clear, count, hand over. Which of them needs a loop over bins, and which belongs to the "
        "pixel?",
        "de": "Drei Teile: leeren, zählen, abgeben. Welcher davon braucht eine Schleife über Fächer, und welcher "
        "gehört zum Pixel?",
    },
    {
        "en": "`for b in range(t, bins, cuda.blockDim.x)` gives each bin to one thread, however many there are of "
        "both. The barriers stand between the parts, outside of every `if`.",
        "de": "`for b in range(t, bins, cuda.blockDim.x)` gibt jedes Fach einem Thread, wie viele es von beiden auch "
        "sind. Die Barrieren stehen zwischen den Teilen, außerhalb jedes `if`.",
    },
    {
        "en": "Count with `cuda.atomic.add(own, level, 1)` in an array `own` of 256 `np.int32` in shared memory, and "
        "hand over with `cuda.atomic.add(counts, b, own[b])`.",
        "de": "Zähle mit `cuda.atomic.add(own, level, 1)` in einem Array `own` aus 256 `np.int32` im Shared Memory "
        "und gib mit `cuda.atomic.add(counts, b, own[b])` ab.",
    },
)

strips_with_hint = Hints(
    {
        "en": "A block must know whether it has seen a level, not how often. What does it hand over then?",
        "de": "Ein Block muss wissen, ob er einen Wert gesehen hat, nicht wie oft. Was gibt er dann ab?",
    },
    {
        "en": "It is exercise 1 with another last part. All three parts and both barriers stay.",
        "de": "Es ist Aufgabe 1 mit einem anderen letzten Teil. Alle drei Teile und beide Barrieren bleiben.",
    },
    {
        "en": "In the last part: `if own[b] > 0:`, then `cuda.atomic.add(counts, b, 1)`.",
        "de": "Im letzten Teil: `if own[b] > 0:`, dann `cuda.atomic.add(counts, b, 1)`.",
    },
)

zone_sums_hint = Hints(
    {
        "en": "In the last block some threads have no pixel. To which barriers do they come?",
        "de": "Im letzten Block haben manche Threads kein Pixel. Zu welchen Barrieren kommen sie?",
    },
    {
        "en": "All blocks write to the same `sums`. What becomes of the sum of the block before, and of what stood "
        "there at the beginning?",
        "de": "Alle Blöcke schreiben in dasselbe `sums`. Was wird aus der Summe des Blocks davor und aus dem, was am "
        "Anfang dort stand?",
    },
    {
        "en": "Move the second barrier out of the `if`, so that it stands as far left as the first one, and end with "
        "`cuda.atomic.add(sums, z, own[z])`.",
        "de": "Rücke die zweite Barriere aus dem `if`, bis sie so weit links steht wie die erste, und ende mit "
        "`cuda.atomic.add(sums, z, own[z])`.",
    },
)
