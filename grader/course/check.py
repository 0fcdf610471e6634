"""Proving a course: model solution full marks, starter zero, every wrong solution caught with what it names.

Course code runs in exam rooms only, behind their walls.
"""

from __future__ import annotations

import os
import queue
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import nbformat

from grader.course.build import answered, build_course, notebook, open_course, released
from grader.course.model import CourseError, Problem
from grader.course.reader import Answer, Course, Unit, read
from grader.exam.room import ExamLimits, ExamRoom, SubmissionError
from grader.exam.verdict import Verdict

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class _Case:
    """One submission, and `judge`, which says what is wrong with its verdict."""

    label: str
    file: Path
    assignment: str
    source: Path
    given: Path | None
    language: str
    content: bytes
    judge: Callable[[Verdict], Iterator[str]]


def check(
    folder: Path, progress: Progress | None = None, limits: ExamLimits | None = None, workers: int | None = None
) -> list[Problem]:
    """Every problem of the course in `folder`; an empty list proves it.

    A plain nbgrader folder is checked for full marks of its model solutions.
    """
    say = progress or (lambda done, total, what: None)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        try:
            if (folder / "course.yaml").exists():
                course = read(folder)
                build_course(course, scratch / "bundle")
                cases = [case for unit in course.units for case in _cases(course, unit, scratch / "bundle")]
            else:
                cases = list(_plain(open_course(folder, scratch / "bundle").source))
        except CourseError as error:
            return error.problems
        return _run(cases, say, limits, workers or min(os.cpu_count() or 1, 8), scratch)


def _run(cases: list[_Case], say: Progress, limits: ExamLimits | None, workers: int, scratch: Path) -> list[Problem]:
    problems: dict[int, list[Problem]] = {}
    rooms: queue.SimpleQueue[ExamRoom] = queue.SimpleQueue()
    with ExitStack() as stack:
        for number in range(min(workers, len(cases))):
            rooms.put(stack.enter_context(ExamRoom(limits, device="emulated", scratch=scratch / f"room-{number}")))

        def examine(case: _Case) -> list[Problem]:
            room = rooms.get()
            try:
                verdict = room.examine(
                    case.source,
                    case.assignment,
                    {f"{case.assignment}.ipynb": case.content},
                    given=case.given,
                    language=case.language,
                    seed=1,
                )
            except SubmissionError as error:
                return [Problem(case.file, None, f"{case.label}: {error}")]
            finally:
                rooms.put(room)
            return [Problem(case.file, None, f"{case.label}: {text}") for text in case.judge(verdict)]

        pool = stack.enter_context(ThreadPoolExecutor(min(workers, max(len(cases), 1))))
        running = {pool.submit(examine, case): number for number, case in enumerate(cases)}
        for done, future in enumerate(as_completed(running), 1):
            number = running[future]
            problems[number] = future.result()
            say(done, len(cases), cases[number].label)
    return [problem for number in sorted(problems) for problem in problems[number]]


def _cases(course: Course, unit: Unit, bundle: Path) -> Iterator[_Case]:
    name = unit.entry.id
    models = {grade_id: answer.source for grade_id, answer in unit.solutions.items()}

    def case(label: str, file: Path, language: str, answers: dict[str, str], judge: object) -> _Case:
        content = nbformat.writes(answered(released(notebook(unit, language)), answers)).encode()
        return _Case(
            f"{name}, {label}",
            file,
            name,
            bundle / "source" / name,
            bundle / "release" / language / name,
            language,
            content,
            judge,  # type: ignore[arg-type]
        )

    base = course.file.languages[0]
    for language in course.file.languages:
        yield case(f"model solution, {language}", unit.folder / "solution", language, models, _full_marks)
        yield case(f"starter, {language}", unit.file(language), language, {}, _no_points)
    for answer in unit.alternatives:
        yield case("a right alternative", answer.file, base, {**models, answer.grade_id: answer.source}, _full_marks)
    for answer in unit.wrong:
        replaced = {**models, answer.grade_id: answer.source}
        yield case("a wrong solution", answer.file, base, replaced, lambda verdict, a=answer: _caught(a, verdict))


def _plain(source: Path) -> Iterator[_Case]:
    for folder in sorted(path for path in source.iterdir() if path.is_dir()):
        for file in sorted(folder.glob("*.ipynb")):
            content = file.read_bytes()
            yield _Case(f"{folder.name}, model solution", file, folder.name, folder, None, "en", content, _full_marks)


def _full_marks(verdict: Verdict) -> Iterator[str]:
    for cell in verdict.cells:
        if cell.score is not None and cell.score < cell.max_score:
            said = "; ".join(finding.text("en") for finding in cell.findings) or cell.outcome
            yield f"{cell.grade_id} gets {cell.score:g} of {cell.max_score:g} points: {said}"


def _no_points(verdict: Verdict) -> Iterator[str]:
    for cell in verdict.cells:
        if cell.score:
            yield f"{cell.grade_id} gets {cell.score:g} points for the untouched starter; the check is too weak"


def _caught(answer: Answer, verdict: Verdict) -> Iterator[str]:
    cells = [cell for cell in verdict.cells if cell.score is not None and cell.score < cell.max_score]
    found = [finding for cell in cells for finding in cell.findings]
    kinds = sorted({finding.kind for finding in found})
    if not cells:
        yield f"gets full marks; the check of {answer.grade_id} is too weak"
    elif answer.finding not in kinds:
        yield f"loses points, but by {', '.join(kinds) or 'no finding'}, not by {answer.finding}"
    elif answer.line is not None:
        lines = sorted({f.line for f in found if f.kind == answer.finding and f.line is not None})
        if answer.line not in lines:
            yield f"{answer.finding} names line {', '.join(map(str, lines)) or 'none'}, not {answer.line}"
