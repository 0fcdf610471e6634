"""Checks that learners run themselves. Code: Apache-2.0."""

import numpy as np

from grader.checks import FunctionCheck, Report

BATCHES = ((1, 1, 1), (16, 3, 5), (3, 7, 4), (0, 2, 3))
#: What the text allows. A batch that is worked off image by image takes more.
DARK, SPOTS = 8, 40
WEIGHTED = 1


def dark_batch(rng, shape):
    """(frames, dark, limit): uint16, and a Python int; some pixels lie below the dark field, some far above."""
    frames = rng.integers(0, 65_536, size=shape).astype("u2")
    dark = rng.integers(200, 3_000, size=shape[1:]).astype("u2")
    frames[..., ::3] //= 50
    return frames, dark, int(rng.integers(20_000, 60_000))


def without_dark(frames, dark, limit):
    return np.clip(frames.astype("i8") - dark, 0, limit).astype("u2")


def spots_batch(rng, shape):
    """One batch in uint16: each image has a level of its own and hot pixels; every fifth has one value only."""
    level = rng.integers(500, 58_000, size=(shape[0], 1, 1))
    counts = level + rng.integers(0, 3_000, size=shape)
    counts += np.where(rng.random(shape) < 0.2, 4_000, 0)
    counts[2::5] = level[2::5]
    return (counts.astype("u2"),)


def spots_of(counts):
    report = np.full((len(counts), 4), -1.0)
    for row, image in zip(report, counts.astype("i8"), strict=True):
        row[0] = (image.min() + image.max()) // 2
        places = np.argwhere(image > row[0])
        row[1] = len(places)
        if len(places):
            row[2:] = places.mean(axis=0)
    return report.astype("f4")


def sensor_batch(rng, shape):
    """(counts, gain, offset, low, high): uint16, two arrays of that shape in float32 and two Python floats."""
    counts = rng.integers(2_000, 20_000, size=shape).astype("u2")
    gain = rng.uniform(0.004, 0.006, size=shape).astype("f4")
    low = float(rng.integers(20, 50))
    return counts, gain, rng.uniform(-20, 5, size=shape).astype("f4"), low, low + float(rng.integers(5, 30))


def weighted_of(counts, gain, offset, low, high):
    temps = gain.astype("f8") * counts + offset
    return (temps * np.clip((temps - low) / (high - low), 0, 1)).astype("f4")


def _check(function, name, hidden, operations) -> FunctionCheck:
    check = FunctionCheck(function, arrays=("cupy",), name=name, hidden=hidden)
    return check.limits(to_host=0, to_device=0, most_launches=operations)


def subtract_dark(function, sizes=BATCHES, hidden=False) -> Report:
    check = _check(function, "subtract_dark", hidden, DARK).inputs(dark_batch, sizes=sizes).expect(without_dark)
    return check.points(correct=3, same_type=1, on_device=2, keeps_inputs=1).run()


def hot_spots(function, sizes=BATCHES, hidden=False) -> Report:
    check = _check(function, "hot_spots", hidden, SPOTS).inputs(spots_batch, sizes=sizes)
    return check.expect(spots_of, rtol=1e-5).points(correct=5, same_type=1, on_device=3, keeps_inputs=1).run()


def weighted(function, sizes=BATCHES, hidden=False) -> Report:
    check = _check(function, "weighted", hidden, WEIGHTED).inputs(sensor_batch, sizes=sizes)
    # At the lower end of the weights two temperatures nearly cancel.
    check.expect(weighted_of, rtol=1e-5, atol=2e-3)
    return check.points(correct=3, same_type=1, on_device=2, keeps_inputs=1, in_bounds=1).run()
