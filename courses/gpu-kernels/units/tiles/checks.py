"""Checks that learners run themselves, and hints. Code: Apache-2.0."""

import numpy as np
from numba import cuda

from grader.checks import Hints, KernelCheck, Report, ceil_div

#: (height, width), no width a multiple of 32; the largest one is where memory traffic is compared.
IMAGES = ((40, 72), (64, 88), (1, 1), (33, 20), (9, 65))
#: What is timed where there is a GPU.
LARGE = (4096, 4096)


def blocks_of(across, down):
    """Blocks of so many threads along x and along y, just enough to cover an image of (height, width)."""
    return lambda shape: ((ceil_div(shape[1], across), ceil_div(shape[0], down)), (across, down))


def temperatures(rng, shape):
    """Degrees Celsius, float32."""
    return rng.uniform(20, 90, shape).astype("f4")


@cuda.jit
def smooth_plain(image, out):
    x, y = cuda.grid(2)
    height, width = image.shape
    if x < width and y < height:
        total = np.float32(0)
        for row in range(y - 1, y + 2):
            for column in range(x - 1, x + 2):
                total += image[min(max(row, 0), height - 1), min(max(column, 0), width - 1)]
        out[y, x] = total / np.float32(9)


def smoothed(image, out):
    height, width = image.shape
    wide = np.pad(image.astype("f8"), 1, mode="edge")
    return sum(wide[row : row + height, column : column + width] for row in range(3) for column in range(3)) / 9


def smooth(kernel, shapes=IMAGES, hidden=False) -> Report:
    signature = "void(float32[:, :], float32[:, :])"
    launch = blocks_of(32, 8)
    check = KernelCheck(kernel, signature, launch=launch, names=("image", "out"), name="smooth", hidden=hidden)
    check.inputs(lambda rng, shape: (temperatures(rng, shape), np.empty(shape, "f4")), sizes=shapes)
    check.expect(smoothed, output=1, rtol=1e-5)
    check.timing(LARGE, baseline=smooth_plain, emulated={"speedup": {2.5: 2, 1.5: 1}})
    return check.points(correct=2, in_bounds=1, race_free=1, speedup=(2, {1.2: 2, 1.0: 1})).run()


@cuda.jit
def turn_left_plain(image, out):
    x, y = cuda.grid(2)
    height, width = image.shape
    if x < width and y < height:
        out[width - 1 - x, y] = image[y, x]


def turn_left(kernel, shapes=IMAGES, hidden=False) -> Report:
    signature = "void(float32[:, :], float32[:, :])"
    launch = blocks_of(32, 32)
    check = KernelCheck(kernel, signature, launch=launch, names=("image", "out"), name="turn_left", hidden=hidden)
    check.inputs(lambda rng, shape: (temperatures(rng, shape), np.empty(shape[::-1], "f4")), sizes=shapes)
    check.expect(lambda image, out: np.rot90(image), output=1)
    check.timing(LARGE, baseline=turn_left_plain, emulated={"speedup": {3.0: 1}})
    points = check.points(
        correct=2, in_bounds=1, race_free=1, coalesced=(2, 0.9), bank_conflicts=1, speedup=(1, {2.0: 1})
    )
    return points.run()


@cuda.jit
def heat_step_plain(heat, rate, out):
    x, y = cuda.grid(2)
    height, width = heat.shape
    if x < width and y < height:
        around = heat[y, max(x - 1, 0)] + heat[y, min(x + 1, width - 1)]
        around += heat[max(y - 1, 0), x] + heat[min(y + 1, height - 1), x]
        out[y, x] = heat[y, x] + rate * (around - np.float32(4) * heat[y, x])


def stepped(heat, rate, out):
    wide = np.pad(heat.astype("f8"), 1, mode="edge")
    around = wide[1:-1, :-2] + wide[1:-1, 2:] + wide[:-2, 1:-1] + wide[2:, 1:-1]
    return heat + float(rate) * (around - 4.0 * heat)


def heat_step(kernel, shapes=IMAGES, hidden=False) -> Report:
    signature, names = "void(float32[:, :], float32, float32[:, :])", ("heat", "rate", "out")
    launch = blocks_of(32, 8)
    check = KernelCheck(kernel, signature, launch=launch, names=names, name="heat_step", hidden=hidden)
    check.inputs(
        lambda rng, shape: (temperatures(rng, shape), np.float32(rng.uniform(0.1, 0.25)), np.empty(shape, "f4")),
        sizes=shapes,
    )
    check.expect(stepped, output=2, rtol=1e-5, atol=1e-3)
    check.timing(LARGE, baseline=heat_step_plain, emulated={"speedup": {1.6: 2}})
    return check.points(correct=2, in_bounds=1, race_free=2, speedup=(2, {1.0: 2})).run()


smooth_hint = Hints(
    {
        "en": "The tile has 10 rows and 34 columns. First fill all of it, then forget about the image until you write.",
        "de": "Die Kachel hat 10 Zeilen und 34 Spalten. Fülle sie zuerst ganz; das Bild brauchst du danach erst wieder "
        "beim Schreiben.",
    },
    {
        "en": "Two loops fill it: `for row in range(ty, 10, 8):` and within it `for column in range(tx, 34, 32):`. Place "
        "(0, 0) is the pixel in row `8 * blockIdx.y - 1` and column `32 * blockIdx.x - 1`, clamped to the image.",
        "de": "Zwei Schleifen füllen sie: `for row in range(ty, 10, 8):` und darin `for column in range(tx, 34, 32):`. "
        "Platz (0, 0) ist das Pixel in Zeile `8 * blockIdx.y - 1` und Spalte `32 * blockIdx.x - 1`, ins Bild geklemmt.",
    },
    {
        "en": "After the barrier thread `(tx, ty)` adds `tile[ty + row, tx + column]` for `row` and `column` from 0 to 2, "
        "and writes a ninth of the sum `if x < width and y < height`.",
        "de": "Nach der Barriere addiert Thread `(tx, ty)` die Werte `tile[ty + row, tx + column]` mit `row` und "
        "`column` von 0 bis 2 und schreibt ein Neuntel der Summe, `if x < width and y < height`.",
    },
)

turn_left_hint = Hints(
    {
        "en": "In which index must `tx` stand when you read, and in which one when you write?",
        "de": "In welchem Index muss `tx` beim Lesen stehen und in welchem beim Schreiben?",
    },
    {
        "en": "Read `image[top + ty, left + tx]` into `tile[ty, tx]`. Write `tile[tx, ty]`, the pixel from row `top + tx` "
        "and column `left + ty`. Where does that one belong, and when is it inside the image?",
        "de": "Lies `image[top + ty, left + tx]` in `tile[ty, tx]`. Schreibe `tile[tx, ty]`, das Pixel aus Zeile "
        "`top + tx` und Spalte `left + ty`. Wohin gehört es, und wann liegt es im Bild?",
    },
    {
        "en": "Write `if left + ty < width and top + tx < height`, to `out[width - 1 - left - ty, top + tx]`. Between "
        "reading and writing all threads come to the barrier, and a row of the tile has 33 places.",
        "de": "Schreibe, `if left + ty < width and top + tx < height`, nach `out[width - 1 - left - ty, top + tx]`. "
        "Zwischen Lesen und Schreiben kommen alle Threads zur Barriere, und eine Zeile der Kachel hat 33 Plätze.",
    },
)

heat_step_hint = Hints(
    {
        "en": "Take an image 40 columns wide. Which thread has the last column, and who fetches its right neighbour?",
        "de": "Nimm ein Bild mit 40 Spalten. Welcher Thread hat die letzte Spalte, und wer holt deren rechten Nachbarn?",
    },
    {
        "en": "Compare how the lower halo is fetched with how the right one is. And what must lie between filling a tile "
        "and reading what others have filled in?",
        "de": "Vergleiche, wie der untere Halo geholt wird und wie der rechte. Und was muss zwischen dem Füllen einer "
        "Kachel liegen und dem Lesen dessen, was andere gefüllt haben?",
    },
    {
        "en": "Fetch it `if tx == 32 or x == width - 1`, into `tile[ty, tx + 1]`. `cuda.syncthreads()` stands between the "
        "two `if inside:`, in neither of them.",
        "de": "Hole ihn, `if tx == 32 or x == width - 1`, nach `tile[ty, tx + 1]`. `cuda.syncthreads()` steht zwischen "
        "den beiden `if inside:`, in keinem von ihnen.",
    },
)
