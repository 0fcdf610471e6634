"""Checks that learners run themselves, and the kernel without a tile. Code: Apache-2.0."""

import numpy as np
from numba import cuda

from grader.checks import Hints, KernelCheck, Report, ceil_div

#: (height, width): a single cell, single rows and columns, one full tile, and plates that do not fit the tiles.
PLATES = ((1, 1), (1, 40), (9, 1), (8, 32), (19, 70))
#: Threads of a block, along x and along y.
BLOCK = (32, 8)
SIGNATURE = "void(float32[:, :], float32[:, :], float32, float32[:, :])"
NAMES = ("now", "conduct", "rate", "out")
#: How many times fewer sectors than the kernel without a tile, as the emulated GPU counts them.
TRAFFIC = {"tile_step": {1.8: 3, 1.3: 1}, "two_steps": {1.4: 2}}


@cuda.jit
def plain_step(now, conduct, rate, out):
    x, y = cuda.grid(2)
    height, width = now.shape
    if x >= width or y >= height:
        return
    heat, own, change = now[y, x], conduct[y, x], np.float32(0)
    for side in range(4):
        yy, xx = y + (side == 1) - (side == 0), x + (side == 3) - (side == 2)
        if 0 <= yy < height and 0 <= xx < width:
            other = conduct[yy, xx]
            if own * other > 0:
                change += np.float32(2) * own * other / (own + other) * (now[yy, xx] - heat)
    out[y, x] = heat + rate * change


def covering(shape):
    height, width = shape
    return (ceil_div(width, BLOCK[0]), ceil_div(height, BLOCK[1])), BLOCK


def plate(rng, shape):
    """(now, conduct, rate, out): float32; holes in the middle, at the border and across the edges of tiles."""
    height, width = shape
    now = rng.uniform(20, 300, shape).astype("f4")
    now[0, -1] = now[-1, 0] = 900
    conduct = rng.choice(np.array([1, 1.5, 4], "f4"), shape)
    if min(shape) > 1:
        conduct[height // 2, width // 2 - 1 : width // 2 + 1] = 0
        conduct[:2, :1] = conduct[1:2, -1:] = 0
        conduct[6:9, 30:33] = 0
    elif max(shape) > 1:
        conduct.reshape(-1)[[0, 1, -2]] = 0
    return now, conduct, np.float32(rng.integers(3, 7) / 128), np.empty(shape, "f4")


def stepped(now, conduct, rate):
    def flow(one, other, difference):
        total = one + other
        return np.divide(2 * one * other, total, out=np.zeros(total.shape), where=total > 0) * difference * rate

    now, conduct = now.astype("f8"), conduct.astype("f8")
    along = np.pad(flow(conduct[:, :-1], conduct[:, 1:], np.diff(now, axis=1)), ((0, 0), (1, 1)))
    across = np.pad(flow(conduct[:-1], conduct[1:], np.diff(now, axis=0)), ((1, 1), (0, 0)))
    return now + along[:, 1:] - along[:, :-1] + across[1:] - across[:-1]


def after_one(now, conduct, rate, out):
    return stepped(now, conduct, float(rate)).astype("f4")


def after_two(now, conduct, rate, out):
    return stepped(stepped(now, conduct, float(rate)), conduct, float(rate)).astype("f4")


def _check(kernel, name, sizes, hidden, expected) -> KernelCheck:
    check = KernelCheck(kernel, SIGNATURE, launch=covering, names=NAMES, name=name, hidden=hidden)
    return check.inputs(plate, sizes=sizes).expect(expected, output=3, rtol=1e-5, atol=1e-3)


def tile_step(kernel, sizes=PLATES, hidden=False, size=(2048, 2048), bands=TRAFFIC["tile_step"]) -> Report:
    """`bands` are for a GPU, where the time of `size` counts; elsewhere the traffic does."""
    check = _check(kernel, "tile_step", sizes, hidden, after_one)
    check.timing(size, baseline=plain_step, emulated={"speedup": TRAFFIC["tile_step"]})
    return check.points(correct=5, in_bounds=2, race_free=2, no_float64=1, speedup=(3, bands)).run()


def two_steps(kernel, sizes=PLATES, hidden=False, size=(2048, 2048), bands=TRAFFIC["two_steps"]) -> Report:
    """As `tile_step`. The kernel without a tile makes one step, this one makes two."""
    check = _check(kernel, "two_steps", sizes, hidden, after_two)
    check.timing(size, baseline=plain_step, emulated={"speedup": TRAFFIC["two_steps"]})
    return check.points(correct=4, in_bounds=1, race_free=2, no_float64=1, speedup=(2, bands)).run()


tile_step_hint = Hints(
    {
        "en": "Three parts: the block fills its tile with halo, waits, and each thread computes its cell. A tile of 10 "
        "× 34 places has more places than the block has threads.",
        "de": "Drei Teile: Der Block füllt seine Kachel mit Halo, wartet, und jeder Thread berechnet seine Zelle. Eine "
        "Kachel mit 10 × 34 Plätzen hat mehr Plätze, als der Block Threads hat.",
    },
    {
        "en": "Number the threads, `t = 32 * threadIdx.y + threadIdx.x`, and let each fill the places `t`, `t + 256` and "
        "so on. What belongs into a place outside the plate, so that nothing flows there?",
        "de": "Nummeriere die Threads, `t = 32 * threadIdx.y + threadIdx.x`, und lass jeden die Plätze `t`, `t + 256` "
        "und so weiter füllen. Was gehört in einen Platz außerhalb der Platte, damit dort nichts fließt?",
    },
    {
        "en": "`for p in range(t, 340, 256): row, col = p // 34, p % 34`. That place shows the cell `8 * blockIdx.y - 1 + "
        "row`, `32 * blockIdx.x - 1 + col`; outside it gets the conductivity 0. Your own cell lies at `[ty + 1, tx + "
        "1]`. And the number 2 is `np.float32(2)`.",
        "de": "`for p in range(t, 340, 256): row, col = p // 34, p % 34`. Dieser Platz zeigt die Zelle `8 * blockIdx.y - "
        "1 + row`, `32 * blockIdx.x - 1 + col`; außerhalb bekommt er die Leitfähigkeit 0. Deine eigene Zelle liegt bei "
        "`[ty + 1, tx + 1]`. Und die Zahl 2 ist `np.float32(2)`.",
    },
)

two_steps_hint = Hints(
    {
        "en": "Follow one cell: where does it lie in `heat`, where in `half`, and where in `lead`? Not all of "
        "them have the same halo.",
        "de": "Verfolge eine Zelle: Wo liegt sie in `heat`, wo in `half` und wo in `lead`? Nicht alle haben denselben "
        "Halo.",
    },
    {
        "en": "How many places does the tile have, and how many of them does the first `if` fill? What must have "
        "happened before somebody reads `half`?",
        "de": "Wie viele Plätze hat die Kachel, und wie viele davon füllt das erste `if`? Was muss geschehen sein, bevor "
        "jemand `half` liest?",
    },
    {
        "en": "A loop `for p in range(t, 432, 256)` fills everything; a `cuda.syncthreads()` stands before the last part; "
        "and your own cell lies at `half[ty + 1, tx + 1]`.",
        "de": "Eine Schleife `for p in range(t, 432, 256)` füllt alles; vor dem letzten Teil steht ein "
        "`cuda.syncthreads()`; und deine eigene Zelle liegt bei `half[ty + 1, tx + 1]`.",
    },
)
