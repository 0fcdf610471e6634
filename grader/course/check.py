"""Proving a course: model solution full marks, starter zero, every wrong solution caught with what it names.

Course code runs in exam rooms only, behind their walls.
"""

from __future__ import annotations

import os
import queue
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from grader.course import proofs
from grader.course.build import answered, build_course, notebook, released
from grader.course.model import CourseError, Problem
from grader.course.modes import Mode, Trial, tried
from grader.course.narrow import narrow_folder, narrowed, reached
from grader.course.opened import Opened, assignments, open_course
from grader.course.reader import Answer, Course, Unit, read
from grader.exam.room import DeviceChoice, ExamLimits, ExamRoom, SubmissionError
from grader.exam.verdict import Verdict

Progress = Callable[[int, int, str], object]


_Judge = Callable[[Verdict], Iterator[str]]


@dataclass(frozen=True)
class _Case:
    """One submission to the assignment in `source`, of which learners got `given`; `judge` says what is wrong with its
    verdict."""

    label: str
    file: Path
    unit: str
    language: str
    content: bytes
    judge: _Judge
    source: Path
    given: Path
    compute_capability: tuple[int, int] | None = None


#: Beside the exam's own: kernels compile for these, Blackwell's of data centres (sm_100) and of workstations (sm_120).
OTHER_GPUS = ((10, 0), (12, 0))


def check(
    folder: Path,
    progress: Progress | None = None,
    limits: ExamLimits | None = None,
    workers: int | None = None,
    decided: Callable[[Mode], None] | None = None,
    kept: Path | None = None,
    device: DeviceChoice = "emulated",
) -> list[Problem]:
    """Every problem of the course in `folder`; an empty list proves it.

    A plain nbgrader folder is checked for full marks of its model solutions. `decided` hears where the test cells of
    an assignment run: of every one of a plain folder, else of those that need to run in the learner's process. A unit
    of which `kept` holds a proof is not proved again, and what is proved now goes there. On another `device` than the
    emulated GPU, one exam at a time, nothing is kept.
    """
    say = progress or (lambda done, total, what: None)
    hear = decided or (lambda mode: None)
    emulated = device == "emulated"
    count = workers or (min(os.cpu_count() or 1, 8) if emulated else 1)
    kept = kept if emulated else None
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        try:
            if (folder / "course.yaml").exists():
                return _check(
                    read(folder), scratch, partial(_rooms, count, limits, scratch, device), limits, say, hear, kept
                )
            names = assignments(folder)
            with _rooms(count, limits, scratch, device) as each:
                return _prove_plain(folder, scratch / "course", names, each, say, hear)
        except CourseError as error:
            return error.problems


#: Does jobs, each with a room of its own; results in the order of the jobs.
_Each = Callable[[list[Callable[[ExamRoom], list[Problem]]], Callable[[int], object]], list[list[Problem]]]


@contextmanager
def _rooms(count: int, limits: ExamLimits | None, scratch: Path, device: DeviceChoice) -> Iterator[_Each]:
    rooms: queue.SimpleQueue[ExamRoom] = queue.SimpleQueue()
    with ExitStack() as stack:
        for number in range(count):
            rooms.put(stack.enter_context(ExamRoom(limits, device=device, scratch=scratch / f"room-{number}")))
        pool = stack.enter_context(ThreadPoolExecutor(count))

        def do(job: Callable[[ExamRoom], list[Problem]]) -> list[Problem]:
            room = rooms.get()
            try:
                return job(room)
            finally:
                rooms.put(room)

        def each(jobs: list[Callable[[ExamRoom], list[Problem]]], done: Callable[[int], object]) -> list[list[Problem]]:
            running = {pool.submit(do, job): number for number, job in enumerate(jobs)}
            for future in as_completed(running):
                future.result()
                done(running[future])
            return [future.result() for future in running]

        yield each


def _check(
    course: Course,
    scratch: Path,
    rooms: Callable[[], AbstractContextManager[_Each]],
    limits: ExamLimits | None,
    say: Progress,
    hear: Callable[[Mode], None],
    kept: Path | None,
) -> list[Problem]:
    keys = {unit.entry.id: proofs.key(course, unit, limits or ExamLimits()) for unit in course.units if kept}
    modes = {name: mode for name, key in keys.items() if kept and (mode := proofs.find(kept, key))}
    waiting = [unit for unit in course.units if unit.entry.id not in modes]
    problems: dict[str, list[Problem]] = {}
    if waiting:
        build_course(course, scratch / "course")
        with rooms() as each:
            found, problems = _prove(course, waiting, scratch / "course", each, say)
        modes |= found
    for name in problems:
        if kept and not problems[name]:
            proofs.keep(kept, keys[name], modes[name])
    for unit in course.units:
        if modes[unit.entry.id].differences and unit.entry.tests is None:
            hear(modes[unit.entry.id])
    return [problem for of_unit in problems.values() for problem in of_unit]


def _prove(
    course: Course, units: list[Unit], built: Path, each: _Each, say: Progress
) -> tuple[dict[str, Mode], dict[str, list[Problem]]]:
    """Modes and problems of these units, by their names."""
    base = course.file.languages[0]
    opened = Opened.built(course, built)
    trials: dict[str, Trial] = {}

    def attempt(unit: Unit, room: ExamRoom) -> list[Problem]:
        name = unit.entry.id
        trials[name] = tried(room, opened, name)
        return list(_judged(unit, base, trials[name]))

    def examine(case: _Case, room: ExamRoom) -> list[Problem]:
        if case.compute_capability and room.device != "emulated":
            # No GPU runs what was compiled for another.
            return []
        try:
            verdict = room.examine(
                case.source,
                case.unit,
                {f"{case.unit}.ipynb": case.content},
                given=case.given,
                language=case.language,
                seed=1,
                tests=modes[case.unit],
                processes=case.unit in opened.processes,
                compute_capability=case.compute_capability,
            )
        except SubmissionError as error:
            return [Problem(case.file, None, f"{case.label}: {error}")]
        return [Problem(case.file, None, f"{case.label}: {text}") for text in case.judge(verdict)]

    cases = [case for unit in units for case in _cases(course, opened, unit)]
    total = len(units) + len(cases)
    finished = iter(range(1, total + 1))
    judged = each(
        [partial(attempt, unit) for unit in units],
        lambda number: say(next(finished), total, units[number].entry.id),
    )
    problems = {unit.entry.id: found for unit, found in zip(units, judged, strict=True)}
    modes = {unit.entry.id: unit.entry.tests or trials[unit.entry.id].mode.tests for unit in units}
    examined = each(
        [partial(examine, case) for case in cases],
        lambda number: say(next(finished), total, cases[number].label),
    )
    for case, found in zip(cases, examined, strict=True):
        problems[case.unit] += found
    return {name: trial.mode for name, trial in trials.items()}, problems


def _judged(unit: Unit, language: str, trial: Trial) -> Iterator[Problem]:
    """What a trial proves: model solution, starter, and a mode that the author insists on."""
    name, tests = unit.entry.id, unit.entry.tests or trial.mode.tests
    for text in _full_marks(trial.model[tests]):
        yield Problem(unit.folder / "solution", None, f"{name}, model solution, {language}: {text}")
    for text in _no_points(trial.starter[tests]):
        yield Problem(unit.file(language), None, f"{name}, starter, {language}: {text}")
    if unit.entry.assessment is not None and tests == "in-process":
        why = "; ".join(map(str, trial.mode.differences)) or "course.yaml says so"
        yield Problem(
            unit.file(language),
            None,
            f"{name} is an assessment, whose tests must run apart from learner code, and they run in-process: {why};"
            " change the tests, or drop `assessment`",
        )
    if unit.entry.tests == "examiner":
        for difference in trial.mode.differences:
            text = f"{name} has `tests: examiner`, yet {difference}; change the test, or drop `tests`"
            yield Problem(unit.file(language), None, text)


@dataclass(frozen=True)
class _Exercise:
    """An assignment as far as one answer reaches: its folder, what learners got of it, and their empty notebook."""

    source: Path
    given: Path
    notebook: NotebookNode

    @classmethod
    def of(cls, opened: Opened, unit: Unit, answer: str) -> _Exercise:
        name, language = unit.entry.id, opened.language
        models = {grade_id: one.source for grade_id, one in unit.solutions.items()}
        made = notebook(unit, language)
        tests = reached(answered(made, models), answer)
        target = opened.source.parent / "narrow" / name / answer
        return cls(
            narrow_folder(opened.source / name, target / "source", tests),
            narrow_folder(opened.given(name, language), target / "given", tests),
            narrowed(released(made), tests),
        )


def _cases(course: Course, opened: Opened, unit: Unit) -> Iterator[_Case]:
    name = unit.entry.id
    models = {grade_id: answer.source for grade_id, answer in unit.solutions.items()}
    base, *others = course.file.languages
    empty: dict[str, NotebookNode] = {one: released(notebook(unit, one)) for one in course.file.languages}
    exercises = {grade_id: _Exercise.of(opened, unit, grade_id) for grade_id in unit.solutions}

    def whole(
        label: str,
        file: Path,
        language: str,
        answers: dict[str, str],
        judge: _Judge,
        gpu: tuple[int, int] | None = None,
    ) -> _Case:
        content = nbformat.writes(answered(empty[language], answers)).encode()
        source, given = opened.source / name, opened.given(name, language)
        return _Case(f"{name}, {label}", file, name, language, content, judge, source, given, gpu)

    def one(label: str, answer: Answer, judge: _Judge) -> _Case:
        exercise = exercises[answer.grade_id]
        answers = {**models, answer.grade_id: answer.source}
        content = nbformat.writes(answered(exercise.notebook, answers)).encode()
        return _Case(f"{name}, {label}", answer.file, name, base, content, judge, exercise.source, exercise.given)

    for major, minor in OTHER_GPUS:
        label = f"model solution, sm_{major}{minor}"
        yield whole(label, unit.folder / "solution", base, models, _full_marks, (major, minor))
    for language in others:
        yield whole(f"model solution, {language}", unit.folder / "solution", language, models, _full_marks)
        yield whole(f"starter, {language}", unit.file(language), language, {}, _no_points)
    for answer in unit.alternatives:
        yield one("a right alternative", answer, _full_marks)
    for answer in unit.wrong:
        yield one("a wrong solution", answer, partial(_caught, answer))


def _prove_plain(
    folder: Path, target: Path, names: list[str], each: _Each, say: Progress, hear: Callable[[Mode], None]
) -> list[Problem]:
    trials: dict[str, Trial] = {}

    def attempt(name: str, room: ExamRoom) -> list[Problem]:
        place = folder / "source" / name
        try:
            trials[name] = tried(room, open_course(folder, target, room, [name]), name)
        except CourseError as error:
            return error.problems
        except SubmissionError as error:
            return [Problem(place, None, str(error))]
        problems = _full_marks(trials[name].model[trials[name].mode.tests])
        return [Problem(place, None, f"{name}, model solution: {text}") for text in problems]

    finished = iter(range(1, len(names) + 1))
    found = each(
        [partial(attempt, name) for name in names], lambda number: say(next(finished), len(names), names[number])
    )
    for name in sorted(trials):
        hear(trials[name].mode)
    return [problem for problems in found for problem in problems]


def _full_marks(verdict: Verdict) -> Iterator[str]:
    for cell in verdict.cells:
        # An answer for a person that the solution leaves as it was has no points, and says nothing of the tests.
        if cell.outcome != "missing" and cell.score is not None and cell.score < cell.max_score:
            said = "; ".join(finding.text("en") for finding in cell.findings) or cell.outcome
            yield f"{cell.grade_id} gets {cell.score:g} of {cell.max_score:g} points: {said}"


def _no_points(verdict: Verdict) -> Iterator[str]:
    for cell in verdict.cells:
        if cell.score:
            yield f"{cell.grade_id} gets {cell.score:g} points for the untouched starter; the check is too weak"


def _caught(answer: Answer, verdict: Verdict) -> Iterator[str]:
    cells = [c for c in verdict.cells if c.outcome != "missing" and c.score is not None and c.score < c.max_score]
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
