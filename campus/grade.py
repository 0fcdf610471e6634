"""`lehrwerk grade`: one submission through the exam room, without hub or store."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from rich.table import Table

from campus.outcomes import OUTCOMES
from campus.portal.language import mark, number, translations
from campus.settings import Language, Limits
from grader.course import archives
from grader.course.model import CourseError
from grader.course.modes import settled
from grader.course.opened import assignments, open_course
from grader.device.cuda import available
from grader.device.kernel import DeviceChoice
from grader.exam.room import ExamRoom, SubmissionError
from grader.exam.verdict import Verdict

_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
_AT_LINE = mark("line %(line)s: %(message)s")


class BadInput(Exception):
    """What was given cannot be marked; one line says why."""


def grade_file(course: Path, assignment: str, file: Path, *, device: DeviceChoice, language: Language) -> Verdict:
    """The verdict on `file`, a notebook, or a folder or archive of files, as a submission of an assignment of `course`.

    `course` is a course folder, a built course or a plain nbgrader folder. Raises BadInput.
    """
    if device == "cuda" and available() is None:
        raise BadInput("--device cuda: no GPU was found; install its driver, or choose auto or emulated")
    limits = Limits()
    files = _read(file, limits, language)
    try:
        known = assignments(course)
        if assignment not in known:
            raise BadInput(f"{course} has no assignment {assignment!r}; it has: {', '.join(known) or 'none'}")
        with (
            tempfile.TemporaryDirectory() as scratch,
            ExamRoom(limits, device=device, scratch=Path(scratch) / "room") as room,
        ):
            opened = open_course(course, Path(scratch) / "course", room, [assignment])
            tests = settled(room, opened, assignment)
            return room.examine(
                opened.source / assignment,
                assignment,
                files,
                given=opened.given(assignment, language),
                language=language,
                tests=tests,
                processes=assignment in opened.processes,
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


def table(public: dict[str, Any], language: Language) -> Table:
    """The published verdict for a terminal."""
    say = translations(language).gettext
    numbers = {"score": number(public["score"], language), "maximum": number(public["max_score"], language)}
    total = say(mark("%(score)s of %(maximum)s points")) % numbers
    shown = Table(title=f"{public['assignment']}: {total}")
    for heading in (mark("cell"), mark("outcome"), mark("points"), mark("findings")):
        shown.add_column(say(heading))
    for cell in public["cells"]:
        points = say(mark("by hand")) if cell["score"] is None else number(cell["score"], language)
        findings = "\n".join(
            say(_AT_LINE) % finding if finding["line"] else finding["message"] for finding in cell["findings"]
        )
        maximum = number(cell["max_score"], language)
        shown.add_row(cell["grade_id"], say(OUTCOMES[cell["outcome"]]), f"{points} / {maximum}", findings)
    return shown
