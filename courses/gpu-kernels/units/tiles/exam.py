"""The hidden half of the checks: other sizes, and messages that do not name them. Code: Apache-2.0.

Ratios of time, for where there is a GPU, are starting values: none has been calibrated on one yet. Those of memory
traffic are counted by the emulated GPU and hold anywhere.
"""

import checks

IMAGES = ((72, 88), (33, 31), (1, 130), (70, 1), (2, 2), (48, 40))


def smooth(kernel):
    return checks.smooth(kernel, IMAGES, hidden=True)


def turn_left(kernel):
    return checks.turn_left(kernel, IMAGES, hidden=True)


def heat_step(kernel):
    return checks.heat_step(kernel, IMAGES, hidden=True)
