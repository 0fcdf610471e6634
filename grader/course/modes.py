"""Where the test cells of an assignment run: fixed from the instructor's own notebooks, before any submission is read.

The examiner is the rule. Where it gives the model solution or the starter other points than stock nbgrader's way of
running tests, inside the learner's process, the assignment was written for the latter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.course.build import build_course
from grader.course.model import Bundle
from grader.course.opened import Opened
from grader.course.reader import read
from grader.exam.room import ExamLimits, ExamRoom
from grader.exam.verdict import CellVerdict, Tests, Verdict

_BOTH: tuple[Tests, ...] = ("examiner", "in-process")


@dataclass(frozen=True)
class Difference:
    """A graded cell that gets other points inside the candidate than from the examiner; None is no score."""

    submission: str
    notebook: str
    grade_id: str
    examiner: float | None
    in_process: float | None
    why: str

    def __str__(self) -> str:
        points = [("no score" if score is None else f"{score:g}") for score in (self.examiner, self.in_process)]
        text = f"{self.notebook}, {self.grade_id}, {self.submission}: {points[0]} from the examiner, {points[1]} inside"
        return f"{text} ({self.why})" if self.why else text


@dataclass(frozen=True)
class Mode:
    """Where an assignment's test cells run, and the cells for whose sake."""

    assignment: str
    tests: Tests
    differences: tuple[Difference, ...] = ()

    def __str__(self) -> str:
        if self.tests == "examiner":
            return f"{self.assignment}: tests: examiner"
        reasons = "".join(f"\n  {difference}" for difference in self.differences)
        return (
            f"{self.assignment}: tests: in-process, less protected: test cells run beside the learner's code{reasons}"
        )


@dataclass(frozen=True)
class Trial:
    """The mode that was found, and the verdicts on model solution and starter in both."""

    mode: Mode
    model: Mapping[Tests, Verdict]
    starter: Mapping[Tests, Verdict]


def settled(room: ExamRoom, opened: Opened, assignment: str) -> Tests:
    """The mode that was settled for an assignment, else the one that a trial finds."""
    return opened.tests.get(assignment) or tried(room, opened, assignment).mode.tests


def tried(room: ExamRoom, opened: Opened, assignment: str) -> Trial:
    """Mark the model solution and the starter both ways; no submission of a learner takes part."""
    source, given = opened.source / assignment, opened.given(assignment, opened.language)

    def both(folder: Path) -> dict[Tests, Verdict]:
        files = {path.name: path.read_bytes() for path in sorted(folder.glob("*.ipynb"))}
        return {
            tests: room.examine(
                source,
                assignment,
                files,
                given=given,
                language=opened.language,
                seed=1,
                tests=tests,
                processes=assignment in opened.processes,
            )
            for tests in _BOTH
        }

    model, starter = both(source), both(given)
    found = (*_compared("model solution", model), *_compared("starter", starter))
    return Trial(Mode(assignment, "in-process" if found else "examiner", found), model, starter)


def _compared(label: str, verdicts: Mapping[Tests, Verdict]) -> Iterator[Difference]:
    for one, other in zip(verdicts["examiner"].cells, verdicts["in-process"].cells, strict=True):
        if one.score != other.score:
            why = _why(one) or _why(other)
            yield Difference(label, one.notebook, one.grade_id, one.score, other.score, why)


def _why(cell: CellVerdict) -> str:
    """The exception that ended a test, as the instructor may see it."""
    for finding in cell.findings:
        for line in reversed((finding.evidence or "").splitlines()):
            name = line.partition(":")[0]
            if name.rpartition(".")[2].isidentifier() and name.endswith(("Error", "Exception", "Raised", "Warning")):
                return line.strip()[:300]
    return "; ".join(finding.text("en") for finding in cell.findings)[:300]


def build_settled(
    folder: Path,
    target: Path,
    *,
    known: Mapping[str, Tests] | None = None,
    limits: ExamLimits | None = None,
    say: Callable[[Mode], object] = lambda mode: None,
) -> Bundle:
    """Build a course folder with the mode of each unit: the author's, the `known` one, or what a trial finds.

    `say` hears of every trial. Raises CourseError.
    """
    course = read(folder)
    modes = dict(known or {})
    bundle = build_course(course, target, modes)
    waiting = [unit.entry.id for unit in course.units if unit.entry.tests is None and unit.entry.id not in modes]
    if not waiting:
        return bundle
    opened = Opened.built(course, target)
    with ExamRoom(limits, device="emulated") as room:
        for name in waiting:
            mode = tried(room, opened, name).mode
            say(mode)
            modes[name] = mode.tests
    return build_course(course, target, modes)
