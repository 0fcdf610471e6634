"""The hidden half of the checks: other sizes, and messages that do not name them. Code: Apache-2.0."""

import checks

#: The last is a multiple of every block below.
LENGTHS = (1, 2, 31, 1023, 4097, 100_003, 3 << 17)
BLOCKS = (32, 64, 96, 128, 192, 256, 512, 1024)


def length_and_threads(rng, n):
    return n, int(rng.choice(BLOCKS))


def length_and_wish(rng, n):
    """Each kind of wish somewhere: tiny, no whole warps, whole warps, too large."""
    kinds = {1: (1, 32), 2: (1025, 3000), 31: (33, 63), 1023: (993, 1023), 4097: (65, 95)}
    low, high = kinds.get(n, (97, 900))
    return n, int(rng.integers(low, high + 1))


def blocks_for(function):
    return checks.blocks_for(function, LENGTHS, length_and_threads, hidden=True)


def launch_for(function):
    return checks.launch_for(function, (*LENGTHS, 0), length_and_wish, hidden=True)


def subtract_dark(function):
    return checks.subtract_dark(function, (33, 2, 255, 2047, 5001, 290_001), hidden=True)
