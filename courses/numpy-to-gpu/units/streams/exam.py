"""The hidden half of the checks: other films, and messages that do not name them. Code: Apache-2.0.

How much overlaps, what races and how much memory is used is counted on the emulated GPU and its modelled timeline. A
GPU counts none of it; a limit on time, measured beside the model solution, is to be set once it was tried on one.
"""

import checks

FILMS = ((1, 3, 3, 2), (41, 16, 8, 5), (64, 8, 8, 4))
LONG = ((47, 16, 24, 3), (81, 16, 16, 5), (41, 8, 32, 3))
FLICKER = ((38, 32, 32, 3), (46, 24, 32, 4), (27, 48, 32, 2))


def in_pieces(function):
    return checks.in_pieces(function, FILMS, hidden=True)


def overlapped(function):
    return checks.overlapped(function, LONG, hidden=True)


def noise(function):
    return checks.noise(function, FLICKER, hidden=True)
