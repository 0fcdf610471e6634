"""The hidden half of the checks: other shapes, and messages that do not name them. Code: Apache-2.0."""

import checks

SCENES = ((1, 1, 2), (1, 257, 1), (0, 0, 5), (33, 17, 7), (48, 64, 60))
PARTS = ((1, 257, 2), (0, 0, 3), (33, 17, 1), (48, 64, 60))


def temperature_histogram(function):
    return checks.temperature_histogram(function, SCENES, hidden=True)


def segment_means(function):
    return checks.segment_means(function, PARTS, hidden=True)
