"""Thresholds of tasks about speed: read by a check, named with their faults, said to be starting values."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.checks import thresholds
from grader.checks.outcome import Outcome
from grader.course.build import build
from grader.course.model import CourseError
from grader.course.reader import look, read
from tests.courses import small_course

FILE = """\
calibrated: {calibrated}
cells:
  double-test:
    speedup:
      model: 4.0
      bands: {{0.8: 2, 0.5: 1}}
"""
MEASURED = "{device: 'cuda:H200', day: 2026-01-31, exams: 5}"


def placed(folder: Path, calibrated: str = "null") -> Path:
    file = folder / "performance.yaml"
    file.write_text(FILE.format(calibrated=calibrated))
    return file


def test_bands_are_shares_of_what_the_model_reaches(tmp_path: Path) -> None:
    placed(tmp_path)
    assert thresholds(str(tmp_path / "exam.py"), "double-test") == {"speedup": (2, {3.2: 2, 2.0: 1})}


def test_a_cell_that_has_none_is_named(tmp_path: Path) -> None:
    placed(tmp_path)
    with pytest.raises(ValueError, match="no thresholds for the test cell other; it has: double-test"):
        thresholds(str(tmp_path / "exam.py"), "other")


@pytest.mark.parametrize(("calibrated", "said"), [("null", True), (MEASURED, False)])
def test_a_learner_reads_whether_a_threshold_was_measured(tmp_path: Path, calibrated: str, said: bool) -> None:
    placed(tmp_path, calibrated)
    points, bands = thresholds(str(tmp_path / "exam.py"), "double-test")["speedup"]
    outcome = Outcome()
    outcome.credit({"speedup": 2.5}, {"speedup": points}, {"speedup": bands})
    (finding,) = outcome.findings
    assert outcome.given == {"speedup": 1}
    assert ("starting value" in finding.text("en"), "Startwert" in finding.text("de")) == (said, said)


def test_learners_never_get_them(tmp_path: Path) -> None:
    course = small_course(tmp_path / "course")
    placed(course / "units/double")
    build(course, tmp_path / "built")
    found = [path.relative_to(tmp_path / "built").as_posix() for path in tmp_path.glob("built/**/performance.yaml")]
    assert found == ["source/double/performance.yaml"]
    assert read(course).units[0].performance is not None


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("double-test", "double-tests", 3, "cells.double-tests: no test cell of the unit; it has: double-test"),
        ("speedup", "speed", 4, "copy_bandwidth"),
        ("model: 4.0", "model: fast", 5, "number"),
        ("model: 4.0", "modell: 4.0", 5, "unknown key; did you mean `model`?"),
        ("0.5: 1", "0.5: 3", 6, "a higher share is worth more points"),
        ("0.8: 2", "1.2: 2", 6, "less than 1"),
        ("cells:", "cells: [", None, "not YAML"),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path: Path, old: str, new: str, line: int | None, says: str) -> None:
    course = small_course(tmp_path / "course")
    file = placed(course / "units/double")
    file.write_text(file.read_text().replace(old, new))
    (problem,) = look(course).problems
    assert problem.file == file
    assert line is None or problem.line == line
    assert says in problem.message
    with pytest.raises(CourseError):
        read(course)
