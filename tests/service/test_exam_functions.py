"""Function checks in the exam room: which library an array is of, and given cells in another language."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.exam.room import ExamRoom
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
