"""The hidden half of the checks: other plates, and messages that do not name them. Code: Apache-2.0."""

import checks

PLATES = ((1, 1), (1, 70), (33, 1), (16, 64), (17, 33), (25, 100))
#: Starting values, not calibrated on a GPU yet: how many times as fast as one step without a tile, whose neighbours a
#: GPU may find in its cache.
BANDS = {"tile_step": {1.0: 3, 0.8: 1}, "two_steps": {0.8: 2, 0.6: 1}}


def tile_step(kernel):
    return checks.tile_step(kernel, PLATES, hidden=True, bands=BANDS["tile_step"])


def two_steps(kernel):
    return checks.two_steps(kernel, PLATES, hidden=True, bands=BANDS["two_steps"])
