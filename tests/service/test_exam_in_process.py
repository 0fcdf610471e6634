"""Tests inside the candidate: nbgrader's rules, the walls that stay, and how the mode of an assignment is found."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import nbformat
import pytest

from campus.grade import BadInput, grade_file
from grader.course.build import read_bundle
from grader.course.check import check
from grader.course.modes import Mode, build_settled, tried
from grader.course.opened import open_course
from grader.exam.room import ExamRoom
from grader.exam.verdict import Verdict
from tests.courses import small_course
from tests.notebooks import given, manual, notebook, solution, test

POINT = "class Point:\n    def __init__(self, x):\n        self.x = x"
CLASS_TEST = "import inspect\nassert inspect.isfunction(Point.__init__), 'not a method'\nassert Point(3).x == 3"


def examine(room: ExamRoom, folder: Path, source: bytes, submission: bytes, **files: bytes) -> Verdict:
    home = folder / "source"
    home.mkdir(exist_ok=True)
    (home / "unit.ipynb").write_bytes(source)
    return room.examine(home, "unit", {"unit.ipynb": submission, **files}, tests="in-process")


def plain_course(folder: Path, cells: str = CLASS_TEST, name: str = "ps1") -> Path:
    """A plain nbgrader course with one assignment whose model solution stands between markers."""
    model = "### BEGIN SOLUTION\n" + POINT + "\n### END SOLUTION"
    place = folder / "source" / name
    place.mkdir(parents=True)
    (place / f"{name}.ipynb").write_bytes(notebook(solution("point", model), test("point-test", 3, cells)))
    return folder


def test_a_test_runs_in_the_learners_namespace_and_the_verdict_says_so(room: ExamRoom, tmp_path: Path) -> None:
    source = notebook(given("n = 1"), solution("point", ""), test("t", 3, CLASS_TEST))
    verdict = examine(room, tmp_path, source, notebook(solution("point", POINT)))
    assert (verdict.score, verdict.protection) == (3, "in-process")
    assert verdict.public()["protection"] == "in-process"


@pytest.mark.parametrize(
    ("expression", "score"),
    [("2", 2), ("1.5", 1.5), ("-1", 4), ("None", 4), ("'2'", 4), ("True", 4), ("np.float64(1)", 4), ("2;", 4)],
)
def test_points_are_read_as_nbgrader_reads_them(room: ExamRoom, tmp_path: Path, expression: str, score: float) -> None:
    source = notebook(given("import numpy as np"), solution("a", ""), test("t", 4, f"a\n{expression}"))
    assert examine(room, tmp_path, source, notebook(solution("a", "a = 1"))).score == score


def test_what_is_written_to_stderr_costs_nothing(room: ExamRoom, tmp_path: Path) -> None:
    cells = "import sys, warnings\nwarnings.warn('x')\nprint('y', file=sys.stderr)"
    source = notebook(solution("a", ""), test("t", 4, cells))
    assert examine(room, tmp_path, source, notebook(solution("a", "a = 1"))).score == 4


def test_a_finding_names_the_learners_line_or_says_that_a_test_did_not_hold(room: ExamRoom, tmp_path: Path) -> None:
    source = notebook(solution("a", ""), test("t1", 1, "f(0)"), test("t2", 1, "assert f(1) == 2, 'hidden value 2'"))
    verdict = examine(room, tmp_path, source, notebook(solution("a", "def f(x):\n    return 1 / x")))
    first, second = verdict.cells
    assert (first.findings[0].kind, first.findings[0].line, first.findings[0].cell) == ("exception", 2, "a")
    assert (second.score, second.findings[0].kind, second.findings[0].line) == (0, "assertion", None)
    assert "hidden value" not in str([finding.message for finding in second.findings])


def test_what_a_magic_shows_as_an_error_is_one(room: ExamRoom, tmp_path: Path) -> None:
    source = notebook(solution("a", ""), test("t", 4, "%%capture\nassert a == 2"))
    assert examine(room, tmp_path, source, notebook(solution("a", "a = 1"))).score == 0
    assert examine(room, tmp_path, source, notebook(solution("a", "a = 2"))).score == 4


def test_a_test_that_hangs_or_kills_the_process_costs_its_own_points(room: ExamRoom, tmp_path: Path) -> None:
    source = notebook(
        solution("a", ""),
        test("t1", 1, "b = 5"),
        test("t2", 1, "f()"),
        test("t3", 1, "assert a == 1 and b == 5"),
    )
    for end in ("while True: pass", "import os; os._exit(0)"):
        verdict = examine(room, tmp_path, source, notebook(solution("a", f"a = 1\ndef f():\n    {end}")))
        assert [cell.score for cell in verdict.cells] == [1, 0, 1], end


def test_files_of_the_instructor_are_the_ones_beside_the_tests(room: ExamRoom, tmp_path: Path) -> None:
    source = notebook(solution("a", ""), test("t", 1, "import helper\nassert helper.value == a"))
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "helper.py").write_text("value = 41")
    forged = notebook(solution("a", "a = 42"))
    assert examine(room, tmp_path, source, forged, **{"helper.py": b"value = 42"}).score == 0
    assert examine(room, tmp_path, source, notebook(solution("a", "a = 41"))).score == 1


def test_the_walls_stay(room: ExamRoom, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    reach = f"open({str(tmp_path / 'secret')!r})"
    source = notebook(
        solution("a", ""),
        test("read", 1, reach),
        test("start", 1, "import subprocess\nsubprocess.run(['true'], check=True)"),
        test("connect", 1, "import socket\nsocket.socket()"),
    )
    verdict = examine(room, tmp_path, source, notebook(solution("a", "a = 1")))
    assert [cell.score for cell in verdict.cells] == [0, 0, 0]


# -- the mode


def test_the_mode_is_found_from_the_instructors_notebooks_with_cell_and_cause(room: ExamRoom, tmp_path: Path) -> None:
    mode = tried(room, open_course(plain_course(tmp_path / "c"), tmp_path / "o", room, ["ps1"]), "ps1").mode
    assert mode.tests == "in-process"
    (difference,) = mode.differences
    assert (difference.submission, difference.grade_id) == ("model solution", "point-test")
    assert (difference.examiner, difference.in_process) == (0, 3)
    assert difference.why == "AssertionError: not a method"


def test_what_the_examiner_marks_alike_stays_with_it(room: ExamRoom, tmp_path: Path) -> None:
    course = plain_course(tmp_path / "c", "assert Point(3).x == 3")
    mode = tried(room, open_course(course, tmp_path / "o", room, ["ps1"]), "ps1").mode
    assert (mode.tests, mode.differences) == ("examiner", ())


def test_check_says_the_mode_of_each_plain_assignment(tmp_path: Path) -> None:
    plain_course(tmp_path)
    plain_course(tmp_path, "assert Point(3).x == 3", "ps2")
    modes: list[Mode] = []
    assert check(tmp_path, decided=modes.append) == []
    assert [(mode.assignment, mode.tests) for mode in modes] == [("ps1", "in-process"), ("ps2", "examiner")]


def own_class(folder: Path, entry: str = "") -> Path:
    """The small course, with a test that needs the learner's process."""
    made = small_course(folder)
    unit = made / "units" / "double" / "unit.en.py"
    text = unit.read_text().replace("assert double(1) == 2\n", "import inspect\nassert inspect.isfunction(double)\n")
    unit.write_text(text)
    (made / "units/double/alternative/double/sum.py").write_text("def double(x):\n    return x + x\n")
    (made / "course.yaml").write_text((made / "course.yaml").read_text() + entry)
    return made


def test_a_course_is_built_with_the_mode_that_its_tests_need(tmp_path: Path) -> None:
    said: list[Mode] = []
    bundle = build_settled(own_class(tmp_path / "c"), tmp_path / "b", say=said.append)
    assert bundle.units[0].tests == read_bundle(tmp_path / "b").units[0].tests == "in-process"
    assert said[0].differences
    assert build_settled(small_course(tmp_path / "d"), tmp_path / "e").units[0].tests == "examiner"


def test_an_author_who_insists_on_the_examiner_is_told_of_every_difference(tmp_path: Path) -> None:
    course = own_class(tmp_path / "c", "    tests: examiner\n")
    assert build_settled(course, tmp_path / "b").units[0].tests == "examiner"
    problems = [str(problem) for problem in check(course)]
    assert any("has `tests: examiner`, yet" in text and "double-test" in text for text in problems), problems


def test_an_author_may_ask_for_the_learners_process(tmp_path: Path) -> None:
    course = small_course(tmp_path / "c")
    (course / "course.yaml").write_text((course / "course.yaml").read_text() + "    tests: in-process\n")
    assert build_settled(course, tmp_path / "b").units[0].tests == "in-process"
    assert check(course) == []


# -- what `lehrwerk grade` takes


def packed(files: dict[str, bytes], kind: str) -> bytes:
    buffer = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        return buffer.getvalue()
    with tarfile.open(fileobj=buffer, mode="w:gz" if kind.endswith("gz") else "w") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course that `nbgrader quickstart` writes: sources alone."""
    folder = tmp_path_factory.mktemp("quickstart")
    subprocess.run(
        [sys.executable, "-m", "nbgrader", "quickstart", "course"], cwd=folder, capture_output=True, check=True
    )
    return folder / "course"


@pytest.mark.parametrize("kind", ["folder", "zip", "tar", "tar.gz", "zip with a folder"])
def test_folders_and_archives_of_notebooks_are_graded(quickstart: Path, tmp_path: Path, kind: str) -> None:
    source = quickstart / "source" / "ps1"
    top = "mine/" if kind.endswith("a folder") else ""
    files = {f"{top}{path.name}": path.read_bytes() for path in source.iterdir()}
    file = source
    if kind != "folder":
        suffix = kind.split()[0]
        file = tmp_path / f"mine.{suffix}"
        file.write_bytes(packed(files, suffix))
    verdict = grade_file(quickstart, "ps1", file, device="emulated", language="en")
    assert (verdict.score, verdict.max_score, verdict.protection) == (3, 13, "full")
    assert {cell.notebook for cell in verdict.cells} == {"problem1", "problem2"}


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.zip", b"no archive"), ("a.tar.gz", b"\x1f\x8bno"), ("b.zip", packed({"../x.ipynb": b"{}"}, "zip"))],
)
def test_a_bad_archive_is_bad_input(quickstart: Path, tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(BadInput, match=name):
        grade_file(quickstart, "ps1", tmp_path / name, device="emulated", language="de")


def test_a_plain_course_without_a_release_knows_what_learners_got(tmp_path: Path, room: ExamRoom) -> None:
    text = manual("why", 2, "### BEGIN SOLUTION\nBecause.\n### END SOLUTION")
    place = tmp_path / "c" / "source" / "ps1"
    place.mkdir(parents=True)
    (place / "ps1.ipynb").write_bytes(notebook(text, test("t", 1, "### BEGIN HIDDEN TESTS\n1\n### END HIDDEN TESTS")))
    opened = open_course(tmp_path / "c", tmp_path / "o", room, ["ps1"])
    released = opened.given("ps1", "en") / "ps1.ipynb"
    cells = nbformat.read(released, 4).cells
    assert (cells[0].source, cells[1].source) == ("YOUR ANSWER HERE", "")
    files = {"ps1.ipynb": released.read_bytes()}
    verdict = room.examine(opened.source / "ps1", "ps1", files, given=opened.given("ps1", "en"))
    assert [(cell.score, cell.outcome) for cell in verdict.cells] == [(0, "missing"), (1, "passed")]
