"""Whose word counts in an exam: names of given cells, processes that end, hidden values, examiners that go astray."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from grader.exam.room import ExamRoom, SubmissionError
from grader.exam.verdict import CellVerdict, Verdict
from tests.notebooks import given, notebook, solution, test
from tests.rooms import kill_first


def examine(room: ExamRoom, folder: Path, cells: list[dict[str, Any]], *answers: dict[str, Any]) -> Verdict:
    source = folder / "source"
    source.mkdir(exist_ok=True)
    (source / "unit.ipynb").write_bytes(notebook(*cells))
    return room.examine(source, "unit", {"unit.ipynb": notebook(*answers)})


def only(verdict: Verdict) -> CellVerdict:
    (cell,) = verdict.cells
    return cell


MODEL = solution("answer", "def answer(x):\n    return x + 1")


@pytest.mark.parametrize(
    "trick",
    [
        "tolerance = 1e9",
        "def expected(x): return answer(x)",
        "import math\nmath.isclose = lambda *a, **k: True",
        "import types\nmath = types.SimpleNamespace(isclose=lambda *a, **k: True)",
    ],
)
def test_what_given_cells_define_is_the_instructors_in_a_test(room: ExamRoom, tmp_path: Path, trick: str) -> None:
    cells = [
        given("import math\ntolerance = 1e-9\ndef expected(x):\n    return x + 1"),
        MODEL,
        test("t", 4, "assert math.isclose(answer(2), expected(2), abs_tol=tolerance)"),
    ]
    assert only(examine(room, tmp_path, cells, solution("answer", f"{trick}\ndef answer(x): return 7"))).score == 0
    assert only(examine(room, tmp_path, cells, MODEL)).score == 4


def test_random_values_of_a_given_cell_are_the_same_on_both_sides(room: ExamRoom, tmp_path: Path) -> None:
    cells = [
        given("import random\nvalues = [random.random() for _ in range(5)]"),
        solution("double", "doubled = [2 * v for v in values]"),
        test("t", 1, "assert doubled == [2 * v for v in values]"),
    ]
    assert only(examine(room, tmp_path, cells, cells[1])).score == 1


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("import os\ndef answer(x): os._exit(0)", "crashed"),
        ("def answer(x):\n    while True: pass", "timeout"),
        ("def answer(x): raise StopIteration", "failed"),
    ],
)
@pytest.mark.parametrize(
    "check",
    [
        "try:\n    answer(1)\nexcept ZeroDivisionError:\n    pass\nelse:\n    assert answer(1) == 2",
        "assert all(map(lambda v: answer(v) == v + 1, [1, 2]))\nassert len(list(map(answer, [1, 2]))) == 2",
    ],
)
def test_no_test_is_passed_by_an_ending(room: ExamRoom, tmp_path: Path, check: str, code: str, outcome: str) -> None:
    cell = only(examine(room, tmp_path, [MODEL, test("t", 4, check)], solution("answer", code)))
    assert (cell.score, cell.outcome) == (0, outcome)


def test_a_test_that_expects_any_exception_is_not_satisfied_by_an_ending(room: ExamRoom, tmp_path: Path) -> None:
    check = "try:\n    answer(-1)\nexcept Exception:\n    pass\nelse:\n    raise AssertionError"
    dying = solution("answer", "import os\ndef answer(x): os._exit(0)")
    assert only(examine(room, tmp_path, [MODEL, test("t", 4, check)], dying)).score == 0
    raising = solution("answer", "def answer(x): raise ValueError")
    assert only(examine(room, tmp_path, [MODEL, test("t", 4, check)], raising)).score == 4


def test_a_candidate_that_another_process_ended_costs_nothing(
    room: ExamRoom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = kill_first(room, monkeypatch, "candidate")
    cell = only(examine(room, tmp_path, [MODEL, test("t", 4, "assert answer(1) == 2")], MODEL))
    assert killed
    assert (cell.score, cell.outcome, cell.findings) == (4, "passed", [])


def test_what_was_passed_stays_however_often_a_process_ends(room: ExamRoom, tmp_path: Path) -> None:
    tests = [test("good", 1, "assert answer(1) == 2"), *(test(f"t{n}", 1, "answer(0)") for n in range(14))]
    code = "import os\ndef answer(x):\n    if x == 0: os._exit(0)\n    return x + 1"
    verdict = examine(room, tmp_path, [MODEL, *tests], solution("answer", code))
    assert [cell.outcome for cell in verdict.cells] == ["passed", *["crashed"] * 14]


def test_a_test_cell_without_end_costs_only_itself(room: ExamRoom, tmp_path: Path) -> None:
    cells = [
        MODEL,
        test("before", 1, "assert answer(1) == 2"),
        test("hangs", 1, "n = 0\nwhile answer(0) != 0:\n    n += 1"),
        test("after", 1, "assert answer(2) == 3"),
    ]
    verdict = examine(room, tmp_path, cells, MODEL)
    assert [(cell.score, cell.outcome) for cell in verdict.cells] == [(1, "passed"), (0, "timeout"), (1, "passed")]


@pytest.mark.parametrize(
    "code",
    [
        "def answer(x): raise type(f'secret {x}', (Exception,), {})(x)",
        "def answer(x): raise ValueError(f'secret {x}')",
        "def answer(x):\n    exec(compile('\\n' * x + '1/0', '<cell:answer>', 'exec'))",
        "def answer(x):\n    exec(compile('1/0', f'<cell:{x}>', 'exec'))",
        "def answer(x): print(x)",
    ],
)
def test_a_hidden_value_does_not_reach_the_learner(room: ExamRoom, tmp_path: Path, code: str) -> None:
    cells = [MODEL, test("t", 4, "### BEGIN HIDDEN TESTS\nassert answer(31337) == 31338\n### END HIDDEN TESTS")]
    shown = str(examine(room, tmp_path, cells, solution("answer", code)).public("en"))
    assert "31337" not in shown
    assert "31338" not in shown


def test_a_later_cell_tells_no_value_that_a_test_has_shown(room: ExamRoom, tmp_path: Path) -> None:
    cells = [MODEL, test("t", 1, "answer(31337)"), solution("more", "more = 1"), test("u", 1, "assert more == 1")]
    answers = [
        solution("answer", "seen = []\ndef answer(x):\n    seen.append(x)"),
        solution("more", "raise ValueError(seen)"),
    ]
    verdict = examine(room, tmp_path, cells, *answers)
    finding = verdict.cells[1].findings[-1]
    assert (finding.kind, finding.cell) == ("exception", "more")
    assert "31337" not in str(verdict.public("en"))
    # Before any test has run, the text helps and can hold nothing hidden.
    early = examine(room, tmp_path, cells, solution("answer", "raise ValueError('mind the gap')"))
    assert "mind the gap" in str(early.public("en"))


def test_names_of_a_hidden_part_do_not_reach_learner_code(room: ExamRoom, tmp_path: Path) -> None:
    check = "shown = 1\n### BEGIN HIDDEN TESTS\nhidden = 2\n### END HIDDEN TESTS"
    cells = [MODEL, test("t", 1, check), solution("more", "found = ('shown' in globals(), 'hidden' in globals())")]
    cells.append(test("u", 1, "assert found == (True, False)"))
    assert examine(room, tmp_path, cells, MODEL, cells[2]).cells[1].score == 1


def test_comparing_two_objects_is_the_learners_word_and_is_noted(room: ExamRoom, tmp_path: Path) -> None:
    model = solution("make", "import dataclasses\n@dataclasses.dataclass\nclass Make:\n    x: int")
    cells = [model, test("t", 1, "assert Make(1) == Make(1)"), test("u", 1, "assert Make(1).x == 1")]
    verdict = examine(room, tmp_path, cells, model)
    assert [(cell.score, cell.protected) for cell in verdict.cells] == [(1, False), (1, True)]


def test_an_object_is_unequal_to_data_and_has_no_order_with_it(room: ExamRoom, tmp_path: Path) -> None:
    always = "class Same:\n    def __eq__(self, other): return True\n    __lt__ = __gt__ = __le__ = __ge__ = __eq__\n"
    code = always + "def answer(x): return Same()"
    for check in ("assert answer(1) == 2", "assert answer(1) > 1", "assert 2 in [answer(1)]", "assert answer(1)"):
        assert only(examine(room, tmp_path, [MODEL, test("t", 1, check)], solution("answer", code))).score == 0


def test_an_examiner_that_ends_twice_at_a_cell_leaves_it_to_a_person(room: ExamRoom, tmp_path: Path) -> None:
    cells = [MODEL, test("t", 1, "import os\nos._exit(1)"), test("u", 1, "assert answer(1) == 2")]
    verdict = examine(room, tmp_path, cells, MODEL)
    assert [(cell.score, cell.outcome) for cell in verdict.cells] == [(None, "review"), (1, "passed")]
    assert verdict.needs_review


def test_a_cell_of_no_assignment_is_named(room: ExamRoom, tmp_path: Path) -> None:
    cells = [MODEL, test("t", 1, "assert answer(1) == 2")]
    verdict = examine(room, tmp_path, cells, MODEL, solution("bonus", "bonus = 1"))
    assert [(finding.kind, finding.cell) for finding in verdict.findings] == [("foreign-cell", "bonus")]


@pytest.mark.parametrize("source", [rb'"\ud800"', b"1" * 5000])
def test_what_no_text_can_hold_is_refused(room: ExamRoom, tmp_path: Path, source: bytes) -> None:
    cells = [MODEL, test("t", 1, "assert answer(1) == 2")]
    data = re.sub(rb'"source": "[^"]*"', lambda _: b'"source": ' + source, notebook(MODEL))
    (tmp_path / "unit.ipynb").write_bytes(notebook(*cells))
    with pytest.raises(SubmissionError):
        room.examine(tmp_path, "unit", {"unit.ipynb": data})


def test_nothing_of_an_exam_is_left_running(room: ExamRoom, tmp_path: Path) -> None:
    examine(room, tmp_path, [MODEL, test("t", 1, "assert answer(1) == 2")], MODEL)
    assert room.processes._zygote is not None
    children = (
        Path(f"/proc/{room.processes._zygote.pid}/task/{room.processes._zygote.pid}/children").read_text().split()
    )
    assert [pid for pid in children if os.path.exists(f"/proc/{pid}/exe")] == []


USES = solution("answer", "def helper(x):\n    return x + 1\ndef answer(x):\n    return helper(x)")
ALONE = solution("answer", "def helper(x):\n    return x + 1\ndef answer(x):\n    return x + 1")
REPLACED = """kept = helper
helper = lambda x: 10 * x
assert answer(4) == 40
helper = kept
assert answer(4) == 5"""
DELETED = """kept = helper
del helper
try:
    answer(4)
except NameError:
    pass
else:
    raise AssertionError
helper = kept
assert answer(4) == 5"""


@pytest.mark.parametrize("check", [REPLACED, DELETED])
def test_a_learners_name_that_a_test_binds_or_deletes_is_so_for_learner_code(
    room: ExamRoom, tmp_path: Path, check: str
) -> None:
    for number, (learners, score) in enumerate(((USES, 4), (ALONE, 0))):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert only(examine(room, folder, [USES, test("t", 4, check)], learners)).score == score


def test_values_that_a_hidden_part_binds_to_a_learners_name_stay_with_the_test(room: ExamRoom, tmp_path: Path) -> None:
    check = """### BEGIN HIDDEN TESTS
limit = 4711
### END HIDDEN TESTS
assert seen() == 1"""
    cells = [solution("answer", "limit = 1\ndef seen():\n    return limit"), test("t", 4, check)]
    assert only(examine(room, tmp_path, cells, cells[0])).score == 4


def test_a_name_that_a_test_deletes_and_nobody_has_is_undefined(room: ExamRoom, tmp_path: Path) -> None:
    cell = only(examine(room, tmp_path, [USES, test("t", 4, "del helper")], solution("answer", "")))
    assert (cell.score, [finding.kind for finding in cell.findings]) == (0, ["missing-name"])
