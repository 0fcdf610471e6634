"""The hidden half of the checks: other shapes, and messages that do not name them. Code: Apache-2.0."""

import checks

FILMS = ((1, 1, 2), (1, 1, 257), (2, 33, 17), (5, 12, 16), (0, 1, 1))


def to_celsius(function):
    return checks.to_celsius(function, FILMS, hidden=True)


def hot_weight(function):
    return checks.hot_weight(function, FILMS, hidden=True)
