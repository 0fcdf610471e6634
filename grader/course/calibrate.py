"""What a GPU says to a course's thresholds: the ratios that the model solutions reach, measured and written back.

Course code runs in an exam room only, behind its walls.
"""

from __future__ import annotations

import datetime
import statistics
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from grader.course.build import answered, build_course, notebook, released
from grader.course.model import CourseError, Problem
from grader.course.opened import Opened
from grader.course.performance import PERFORMANCE, Calibrated, Performance, write
from grader.course.reader import Course, Unit, read
from grader.exam.room import DeviceChoice, ExamLimits, ExamRoom, SubmissionError

#: Exams of one model solution may lie so far apart.
APART = 0.05


@dataclass(frozen=True)
class Measured:
    """What the model solution reached in one part: the ratio before and now."""

    unit: str
    cell: str
    part: str
    before: float
    ratio: float
    spread: float


def calibrate(
    folder: Path,
    *,
    device: DeviceChoice = "auto",
    exams: int = 5,
    limits: ExamLimits | None = None,
    progress: Callable[[int, int, str], object] = lambda done, total, what: None,
) -> tuple[list[Measured], list[Problem]]:
    """Let each model solution sit `exams` exams on `device`, and write what it reached into the units' files.

    A unit of which a part could not be measured, or lay too far apart, stays as it is, and is a problem. Raises
    CourseError where the course has faults or no unit with a `performance.yaml`.
    """
    course = read(folder)
    units = [(unit, unit.performance) for unit in course.units if unit.performance]
    if not units:
        raise CourseError([Problem(folder, None, f"no unit has a {PERFORMANCE}; nothing here rests on measured speed")])
    measured: list[Measured] = []
    problems: list[Problem] = []
    with tempfile.TemporaryDirectory() as name, ExamRoom(limits, device=device, scratch=Path(name) / "room") as room:
        build_course(course, Path(name) / "course")
        opened = Opened.built(course, Path(name) / "course")
        for number, (unit, given) in enumerate(units):
            verdicts = []
            for turn in range(exams):
                progress(number * exams + turn, len(units) * exams, f"{unit.entry.id}, exam {turn + 1}")
                verdicts.append(_sat(room, opened, course, unit))
            found = dict(_reached(unit, given, verdicts, problems))
            if len(found) == sum(map(len, given.cells.values())):
                today = datetime.datetime.now(datetime.UTC).date()
                calibrated = Calibrated(device=room.device, day=today, exams=exams)
                write(unit.folder / PERFORMANCE, _updated(given, found, calibrated))
                measured += found.values()
    return measured, problems


def _sat(room: ExamRoom, opened: Opened, course: Course, unit: Unit) -> dict[str, Any]:
    """What was measured in an exam of the model solution, by test cell."""
    name, language = unit.entry.id, course.file.languages[0]
    models = {grade_id: answer.source for grade_id, answer in unit.solutions.items()}
    content = nbformat.writes(answered(released(notebook(unit, language)), models)).encode()
    try:
        verdict = room.examine(
            opened.source / name,
            name,
            {f"{name}.ipynb": content},
            given=opened.given(name, language),
            language=language,
            tests="examiner",
            processes=name in opened.processes,
        )
    except SubmissionError as error:
        raise CourseError([Problem(unit.folder / "solution", None, str(error))]) from error
    return verdict.measurements


def _reached(
    unit: Unit, given: Performance, exams: list[dict[str, Any]], problems: list[Problem]
) -> Iterator[tuple[tuple[str, str], Measured]]:
    for cell, parts in given.cells.items():
        for part, band in parts.items():
            where = f"{cell}, {part}"
            states = [exam.get(cell, {}).get("timing", "not measured here") for exam in exams]
            if set(states) != {"settled"}:
                told = ", ".join(sorted(set(states) - {"settled"}))
                problems.append(
                    Problem(unit.folder / PERFORMANCE, None, f"{where}: {told}; run it on the GPU that marks, alone")
                )
                continue
            ratios = [float(exam[cell][part]) for exam in exams]
            middle = statistics.median(ratios)
            spread = (max(ratios) - min(ratios)) / middle
            if spread > APART:
                what = (
                    f"{where}: {len(exams)} exams lay {spread:.1%} apart, more than {APART:.0%}; run it on an idle one"
                )
                problems.append(Problem(unit.folder / PERFORMANCE, None, what))
                continue
            yield (cell, part), Measured(unit.entry.id, cell, part, band.model, round(middle, 4), round(spread, 4))


def _updated(given: Performance, found: dict[tuple[str, str], Measured], calibrated: Calibrated) -> Performance:
    cells = {
        cell: {
            part: band.model_copy(update={"model": found[cell, part].ratio, "spread": found[cell, part].spread})
            for part, band in parts.items()
        }
        for cell, parts in given.cells.items()
    }
    return Performance(calibrated=calibrated, cells=cells)
