"""Checks that learners run themselves."""

import numpy as np

from grader.checks import KernelCheck, ceil_div


def double(kernel, sizes=(1, 31, 256, 1000), hidden=False):
    check = KernelCheck(
        kernel,
        "void(float32[:], float32[:])",
        launch=lambda n: (ceil_div(n, 256), 256),
        names=("x", "out"),
        hidden=hidden,
    )
    check.inputs(lambda rng, n: (rng.random(n, "f4"), np.empty(n, "f4")), sizes=sizes)
    check.expect(lambda x, out: 2 * x, output=1)
    return check.points(correct=3, in_bounds=1).run()
