"""The emulated GPU and a real one agree on the corpus of kernels, and on the courses' solutions, right and wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.course.check import check
from tests.kernels import right_kernels
from tests.kernels.case import Case, cuda_cases, python_cases
from tests.shipped import FOLDERS

pytestmark = pytest.mark.gpu

RIGHT = [*python_cases(right_kernels), *cuda_cases("right.cu")]


@pytest.mark.parametrize("case", RIGHT, ids=lambda case: f"{case.name}{'.cu' if case.file else ''}")
def test_a_right_kernel_leaves_the_same_on_both(gpu: Any, table: dict[str, Any], case: Case) -> None:
    emulated = [case.run(seed)[0].buffers for seed in (0, 1, 2)]
    settled = all(np.array_equal(a, b) for other in emulated[1:] for a, b in zip(emulated[0], other, strict=True))
    result = gpu.launch(case.launch())
    table.setdefault("corpus", {})[case.name] = {"settled": settled, "seconds": result.seconds}
    assert [finding.kind for finding in result.findings] == []
    # Where the order of threads decides, so may the two.
    if settled:
        for left, right in zip(emulated[0], result.buffers, strict=True):
            assert np.array_equal(left, right)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("course", FOLDERS, ids=lambda path: path.name)
def test_model_solutions_pass_and_wrong_ones_fail(course: Path, table: dict[str, Any]) -> None:
    problems = [str(problem) for problem in check(course, device="cuda")]
    table.setdefault("courses", {})[course.name] = problems
    assert problems == []
