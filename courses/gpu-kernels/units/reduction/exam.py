"""The hidden half of the checks: other sizes, and messages that do not name them. Code: Apache-2.0."""

import checks

BLOCKS = {33: 64, 2: 128, 255: 96, 1023: 128, 3001: 250, 90: 7}


def block_sum(kernel):
    return checks.block_sum(kernel, (33, 2, 255, 1023, 5001), hidden=True)


def spread(kernel):
    return checks.spread(kernel, BLOCKS, hidden=True)


def total(kernel):
    return checks.total(kernel, (3, 129, 511, 4097, 19_999), hidden=True)
