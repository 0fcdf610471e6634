"""A course as exams need it, from a course folder, a built course, or a plain nbgrader folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grader.course import plain
from grader.course.build import build_course, handed_out, read_bundle
from grader.course.model import CourseError, Problem
from grader.course.reader import Course, read
from grader.exam.room import ExamRoom
from grader.exam.verdict import Tests


@dataclass(frozen=True)
class Opened:
    """`source` holds a folder for each assignment; `released` what learners got.

    `tests` names the modes that are settled: by the author, or when the course was built. In assignments of
    `processes` learner code may make processes.
    """

    source: Path
    released: Path
    language: str = "en"
    plain: bool = False
    tests: Mapping[str, Tests] = field(default_factory=dict)
    processes: frozenset[str] = frozenset()

    @staticmethod
    def built(course: Course, target: Path) -> Opened:
        """A course folder that was built into `target`; settled are the modes that its author decided."""
        units = [unit.entry for unit in course.units]
        return Opened(
            target / "source",
            target / "release",
            course.file.languages[0],
            tests={unit.id: unit.tests for unit in units if unit.tests is not None},
            processes=frozenset(unit.id for unit in units if unit.processes),
        )

    def given(self, assignment: str, language: str) -> Path:
        """The folder that learners of this language got."""
        return (self.released if self.plain else handed_out(self.released, language, self.language)) / assignment


def assignments(folder: Path) -> list[str]:
    """Names of a course's assignments, whatever kind of folder it is. Raises CourseError."""
    if (folder / "course.yaml").exists():
        return [unit.entry.id for unit in read(folder).units]
    if (folder / "bundle.json").exists():
        return [unit.id for unit in read_bundle(folder).units]
    if (folder / "source").is_dir():
        return sorted(path.name for path in (folder / "source").iterdir() if path.is_dir())
    raise CourseError([Problem(folder, None, "no course: neither course.yaml nor source/ is there")])


def open_course(folder: Path, scratch: Path, room: ExamRoom, names: list[str]) -> Opened:
    """These assignments of a course, ready for exams, in `scratch` where they must be made. Raises CourseError."""
    scratch.mkdir(parents=True, exist_ok=True)
    if (folder / "course.yaml").exists():
        course = read(folder)
        build_course(course, scratch)
        return Opened.built(course, scratch)
    if (folder / "bundle.json").exists():
        bundle = read_bundle(folder)
        return Opened(
            folder / "source",
            folder / "release",
            bundle.languages[0],
            tests={unit.id: unit.tests for unit in bundle.units},
            processes=frozenset(unit.id for unit in bundle.units if unit.processes),
        )
    for name in names:
        plain.prepare(folder, name, scratch, room)
    return Opened(scratch / "source", scratch / "release", plain=True)
