"""Checks that learners run themselves, and hints. Code: Apache-2.0."""

import numpy as np

from grader.checks import Hints, KernelCheck, Report, ceil_div

#: For each number of elements how many threads a block has. A single block would hide what is wrong.
LINES = {1: 32, 2: 64, 33: 32, 500: 128, 1000: 64}
FRAMES = {129: 32, 500: 96, 1000: 64, 2049: 256}
ZONES = {40: 32, 500: 96, 1024: 128, 2049: 256}
STRIPS = {1: 32, 100: 64, 512: 128, 1000: 256}
SIGNALS = {1: 32, 100: 64, 999: 128}
RODS = {700: 32, 1000: 64, 2050: 128}


def covering(blocks):
    return lambda n: (ceil_div(n, blocks[n]), blocks[n])


def checked(kernel, name, signature, names, blocks, hidden) -> KernelCheck:
    return KernelCheck(kernel, signature, launch=covering(blocks), names=names, name=name, hidden=hidden)


def smooth_line(kernel, blocks=LINES, hidden=False) -> Report:
    def smoothed(temps, out):
        wide = np.pad(temps, 1, mode="edge")
        return (wide[:-2] + wide[1:-1] + wide[2:]) / np.float32(3)

    check = checked(kernel, "smooth_line", "void(float32[:], float32[:])", ("temps", "out"), blocks, hidden)
    check.inputs(lambda rng, n: (rng.uniform(20, 90, n).astype("f4"), np.empty(n, "f4")), sizes=tuple(blocks))
    check.expect(smoothed, output=1, rtol=1e-6)
    return check.points(correct=3, in_bounds=1).run()


def above_dark(kernel, blocks=FRAMES, hidden=False) -> Report:
    names = ("raw", "dark", "out")
    check = checked(kernel, "above_dark", "void(int32[:], int32[:], int32[:])", names, blocks, hidden)
    check.inputs(
        lambda rng, n: (rng.integers(900, 9000, n, "i4"), rng.integers(1, 900, n, "i4"), np.empty(n, "i4")),
        sizes=tuple(blocks),
    )
    check.expect(lambda raw, dark, out: raw - dark, output=2)
    return check.points(correct=3, in_bounds=1).run()


def hottest_in_zone(kernel, blocks=ZONES, hidden=False) -> Report:
    def zones_and_values(rng, n):
        """zone and raw: int32, shape (n,). best: int32, shape (9,), above all values in its last place."""
        zone = rng.integers(-1, 9, n, "i4")
        zone[0], zone[-1] = -1, 8
        best = rng.integers(1, 900, 9, "i4")
        best[8] = 10_000
        return zone, rng.integers(500, 9000, n, "i4"), best

    def hottest(zone, raw, best):
        found = best.copy()
        np.maximum.at(found, zone[zone >= 0], raw[zone >= 0])
        return found

    names = ("zone", "raw", "best")
    check = checked(kernel, "hottest_in_zone", "void(int32[:], int32[:], int32[:])", names, blocks, hidden)
    check.inputs(zones_and_values, sizes=tuple(blocks))
    check.expect(hottest, output=2, accumulates=True)
    return check.points(correct=2, race_free=2).run()


def coldest_in_strip(kernel, blocks=STRIPS, hidden=False) -> Report:
    def coldest(raw, lows):
        length = blocks[raw.size]
        return np.array([part.min() for part in np.split(raw, range(length, raw.size, length))])

    names = ("raw", "lows")
    check = checked(kernel, "coldest_in_strip", "void(int32[:], int32[:])", names, blocks, hidden)
    check.inputs(
        lambda rng, n: (rng.integers(1, 9000, n, "i4"), np.empty(ceil_div(n, blocks[n]), "i4")), sizes=tuple(blocks)
    )
    check.expect(coldest, output=1)
    return check.points(correct=2, race_free=2).run()


def net_signal(kernel, blocks=SIGNALS, hidden=False) -> Report:
    def signals(rng, n):
        """raw and dark: uint16, shape (n,). In the first place dark is larger."""
        raw, dark = (rng.integers(0, 1 << 16, n, "u2") for _ in range(2))
        raw[0], dark[0] = 3, 50_000
        return raw, dark, np.empty(n, "f4")

    def net(raw, dark, out):
        return (raw.astype("f4") - dark.astype("f4")) * np.float32(0.04)

    names = ("raw", "dark", "out")
    check = checked(kernel, "net_signal", "void(uint16[:], uint16[:], float32[:])", names, blocks, hidden)
    check.inputs(signals, sizes=tuple(blocks))
    check.expect(net, output=2, rtol=1e-6)
    return check.points(correct=2, in_bounds=1, no_float64=1).run()


def cool_down(kernel, blocks=RODS, hidden=False) -> Report:
    def cooled(temps, out):
        wide = np.pad(temps, 1, mode="edge")
        return temps + np.float32(0.25) * (wide[:-2] - 2 * temps + wide[2:])

    check = checked(kernel, "cool_down", "void(float32[:], float32[:])", ("temps", "out"), blocks, hidden)
    check.inputs(lambda rng, n: (rng.uniform(20, 90, n).astype("f4"), np.empty(n, "f4")), sizes=tuple(blocks))
    check.expect(cooled, output=1, rtol=1e-5)
    return check.points(correct=2, race_free=1, keeps_inputs=1).run()


smooth_line_hint = Hints(
    {
        "en": "The finding names one access. Which index does the last thread use there, and which one the first?",
        "de": "Der Befund nennt einen Zugriff. Welchen Index benutzt dort der letzte Thread, welchen der erste?",
    },
    {
        "en": "`temps[-1]` is the last element in a kernel, too: no error, but the wrong neighbour. So both ends need care.",
        "de": "`temps[-1]` ist auch im Kernel das letzte Element: kein Fehler, aber der falsche Nachbar. Beide Enden "
        "brauchen also Sorgfalt.",
    },
    {
        "en": "Take `temps[max(i - 1, 0)]` and `temps[min(i + 1, n - 1)]`, with `n = temps.shape[0]`.",
        "de": "Nimm `temps[max(i - 1, 0)]` und `temps[min(i + 1, n - 1)]`, mit `n = temps.shape[0]`.",
    },
)

above_dark_hint = Hints(
    {
        "en": "Compute by hand which `i` thread 0 of block 1 gets. Which one should it get?",
        "de": "Rechne aus, welches `i` Thread 0 von Block 1 bekommt. Welches sollte er bekommen?",
    },
    {
        "en": "Before block 1 lie all the threads of block 0. How many are they, and what is that number called?",
        "de": "Vor Block 1 liegen alle Threads von Block 0. Wie viele sind das, und wie heißt diese Zahl?",
    },
    {
        "en": "The step from block to block is `cuda.blockDim.x`. `cuda.grid(1)` computes the whole index.",
        "de": "Der Schritt von Block zu Block ist `cuda.blockDim.x`. `cuda.grid(1)` rechnet den ganzen Index aus.",
    },
)

hottest_in_zone_hint = Hints(
    {
        "en": "The finding names two lines. Between looking and writing another thread can write. What does it lose?",
        "de": "Der Befund nennt zwei Zeilen. Zwischen Nachsehen und Schreiben kann ein anderer Thread schreiben. Was "
        "geht dann verloren?",
    },
    {
        "en": "Looking and writing have to be one step. A barrier does not help: it holds for one block only.",
        "de": "Nachsehen und Schreiben müssen ein Schritt sein. Eine Barriere hilft nicht: Sie gilt nur für einen Block.",
    },
    {
        "en": "`cuda.atomic.max(best, zone[i], raw[i])` looks and writes in one step. Your own comparison goes away.",
        "de": "`cuda.atomic.max(best, zone[i], raw[i])` sieht nach und schreibt in einem Schritt. Dein eigener "
        "Vergleich fällt weg.",
    },
)

coldest_in_strip_hint = Hints(
    {
        "en": "Which threads of the last block never come to the barrier?",
        "de": "Welche Threads des letzten Blocks kommen nie zur Barriere?",
    },
    {
        "en": "Threads without a pixel are needed, too: they come to every barrier, and their place must hold something "
        "that is never the lowest.",
        "de": "Auch Threads ohne Pixel werden gebraucht: Sie kommen zu jeder Barriere, und an ihrem Platz muss etwas "
        "stehen, das nie das Kleinste ist.",
    },
    {
        "en": "`own[t] = raw[i] if i < raw.shape[0] else 2147483647`, and the barrier stands outside of the `if`.",
        "de": "`own[t] = raw[i] if i < raw.shape[0] else 2147483647`, und die Barriere steht außerhalb des `if`.",
    },
)

net_signal_hint = Hints(
    {
        "en": "Look at the wrong value. Which type can hold a number that large, and which sign does it not have?",
        "de": "Sieh dir den falschen Wert an. Welcher Typ fasst eine so große Zahl, und welches Vorzeichen fehlt ihm?",
    },
    {
        "en": "The difference of two unsigned numbers is unsigned. Convert before you subtract. And `0.04` alone is a "
        "float64.",
        "de": "Die Differenz zweier Zahlen ohne Vorzeichen hat keines. Wandle um, bevor du subtrahierst. Und `0.04` "
        "allein ist ein float64.",
    },
    {
        "en": "`(np.float32(raw[i]) - np.float32(dark[i])) * np.float32(0.04)`",
        "de": "`(np.float32(raw[i]) - np.float32(dark[i])) * np.float32(0.04)`",
    },
)

cool_down_hint = Hints(
    {
        "en": "How many arrays are there, and how many names for them?",
        "de": "Wie viele Arrays gibt es, und wie viele Namen dafür?",
    },
    {
        "en": "`later = temps` makes no copy. A thread that is late reads what its neighbour has changed already.",
        "de": "`later = temps` macht keine Kopie. Wer spät dran ist, liest, was sein Nachbar schon geändert hat.",
    },
    {
        "en": "Write to `out[i]` only, and read from `temps` only. The name `later` is not needed.",
        "de": "Schreibe nur nach `out[i]` und lies nur aus `temps`. Der Name `later` ist überflüssig.",
    },
)
