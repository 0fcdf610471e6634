"""The hidden half of the checks: other shapes, and messages that do not name them. Code: Apache-2.0."""

import checks

ROWS = ((1, 257), (257, 1), (31, 33), (64, 48), (0, 7), (130, 1000))
FRAMES = ((1, 1, 1), (2, 33, 17), (5, 64, 48), (40, 7, 31))


def normalise_rows(function):
    return checks.normalise_rows(function, ROWS, hidden=True)


def hot_mean(function):
    return checks.hot_mean(function, FRAMES, hidden=True)
