"""Regrading: the submissions that count, examined once more by the course's current version; and the replay of an exam.

Every step is repeatable: a submission whose verdict is by the current version already is left alone, so that a regrade
that was killed goes on where it ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from grader.course.model import assessment_of
from grader.dispatch.exams import Exams
from grader.exam.room import ExamError
from grader.exam.verdict import Verdict
from grader.records import Registrar
from grader.store import CourseVersion, State, Store, StoreError, Submission, UnknownSubmission

_WAITING = (State.RECEIVED, State.QUEUED, State.RUNNING)


@dataclass(frozen=True)
class Change:
    """One submission under the old and the new version of the course; `failure` of ours, where there is no new one."""

    submission: Submission
    old: Verdict
    new: Verdict | None
    failure: str = ""

    @property
    def difference(self) -> float:
        """Points gained, negative for points lost; by machine only, since points given by people stay."""
        return 0.0 if self.new is None else self.new.score - self.old.score


def version_with(store: Store, course_id: str, assignment: str) -> CourseVersion:
    """The course's current version, which has the assignment. Raises StoreError."""
    version = store.course(course_id)
    if version is None:
        raise StoreError(f"there is no course {course_id}; it is called TENANT--COURSE")
    known = [unit["id"] for unit in version.bundle["units"]]
    if assignment not in known:
        raise StoreError(f"{course_id} has no assignment {assignment}; it has: {', '.join(known)}")
    return version


class Regrade:
    """One assignment's. Raises StoreError where the course or the assignment is unknown."""

    def __init__(self, store: Store, exams: Exams, course_id: str, assignment: str) -> None:
        version = version_with(store, course_id, assignment)
        self.digest = version.digest
        self.assessment = assessment_of(version.bundle, assignment)
        self.store, self.exams = store, exams
        self.course_id, self.assignment = course_id, assignment

    def counting(self) -> list[Submission]:
        """Submissions whose verdict counts and is by another version of the course than the current one; of an
        assessment all that have one, since any may be the best by the new tests."""
        return [submission for submission in self._judged() if submission.bundle_digest != self.digest]

    def _judged(self) -> list[Submission]:
        if self.assessment is None:
            return self.store.latest(self.course_id, self.assignment, in_gradebook=True)
        attempts = self.store.submissions(self.course_id, self.assignment, limit=None)
        return [one for one in reversed(attempts) if self.store.verdict(one.id) is not None]

    def waiting(self) -> int:
        """How many submissions have no verdict yet; they are examined by the version they were handed in for."""
        newest = self.store.latest(self.course_id, self.assignment)
        return sum(one.state in _WAITING and self.store.verdict(one.id) is None for one in newest)

    def preview(self) -> Iterator[Change]:
        """What would change. Nothing is written."""
        for submission in self.counting():
            yield self._examined(submission)[0]

    def apply(self, registrar: Registrar, who: str, why: str) -> Iterator[Change]:
        """Replace verdicts and have them recorded, one submission after the other."""
        for submission_id in self._left_behind():
            registrar.record(submission_id)
        for submission in self.counting():
            change, replaces = self._examined(submission)
            if change.new is not None:
                new = change.new.model_dump_json()
                self.store.revise(submission.id, new, self.digest, replaces=replaces, who=who, why=why)
                registrar.record(submission.id)
            yield change

    def _left_behind(self) -> list[str]:
        """Verdicts of an earlier regrade that was killed before they were recorded."""
        here = {one.id for one in self._judged()}
        return [submission_id for submission_id in self.store.unrecorded() if submission_id in here]

    def _examined(self, submission: Submission) -> tuple[Change, str]:
        text = self.store.verdict(submission.id)
        assert text is not None
        old = Verdict.model_validate_json(text)
        try:
            return Change(submission, old, self.exams.verdict(submission, self.digest)), text
        except ExamError as error:
            return Change(submission, old, None, str(error)), text


@dataclass(frozen=True)
class Replay:
    """An exam repeated with the seeds and the course version of the stored verdict.

    Points for speed follow what was measured then; what is measured now is shown beside it.
    """

    stored: Verdict
    again: Verdict

    def differences(self) -> list[str]:
        """Where the verdicts differ, a line each; empty where they are the same."""
        lines = []
        before = {(cell.notebook, cell.grade_id): cell for cell in self.stored.cells}
        after = {(cell.notebook, cell.grade_id): cell for cell in self.again.cells}
        for key in sorted(before.keys() | after.keys()):
            then, now = before.get(key), after.get(key)
            if then is None or now is None:
                lines.append(f"{key[1]}: only in the {'new' if then is None else 'stored'} verdict")
                continue
            pairs = {
                "score": (then.score, now.score),
                "outcome": (then.outcome, now.outcome),
                "findings": tuple([(f.kind, f.line) for f in cell.findings] for cell in (then, now)),
            }
            lines += [f"{key[1]}: {name} was {a}, is {b}" for name, (a, b) in pairs.items() if a != b]
        if self.stored.submission_digest != self.again.submission_digest:
            lines.append("the submission's digest differs")
        return lines

    def surroundings(self) -> list[str]:
        """What is not as it was: versions, image, device."""
        then, now = ({"device": v.device, "image": v.image} | v.versions for v in (self.stored, self.again))
        return [
            f"{name}: was {then.get(name) or 'unknown'}, is {now.get(name) or 'unknown'}"
            for name in sorted(then.keys() | now.keys())
            if then.get(name) != now.get(name)
        ]


def replay(store: Store, exams: Exams, submission_id: str) -> Replay:
    """Raises UnknownSubmission where there is no verdict to repeat, ExamError for a failure of ours."""
    submission = store.submission(submission_id)
    text = None if submission is None else store.verdict(submission_id)
    if submission is None or text is None:
        raise UnknownSubmission(f"there is no verdict on a submission {submission_id}")
    stored = Verdict.model_validate_json(text)
    return Replay(stored, exams.verdict(submission, stored.bundle_digest or None, stored.seeds, stored.measurements))
