"""The exam room on plain nbgrader notebooks: scores, findings, clocks, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.exam.room import ExamRoom, SubmissionError
from grader.exam.verdict import CellVerdict, Verdict
from tests.notebooks import given, manual, notebook, solution, task, test

SOURCE = notebook(
    given("import numpy as np\nfactor = 3"),
    solution("double", "def double(x):\n    return 2 * x"),
    test("double-test", 4, "assert double(4) == 8\nassert np.allclose(double(np.ones(3)), 2)"),
)


def examine(room: ExamRoom, folder: Path, source: bytes, submission: bytes | dict[str, bytes]) -> Verdict:
    home = folder / "source"
    home.mkdir(exist_ok=True)
    (home / "unit.ipynb").write_bytes(source)
    files = submission if isinstance(submission, dict) else {"unit.ipynb": submission}
    return room.examine(home, "unit", files)


def answer(text: str) -> bytes:
    return notebook(solution("double", text))


def only(verdict: Verdict) -> CellVerdict:
    assert len(verdict.cells) == 1
    return verdict.cells[0]


def kinds(cell: CellVerdict) -> list[str]:
    return [finding.kind for finding in cell.findings]


@pytest.mark.parametrize(
    ("text", "score", "outcome", "kind"),
    [
        ("def double(x):\n    return x + x", 4, "passed", None),
        ("def double(x):\n    return x", 0, "failed", "assertion"),
        ("def double(x):\n    raise ValueError('no')", 0, "failed", "exception"),
        ("", 0, "failed", "missing-name"),
        ("x = 1 / 0\ndef double(x):\n    return 2 * x", 0, "failed", "missing-name"),
        ("def double(x)\n    return 2 * x", 0, "failed", "missing-name"),
        ("%time z = 1\ndef double(x):\n    return 2 * x", 4, "passed", None),
        (
            "import warnings, sys\nwarnings.warn('x')\nprint('y', file=sys.stderr)\ndouble = lambda x: 2 * x",
            4,
            "passed",
            None,
        ),
    ],
)
def test_a_plain_assert_gives_all_or_nothing(
    room: ExamRoom, tmp_path: Path, text: str, score: float, outcome: str, kind: str | None
) -> None:
    cell = only(examine(room, tmp_path, SOURCE, answer(text)))
    assert (cell.score, cell.outcome) == (score, outcome)
    assert kinds(cell)[:1] == ([kind] if kind else [])


def test_a_finding_names_the_line_of_the_learners_cell(room: ExamRoom, tmp_path: Path) -> None:
    cell = only(examine(room, tmp_path, SOURCE, answer("def double(x):\n    y = x\n    return y / 0")))
    assert (cell.findings[0].line, cell.findings[0].kind) == (3, "exception")
    assert "ZeroDivisionError" in cell.findings[0].message["de"]


def test_an_error_in_a_cell_before_the_test_is_named(room: ExamRoom, tmp_path: Path) -> None:
    cell = only(examine(room, tmp_path, SOURCE, answer("\nx = 1 / 0")))
    assert kinds(cell) == ["missing-name", "exception"]
    assert (cell.findings[1].cell, cell.findings[1].line) == ("double", 2)


@pytest.mark.parametrize(
    ("expression", "score", "outcome"),
    [
        ("2", 2, "partial"),
        ("2.5", 2.5, "partial"),
        ("np.float32(4)", 4, "passed"),
        ("0", 0, "failed"),
        ("-1", 4, "passed"),
        ("'text'", 4, "passed"),
        ("None", 4, "passed"),
        ("99", None, "review"),
    ],
)
def test_a_number_as_last_expression_is_partial_credit(
    room: ExamRoom, tmp_path: Path, expression: str, score: float | None, outcome: str
) -> None:
    source = notebook(given("import numpy as np"), solution("a", ""), test("t", 4, f"x = 1\n{expression}"))
    cell = only(examine(room, tmp_path, source, notebook(solution("a", "a = 1"))))
    assert (cell.score, cell.outcome) == (score, outcome)


def test_manual_and_task_cells_wait_for_a_person(room: ExamRoom, tmp_path: Path) -> None:
    source = notebook(
        manual("why", 3), task("draw", 2), manual("code", 1, "pass", "code"), test("t", 1, "assert z == 5")
    )
    handed_in = notebook(manual("why", 3, "because"), task("draw", 2), manual("code", 1, "z = 5", "code"))
    verdict = examine(room, tmp_path, source, handed_in)
    assert [(c.grade_id, c.score, c.outcome) for c in verdict.cells] == [
        ("why", None, "manual"),
        ("draw", None, "manual"),
        ("code", None, "manual"),
        ("t", 1, "passed"),
    ]
    assert (verdict.score, verdict.max_score) == (1, 7)


def test_cells_run_in_the_instructors_order_with_added_cells_in_place(room: ExamRoom, tmp_path: Path) -> None:
    source = notebook(
        solution("a", ""), test("t1", 1, "assert a == 1\nb = a + 1"), solution("c", ""), test("t2", 1, "assert c == 22")
    )
    handed_in = notebook(solution("a", "a = 0"), given("a = a + 1"), solution("c", "c = b * 11"))
    assert [c.score for c in examine(room, tmp_path, source, handed_in).cells] == [1, 1]


def test_a_submitted_test_cell_is_not_used(room: ExamRoom, tmp_path: Path) -> None:
    forged = notebook(solution("double", "def double(x):\n    return 0"), test("double-test", 4, "4"))
    assert only(examine(room, tmp_path, SOURCE, forged)).score == 0


def test_arguments_changed_in_place_come_back(room: ExamRoom, tmp_path: Path) -> None:
    tests = "x = np.zeros(3)\nfill(x)\nassert (x == 7).all()\nl = [1]\nextend(l)\nassert l == [1, 2]"
    source = notebook(given("import numpy as np"), solution("a", ""), test("t", 1, tests))
    handed_in = notebook(solution("a", "def fill(x):\n    x[:] = 7\ndef extend(l):\n    l.append(2)"))
    assert only(examine(room, tmp_path, source, handed_in)).score == 1


def test_objects_methods_and_callables_work_across_the_wall(room: ExamRoom, tmp_path: Path) -> None:
    tests = (
        "s = Stack()\ns.push(3)\ns.push(4)\nassert s.size() == 2\nassert s.items == [3, 4]\n"
        "assert apply(lambda v: v + 1, 4) == 5"
    )
    source = notebook(solution("a", ""), test("t", 1, tests))
    code = (
        "class Stack:\n    def __init__(self):\n        self.items = []\n    def push(self, x):\n"
        "        self.items.append(x)\n    def size(self):\n        return len(self.items)\n"
        "def apply(f, x):\n    return f(x)"
    )
    assert only(examine(room, tmp_path, source, notebook(solution("a", code)))).score == 1


def test_a_builtin_exception_is_raised_again_by_name(room: ExamRoom, tmp_path: Path) -> None:
    tests = "try:\n    f()\n    raise AssertionError\nexcept KeyError:\n    pass"
    source = notebook(solution("a", ""), test("t", 1, tests))
    code = "class Mine(KeyError):\n    pass\ndef f():\n    raise Mine('x')"
    assert only(examine(room, tmp_path, source, notebook(solution("a", code)))).score == 1


def test_helper_modules_of_the_instructor_are_the_examiners(room: ExamRoom, tmp_path: Path) -> None:
    source = notebook(solution("a", ""), test("t", 1, "import helper\nassert helper.value == a"))
    home = tmp_path / "source"
    home.mkdir()
    (home / "helper.py").write_text("value = 41")
    shadow = {"unit.ipynb": notebook(solution("a", "a = 42")), "helper.py": b"value = 42"}
    assert only(examine(room, tmp_path, source, shadow)).score == 0
    seen = {"unit.ipynb": notebook(solution("a", "import mine\na = mine.value")), "mine.py": b"value = 41"}
    assert only(examine(room, tmp_path, source, seen)).score == 1


def test_a_hang_costs_its_own_limit_once(room: ExamRoom, tmp_path: Path) -> None:
    source = notebook(
        solution("a", ""), test("ta", 1, "assert a == 1"), solution("b", ""), test("tb", 1, "assert b == 2"),
        test("ta2", 1, "assert a == 1"),
    )  # fmt: skip
    handed_in = notebook(solution("a", "a = 1"), solution("b", "while True: pass"))
    verdict = examine(room, tmp_path, source, handed_in)
    assert [(c.score, c.outcome) for c in verdict.cells] == [(1, "passed"), (0, "timeout"), (1, "passed")]
    assert kinds(verdict.cells[1]) == ["missing-name", "timeout"]


def test_a_hanging_call_is_stopped_and_the_rest_is_examined(room: ExamRoom, tmp_path: Path) -> None:
    source = notebook(solution("a", ""), test("t1", 1, "f(1)"), test("t2", 1, "assert g() == 3"))
    code = "def f(x):\n    while True: pass\ndef g():\n    return 3"
    verdict = examine(room, tmp_path, source, notebook(solution("a", code)))
    assert [(c.score, c.outcome) for c in verdict.cells] == [(0, "timeout"), (1, "passed")]


@pytest.mark.parametrize(
    "end", ["import os; os._exit(0)", "import ctypes; ctypes.string_at(0)", "x = bytearray(1 << 40)"]
)
def test_a_process_that_ends_is_the_learners_loss_alone(room: ExamRoom, tmp_path: Path, end: str) -> None:
    source = notebook(
        solution("a", ""), test("t1", 1, "assert a == 1"), solution("b", ""), test("t2", 1, "assert b == 2")
    )
    verdict = examine(room, tmp_path, source, notebook(solution("a", "a = 1"), solution("b", end)))
    assert [c.score for c in verdict.cells] == [1, 0]
    assert verdict.cells[1].outcome in ("crashed", "failed")


def test_several_notebooks_make_one_verdict(room: ExamRoom, tmp_path: Path) -> None:
    home = tmp_path / "source"
    home.mkdir()
    for name in ("one", "two"):
        (home / f"{name}.ipynb").write_bytes(notebook(solution("a", ""), test("t", 1, "assert a == 1")))
    verdict = room.examine(home, "unit", {"one.ipynb": notebook(solution("a", "a = 1"))})
    assert [(c.notebook, c.score) for c in verdict.cells] == [("one", 1), ("two", 0)]
    assert [finding.kind for finding in verdict.findings] == ["missing-cell"]


@pytest.mark.parametrize(
    "data", [b"", b"not json", b"[]", b'{"nbformat": 3}', b'{"nbformat": 4, "cells": [1]}', b"\xff\xfe", b"[" * 100_000]
)
def test_what_is_no_notebook_is_refused_in_both_languages(room: ExamRoom, tmp_path: Path, data: bytes) -> None:
    with pytest.raises(SubmissionError) as refusal:
        examine(room, tmp_path, SOURCE, data)
    assert set(refusal.value.message) == {"de", "en"}


def test_a_submission_without_the_notebook_is_refused(room: ExamRoom, tmp_path: Path) -> None:
    with pytest.raises(SubmissionError, match=r"unit\.ipynb"):
        examine(room, tmp_path, SOURCE, {"a.txt": b"x"})


def test_a_missing_cell_and_a_double_one_are_named(room: ExamRoom, tmp_path: Path) -> None:
    verdict = examine(room, tmp_path, SOURCE, notebook(given("x = 1")))
    assert [f.kind for f in verdict.findings] == ["missing-cell"]
    assert "missing-cell" in kinds(only(verdict))
    twice = notebook(solution("double", "double = lambda x: 2 * x"), solution("double", "double = None"))
    verdict = examine(room, tmp_path, SOURCE, twice)
    assert ([f.kind for f in verdict.findings], verdict.score) == (["duplicate-cell"], 4)


def test_the_same_room_examines_many(room: ExamRoom, tmp_path: Path) -> None:
    for number in range(5):
        text = f"def double(x):\n    return {2 + number % 2} * x"
        assert only(examine(room, tmp_path, SOURCE, answer(text))).score == (4 if number % 2 == 0 else 0)


COPIES = """import os, pathlib, shutil
os.makedirs("folder/inner")
open("folder/inner/data", "w").write("kept")
shutil.copy("folder/inner/data", "one")
shutil.copy2("one", "folder")
shutil.copytree("folder", "another")
pathlib.Path("one").chmod(0o600)
copied = [open(name).read() for name in ("one", "folder/one", "another/inner/data", "another/one")]
refused = 0
for path in (os.__file__, "..", os.open("one", os.O_RDONLY)):
    try:
        os.chmod(path, 0o777)
    except PermissionError:
        refused += 1
try:
    os.utime("nowhere")
except FileNotFoundError:
    refused += 1
found = (copied, refused)"""


@pytest.mark.parametrize("where", ["learner", "test"])
def test_files_are_copied_in_a_folder_of_ones_own_and_modes_elsewhere_stay_refused(
    room: ExamRoom, tmp_path: Path, where: str
) -> None:
    check = 'assert found == (["kept"] * 4, 4), found'
    cells = [solution("s", COPIES if where == "learner" else ""), test("t", 1, check if where == "learner" else COPIES)]
    if where == "test":
        cells[-1]["source"] += f"\n{check}"
    assert only(examine(room, tmp_path, notebook(*cells), notebook(*cells))).score == 1
