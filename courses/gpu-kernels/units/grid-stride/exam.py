"""The hidden half of the checks: other sizes, and messages that do not name them. Code: Apache-2.0."""

import checks

LENGTHS = (33, 2, 255, 1024, 4097)
FILMS = ((2, 65), (7, 100), (300, 3), (5, 257))
SHARES = {33: (1, 64), 2: (4, 32), 255: (2, 96), 1024: (3, 64), 4097: (7, 32)}


def add_frame(kernel):
    return checks.add_frame(kernel, LENGTHS, hidden=True)


def remove_background(kernel):
    return checks.remove_background(kernel, FILMS, hidden=True)


def sum_shares(kernel):
    return checks.sum_shares(kernel, SHARES, hidden=True)
