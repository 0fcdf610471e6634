"""What test cells call: checks of kernels and functions, sizes, tolerances, messages.

Imports `grader.device` only. A course's `checks.py` (visible) and `exam.py` (hidden) build checks from this:

    from grader.checks import KernelCheck, SIZES_1D, ceil_div

    def saxpy(kernel):
        check = KernelCheck(kernel, "void(float32, float32[:], float32[:], float32[:])",
                            launch=lambda n: (ceil_div(n, 256), 256), names=("a", "x", "y", "out"))
        check.inputs(lambda rng, n: (np.float32(2), rng.random(n, "f4"), rng.random(n, "f4"), np.empty(n, "f4")),
                     sizes=(1, 31, 257, 1000))
        check.expect(lambda a, x, y, out: a * x + y, output=3, rtol=1e-6)
        check.points(correct=2, in_bounds=1)
        return check.run()

The report that `run` gives is shown to the learner, and as the last expression of a test cell its share of the
maximum is the cell's share of its points. Two reports of one cell add up with `+`. With `hidden=True` messages
name only the kind of size. See `surroundings` for where a check runs.
"""

from grader.checks.function import FunctionCheck
from grader.checks.hints import Hints
from grader.checks.kernel import KernelCheck
from grader.checks.learner import CompiledKernel, LearnerError
from grader.checks.report import CheckFinding, Part, Report
from grader.checks.sizes import (
    SIZES_1D,
    SIZES_1D_SMALL,
    SIZES_2D,
    SIZES_2D_SMALL,
    ceil_div,
    elements,
    map_rtol,
    reduction_rtol,
)
from grader.checks.surroundings import (
    FunctionTrace,
    LocalSurroundings,
    OnDevice,
    Surroundings,
    current,
    use,
)
from grader.checks.thresholds import thresholds
from grader.device.frontends.inspection import inspect

__all__ = [
    "SIZES_1D",
    "SIZES_1D_SMALL",
    "SIZES_2D",
    "SIZES_2D_SMALL",
    "CheckFinding",
    "CompiledKernel",
    "FunctionCheck",
    "FunctionTrace",
    "Hints",
    "KernelCheck",
    "LearnerError",
    "LocalSurroundings",
    "OnDevice",
    "Part",
    "Report",
    "Surroundings",
    "ceil_div",
    "current",
    "elements",
    "inspect",
    "map_rtol",
    "reduction_rtol",
    "thresholds",
    "use",
]
