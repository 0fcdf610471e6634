"""The hidden half of the checks: other shapes, and messages that do not name them. Code: Apache-2.0."""

import checks

BATCHES = ((1, 1, 2), (41, 5, 3), (2, 1, 257), (0, 1, 1), (3, 33, 17), (7, 16, 20))


def subtract_dark(function):
    return checks.subtract_dark(function, BATCHES, hidden=True)


def hot_spots(function):
    return checks.hot_spots(function, BATCHES, hidden=True)


def weighted(function):
    return checks.weighted(function, BATCHES, hidden=True)
