"""Test cells that use `numba.cuda` and `cupy` themselves: on a device of the examiner's, apart from the learner's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.exam.room import ExamRoom
from grader.exam.verdict import Verdict
from tests.notebooks import given, notebook, solution, test
from tests.rooms import kill_first

HEAD = "import cupy, numpy as np\nfrom numba import cuda"


def examined(room: ExamRoom, folder: Path, answer: str, *checks: str, head: str = HEAD) -> Verdict:
    """The verdict on a notebook with this solution; a test cell is worth a point."""
    tests = [test(f"t{number}", 1, source) for number, source in enumerate(checks)]
    cells: list[dict[str, Any]] = [given(head), solution("f", answer), *tests]
    (folder / "unit.ipynb").write_bytes(notebook(*cells))
    return room.examine(folder, "unit", {"unit.ipynb": notebook(*cells)})


def outcomes(verdict: Verdict) -> list[tuple[str, float | None]]:
    return [(cell.outcome, cell.score) for cell in verdict.cells]


@pytest.mark.parametrize("make", ["cuda.to_device(np.arange(4.0))", "cupy.arange(4.0)"])
def test_an_array_that_learner_code_changes_is_changed_wherever_it_was_handed_over(
    room: ExamRoom, tmp_path: Path, make: str
) -> None:
    answer = """@cuda.jit
def kernel(x):
    i = cuda.grid(1)
    x[i] += 1
def f(x, *, more=None, parts=()):
    for one in (x, more, *parts):
        if one is not None:
            kernel[1, one.size](one)"""
    check = f"""x = {make}
f(x)
f(None, more=x)
f(None, parts=[x])
f(x, more=x, parts=(x,))
kernel[1, 2](x[::2])
values = cupy.asnumpy(x)
assert values.tolist() == [7, 7, 9, 9], values"""
    assert outcomes(examined(room, tmp_path, answer, check)) == [("passed", 1)]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("def f(x): return cuda.to_device(x)", "numba.cuda.cudadrv.devicearray.DeviceNDArray"),
        ("def f(x): return cupy.asarray(x)", "cupy.ndarray"),
        ("def f(x): return x", "numpy.ndarray"),
    ],
)
def test_what_learner_code_returns_is_of_the_library_that_made_it(
    room: ExamRoom, tmp_path: Path, answer: str, kind: str
) -> None:
    check = f"""for x in (np.ones((2, 3), np.int16), np.zeros((0, 2)), np.array(5.0), np.asfortranarray(np.eye(3))):
    made = f(x)
    assert f"{{type(made).__module__}}.{{type(made).__name__}}" == {kind!r}
    assert (made.shape, made.dtype) == (x.shape, x.dtype) and (made.strides == x.strides or not x.size)
    assert np.array_equal(cupy.asnumpy(made), x)"""
    assert outcomes(examined(room, tmp_path, answer, check)) == [("passed", 1)]


def test_modules_that_the_solution_imports_are_the_examiners_in_a_test(room: ExamRoom, tmp_path: Path) -> None:
    answer = "import cupy as cp\nfrom numba import cuda\ndef used(): return cp.get_default_memory_pool().used_bytes()"
    check = "d = cuda.to_device([1.0])\nx = cp.ones(3)\nassert used() == 0 and d.copy_to_host()[0] + x.sum() == 4"
    assert outcomes(examined(room, tmp_path, answer, check, head="")) == [("passed", 1)]


def test_a_function_of_a_test_gets_arrays_of_the_device_and_gives_them(room: ExamRoom, tmp_path: Path) -> None:
    answer = "def f(step, x):\n    return step(step(x))"
    check = "assert f(lambda x: x + cupy.ones(3), cupy.arange(3)).tolist() == [2, 3, 4]"
    assert outcomes(examined(room, tmp_path, answer, check)) == [("passed", 1)]


def test_learner_code_sees_nothing_of_the_tests_device(room: ExamRoom, tmp_path: Path) -> None:
    answer = """import gc
from grader.device.heap import FIRST_ADDRESS, GAP
from grader.device.frontends.cupy_standin import core
def used():
    gc.collect()
    free, total = core.heap().memory_info()
    return total - free
def scan():
    found = []
    for address in range(FIRST_ADDRESS, FIRST_ADDRESS + 200 * GAP, GAP):
        try: found.append(core.heap().read(address, 8))
        except Exception: pass
    return found"""
    check = """expected = cupy.full(1000, 7.0)
d_expected = cuda.to_device(np.full(1000, 7.0))
assert used() == 0 and scan() == []
assert expected.sum() == 7000"""
    assert outcomes(examined(room, tmp_path, answer, check)) == [("passed", 1)]


def test_work_of_a_test_is_no_work_of_the_learners(room: ExamRoom, tmp_path: Path) -> None:
    answer = "def f(x): return x * 2"
    check = """from grader.checks import FunctionCheck
check = FunctionCheck(f, arrays=("cupy",)).inputs(lambda rng, n: (cupy.asnumpy(cupy.ones(n) + 1),), sizes=(3, 64))
check.expect(lambda x: cupy.asnumpy(cupy.asarray(x) * 2)).limits(to_host=0, to_device=0, most_launches=1)
check.points(correct=1, on_device=1).run()"""
    assert outcomes(examined(room, tmp_path, answer, check)) == [("passed", 1)]


def test_a_kernel_of_a_test_without_end_costs_its_own_cell(room: ExamRoom, tmp_path: Path) -> None:
    head = HEAD + "\nd_ones = cuda.to_device(np.ones(3))"
    endless = """@cuda.jit
def until(x):
    while x[0] > 0:
        x[0] += 1
until[1, 1](f(d_ones))"""
    verdict = examined(
        room, tmp_path, "def f(x): return x", endless, "assert f(d_ones).copy_to_host().sum() == 3", head=head
    )
    assert outcomes(verdict) == [("timeout", 0), ("passed", 1)]


LIES = {
    "an array larger than memory": "View(x.view_.address, '<f8', (1 << 44,), (0,))",
    "an array of objects": "View(x.view_.address, '|O', (2,), (8,))",
    "an array of nothing known": "View(x.view_.address, 'nonsense', (2,), (8,))",
    "an array with sizes that no integer holds": "View(x.view_.address, '<f8', (0, 1 << 80), (8, 8))",
    "memory of nobody": "View(x.view_.address + (1 << 30), '<f8', (4,), (8,))",
    "memory before the array": "View(x.view_.address, '<f8', (4,), (-8,))",
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_about_an_array_costs_the_call(room: ExamRoom, tmp_path: Path, lie: str) -> None:
    answer = f"""from grader.device import frontends
from grader.device.heap import View
honest = frontends.view_of
def f(x, lie):
    found = 'cupy', {LIES[lie]}
    if lie:
        frontends.view_of = lambda value: found if value is x else honest(value)
    return x"""
    checks = ("f(cupy.arange(4.0), True)", "assert f(cupy.arange(4.0), False).sum() == 6")
    verdict = examined(room, tmp_path, answer, *checks)
    assert outcomes(verdict) == [("crashed", 0), ("passed", 1)]


def test_more_arrays_than_an_answer_may_bring_cost_the_call(room: ExamRoom, tmp_path: Path) -> None:
    answer = "def f(n): return [cupy.ones(1)] * n"
    verdict = examined(room, tmp_path, answer, "f(300)", "assert len(f(3)) == 3")
    assert outcomes(verdict) == [("crashed", 0), ("passed", 1)]


def test_a_device_of_the_tests_that_another_process_ended_costs_nothing(
    room: ExamRoom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = kill_first(room, monkeypatch, "test-device")
    verdict = examined(room, tmp_path, "def f(x): return x", "assert f(cupy.ones(2)).sum() == 2")
    assert killed
    assert outcomes(verdict) == [("passed", 1)]
