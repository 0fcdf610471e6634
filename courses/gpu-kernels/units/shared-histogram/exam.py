"""The hidden half of the checks: other sizes, and messages that do not name them. Code: Apache-2.0."""

import checks

CASES = {33: (1, 64), 2: (256, 32), 255: (7, 96), 1023: (129, 128), 3001: (256, 64)}


def shared_histogram(kernel):
    return checks.shared_histogram(kernel, CASES, hidden=True)


def strips_with(kernel):
    return checks.strips_with(kernel, CASES, hidden=True)


def zone_sums(kernel):
    return checks.zone_sums(kernel, CASES, hidden=True)
