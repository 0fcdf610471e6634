"""Checks that learners run themselves. Code: Apache-2.0."""

import numpy as np

from grader.checks import FunctionCheck, Report

ROWS = ((1, 1), (1, 6), (4, 3), (33, 8), (0, 3))
FRAMES = ((1, 2, 3), (3, 4, 5), (24, 6, 9))
LIMIT = 60.0
#: Array operations that either function may start. A solution without a Python loop needs about six.
OPERATIONS = 20


def table(rng, shape):
    """A table of that shape, float64 where it has an even number of columns, else float32; some rows are zero."""
    x = rng.normal(size=shape).astype("f4" if shape[1] % 2 else "f8")
    x[2::3] = 0
    return (x,)


def normalised(x):
    length = np.sqrt(np.sum(np.square(x, dtype="f8"), axis=1, keepdims=True))
    return np.divide(x, length, out=np.zeros(x.shape), where=length > 0).astype(x.dtype)


def film(rng, shape):
    """(frames, limit): temperatures in steps of half a degree, float32; one pixel of each frame is exactly at the limit,
    and one frame in three is cold."""
    frames = (rng.integers(40, 180, size=shape) / 2).astype("f4")
    frames[1::3] = 21.5
    frames[:, 0, 0] = LIMIT
    return frames, LIMIT


def mean_of_hot(frames, limit):
    hot = frames > limit
    total = np.sum(frames, axis=(1, 2), where=hot, dtype="f8")
    return (total / np.maximum(hot.sum(axis=(1, 2)), 1)).astype(frames.dtype)


def _finish(check) -> Report:
    check.limits(to_host=0, to_device=0, most_launches=OPERATIONS)
    return check.points(correct=3, same_type=1, on_device=1, keeps_inputs=1).run()


def normalise_rows(function, sizes=ROWS, hidden=False) -> Report:
    check = FunctionCheck(function, arrays=("numpy", "cupy"), name="normalise_rows", hidden=hidden)
    check.inputs(table, sizes=sizes).expect(normalised, rtol=1e-5)
    return _finish(check)


def hot_mean(function, sizes=FRAMES, hidden=False) -> Report:
    check = FunctionCheck(function, arrays=("numpy", "cupy"), name="hot_mean", hidden=hidden)
    check.inputs(film, sizes=sizes).expect(mean_of_hot, rtol=1e-5)
    return _finish(check)
