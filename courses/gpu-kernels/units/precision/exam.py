"""The hidden half of the checks: other sizes, and messages that do not name them. Code: Apache-2.0.

The share of the model solution's speed counts where a GPU marks. What `performance.yaml` says of it is a starting value
until it is calibrated.
"""

import math

import checks
import numpy as np
from numba import cuda

from grader.checks import thresholds

SIZES = (31, 2, 257, 1500)
FILMS = ((420, 33), (1, 1), (260, 70), (2, 129))


@cuda.jit
def celsius_model(raw, r, b, f, out):
    i = cuda.grid(1)
    if i < raw.shape[0]:
        out[i] = b / math.log(r / np.float32(raw[i]) + f) - np.float32(273.15)


@cuda.jit
def latest_model(first, changes, out):
    i = cuda.grid(1)
    if i < first.shape[0]:
        total, lost = first[i], np.float32(0)
        for k in range(changes.shape[0]):
            wanted = changes[k, i] - lost
            new = total + wanted
            lost = (new - total) - wanted
            total = new
        out[i] = total


@cuda.jit
def mask_model(heat, limit, width, out):
    i = cuda.grid(1)
    if i < heat.shape[0]:
        one = np.float32(1)
        out[i] = one / (one + math.exp((limit - heat[i]) / width))


def _timed(size, model, cell):
    return size, model, thresholds(__file__, cell)


def to_celsius(kernel):
    return checks.to_celsius(kernel, SIZES, hidden=True, timing=_timed(1 << 25, celsius_model, "to_celsius-test"))


def latest(kernel):
    return checks.latest(kernel, FILMS, hidden=True, timing=_timed((50, 1 << 20), latest_model, "latest-test"))


def soft_mask(kernel):
    return checks.soft_mask(kernel, SIZES, hidden=True, timing=_timed(1 << 25, mask_model, "soft_mask-test"))
