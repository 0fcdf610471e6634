"""One exam, other GPUs: learner code compiles for the compute capability that the exam is held for."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.exam.room import ExamRoom
from tests.notebooks import notebook, solution, test

CHECK = """from numba import cuda
from grader.checks import KernelCheck
check = KernelCheck(double, signature="void(float32[:], float32[:])", launch=lambda n: (-(-n // 64), 64))
check.inputs(lambda rng, n: (rng.random(n, dtype="f4"), np.zeros(n, "f4")), sizes=(33,))
check.expect(lambda x, out: 2 * x, output=1)
check.points(correct=2).run()"""
KERNEL = """from numba import cuda
@cuda.jit
def double(x, out):
    i = cuda.grid(1)
    if i < x.size:
        out[i] = 2 * x[i]
"""
#: What a module says that it is for, and what device queries answer, on both ways to the device.
TELLS = """import cupy
found = []
def architecture():
    return cupy.cuda.Device().compute_capability, list(cuda.get_current_device().compute_capability)
"""


@pytest.mark.parametrize("capability", [None, (10, 0), (12, 0)])
def test_learner_code_is_compiled_for_the_gpu_of_the_exam(
    room: ExamRoom, tmp_path: Path, capability: tuple[int, int] | None
) -> None:
    major, minor = capability or (9, 0)
    asked = f"assert architecture() == ('{major}{minor}', [{major}, {minor}])"
    cells = solution("double", ""), test("double-test", 2, CHECK), solution("tells", ""), test("tells-test", 1, asked)
    (tmp_path / "unit.ipynb").write_bytes(notebook(*cells))
    handed_in = notebook(solution("double", "import numpy as np\n" + KERNEL), solution("tells", TELLS))
    verdict = room.examine(tmp_path, "unit", {"unit.ipynb": handed_in}, compute_capability=capability)
    assert [(cell.grade_id, cell.score) for cell in verdict.cells] == [("double-test", 2), ("tells-test", 1)]
