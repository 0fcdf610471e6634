"""Function checks in the exam room: which library an array is of, and given cells in another language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.exam.room import ExamRoom
from grader.exam.verdict import Verdict
from tests.notebooks import given, notebook, solution, test

CHECK = """from grader.checks import FunctionCheck
check = FunctionCheck(f, arrays=({library!r},)).inputs(lambda rng, n: (rng.random(n),), sizes=(3,))
check.expect(lambda x: x).limits(launches=0, to_host=None).points(correct=1, same_type=1).run()"""


@pytest.mark.parametrize("library", ["cupy", "numba"])
@pytest.mark.parametrize(
    ("code", "gives"),
    [
        ("import cupy\ndef f(x): return cupy.asarray(x)", "cupy"),
        ("from numba import cuda\nimport cupy\ndef f(x): return cuda.to_device(cupy.asarray(x).get())", "numba"),
    ],
)
def test_a_result_counts_as_the_library_that_made_it(
    room: ExamRoom, tmp_path: Path, library: str, code: str, gives: str
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "unit.ipynb").write_bytes(notebook(solution("f", ""), test("t", 2, CHECK.format(library=library))))
    verdict = room.examine(source, "unit", {"unit.ipynb": notebook(solution("f", code))})
    assert verdict.score == (2 if gives == library else 1)
    assert [finding.kind for finding in verdict.cells[0].findings] == ([] if gives == library else ["wrong-type"])


def test_given_cells_in_the_learners_language_run_once_and_in_order(room: ExamRoom, tmp_path: Path) -> None:
    folders = {name: tmp_path / name for name in ("source", "given")}
    tail = (solution("f", ""), test("t", 1, "assert (f, seen) == (1, ['here'])"))
    first = given("seen = []")
    for name, word in (("source", "here"), ("given", "hier")):
        folders[name].mkdir()
        cells = notebook(first, given(f"seen.append({word!r})"), *tail)
        (folders[name] / "unit.ipynb").write_bytes(cells)
    handed_in = notebook(first, given("seen.append('hier')"), solution("f", "f = len(seen)"), tail[1])
    verdict = room.examine(folders["source"], "unit", {"unit.ipynb": handed_in}, given=folders["given"])
    assert verdict.score == 1


def examined(room: ExamRoom, folder: Path, *cells: dict[str, Any]) -> Verdict:
    """The verdict on a notebook whose solution cells are the learner's."""
    folder.mkdir()
    (folder / "unit.ipynb").write_bytes(notebook(*cells))
    return room.examine(folder, "unit", {"unit.ipynb": notebook(*cells)})


def test_kernels_of_learners_cells_run_and_say_what_they_do_wrong(room: ExamRoom, tmp_path: Path) -> None:
    code = """import io, contextlib
import numpy as np
from numba import cuda
@cuda.jit
def fill(out):
    i = cuda.grid(1)
    out[i] = i
filled = cuda.device_array(3, np.int64)
said = io.StringIO()
with contextlib.redirect_stdout(said):
    fill[1, 4](filled)
said = said.getvalue()"""
    check = "assert filled.copy_to_host().tolist() == [0, 1, 2]\nassert 'out of bounds' in said"
    verdict = examined(room, tmp_path / "source", solution("fill", code), test("t", 1, check))
    assert verdict.score == 1, verdict


def test_arrays_of_the_device_are_made_anew_with_a_candidate_that_was_lost(room: ExamRoom, tmp_path: Path) -> None:
    code = """import cupy
table = cupy.arange(3)
def f(x):
    while x == 0: pass
    return table + x"""
    verdict = examined(
        room,
        tmp_path / "source",
        solution("f", code),
        test("hangs", 1, "f(0)"),
        test("works", 1, "assert f(2).tolist() == [2, 3, 4]"),
    )
    assert [(cell.outcome, cell.score) for cell in verdict.cells] == [("timeout", 0), ("passed", 1)]


def test_an_input_that_learner_code_keeps_stays_its_own(room: ExamRoom, tmp_path: Path) -> None:
    code = "kept = []\ndef f(x):\n    kept.append(x)\n    return kept[0] + 0"
    check = """from grader.checks import OnDevice
import numpy as np
for number in (1.0, 2.0):
    assert f(OnDevice(np.full(2, number))).tolist() == [1, 1]"""
    assert examined(room, tmp_path / "source", solution("f", code), test("t", 1, check)).score == 1


def test_lists_of_device_arrays_go_and_come(room: ExamRoom, tmp_path: Path) -> None:
    code = "import cupy\ndef f(a): return {'sum': a[0] + a[1], 'parts': (a[0][::-1], cupy.zeros((0, 2)))}"
    check = """from grader.checks import OnDevice
import numpy as np
found = f([OnDevice(np.arange(3.0)), OnDevice(np.ones(3))])
assert found['sum'].tolist() == [1, 2, 3]
assert found['parts'][0].tolist() == [2, 1, 0] and found['parts'][1].shape == (0, 2)"""
    assert examined(room, tmp_path / "source", solution("f", code), test("t", 1, check)).score == 1


def test_the_device_answers_tests_inside_the_candidate_and_in_a_shell(room: ExamRoom, tmp_path: Path) -> None:
    code = "import cupy\ndef f(x): return cupy.asarray(x)"
    cells = notebook(solution("f", code), test("t", 2, CHECK.format(library="cupy")))
    (tmp_path / "unit.ipynb").write_bytes(cells)
    assert room.examine(tmp_path, "unit", {"unit.ipynb": cells}, tests="in-process").score == 2
    with room.shell({}) as run:
        assert run("import cupy\nint(cupy.arange(4).sum())") == "6"
        assert run("float(cupy.ones(3)[1])") == "1.0"


def test_the_seeds_of_a_verdict_repeat_its_exam(room: ExamRoom, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    check = CHECK.format(library="cupy")
    (source / "unit.ipynb").write_bytes(notebook(solution("f", ""), test("t", 2, check), test("u", 2, check)))
    files = {"unit.ipynb": notebook(solution("f", "import cupy\ndef f(x): return cupy.asarray(x) + 1"))}
    first = room.examine(source, "unit", files)
    assert set(first.seeds) == {"t", "u"}
    # The evidence holds the inputs that were drawn.
    assert all(cell.findings[0].evidence for cell in first.cells)
    assert room.examine(source, "unit", files, seed=first.seeds).cells == first.cells
    assert room.examine(source, "unit", files, seed={"t": first.seeds["t"]}).seeds["u"] != first.seeds["u"]
    assert room.examine(source, "unit", files, seed=7).seeds == {"t": 7, "u": 7}


KERNELS = """from numba import cuda
@cuda.jit
def careful(x, out):
    i = cuda.grid(1)
    if i < out.size: out[i] = x[i]
@cuda.jit
def careless(x, out):
    i = cuda.grid(1)
    out[i] = x[i]
def f(x):
    out = cuda.device_array_like(x)
    {first}[1, 8](x, out)
    careful[1, 8](x, out)
    return out"""
WATCHED = """from grader.checks import FunctionCheck
check = FunctionCheck(f, arrays=("numba",), hidden=True).inputs(lambda rng, n: (rng.random(n),), sizes=(3, 4))
check.expect(lambda x: x).points(correct=2, in_bounds=1, race_free=1).run()"""
#: A candidate that shows nothing of what its device says, or says other things.
QUIET = """
from grader.exam import candidate, device_link
from grader.device.frontends import report
device_link.LinkedHeap.launch = lambda self, *given: (self._ask('launch', *given, *((0, ())[len(given) - 5:])), ())[1]
report.Reporter.take = lambda *given, **more: None
device_link.Faults.add = lambda *given: None
old = candidate.Candidate.answer
candidate.Candidate.answer = lambda self, request: {**old(self, request), 'found': [], 'findings': []}
"""
#: Lines that no cell has, from a table of the candidate's own.
ELSEWHERE = """
import re
from grader.device.frontends.numba_cuda import EmulatedKernel
whole = EmulatedKernel.ptx.func
EmulatedKernel.ptx = property(lambda self: re.sub(r"\\.loc\\t(\\d+) (\\d+)", r".loc\\t\\1 48\\2", whole(self)))
"""


@pytest.mark.parametrize(
    ("code", "line", "score"),
    [
        (KERNELS.format(first="careful"), None, 4),
        (KERNELS.format(first="careless"), 9, 3),
        (KERNELS.format(first="careless") + QUIET, 9, 3),
        (KERNELS.format(first="careless") + ELSEWHERE, None, 3),
    ],
    ids=["right", "wrong", "wrong and quiet", "wrong elsewhere"],
)
def test_what_a_functions_kernels_do_is_told_by_the_bench(
    room: ExamRoom, tmp_path: Path, code: str, line: int | None, score: float
) -> None:
    verdict = examined(room, tmp_path / "source", solution("f", code), test("t", 4, WATCHED))
    (cell,) = verdict.cells
    assert cell.score == score
    assert [(one.kind, one.line) for one in cell.findings] == ([] if score == 4 else [("out-of-bounds", line)])
    assert all((one.cell == "f") == (line is not None) and "48" not in one.message["en"] for one in cell.findings)


def test_faults_before_a_check_are_not_the_checks(room: ExamRoom, tmp_path: Path) -> None:
    code = KERNELS.format(first="careful") + "\nimport numpy as np\ncareless[1, 8](np.ones(3), np.ones(3))"
    verdict = examined(room, tmp_path / "source", solution("f", code), test("t", 4, WATCHED))
    assert (verdict.score, verdict.cells[0].findings) == (4, [])


def test_copies_are_counted_where_the_heap_is(room: ExamRoom, tmp_path: Path) -> None:
    code = "import cupy\ndef f(x): return cupy.asarray([float(value) for value in x])"
    check = CHECK.format(library="cupy").replace("to_host=None", "to_host=None, copies_to_host=1")
    check = check.replace("same_type=1", "on_device=1")
    verdict = examined(room, tmp_path / "source", solution("f", code), test("t", 2, check))
    assert (verdict.score, [one.kind for one in verdict.cells[0].findings]) == (1, ["host-fallback"])
