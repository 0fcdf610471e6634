"""The hidden half of the checks: other sizes, and messages that do not name them. Code: Apache-2.0.

Ratios of time, for where there is a GPU, are starting values: none has been calibrated on one yet. Those of memory
traffic are counted by the emulated GPU and hold anywhere.
"""

import checks

PRODUCTS = ((31, 33, 17), (1, 100, 3), (65, 5, 20), (32, 32, 32), (7, 1, 40), (24, 33, 24))
FILMS = ((24, 33, 24), (17, 5, 40), (3, 100, 1), (1, 32, 50), (16, 64, 16))
BATCHES = ((1, 24, 33, 24), (4, 7, 40, 16), (2, 1, 50, 3), (3, 17, 35, 10))


def matmul(kernel):
    return checks.matmul(kernel, PRODUCTS, hidden=True)


def responses(kernel):
    return checks.responses(kernel, FILMS, hidden=True)


def products(kernel):
    return checks.products(kernel, BATCHES, hidden=True)
