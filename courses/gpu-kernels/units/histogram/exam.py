"""The hidden half of the checks: other sizes, and messages that do not name them. Code: Apache-2.0."""

import checks

BINS = {33: 1, 2: 256, 255: 7, 1023: 1000, 5001: 64}


def histogram(kernel):
    return checks.histogram(kernel, tuple(BINS), BINS, hidden=True)


def hottest(kernel):
    return checks.hottest(kernel, tuple(BINS), hidden=True)


def hot_per_row(kernel):
    return checks.hot_per_row(kernel, ((7, 65), (65, 7), (1, 300), (33, 31)), hidden=True)
