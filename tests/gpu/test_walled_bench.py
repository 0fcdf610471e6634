"""The bench opens a real GPU from behind its walls; a candidate does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.exam.room import ExamRoom
from grader.exam.verdict import Verdict
from tests.notebooks import notebook, solution, test

pytestmark = pytest.mark.gpu

KERNEL = (
    "from numba import cuda\n@cuda.jit\ndef double(x):\n    i = cuda.grid(1)\n    if i < x.size:\n        x[i] += x[i]"
)
CHECK = """
from grader.checks import KernelCheck
check = KernelCheck(double, "void(float32[:])", launch=lambda n: (2, 64), names=("x",))
check.inputs(lambda rng, n: (rng.random(n, "f4"),), sizes=(70,))
check.expect(lambda x: x + x, output=0, rtol=0, accumulates=True)
check.points(correct=1)
check.run()
"""
OPENED = """
opened = []
for name in ("nvidiactl", "nvidia0", "nvidia-uvm"):
    try:
        opened.append(open(f"/dev/{name}", "rb"))
    except OSError:
        pass
"""


def examine(folder: Path, answer: str, tests: str, device: str = "cuda") -> Verdict:
    source = folder / "source"
    source.mkdir()
    (source / "unit.ipynb").write_bytes(notebook(solution("a", ""), test("t", 1, tests)))
    with ExamRoom(device=device, scratch=folder / "room") as room:
        return room.examine(source, "unit", {"unit.ipynb": notebook(solution("a", answer))})


def test_a_kernel_is_launched_on_the_gpu(tmp_path: Path) -> None:
    verdict = examine(tmp_path, KERNEL, CHECK)
    assert verdict.score == 1, verdict.cells[0].findings
    assert verdict.device.startswith("cuda:")


def test_learner_code_opens_no_gpu(tmp_path: Path) -> None:
    assert examine(tmp_path, OPENED, "assert len(opened) == 0").score == 1
