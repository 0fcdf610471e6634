"""A `KernelCheck` of CUDA C in the exam room: the candidate compiles, the bench launches, lines are the cell's."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.exam.room import ExamRoom
from grader.exam.verdict import Verdict
from tests.notebooks import notebook, solution, test

KERNEL = """import cupy as cp
answer = cp.RawKernel(r'''
extern "C" __global__ void twice(const float* x, float* out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = 2 * x[i];
}''', "twice")"""
CHECK = """import numpy as np
from grader.checks import KernelCheck
check = KernelCheck(answer, "void twice(const float* x, float* out, int n)", launch=lambda n: (n // 64 + 1, 64),
                    hidden={})
check.inputs(lambda rng, n: (rng.random(n, "f4"), np.empty(n, "f4"), n), sizes=(1, 33, 200))
check.expect(lambda x, out, n: x + x, output=1).points(correct=2, in_bounds=2)
check.run()"""


def examine(room: ExamRoom, folder: Path, code: str, *, hidden: bool = False) -> Verdict:
    folder.mkdir()
    given = notebook(solution("a", ""), test("t", 4, CHECK.format(hidden)))
    (folder / "unit.ipynb").write_bytes(given)
    return room.examine(folder, "unit", {"unit.ipynb": notebook(solution("a", code))})


def test_a_right_kernel_gets_all_points(room: ExamRoom, tmp_path: Path) -> None:
    verdict = examine(room, tmp_path / "source", KERNEL)
    assert (verdict.score, verdict.cells[0].findings) == (4, [])


@pytest.mark.parametrize("hidden", [False, True])
def test_a_fault_has_the_line_of_the_cell(room: ExamRoom, tmp_path: Path, hidden: bool) -> None:
    verdict = examine(room, tmp_path / "source", KERNEL.replace("i < n", "i <= n"), hidden=hidden)
    finding = next(one for one in verdict.cells[0].findings if one.kind == "out-of-bounds")
    assert verdict.score < 4
    assert (finding.cell, finding.line) == ("a", 5)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("answer = 3", "wrong-type"),
        ("def answer(x, out, n): out[:] = 2 * x", "wrong-type"),
        (KERNEL.replace("2 * x[i]", "2 * y[i]"), "compile"),
        (KERNEL.replace('"twice")', '"thrice")'), "compile"),
        # An object that only looks like a kernel: what counts is the PTX that comes of it.
        ("class K:\n    code, name, options, file = 'int x;', 'twice', (), '/etc/passwd'\nanswer = K()", "compile"),
        (KERNEL + "\nanswer.options = ('-include/etc/shadow',)", "compile"),
        (KERNEL.replace("const float* x", "const float* x, const float* y"), "launch"),
    ],
)
def test_what_is_no_such_kernel_gets_nothing(room: ExamRoom, tmp_path: Path, code: str, kind: str) -> None:
    verdict = examine(room, tmp_path / "source", code)
    assert verdict.score == 0
    assert kind in [finding.kind for finding in verdict.cells[0].findings], verdict.cells[0].findings


JIT = """import cupy as cp
from cupyx import jit

@jit.rawkernel()
def doubled(x, out, n):
    i = jit.grid(1)
    if i < n:
        out[i] = 2 * x[i]

def answer(x):
    out = cp.empty_like(x)
    doubled[x.size // 64 + 1, 64](x, out, x.size)
    return out"""
FUNCTION = """from grader.checks import FunctionCheck
check = FunctionCheck(answer, arrays=("cupy",)).inputs(lambda rng, n: (rng.random(n, "f4"),), sizes=(1, 200))
check.expect(lambda x: 2 * x).points(correct=2, in_bounds=1, on_device=1).run()"""


@pytest.mark.parametrize(("guard", "score"), [("i < n", 4), ("i <= n", 3)])
def test_a_kernel_that_cupyx_jit_translates_runs_behind_the_walls(tmp_path: Path, guard: str, score: int) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "unit.ipynb").write_bytes(notebook(solution("a", ""), test("t", 4, FUNCTION)))
    handed_in = notebook(solution("a", JIT.replace("i < n", guard)))
    with ExamRoom(device="emulated", scratch=tmp_path / "room") as room:
        verdict = room.examine(source, "unit", {"unit.ipynb": handed_in})
    lines = [(finding.kind, finding.line) for finding in verdict.cells[0].findings]
    assert (verdict.score, lines) == (score, [] if score == 4 else [("out-of-bounds", 8)])
