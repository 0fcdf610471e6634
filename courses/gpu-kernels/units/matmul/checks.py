"""Checks that learners run themselves, and hints. Code: Apache-2.0."""

import numpy as np
from numba import cuda

from grader.checks import Hints, KernelCheck, Report, ceil_div, reduction_rtol

#: (rows of a, columns of a, columns of b); memory traffic is compared at the one with the most products.
PRODUCTS = ((33, 17, 29), (5, 3, 4), (1, 1, 1), (32, 64, 32), (20, 40, 24), (2, 70, 1))
#: (patterns, frames, pixels)
FILMS = ((20, 40, 24), (5, 3, 7), (1, 1, 1), (8, 64, 32), (33, 17, 29), (2, 70, 1))
#: (zones, rows, inner length, columns); each inner length needs several steps, and the last one is not full.
BATCHES = ((1, 20, 38, 24), (3, 5, 35, 4), (2, 33, 34, 7), (2, 1, 33, 1), (1, 16, 65, 16))
#: What is timed where there is a GPU.
LARGE, LONG, MANY = (1024, 1024, 1024), (256, 512, 4096), (16, 256, 256, 256)
TILE = (32, 32)


def over(columns, rows, zones=1):
    """Blocks of 32 x 32 threads, just enough for so many columns and rows; one layer of them for each zone."""
    blocks = ceil_div(columns, 32), ceil_div(rows, 32)
    return (blocks, TILE) if zones == 1 else ((*blocks, zones), (*TILE, 1))


def tolerances(length):
    """rtol and atol of a sum of so many products of numbers between -1 and 1."""
    return {"rtol": reduction_rtol(length), "atol": reduction_rtol(length) * length**0.5}


@cuda.jit
def matmul_plain(a, b, c):
    column, row = cuda.grid(2)
    if row < c.shape[0] and column < c.shape[1]:
        total = np.float32(0)
        for k in range(a.shape[1]):
            total += a[row, k] * b[k, column]
        c[row, column] = total


def factors(rng, rows, inner, columns, zones=()):
    """a, b, c: float32 from -1 to 1, shapes (rows, inner), (inner, columns), (rows, columns), of each zone."""
    a, b = rng.uniform(-1, 1, (*zones, rows, inner)), rng.uniform(-1, 1, (*zones, inner, columns))
    return a.astype("f4"), b.astype("f4"), np.empty((*zones, rows, columns), "f4")


def multiplied(a, b, c):
    return a.astype("f8") @ b.astype("f8")


def matmul(kernel, sizes=PRODUCTS, hidden=False) -> Report:
    signature = "void(float32[:, :], float32[:, :], float32[:, :])"
    check = KernelCheck(
        kernel,
        signature,
        launch=lambda size: over(size[2], size[0]),
        names=("a", "b", "c"),
        name="matmul",
        hidden=hidden,
    )
    check.inputs(lambda rng, size: factors(rng, *size), sizes=sizes)
    check.expect(multiplied, output=2, **tolerances(max(size[1] for size in sizes)))
    check.timing(LARGE, baseline=matmul_plain, emulated={"speedup": {6.0: 3, 2.0: 1}})
    return check.points(correct=2, in_bounds=1, race_free=2, no_float64=1, speedup=(3, {1.5: 3, 1.1: 1})).run()


@cuda.jit
def responses_plain(patterns, film, gain, offset, out):
    pixel, pattern = cuda.grid(2)
    if pattern < out.shape[0] and pixel < out.shape[1]:
        total = np.float32(0)
        for k in range(film.shape[1]):
            total += patterns[pattern, k] * np.float32(film[pixel, k])
        out[pattern, pixel] = max(gain[pattern] * total + offset[pattern], np.float32(0))


def lock_in(rng, patterns, frames, pixels):
    """patterns, film, gain, offset, out: float32 but for film, int32. Many results are above 0 and many are not."""
    waves = rng.uniform(-1, 1, (patterns, frames)).astype("f4")
    film = rng.integers(-200, 200, (pixels, frames)).astype("i4")
    gain = rng.uniform(0.5, 1.5, patterns) / (200 * frames**0.5)
    offset = rng.uniform(-0.2, 0.4, patterns)
    return waves, film, gain.astype("f4"), offset.astype("f4"), np.empty((patterns, pixels), "f4")


def answered(patterns, film, gain, offset, out):
    sums = patterns.astype("f8") @ film.T.astype("f8")
    return np.maximum(gain[:, None] * sums + offset[:, None], 0)


def responses(kernel, sizes=FILMS, hidden=False) -> Report:
    signature = "void(float32[:, :], int32[:, :], float32[:], float32[:], float32[:, :])"
    check = KernelCheck(
        kernel,
        signature,
        launch=lambda size: over(size[2], size[0]),
        names=("patterns", "film", "gain", "offset", "out"),
        name="responses",
        hidden=hidden,
    )
    check.inputs(lambda rng, size: lock_in(rng, *size), sizes=sizes)
    check.expect(answered, output=4, **tolerances(max(size[1] for size in sizes)))
    check.timing(LONG, baseline=responses_plain, emulated={"speedup": {6.0: 1}})
    points = check.points(
        correct=2, in_bounds=1, race_free=1, no_float64=1, coalesced=(1, 0.6), bank_conflicts=1, speedup=(1, {2.0: 1})
    )
    return points.run()


@cuda.jit
def products_plain(a, b, c):
    column, row, zone = cuda.grid(3)
    if row < c.shape[1] and column < c.shape[2]:
        total = np.float32(0)
        for k in range(a.shape[2]):
            total += a[zone, row, k] * b[zone, k, column]
        c[zone, row, column] = total


def products(kernel, sizes=BATCHES, hidden=False) -> Report:
    signature = "void(float32[:, :, :], float32[:, :, :], float32[:, :, :])"
    check = KernelCheck(
        kernel,
        signature,
        launch=lambda size: over(size[3], size[1], size[0]),
        names=("a", "b", "c"),
        name="products",
        hidden=hidden,
    )
    check.inputs(lambda rng, size: factors(rng, *size[1:], zones=size[:1]), sizes=sizes)
    check.expect(multiplied, output=2, **tolerances(max(size[2] for size in sizes)))
    check.timing(MANY, baseline=products_plain, emulated={"speedup": {4.0: 2}})
    return check.points(correct=2, in_bounds=1, race_free=2, speedup=(2, {1.1: 2})).run()


matmul_hint = Hints(
    {
        "en": "A thread has two tasks: it fetches one number for each of the two tiles, and it adds up one number of the "
        "result. The second one needs what 63 others have fetched.",
        "de": "Ein Thread hat zwei Aufgaben: Er holt für jede der beiden Kacheln eine Zahl, und er summiert eine Zahl des "
        "Ergebnisses. Für das zweite braucht er, was 63 andere geholt haben.",
    },
    {
        "en": "In the step that begins at `first` he fetches `a[row, first + tx]` and `b[first + ty, column]`, or 0 where "
        "that is outside. Then `tile_a[ty, k] * tile_b[k, tx]` is added for all `k`.",
        "de": "Im Schritt, der bei `first` beginnt, holt er `a[row, first + tx]` und `b[first + ty, column]`, oder 0, wo "
        "das draußen liegt. Danach wird `tile_a[ty, k] * tile_b[k, tx]` für alle `k` addiert.",
    },
    {
        "en": "`for first in range(0, inner, 32):` fetch both, `cuda.syncthreads()`, 32 additions, `cuda.syncthreads()`. "
        "Only after the loop: `if row < rows and column < columns:` write.",
        "de": "`for first in range(0, inner, 32):` beide holen, `cuda.syncthreads()`, 32 Additionen, "
        "`cuda.syncthreads()`. Erst nach der Schleife: `if row < rows and column < columns:` schreiben.",
    },
)

responses_hint = Hints(
    {
        "en": "It is exercise 1 with two changes: how the film gets into its tile, and what happens to the sum at the end.",
        "de": "Es ist Aufgabe 1 mit zwei Änderungen: wie der Film in seine Kachel kommt und was am Ende mit der Summe "
        "geschieht.",
    },
    {
        "en": "The thread computes pixel `32 * blockIdx.x + tx` but fetches from pixel `32 * blockIdx.x + ty`, image "
        "`first + tx`, into `tile[ty, tx]`. When multiplying it reads `tile[tx, k]`: down a column, so pad.",
        "de": "Der Thread berechnet Pixel `32 * blockIdx.x + tx`, holt aber von Pixel `32 * blockIdx.x + ty` das Bild "
        "`first + tx` nach `tile[ty, tx]`. Beim Multiplizieren liest er `tile[tx, k]`, eine Spalte hinunter: also 33 "
        "Plätze je Zeile.",
    },
    {
        "en": "Convert when fetching: `np.float32(film[...])`. At the end, within the guard: "
        "`max(gain[wave] * total + offset[wave], np.float32(0))`.",
        "de": "Wandle beim Holen um: `np.float32(film[...])`. Am Ende, hinter dem Wächter: "
        "`max(gain[wave] * total + offset[wave], np.float32(0))`.",
    },
)

products_hint = Hints(
    {
        "en": "The loop runs for several steps. What holds the tile in the second step where nobody has fetched anything?",
        "de": "Die Schleife hat mehrere Schritte. Was steht im zweiten Schritt dort in der Kachel, wo niemand etwas geholt "
        "hat?",
    },
    {
        "en": "Two warps, two steps: one of them is faster. What does it do to the tile while the other one multiplies?",
        "de": "Zwei Warps, zwei Schritte, und einer ist schneller. Was tut er der Kachel an, während der andere noch "
        "multipliziert?",
    },
    {
        "en": "Set both places to 0 at the beginning of each step, before the two `if`. And end each step with "
        "`cuda.syncthreads()`, after the loop over `k`.",
        "de": "Setze beide Plätze am Anfang jedes Schritts auf 0, vor den beiden `if`. Und ende jeden Schritt mit "
        "`cuda.syncthreads()`, nach der Schleife über `k`.",
    },
)
