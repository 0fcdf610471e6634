"""The command as others script against it: course check, build, grade; exit codes and the JSON of a verdict."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from grader.course.build import answered, build, notebook, read_bundle, released
from grader.course.check import check
from grader.course.modes import Mode
from grader.course.reader import read
from grader.exam.room import ExamRoom
from tests.courses import MODEL, small_course
from tests.notebooks import notebook as plain_notebook
from tests.notebooks import solution
from tests.notebooks import test as test_cell


def lehrwerk(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "campus", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "HOME": "/dev/null", "COLUMNS": "200", **environment},
    )


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def answer(course: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model solution as a learner's notebook."""
    unit = read(course).units[0]
    file = tmp_path_factory.mktemp("answer") / "double.ipynb"
    answers = {"double": MODEL, "why": "Twice is a sum."}
    nbformat.write(answered(released(notebook(unit, "en")), answers), file)
    return file


def test_a_good_course_is_proved(course: Path) -> None:
    done = lehrwerk("course", "check", course)
    assert (done.returncode, done.stdout) == (0, f"{course}: ok\n")


def test_what_was_proved_is_not_proved_again_as_long_as_nothing_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, kept = small_course(tmp_path / "course"), tmp_path / "kept"
    examined: list[str] = []
    examine = ExamRoom.examine

    def count(room: ExamRoom, source: Path, assignment: str, *arguments: Any, **more: Any) -> Any:
        examined.append(assignment)
        return examine(room, source, assignment, *arguments, **more)

    monkeypatch.setattr(ExamRoom, "examine", count)
    assert check(folder, kept=kept) == []
    times = len(examined)
    assert times > 5
    assert check(folder, kept=kept) == []
    assert len(examined) == times
    for name, text in (
        ("wrong/double/wrong_0.py", "# finding: assertion\ndef double(x):\n    return x + 0\n"),
        ("unit.en.py", None),
    ):
        file = folder / "units" / "double" / name
        file.write_text(text or file.read_text(encoding="utf-8").replace("Why?", "Why so?"), encoding="utf-8")
        before = len(examined)
        assert check(folder, kept=kept) == []
        assert len(examined) == before + times
    # What has a fault is proved again each time.
    (folder / "units/double/solution/double.py").write_text("def double(x):\n    return x\n")
    assert check(folder, kept=kept)
    before = len(examined)
    assert check(folder, kept=kept)
    assert len(examined) > before


def test_the_mode_that_was_found_is_told_from_a_kept_proof(tmp_path: Path) -> None:
    folder, kept = small_course(tmp_path / "course"), tmp_path / "kept"
    unit = folder / "units" / "double" / "unit.en.py"
    text = unit.read_text(encoding="utf-8").replace(
        "assert double(1) == 2", "import inspect\nassert inspect.isfunction(double) and double(1) == 2", 1
    )
    unit.write_text(text, encoding="utf-8")
    told: list[Mode] = []
    assert check(folder, decided=told.append, kept=kept) == []
    assert check(folder, decided=told.append, kept=kept) == []
    assert len(told) == 2
    assert told[0] == told[1]
    assert told[0].tests == "in-process"


def test_an_assessment_whose_tests_run_beside_learner_code_is_refused(tmp_path: Path) -> None:
    folder = small_course(tmp_path / "course")
    manifest = folder / "course.yaml"
    manifest.write_text(manifest.read_text() + "    assessment: {}\n")
    assert check(folder) == []
    manifest.write_text(manifest.read_text() + "    tests: in-process\n")
    (problem,) = check(folder)
    assert "double is an assessment" in problem.message
    assert "drop `assessment`" in problem.message


def test_several_courses_are_checked_and_each_is_answered_for(tmp_path: Path, course: Path) -> None:
    bad = small_course(tmp_path / "bad")
    (bad / "units/double/solution/double.py").unlink()
    done = lehrwerk("course", "check", bad, course)
    assert done.returncode == 1
    assert "write solution/double.py" in done.stdout
    assert f"{course}: ok\n" in done.stdout


def test_a_new_course_is_proved_as_it_is(tmp_path: Path) -> None:
    made = lehrwerk("course", "new", tmp_path / "my-course")
    assert (made.returncode, made.stderr) == (0, "")
    assert check(tmp_path / "my-course") == []
    again = lehrwerk("course", "new", tmp_path / "my-course")
    assert (again.returncode, again.stderr.count("\n")) == (2, 1)


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("solution/double.py", "def double(x):\n    return x\n", "model solution, en: double-test gets 0 of 4 points"),
        ("alternative/double/sum.py", "double = lambda x: 3\n", "a right alternative: double-test gets 0 of 4"),
        ("wrong/double/wrong_0.py", f"# finding: assertion\n{MODEL}", "gets full marks; the check of double"),
        ("wrong/double/wrong_0.py", "# finding: race\ndouble = lambda x: 3\n", "by assertion, not by race"),
        (
            "wrong/double/wrong_0.py",
            "# finding: exception\n# line: 1\ndef double(x):\n    return 1 / 0\n",
            "not 1",
        ),
        ("unit.en.py", None, "the untouched starter"),
    ],
)
def test_what_a_course_promises_is_tried(tmp_path: Path, file: str, content: str | None, words: str) -> None:
    folder = small_course(tmp_path)
    path = folder / "units" / "double" / file
    path.write_text(content or path.read_text().replace("    pass", "    return x + x"))
    problems = check(folder)
    assert [problem for problem in problems if problem.file == path or path.is_relative_to(problem.file)], problems
    assert any(words in problem.message for problem in problems), problems


def test_every_problem_is_printed_at_once(tmp_path: Path) -> None:
    folder = small_course(tmp_path)
    (folder / "units/double/solution/double.py").unlink()
    (folder / "units/double/wrong/double/wrong_0.py").unlink()
    done = lehrwerk("course", "check", folder)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert all(line.startswith(f"{folder}/units/double/unit.en.py:4: ") for line in lines)


def test_a_build_is_the_same_every_time_and_shows_learners_nothing_hidden(course: Path, tmp_path: Path) -> None:
    first, second = build(course, tmp_path / "a"), build(course, tmp_path / "b")
    assert first.digest == second.digest
    assert read_bundle(tmp_path / "a") == first
    assert (first.units[0].max_score, first.units[0].notebooks) == (6, ["double"])
    given = (tmp_path / "a" / "release" / "en" / "double" / "double.ipynb").read_text()
    assert "double(1) == 2" in given
    assert "42" not in given
    assert "return 2" not in given
    (course / "units" / "double" / "checks.py").write_text("# new\n")
    assert build(course, tmp_path / "c").digest != first.digest
    (course / "units" / "double" / "checks.py").unlink()


def test_the_json_of_grade_is_the_published_one(course: Path, answer: Path) -> None:
    done = lehrwerk("grade", course, "double", answer, "--json")
    assert done.returncode == 0, done.stderr
    verdict: dict[str, Any] = json.loads(done.stdout)
    assert verdict == {
        "schema": 1,
        "assignment": "double",
        "score": 4,
        "max_score": 6,
        "device": "emulated",
        "protection": "full",
        "cells": [
            {
                "notebook": "double",
                "grade_id": "double-test",
                "score": 4,
                "max_score": 4,
                "outcome": "passed",
                "findings": [],
            },
            {
                "notebook": "double",
                "grade_id": "why",
                "score": None,
                "max_score": 2,
                "outcome": "manual",
                "findings": [],
            },
        ],
    }


def test_a_wrong_answer_is_graded_too(course: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.ipynb"
    unit = read(course).units[0]
    answers = {"double": "def double(x):\n    return 1 / 0", "why": "Twice is a sum."}
    nbformat.write(answered(released(notebook(unit, "en")), answers), file)
    done = lehrwerk("grade", course, "double", file, "--json", "--language", "de")
    assert done.returncode == 0
    (finding,) = json.loads(done.stdout)["cells"][0]["findings"]
    assert (finding["kind"], finding["line"]) == ("exception", 2)
    assert "ZeroDivisionError" in finding["message"]
    table = lehrwerk("grade", course, "double", file)
    assert "double-test" in table.stdout
    assert "line 2" in table.stdout
    table = lehrwerk("grade", course, "double", file, "--language", "de")
    for words in ("0 von 6 Punkten", "Zeile 2", "von Hand", "noch nicht richtig"):
        assert words in table.stdout


def test_a_course_that_lacks_the_readers_language_knows_what_learners_got(course: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.ipynb"
    nbformat.write(released(notebook(read(course).units[0], "en")), file)
    done = lehrwerk("grade", course, "double", file, "--json", "--language", "de")
    (why,) = [cell for cell in json.loads(done.stdout)["cells"] if cell["grade_id"] == "why"]
    assert (why["score"], why["outcome"]) == (0, "missing")


def test_a_plain_nbgrader_folder_grades(tmp_path: Path) -> None:
    source = plain_notebook(solution("f", "def f():\n    return 1"), test_cell("f-test", 3, "assert f() == 1"))
    (tmp_path / "source" / "ps1").mkdir(parents=True)
    (tmp_path / "source" / "ps1" / "ps1.ipynb").write_bytes(source)
    assert lehrwerk("course", "check", tmp_path).returncode == 0
    done = lehrwerk("grade", tmp_path, "ps1", tmp_path / "source" / "ps1" / "ps1.ipynb", "--json")
    assert json.loads(done.stdout)["score"] == 3


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda course, folder: (course, "double", folder / "none.ipynb"), "no such file"),
        (lambda course, folder: (course, "triple", folder / "text.ipynb"), "it has: double"),
        (lambda course, folder: (course, "double", folder / "text.ipynb"), "text.ipynb"),
        (lambda course, folder: (course, "double", folder / "list.ipynb"), "list.ipynb"),
        (lambda course, folder: (course, "double", folder / "large.ipynb"), "larger than"),
        (lambda course, folder: (folder, "double", folder / "text.ipynb"), "no course"),
        (lambda course, folder: (course, ".", folder / "text.ipynb"), "it has: double"),
        (lambda course, folder: (course, "../source/double", folder / "text.ipynb"), "it has: double"),
        (lambda course, folder: (course, "double", folder / "text.ipynb", "--device", "nope"), "'emulated', 'cuda'"),
        (lambda course, folder: (course, "double", folder / "text.ipynb", "--language", "fr"), "'de', 'en'"),
        (lambda course, folder: (course, "double", folder / "text.ipynb", "--devic", "cuda"), "--device"),
        (lambda course, folder: (course, "double"), "Missing argument"),
    ],
)
def test_bad_input_gets_one_line_and_status_2(course: Path, tmp_path: Path, make: Any, words: str) -> None:
    (tmp_path / "text.ipynb").write_text("not JSON")
    (tmp_path / "list.ipynb").write_text("[1, 2]")
    (tmp_path / "large.ipynb").write_text(json.dumps({"nbformat": 4, "cells": [], "x": "x" * 40_000_000}))
    done = lehrwerk("grade", *make(course, tmp_path), "--json")
    assert done.returncode == 2
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if line.strip() and "marking" not in line]
    assert len(lines) == 1, done.stderr
    assert words in lines[0]


def test_a_gpu_that_is_not_here_is_bad_input(course: Path, answer: Path) -> None:
    done = lehrwerk("grade", course, "double", answer, "--device", "cuda", CUDA_VISIBLE_DEVICES="")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "--device cuda: no GPU was found; install its driver, or choose auto or emulated"
    ]


@pytest.mark.parametrize("verb", ["check", "build", "publish"])
def test_a_folder_that_is_no_course_is_bad_input(tmp_path: Path, verb: str) -> None:
    more = ("--tenant", "nord") if verb == "publish" else ()
    for folder, words in ((tmp_path / "none", "no such folder"), (tmp_path, "neither course.yaml nor source/")):
        done = lehrwerk("course", verb, folder, *more)
        assert (done.returncode, done.stdout) == (2, "")
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"{folder}: ")
        assert words in line


def settings(folder: Path, courses: str) -> Path:
    file = folder / "lehrwerk.yaml"
    file.write_text(f"hub: {{port: 0}}\ntenants: [{{id: nord, name: {{en: N}}, courses: [{courses}]}}]\n")
    return file


def test_publishing_needs_no_start_before_and_names_a_course_that_nobody_may_open(course: Path, tmp_path: Path) -> None:
    file = settings(tmp_path, "")
    done = lehrwerk("course", "publish", course, "--tenant", "nord", "--settings", file)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("nord--small: published ")
    assert "the settings do not list small among the courses of nord" in done.stderr
    file = settings(tmp_path, "{id: small}")
    done = lehrwerk("course", "publish", course, "--tenant", "nord", "--settings", file)
    assert (done.returncode, "note" in done.stderr) == (0, False)


def test_what_does_not_pass_the_check_is_not_published(tmp_path: Path) -> None:
    folder = small_course(tmp_path / "course")
    (folder / "units/double/wrong/double/wrong_0.py").write_text(f"# finding: assertion\n{MODEL}")
    file = settings(tmp_path, "{id: small}")
    done = lehrwerk("course", "publish", folder, "--tenant", "nord", "--settings", file)
    assert (done.returncode, done.stdout) == (2, "")
    assert "gets full marks; the check of double is too weak" in done.stderr
    assert list((tmp_path / ".lehrwerk" / "courses").iterdir()) == []


def test_publishing_to_a_tenant_that_is_not_there_names_the_nearest_and_leaves_nothing(
    course: Path, tmp_path: Path
) -> None:
    file = settings(tmp_path, "{id: small}")
    done = lehrwerk("course", "publish", course, "--tenant", "nort", "--settings", file)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == ["no tenant nort in the settings; did you mean nord?"]
    assert list(tmp_path.iterdir()) == [file]


def test_a_start_with_a_broken_course_folder_names_every_problem(tmp_path: Path) -> None:
    folder = small_course(tmp_path / "small")
    (folder / "units/double/solution/double.py").unlink()
    (folder / "units/double/wrong/double/wrong_0.py").unlink()
    done = lehrwerk("up", "--settings", settings(tmp_path, "{id: small, source: small}"))
    assert (done.returncode, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    assert all(line.startswith(f"{folder}/units/double/unit.en.py:4: ") for line in lines)


def test_a_broken_course_folder_is_bad_input_with_every_problem(tmp_path: Path, answer: Path) -> None:
    folder = small_course(tmp_path)
    (folder / "units/double/solution/double.py").unlink()
    done = lehrwerk("grade", folder, "double", answer, "--json")
    assert done.returncode == 2
    assert "write solution/double.py" in done.stderr
    assert done.stdout == ""


def test_a_failure_of_ours_is_status_3(course: Path, answer: Path, tmp_path: Path) -> None:
    done = lehrwerk("grade", course, "double", answer, "--json", TMPDIR=str(tmp_path), PYTHONWARNINGS="ignore")
    assert done.returncode == 0
    # An instructor's folder without a notebook cannot be examined, and that is no learner's fault.
    (tmp_path / "plain" / "source" / "double").mkdir(parents=True)
    done = lehrwerk("grade", tmp_path / "plain", "double", answer, "--json")
    assert done.returncode == 3
    assert done.stdout == ""
    assert "holds no notebook" in done.stderr
