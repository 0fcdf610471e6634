"""The hidden half of the checks: other sizes, and messages that do not name them. Code: Apache-2.0.

Times are those of the emulated GPU's modelled timeline, which every machine models alike. On a GPU nothing of it is
known, and twice and four times the work must take twice and four times as long; that tolerance is a starting value
until it was tried on one.
"""

import checks

SERIES = ((2, 1), (5, 0), (41, 3), (100, 10))
PAIRS = ((3, 8, 300), (16, 16, 2000), (50, 7, 4800))
RUNS = ((64, 7, 4), (100, 12, 2))


def robust(function):
    return checks.robust(function, SERIES, hidden=True)


def compare(function):
    return checks.compare(function, PAIRS, hidden=True)


def measure(function):
    return checks.measure(function, RUNS, hidden=True)
