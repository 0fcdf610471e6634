"""`lehrwerk grade`: one submission through the exam room, without hub or store."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Literal, cast

from rich.table import Table

from campus.settings import Limits
from grader.course import archives
from grader.course.model import CourseError
from grader.course.modes import settled
from grader.course.opened import assignments, open_course
from grader.exam.room import ExamLimits, ExamRoom, SubmissionError
from grader.exam.verdict import Verdict

_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")


class BadInput(Exception):
    """What was given cannot be marked; one line says why."""


def grade_file(course: Path, assignment: str, file: Path, *, device: str, language: str) -> Verdict:
    """The verdict on `file`, a notebook, or a folder or archive of files, as a submission of an assignment of `course`.

    `course` is a course folder, a built course or a plain nbgrader folder. Raises BadInput.
    """
    limits = Limits()
    files = _read(file, limits, language)
    try:
        known = assignments(course)
        if assignment not in known:
            raise BadInput(f"{course} has no assignment {assignment!r}; it has: {', '.join(known) or 'none'}")
        with tempfile.TemporaryDirectory() as scratch:
            room_limits = ExamLimits.model_validate(
                {key: value for key, value in limits.model_dump().items() if key in ExamLimits.model_fields}
            )
            chosen = cast(Literal["auto", "emulated", "cuda"], device)
            with ExamRoom(room_limits, device=chosen, scratch=Path(scratch) / "room") as room:
                opened = open_course(course, Path(scratch) / "course", room, [assignment])
                tests = settled(room, opened, assignment)
                return room.examine(
                    opened.source / assignment,
                    assignment,
                    files,
                    given=opened.given(assignment, language),
                    language=language,
                    tests=tests,
                )
    except CourseError as error:
        raise BadInput("; ".join(str(problem) for problem in error.problems)) from error
    except SubmissionError as error:
        raise BadInput(f"{file}: {error.message.get(language) or error.message['en']}") from error


def _read(file: Path, limits: Limits, language: str) -> dict[str, bytes]:
    if not file.exists():
        raise BadInput(f"{file}: no such file")
    if file.name.endswith(_ARCHIVES):
        try:
            return _inside(archives.read(file.read_bytes(), limits))
        except archives.ArchiveError as error:
            raise BadInput(f"{file}: {error.message.get(language) or error.message['en']}") from error
    if file.is_dir():
        return {
            str(path.relative_to(file)): path.read_bytes()
            for path in sorted(file.rglob("*"))
            if path.is_file() and not path.is_symlink()
        }
    return {file.name: file.read_bytes()}


def _inside(files: dict[str, bytes]) -> dict[str, bytes]:
    """Files by their names in the one folder that an archive may hold them in, without what archivers add."""
    kept = {name: data for name, data in files.items() if not name.startswith("__MACOSX/")}
    tops = {name.partition("/")[0] for name in kept}
    if len(tops) == 1 and all("/" in name for name in kept):
        return {name.partition("/")[2]: data for name, data in kept.items()}
    return kept


def table(public: dict[str, Any]) -> Table:
    """The published verdict for a terminal."""
    shown = Table(title=f"{public['assignment']}: {public['score']:g} of {public['max_score']:g} points")
    for heading in ("cell", "outcome", "points", "findings"):
        shown.add_column(heading)
    for cell in public["cells"]:
        points = "by hand" if cell["score"] is None else f"{cell['score']:g}"
        findings = "\n".join(
            f"line {finding['line']}: {finding['message']}" if finding["line"] else finding["message"]
            for finding in cell["findings"]
        )
        shown.add_row(cell["grade_id"], cell["outcome"], f"{points} / {cell['max_score']:g}", findings)
    return shown
