"""What the store gives out: plain frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
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


class StoreError(RuntimeError):
    """The store cannot do what was asked; the text says why."""


class UnknownSubmission(StoreError):
    """No submission has this id."""


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
    """What somebody handed in. `received_at` is the server's time, UTC. `digest` is of the archive's content."""

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
