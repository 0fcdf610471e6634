"""The hidden half of the checks: other shapes, and messages that do not name them. Code: Apache-2.0."""

import checks

BUFFERS = ((2, 2), (513, 255), (1100, 1025), (5, 0), (600, 256))
SCREENS = ((3, 1, 2), (2, 257, 1), (258, 1, 257), (20, 64, 16), (50, 35, 45))
PAIRS = ((1, 257), (257, 1), (33, 31), (16, 32), (20, 100))


def correct(function):
    return checks.correct(function, BUFFERS, hidden=True)


def smooth(function):
    return checks.smooth(function, SCREENS, hidden=True)


def remove_bands(function):
    return checks.remove_bands(function, PAIRS, hidden=True)
