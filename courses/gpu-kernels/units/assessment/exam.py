"""The hidden half of the checks: other sizes, and messages that do not name them. Code: Apache-2.0.

The ratio of time, for where there is a GPU, is a starting value: it has not been calibrated on one yet.
"""

import checks

IMAGES = {(45, 70): (32, 8), (1, 131): (64, 4), (97, 5): (16, 16), (64, 64): (128, 2), (2, 1): (32, 8)}
STRIPS = {257: (17, 64), 31: (64, 32), 600: (5, 128), 2: (1, 64), 290: (64, 96)}
TURNED = ((45, 100), (130, 1), (96, 33), (2, 131), (127, 64))


def calibrate(kernel):
    return checks.calibrate(kernel, IMAGES, limit=900, hidden=True)


def strips(kernel):
    return checks.strips(kernel, STRIPS, hidden=True)


def quarter_turn(kernel):
    return checks.quarter_turn(kernel, TURNED, hidden=True)
