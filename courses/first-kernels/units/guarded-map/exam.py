"""The hidden half of the checks: other sizes, and messages that do not name them. Code: Apache-2.0."""

import checks

SIZES = (33, 1, 2, 255, 513, 1023, 4097)


def saxpy(kernel):
    return checks.saxpy(kernel, SIZES, hidden=True)


def saxpy_stride(kernel):
    return checks.saxpy_stride(kernel, SIZES, hidden=True)
