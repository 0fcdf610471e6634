"""Checks that learners run themselves. Code: Apache-2.0."""

import numpy as np

from grader.checks import KernelCheck, Report, ceil_div

SIGNATURE = "void(float32, float32[:], float32[:], float32[:])"
NAMES = ("a", "x", "y", "out")
SIZES = (31, 1, 256, 257, 1000)


def arguments(rng, n):
    """a, x, y, out: a float32 scalar and three float32 arrays of shape (n,)."""
    return np.float32(rng.uniform(1, 2)), rng.random(n, "f4"), rng.random(n, "f4"), np.empty(n, "f4")


def reference(a, x, y, out):
    return a * x + y


def one_thread_each(n):
    return ceil_div(n, 256), 256


def several_shapes(n):
    """One thread for each element first, then one block alone, few threads, and far too many."""
    return [(ceil_div(n, 256), 256), (1, 64), (3, 32), (ceil_div(n, 64) + 2, 64)]


def saxpy(kernel, sizes=SIZES, hidden=False) -> Report:
    check = KernelCheck(kernel, SIGNATURE, launch=one_thread_each, names=NAMES, name="saxpy", hidden=hidden)
    check.inputs(arguments, sizes=sizes)
    check.expect(reference, output=3, rtol=1e-6)
    return check.points(correct=3, in_bounds=1, keeps_inputs=1).run()


def saxpy_stride(kernel, sizes=SIZES, hidden=False) -> Report:
    signature = "void(float32, float32[:], float32[:])"
    check = KernelCheck(kernel, signature, launch=several_shapes, names=NAMES[:3], name="saxpy_stride", hidden=hidden)
    check.inputs(lambda rng, n: arguments(rng, n)[:3], sizes=sizes)
    # In place, so that an element that two threads work on comes out wrong.
    check.expect(lambda a, x, y: a * x + y, output=2, rtol=1e-6, accumulates=True)
    return check.points(correct=2, any_launch=2, in_bounds=1, race_free=1).run()
