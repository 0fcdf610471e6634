"""The hidden half of the checks: other plates, and messages that do not name them. Code: Apache-2.0."""

import checks

from grader.checks import FunctionCheck

PLATES = ((1, 1), (1, 33), (18, 1), (6, 9), (31, 17), (40, 40))
RUNS = ((1, 1, 2), (1, 40, 3), (33, 1, 4), (17, 30, 6), (9, 9, 11), (40, 28, 3))
#: Cells along each side, and in degrees a third more than what a right scheme of second order is off by there.
GRIDS = {8: 0.055, 16: 0.014}


def faces(function):
    return checks.faces(function, PLATES, hidden=True)


def simulate(function):
    report = checks.simulate(function, RUNS, hidden=True)
    for grid, most in GRIDS.items():
        check = FunctionCheck(function, arrays=("cupy",), name="simulate, the solution on paper", hidden=True)
        check.inputs(lambda rng, size: checks.wave(size), sizes=(grid,))
        check.expect(lambda temps, *rest: checks.exact(len(temps)).astype("f4"), rtol=0, atol=most)
        report += check.points(correct=1).run()
    return report
