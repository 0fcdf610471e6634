"""The hidden half of the checks: other shapes, and messages that do not name them. Code: Apache-2.0."""

import checks

FILMS = ((1, 1, 1), (2, 33, 17), (5, 64, 48), (40, 7, 31))
POINTS = (2, 6, 17, 40, 101)


def film_report(function):
    return checks.film_report(function, FILMS, hidden=True)


def cooling_factor(function):
    return checks.cooling_factor(function, POINTS, hidden=True)
