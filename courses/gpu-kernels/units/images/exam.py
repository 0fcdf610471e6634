"""The hidden half of the checks: other shapes, and messages that do not name them. Code: Apache-2.0."""

import checks

SHAPES = ((33, 65), (1, 257), (64, 96), (130, 7), (1, 1), (45, 160))


def grey(kernel):
    return checks.grey(kernel, SHAPES, hidden=True)


def false_colour(kernel):
    return checks.false_colour(kernel, SHAPES, hidden=True)


def mirror(kernel):
    return checks.mirror(kernel, SHAPES, hidden=True)
