"""`lehrwerk course calibrate`: model solutions sit exams, and what they reach is written back."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
import yaml

from grader.course import calibrate as module
from grader.course.calibrate import Measured, calibrate
from grader.course.check import check
from grader.course.model import CourseError
from grader.course.reader import read
from grader.exam.room import ExamRoom
from tests.courses import small_course
from tests.service.test_command_course import lehrwerk

CELL = """# %% nbgrader={"grade_id": "double-test", "grade": true, "points": 4}
import exam
exam.double(double)
"""
EXAM = """import numpy as np
from grader.checks import FunctionCheck, thresholds

def slow(x):
    return np.array([v + v for v in x.ravel().tolist()]).reshape(x.shape)

def double(function):
    check = FunctionCheck(function, hidden=True).inputs(lambda rng, n: (rng.random(n),), sizes=(1, 7))
    check.expect(lambda x: 2 * x, rtol=0).timing(200_000, baseline=slow)
    return check.points(correct=2, **thresholds(__file__, "double-test")).run()
"""
FILE = """\
calibrated: null
cells:
  double-test:
    speedup: {model: 2.0, bands: {0.6: 2, 0.3: 1}}
"""


@pytest.fixture
def course(tmp_path: Path) -> Path:
    folder = small_course(tmp_path / "course")
    unit = folder / "units/double"
    file = unit / "unit.en.py"
    text = file.read_text()
    begin, end = text.index('# %% nbgrader={"grade_id": "double-test"'), text.index("# %% [markdown] nbgrader")
    file.write_text(text[:begin] + CELL + "\n" + text[end:])
    (unit / "exam.py").write_text(EXAM)
    (unit / "performance.yaml").write_text(FILE)
    for wrong in (unit / "wrong").rglob("*.py"):
        wrong.write_text(wrong.read_text().replace("assertion", "wrong-result"))
    return folder


def test_a_model_solution_sits_an_exam(course: Path) -> None:
    (measured, problems), file = calibrate(course, device="emulated", exams=1), course / "units/double/performance.yaml"
    # A shared machine may be too noisy for a result; then nothing is written.
    if problems:
        assert (measured, file.read_text()) == ([], FILE)
        assert "speedup: inconclusive" in problems[0].message
    else:
        assert [(one.cell, one.part, one.ratio > 3) for one in measured] == [("double-test", "speedup", True)]


def test_what_a_model_reaches_is_written_back(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exams = iter([{"timing": "settled", "speedup": ratio} for ratio in (4.1, 4.0, 4.05)])
    monkeypatch.setattr(module, "_sat", lambda *given: {"double-test": next(exams)})
    assert calibrate(course, device="emulated", exams=3) == (
        [Measured("double", "double-test", "speedup", before=2.0, ratio=4.05, spread=0.0247)],
        [],
    )
    text = (course / "units/double/performance.yaml").read_text()
    written, today = yaml.safe_load(text), datetime.datetime.now(datetime.UTC).date()
    assert written["calibrated"] == {"device": "emulated", "day": today, "exams": 3}
    bands = {"model": 4.05, "spread": 0.0247, "bands": {0.6: 2.0, 0.3: 1.0}}
    assert written["cells"]["double-test"] == {"speedup": bands}
    assert text.startswith("# Thresholds")
    assert read(course).units[0].performance is not None


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ([{"timing": "settled", "speedup": 2.0}] * 2 + [{"timing": "settled", "speedup": 2.5}], "25.0% apart"),
        ([{"timing": "settled", "speedup": 2.0}] * 2 + [{"timing": "inconclusive"}], "speedup: inconclusive"),
        ([{}] * 3, "speedup: not measured here"),
    ],
)
def test_what_is_no_measurement_is_named_and_changes_nothing(
    course: Path, monkeypatch: pytest.MonkeyPatch, found: list[dict[str, object]], says: str
) -> None:
    exams = iter(found)
    monkeypatch.setattr(module, "_sat", lambda *given: {"double-test": next(exams)})
    measured, (problem,) = calibrate(course, device="emulated", exams=3)
    assert (measured, problem.file.name) == ([], "performance.yaml")
    assert says in problem.message
    assert (course / "units/double/performance.yaml").read_text() == FILE


def test_a_course_without_speed_says_so(tmp_path: Path) -> None:
    folder = small_course(tmp_path / "course")
    with pytest.raises(CourseError, match=r"no unit has a performance\.yaml"):
        calibrate(folder, device="emulated")
    done = lehrwerk("course", "calibrate", folder)
    assert done.returncode == 2
    assert "no unit has a performance.yaml" in done.stderr


@pytest.mark.parametrize("command", ["calibrate", "check"])
def test_a_gpu_that_is_not_there_is_named(course: Path, command: str) -> None:
    done = lehrwerk("course", command, course, "--device", "cuda")
    assert (done.returncode, "no GPU answers" in done.stderr) == (2, True)


def test_a_course_is_proved_on_the_device_that_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    begin = ExamRoom.__init__

    def noted(self: ExamRoom, limits: object = None, device: str = "auto", scratch: object = None) -> None:
        asked.append(device)
        begin(self, limits, "emulated", scratch)  # type: ignore[arg-type]

    monkeypatch.setattr(ExamRoom, "__init__", noted)
    kept = tmp_path / "kept"
    assert check(small_course(tmp_path / "course"), device="cuda", kept=kept) == []
    assert (asked, kept.exists()) == (["cuda"], False)
