"""The hidden half of the checks: other sizes, and messages that do not name them. Code: Apache-2.0.

Bandwidth and speed beside a plain version count where a GPU marks. What `performance.yaml` says of them are starting
values until they are calibrated. Where there is none, the share of ideal sectors decides.
"""

import checks
from numba import cuda

from grader.checks import thresholds

TIMED = (1 << 25) + 5
CASES = {1023: (3, 64), 33: (64, 32), 2: (2, 64), 3001: (10, 128), 2048: (32, 64), TIMED: (16, 256)}
RECORDS = (64, 2, 257, 1500)
SHAPES = ((33, 65), (7, 130), (96, 64), (45, 160), (64, 9))


@cuda.jit
def blocked(image, items, out):
    first = cuda.grid(1) * items
    for i in range(first, min(first + items, image.shape[0])):
        out[i] = image[i]


@cuda.jit
def record_by_record(records, planes):
    i = cuda.grid(1)
    if i < records.shape[0]:
        for field in range(4):
            planes[field, i] = records[i, field]


@cuda.jit
def x_first(raw, offset, out):
    x, y = cuda.grid(2)
    if x < raw.shape[0] and y < raw.shape[1]:
        out[x, y] = raw[x, y] - offset[x]


def _timed(size, baseline, cell):
    return size, baseline, thresholds(__file__, cell)


def copy_striped(kernel):
    return checks.copy_striped(kernel, CASES, hidden=True, timing=_timed(TIMED, blocked, "copy_striped-test"))


def to_planes(kernel):
    return checks.to_planes(kernel, RECORDS, hidden=True, timing=_timed(1 << 23, record_by_record, "to_planes-test"))


def even_out(kernel):
    return checks.even_out(kernel, SHAPES, hidden=True, timing=_timed((8192, 4096), x_first, "even_out-test"))
