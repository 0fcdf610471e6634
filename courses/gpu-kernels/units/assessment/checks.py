"""Checks that learners run themselves. Code: Apache-2.0."""

import numpy as np
from numba import cuda

from grader.checks import KernelCheck, Report, ceil_div

#: For each (height, width): how many threads a block has, along x and along y.
IMAGES = {(13, 37): (32, 8), (32, 48): (16, 16), (1, 1): (32, 4), (40, 9): (64, 2)}
#: For each number of pixels: how many bins there are, and how many threads each block has.
STRIPS = {200: (8, 64), 1: (3, 32), 130: (40, 32), 192: (1, 96)}
#: How many pixels are timed where there is a GPU.
MANY = 1 << 22
#: (height, width)
TURNED = ((2, 3), (33, 40), (64, 32), (20, 70))


def covering_both_ways(images):
    """Blocks of the image's size, enough for its longer side in each axis, and one block more along x."""

    def launch(shape):
        (across, down), side = images[shape], max(shape)
        return (ceil_div(side, across) + 1, ceil_div(side, down)), (across, down)

    return launch


def frame(rng, shape, limit):
    """raw, dark, gain, limit, heat, dead: raw values from 0 to beyond the limit, with pixels right at both ends."""
    raw = rng.integers(1, limit + 200, shape)
    raw[rng.random(shape) < 0.1] = 0
    raw[rng.random(shape) < 0.1] = limit
    raw[rng.random(shape) < 0.1] = limit - 1
    dark = rng.uniform(80, 120, shape).astype("f4")
    gain = rng.uniform(0.02, 0.06, shape).astype("f4")
    return raw.astype("i4"), dark, gain, np.int32(limit), np.empty(shape, "f4"), np.empty(shape, "i4")


def calibrated(raw, dark, gain, limit, heat, dead):
    marks = (raw == 0) | (raw >= limit)
    return np.where(marks, -300, (raw - dark) * gain), marks.astype("i4")


def calibrate(kernel, images=IMAGES, limit=1500, hidden=False) -> Report:
    signature = "void(int32[:, :], float32[:, :], float32[:, :], int32, float32[:, :], int32[:, :])"
    names = ("raw", "dark", "gain", "limit", "heat", "dead")
    launch = covering_both_ways(images)
    check = KernelCheck(kernel, signature, launch=launch, names=names, name="calibrate", hidden=hidden)
    check.inputs(lambda rng, shape: frame(rng, shape, limit), sizes=tuple(images))
    check.expect(calibrated, output=(4, 5), rtol=1e-5, atol=1e-3)
    return check.points(correct=3, in_bounds=1, coalesced=(1, 0.5), keeps_inputs=1).run()


def temperatures(rng, n, bins, threads):
    """heat, low, step, bins, coldest, hottest, common: hundredths of a degree, all below zero where n is odd.

    Several bins of the first strip have the most pixels. Half of a later one is beyond the last bin, below the first
    one or in the middle, in turn. Some values lie right on a boundary.
    """
    strip, place = np.divmod(np.arange(n), threads)
    own = np.choose(strip % 3, [bins // 2, bins - 1, 0])
    bin_ = np.where(strip == 0, bins - 1 - place % bins, np.where(place % 2, rng.integers(0, bins, n), own))
    step = int(rng.integers(20, 90))
    low = int(rng.integers(8000, 9000)) * (-1 if n % 2 else 1)
    heat = low + bin_ * step + rng.integers(0, step, n) * (rng.random(n) < 0.7)
    outside = (strip > 0) & (place % 2 == 0)
    heat[outside & (own == 0)] -= 3 * step
    heat[outside & (own == bins - 1)] += 3 * step
    room = (np.empty(strip[-1] + 1, "i4") for _ in range(3))
    return heat.astype("i4"), np.int32(low), np.int32(step), np.int32(bins), *room


@cuda.jit
def strips_alone(heat, low, step, bins, coldest, hottest, common):
    """One thread of each block does all the work."""
    if cuda.threadIdx.x == 0:
        own = cuda.local.array(64, np.int32)
        for b in range(bins):
            own[b] = 0
        first, s = cuda.grid(1), cuda.blockIdx.x
        cold = hot = heat[first]
        for i in range(first, min(first + cuda.blockDim.x, heat.shape[0])):
            cold, hot = min(cold, heat[i]), max(hot, heat[i])
            own[min(max((heat[i] - low) // step, 0), bins - 1)] += 1
        most = 0
        for b in range(1, bins):
            if own[b] > own[most]:
                most = b
        coldest[s], hottest[s], common[s] = cold, hot, most


def strips(kernel, cases=STRIPS, hidden=False) -> Report:
    def launch(n):
        threads = cases[n][1] if n in cases else 256
        return ceil_div(n, threads), threads

    def surveyed(heat, low, step, bins, coldest, hottest, common):
        threads = launch(heat.size)[1]
        parts = np.split(heat, range(threads, heat.size, threads))
        most = [np.bincount(np.clip((part - low) // step, 0, bins - 1)).argmax() for part in parts]
        ends = [(part.min(), part.max()) for part in parts]
        return tuple(np.array(values, "i4") for values in (*zip(*ends, strict=True), most))

    signature = "void(int32[:], int32, int32, int32, int32[:], int32[:], int32[:])"
    names = ("heat", "low", "step", "bins", "coldest", "hottest", "common")
    check = KernelCheck(kernel, signature, launch=launch, names=names, name="strips", hidden=hidden)
    check.inputs(lambda rng, n: temperatures(rng, n, *cases.get(n, (64, 256))), sizes=tuple(cases))
    check.expect(surveyed, output=(4, 5, 6))
    check.timing(MANY, baseline=strips_alone, emulated={"speedup": {1.3: 2}})
    return check.points(correct=2, in_bounds=1, race_free=1, speedup=(2, {2.0: 2})).run()


def quarter_turn(kernel, shapes=TURNED, hidden=False) -> Report:
    def launch(shape):
        height, width = shape
        return (ceil_div(width, 32), ceil_div(height, 32)), (32, 32)

    signature = "void(float32[:, :], float32[:, :])"
    check = KernelCheck(kernel, signature, launch=launch, names=("image", "out"), name="quarter_turn", hidden=hidden)
    check.inputs(lambda rng, shape: (rng.random(shape, "f4"), np.empty(shape[::-1], "f4")), sizes=shapes)
    check.expect(lambda image, out: np.rot90(image, -1), output=1)
    return check.points(correct=2, in_bounds=1, race_free=1, coalesced=(4, 0.8)).run()
