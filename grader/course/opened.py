"""A course as exams need it, from a course folder, a built course, or a plain nbgrader folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grader.course import plain
from grader.course.build import build, handed_out, read_bundle
from grader.course.model import CourseError, Problem
from grader.course.reader import read
from grader.exam.room import ExamRoom
from grader.exam.verdict import Tests


@dataclass(frozen=True)
class Opened:
    """`source` holds a folder for each assignment; `released` what learners got.

    `tests` names the modes that are settled: by the author, or when the course was built.
    """

    source: Path
    released: Path
    language: str = "en"
    plain: bool = False
    tests: Mapping[str, Tests] = field(default_factory=dict)

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
        build(folder, scratch)
        forced = {unit.entry.id: unit.entry.tests for unit in course.units if unit.entry.tests is not None}
        return Opened(scratch / "source", scratch / "release", course.file.languages[0], tests=forced)
    if (folder / "bundle.json").exists():
        bundle = read_bundle(folder)
        modes = {unit.id: unit.tests for unit in bundle.units}
        return Opened(folder / "source", folder / "release", bundle.languages[0], tests=modes)
    for name in names:
        plain.prepare(folder, name, scratch, room)
    return Opened(scratch / "source", scratch / "release", plain=True)
