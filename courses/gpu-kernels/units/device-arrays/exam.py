"""The hidden half of the checks: other sizes, and messages that do not name them. Code: Apache-2.0."""

import checks

LENGTHS = (2, 31, 257, 5001)
STEPS = {3: 2, 31: 1, 257: 5, 4099: 3}


def calibrated(function):
    return checks.calibrated(function, LENGTHS, hidden=True)


def hot_spots(function):
    return checks.hot_spots(function, LENGTHS, hidden=True)


def smoothed(function):
    return checks.smoothed(function, STEPS, hidden=True)
