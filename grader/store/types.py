"""What the store gives out: plain frozen data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """A submission's states. `FAILED` is a failure of ours, never 0 points."""

    RECEIVED = "received"
    QUEUED = "queued"
    RUNNING = "running"
    GRADED = "graded"
    NEEDS_REVIEW = "needs review"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


#: Submissions in these states are no attempts at an assignment.
NO_ATTEMPTS = (State.WITHDRAWN, State.FAILED)


class StoreError(RuntimeError):
    """The store cannot do what was asked; the text says why."""


class UnknownSubmission(StoreError):
    """No submission has this id."""


class TooManyAttempts(StoreError):
    """The person has used up the assignment's attempts, of which there are `allowed`."""

    def __init__(self, allowed: int) -> None:
        super().__init__(f"all {allowed} attempts are used")
        self.allowed = allowed


class TooSoon(StoreError):
    """The person may submit this assignment again at `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"the next attempt is possible at {until.isoformat()}")
        self.until = until


class TooLate(StoreError):
    """The person's deadline was `deadline`, and later submissions are not taken."""

    def __init__(self, deadline: datetime) -> None:
        super().__init__(f"the deadline was {deadline.isoformat()}")
        self.deadline = deadline


@dataclass(frozen=True)
class Terms:
    """How often and until when an assignment may be submitted: `attempts` in all (None: any number), with `cooldown`
    in between; what comes after `deadline` (None: there is none) is late, or refused unless it `takes_late`."""

    attempts: int | None = None
    cooldown: timedelta = timedelta(0)
    deadline: datetime | None = None
    takes_late: bool = False


class ExtensionChanged(StoreError):
    """A learner's extension is another by now than the one that was to be replaced."""


@dataclass(frozen=True)
class Extension:
    """What one learner got for one assignment: a later deadline, and attempts on top of the assignment's.

    A line of their log: who entered it, why and when. `seq` rises; the newest one holds.
    """

    seq: int
    course_id: str
    assignment: str
    person: str
    until: datetime | None
    attempts: int
    who: str
    why: str
    at: datetime

    @property
    def gives(self) -> bool:
        """False where this took back what was given before."""
        return self.until is not None or self.attempts > 0


def standing(log: Iterable[Extension]) -> list[Extension]:
    """What learners have by their entries, which come newest first, in the order of assignments and persons."""
    newest: dict[tuple[str, str], Extension] = {}
    for entry in log:
        newest.setdefault((entry.assignment, entry.person), entry)
    return [newest[key] for key in sorted(newest) if newest[key].gives]


@dataclass(frozen=True)
class CourseVersion:
    """A published version of a course. `bundle` is its bundle.json; `digest` names the tar."""

    course_id: str
    digest: str
    bundle: dict[str, Any]
    published_at: datetime
    published_by: str


@dataclass(frozen=True)
class Submission:
    """What somebody handed in. `received_at` is the server's time, UTC. `digest` is of the archive's content.

    `number` counts the person's submissions of the assignment from 1. `bundle_digest` names the course version that
    the verdict is of. `recorded` says that the registrar is done with it, `in_gradebook` that the verdict was written.
    """

    id: str
    course_id: str
    assignment: str
    person: str
    digest: str
    language: str
    bundle_digest: str
    received_at: datetime
    state: State
    attempts: int
    late: bool
    recorded: bool
    note: str
    number: int
    in_gradebook: bool


@dataclass(frozen=True)
class Received(Submission):
    """A submission just handed in; `new` is False where it is the same as the person's newest one. `place` is how many
    wait before it, None where it does not wait."""

    new: bool
    place: int | None


@dataclass(frozen=True)
class EarlierVerdict:
    """A verdict (JSON) on the course version `bundle_digest`, and when, by whom and why it was replaced."""

    verdict: str
    bundle_digest: str
    replaced_at: datetime
    replaced_by: str
    why: str


@dataclass(frozen=True)
class Lease:
    """The right to examine a submission until `until`. `token` proves it; `attempt` counts from 1."""

    submission: Submission
    token: str
    attempt: int
    until: datetime


@dataclass(frozen=True)
class Event:
    """A line of the log: a submission entered `state`. `seq` rises."""

    seq: int
    submission_id: str
    state: State
    who: str
    why: str
    at: datetime
