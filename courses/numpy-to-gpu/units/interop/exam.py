"""The hidden half of the checks: other shapes, and messages that do not name them. Code: Apache-2.0."""

import checks

IMAGES = ((1, 33), (31, 7), (65, 1), (130, 6))
FILMS = ((2, 1, 1), (7, 9, 4), (33, 5, 7))
CHANNELS = ((2, 4), (31, 7), (97, 6), (130, 5))


def hot_share(function):
    return checks.hot_share(function, IMAGES, hidden=True)


def remove_background(function):
    return checks.remove_background(function, FILMS, hidden=True)


def mend_channel(function):
    return checks.mend_channel(function, CHANNELS, hidden=True)
