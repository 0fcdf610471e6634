"""Checks that learners run themselves, and hints. Code: Apache-2.0."""

import numpy as np

from grader.checks import Hints, KernelCheck, Report, ceil_div

#: For each number of pixels: how many of them a thread has, and how many threads a block has.
CASES = {1000: (4, 64), 1: (1, 32), 257: (64, 64), 2049: (7, 96), 1024: (16, 64)}
#: Numbers of pixels with records.
RECORDS = (200, 1, 33, 1000)
#: (columns, rows), as this camera keeps its images.
SHAPES = ((31, 40), (48, 64), (20, 100), (100, 24))


def copy_striped(kernel, cases=CASES, hidden=False, timing=None) -> Report:
    def launch(n):
        items, threads = cases[n]
        return ceil_div(n, items * threads), threads

    def image(rng, n):
        return rng.random(n, "f4"), np.int32(cases[n][0]), np.empty(n, "f4")

    signature, names = "void(float32[:], int32, float32[:])", ("image", "items", "out")
    sizes = [n for n in cases if timing is None or n != timing[0]]
    check = KernelCheck(kernel, signature, launch=launch, names=names, name="copy_striped", hidden=hidden)
    check.inputs(image, sizes=sizes)
    check.expect(lambda image, items, out: image, output=2)
    return _pointed(check, timing, 0.9)


def to_planes(kernel, sizes=RECORDS, hidden=False, timing=None) -> Report:
    def records(rng, n):
        return rng.random((n, 4), "f4"), np.empty((4, n), "f4")

    signature, names = "void(float32[:, :], float32[:, :])", ("records", "planes")
    # One block more than the numbers need.
    check = KernelCheck(
        kernel, signature, launch=lambda n: (n // 32 + 1, 128), names=names, name="to_planes", hidden=hidden
    )
    check.inputs(records, sizes=sizes)
    check.expect(lambda records, planes: records.T, output=1)
    return _pointed(check, timing, 0.6)


def even_out(kernel, shapes=SHAPES, hidden=False, timing=None) -> Report:
    def launch(shape):
        side = max(shape)
        return (ceil_div(side, 32), ceil_div(side, 8)), (32, 8)

    def image(rng, shape):
        raw, offset = rng.uniform(4000, 9000, shape), rng.uniform(-50, 50, shape[0])
        return raw.astype("f4"), offset.astype("f4"), np.empty(shape, "f4")

    signature, names = "void(float32[:, :], float32[:], float32[:, :])", ("raw", "offset", "out")
    check = KernelCheck(kernel, signature, launch=launch, names=names, name="even_out", hidden=hidden)
    check.inputs(image, sizes=shapes)
    check.expect(lambda raw, offset, out: raw - offset[:, None], output=2)
    return _pointed(check, timing, 0.6)


def _pointed(check, timing, share) -> Report:
    """`share` of ideal sectors is asked for. `timing` is (size, baseline, thresholds), for where a GPU marks."""
    speed = {}
    if timing is not None:
        size, baseline, speed = timing
        check.timing(size, baseline=baseline)
    return check.points(correct=2, in_bounds=1, coalesced=(2, share), **speed).run()


copy_striped_hint = Hints(
    {
        "en": "Write down which pixels threads 0 and 1 of block 0 have, for 4 pixels a thread and 64 threads a block. "
        "And where does block 1 begin?",
        "de": "Schreib auf, welche Pixel die Threads 0 und 1 von Block 0 haben, bei 4 Pixeln je Thread und 64 Threads "
        "je Block. Und wo beginnt Block 1?",
    },
    {
        "en": "Block `b` begins at `b * blockDim * items`, its thread `t` at `t` behind that, and the step from one of "
        "its pixels to the next is `blockDim`.",
        "de": "Block `b` beginnt bei `b * blockDim * items`, sein Thread `t` um `t` dahinter, und der Schritt von einem "
        "seiner Pixel zum nächsten ist `blockDim`.",
    },
    {
        "en": "In a loop over `k`: `i = first + k * cuda.blockDim.x`, and each single `i` needs the guard.",
        "de": "In einer Schleife über `k`: `i = first + k * cuda.blockDim.x`, und jedes einzelne `i` braucht den "
        "Wächter.",
    },
)

to_planes_hint = Hints(
    {
        "en": "Give a thread one number instead of one pixel. Which numbers do neighbouring threads read then?",
        "de": "Gib einem Thread eine Zahl statt eines Pixels. Welche Zahlen lesen benachbarte Threads dann?",
    },
    {
        "en": "Number `e` of the records belongs to pixel `e // 4`. Which remainder tells the field?",
        "de": "Die Zahl Nummer `e` gehört zu Pixel `e // 4`. Welcher Rest nennt das Feld?",
    },
    {
        "en": "`e = cuda.grid(1)`, `pixel, field = e // 4, e % 4`, and for `pixel < records.shape[0]` then "
        "`planes[field, pixel] = records[pixel, field]`.",
        "de": "`e = cuda.grid(1)`, `pixel, field = e // 4, e % 4`, und für `pixel < records.shape[0]` dann "
        "`planes[field, pixel] = records[pixel, field]`.",
    },
)

even_out_hint = Hints(
    {
        "en": "The shape is (columns, rows) here. Which of the two does `raw.shape[0]` give, and which index does "
        "`offset` want?",
        "de": "Die Form ist hier (Spalten, Zeilen). Was davon ist `raw.shape[0]`, und welchen Index will `offset`?",
    },
    {
        "en": "The last index of `raw[x, y]` is `y`. Which thread shall have the next `y`?",
        "de": "Der letzte Index von `raw[x, y]` ist `y`. Welcher Thread soll das nächste `y` haben?",
    },
    {
        "en": "`y, x = cuda.grid(2)`, `width, height = raw.shape`, and `offset[x]`.",
        "de": "`y, x = cuda.grid(2)`, `width, height = raw.shape` und `offset[x]`.",
    },
)
