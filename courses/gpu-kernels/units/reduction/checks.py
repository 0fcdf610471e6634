"""Checks that learners run themselves, and hints. Code: Apache-2.0."""

import numpy as np

from grader.checks import Hints, KernelCheck, Report, ceil_div

LENGTHS = (1000, 1, 31, 256, 2049)
#: How many threads each block has, for each number of pixels.
BLOCKS = {1000: 96, 1: 256, 31: 64, 256: 256, 2049: 100, 77: 33}
LONG = (2, 100, 512, 1000, 20_000)


def blocks_of_256(n):
    return ceil_div(n, 256), 256


def strips(values, length):
    """`values` cut into strips of `length`; the last one may be shorter."""
    return np.split(values, range(length, values.size, length))


def block_sum(kernel, lengths=LENGTHS, hidden=False) -> Report:
    signature = "void(float32[:], float32[:])"
    names = ("heat", "partial")
    check = KernelCheck(kernel, signature, launch=blocks_of_256, names=names, name="block_sum", hidden=hidden)
    check.inputs(temperatures_and_partials, sizes=lengths)
    check.expect(lambda heat, partial: [one.sum(dtype="f8") for one in strips(heat, 256)], output=1, rtol=1e-5)
    return check.points(correct=3, in_bounds=1, race_free=2).run()


def temperatures_and_partials(rng, n):
    """heat, partial: degrees Celsius, float32, shape (n,), and one element for each block."""
    return rng.uniform(20, 90, n).astype("f4"), np.empty(ceil_div(n, 256), "f4")


def spread(kernel, blocks=BLOCKS, hidden=False) -> Report:
    check = KernelCheck(
        kernel,
        "void(int32[:], int32[:])",
        launch=lambda n: (ceil_div(n, blocks[n]), blocks[n]),
        names=("raw", "widest"),
        name="spread",
        hidden=hidden,
    )
    check.inputs(lambda rng, n: raw_strips(rng, n, blocks[n]), sizes=tuple(blocks))
    check.expect(
        lambda raw, widest: max(widest[0], *(np.ptp(one) for one in strips(raw, blocks[raw.size]))),
        output=1,
        accumulates=True,
    )
    return check.points(correct=2, in_bounds=1, race_free=2).run()


def raw_strips(rng, n, length):
    """raw, widest: int32, shapes (n,) and (1,). Raw values are far from 0, above it for odd n and below it for even n.

    Strips differ more from each other than their pixels do. In one of them the greatest value stands at the end, and
    its spread is the widest; widest starts below every spread.
    """
    far = 6000 if n % 2 else -60_000
    raw = far + 700 * (np.arange(n) // length) + rng.integers(0, 50, n)
    end = min(length, n) * rng.integers(1, max(n // length, 1), endpoint=True)
    raw[end - 1] += rng.integers(100, 200)
    return raw.astype("i4"), np.full(1, -1, "i4")


def total(kernel, lengths=LONG, hidden=False) -> Report:
    signature = "void(float32[:], float32[:])"
    names = ("heat", "partial")
    check = KernelCheck(kernel, signature, launch=lambda n: (4, 128), names=names, name="total", hidden=hidden)
    check.inputs(tenths_and_partials, sizes=lengths)
    check.expect(sums_of_four_blocks, output=1, rtol=1e-5)
    return check.points(correct=2, in_bounds=1, race_free=2).run()


def sums_of_four_blocks(heat, partial):
    return np.bincount(np.arange(heat.size) // 128 % 4, heat, minlength=4)


def tenths_and_partials(rng, n):
    """heat, partial: quarters of a degree and a tenth, float32, which a long float32 sum rounds the same way each time."""
    return (rng.integers(80, 360, n) / 4 + 0.1).astype("f4"), np.empty(4, "f4")


block_sum_hint = Hints(
    {
        "en": "First each thread brings one pixel to shared memory. Which value may a thread bring that has no pixel?",
        "de": "Zuerst bringt jeder Thread ein Pixel in den Shared Memory. Welchen Wert darf ein Thread ohne Pixel "
        "bringen?",
    },
    {
        "en": "Two kinds of places need a barrier: after filling the array, and after each step of the tree. All "
        "threads must come to it, also those that no longer add.",
        "de": "An zwei Arten von Stellen braucht es eine Barriere: nach dem Füllen des Arrays und nach jedem Schritt "
        "des Baums. Alle Threads müssen hinkommen, auch die, die nicht mehr addieren.",
    },
    {
        "en": "Begin with `stride = 128`; while `stride > 0`: `if t < stride:` add `shared[t + stride]` to "
        "`shared[t]`, then, outside of the `if`, `cuda.syncthreads()` and `stride //= 2`. At the end thread 0 writes.",
        "de": "Beginne mit `stride = 128`; solange `stride > 0`: `if t < stride:` addiere `shared[t + stride]` zu "
        "`shared[t]`, danach, außerhalb des `if`, `cuda.syncthreads()` und `stride //= 2`. Am Ende schreibt Thread 0.",
    },
)

spread_hint = Hints(
    {
        "en": "A smallest and a greatest value are needed: two arrays in shared memory, or one with two rows. A value "
        "that is there twice changes neither.",
        "de": "Gebraucht werden ein kleinster und ein größter Wert: zwei Arrays im Shared Memory oder eines mit zwei "
        "Zeilen. Ein Wert, der doppelt da ist, ändert keinen von beiden.",
    },
    {
        "en": "Keep in `width` how many values are left, and begin with `cuda.blockDim.x`. `half = (width + 1) // 2` "
        "rounds up; which threads then still have a partner?",
        "de": "Merke dir in `width`, wie viele Werte noch übrig sind, und beginne mit `cuda.blockDim.x`. `half = "
        "(width + 1) // 2` rundet auf; welche Threads haben dann noch einen Partner?",
    },
    {
        "en": "A partner is there `if t + half < width`. After the step comes the barrier, then `width = half`. "
        "Thread 0 ends with `cuda.atomic.max(widest, 0, high[0] - low[0])`.",
        "de": "Einen Partner gibt es, `if t + half < width`. Nach dem Schritt kommt die Barriere, dann `width = "
        "half`. Thread 0 endet mit `cuda.atomic.max(widest, 0, high[0] - low[0])`.",
    },
)

total_hint = Hints(
    {
        "en": "Play the loop through with a block of 4 threads. Which values reach `shared[0]`, and which do not?",
        "de": "Spiel die Schleife mit einem Block aus 4 Threads durch. Welche Werte kommen in `shared[0]` an und "
        "welche nicht?",
    },
    {
        "en": "In which steps of the tree is there no barrier? A warp is none.",
        "de": "In welchen Schritten des Baums gibt es keine Barriere? Ein Warp ist keine.",
    },
    {
        "en": "The tree ends with the step of stride 1, and after each step all threads meet at `cuda.syncthreads()`.",
        "de": "Der Baum endet mit dem Schritt der Weite 1, und nach jedem Schritt treffen sich alle Threads bei "
        "`cuda.syncthreads()`.",
    },
)
