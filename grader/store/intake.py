"""How submissions come in: those that wait at the same time are judged and stored in one transaction, by a few
statements for all of them. Each sender is answered when it is committed."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, func, insert, select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from grader.store.blobs import Blobs
from grader.store.database import Database
from grader.store.models import EventRow, ExtensionRow, SubmissionRow, UtcTime
from grader.store.plain import submission_of
from grader.store.together import Together
from grader.store.types import (
    NO_ATTEMPTS,
    CourseVersion,
    Received,
    State,
    StoreError,
    Submission,
    Terms,
    TooLate,
    TooManyAttempts,
    TooSoon,
)
from grader.store.versions import Versions

#: Who hands in what: course, assignment and person.
_Sender = tuple[str, str, str]
#: What one submission's own data may cause; whatever else fails, fails for all.
_OWN_FAULT = (DataError, IntegrityError, ValueError)


# Statements stand here because building one takes longer than running it. Each names one assignment, so that SQLite
# finds persons by an index, too.
_NUMBER = func.max(SubmissionRow.number)
_STANDING = SubmissionRow.state != State.WITHDRAWN
_LIVE = SubmissionRow.state.not_in(NO_ATTEMPTS)
_PERSONS: BindParameter[str] = bindparam("persons", expanding=True)
_THEIRS = (
    SubmissionRow.course_id == bindparam("course"),
    SubmissionRow.assignment == bindparam("assignment"),
    SubmissionRow.person.in_(_PERSONS),
)
_SUMS = (
    select(
        SubmissionRow.person,
        _NUMBER,
        func.count().filter(_LIVE),
        _NUMBER.filter(_STANDING),
        _NUMBER.filter(_LIVE),
    )
    .where(*_THEIRS)
    .group_by(SubmissionRow.person)
)
_EARLIER = select(
    SubmissionRow.person, SubmissionRow.number, SubmissionRow.id, SubmissionRow.digest, SubmissionRow.received_at
).where(*_THEIRS, SubmissionRow.number.in_(bindparam("numbers", expanding=True)))
_EXTENSIONS = (
    select(ExtensionRow.person, ExtensionRow.until, ExtensionRow.attempts)
    .where(
        ExtensionRow.course_id == bindparam("course"),
        ExtensionRow.assignment == bindparam("assignment"),
        ExtensionRow.person.in_(_PERSONS),
    )
    .order_by(ExtensionRow.seq)
)
_WAITING = select(func.count()).where(
    SubmissionRow.state == State.QUEUED, SubmissionRow.received_at < bindparam("at", type_=UtcTime)
)
_ADD_SUBMISSIONS = insert(SubmissionRow.__table__)  # type: ignore[arg-type]
_ADD_EVENTS = insert(EventRow.__table__)  # type: ignore[arg-type]
_COLUMNS = [field.name for field in fields(Submission)]


@dataclass(frozen=True)
class Arrival:
    """A submission at the door. `digest` is of its content; `at` is when it came."""

    course_id: str
    assignment: str
    person: str
    archive: bytes
    language: str
    digest: str
    terms: Terms
    at: datetime

    @property
    def sender(self) -> _Sender:
        return self.course_id, self.assignment, self.person


@dataclass(frozen=True)
class _Earlier:
    id: str
    digest: str
    received_at: datetime


@dataclass(frozen=True)
class _Past:
    """What a sender has handed in: the highest number, how many count as attempts, the newest that is not withdrawn,
    and the newest that is neither withdrawn nor failed."""

    number: int = 0
    used: int = 0
    newest: _Earlier | None = None
    live: _Earlier | None = None


class Intake:
    """Takes submissions in. `receive` may be called from any thread."""

    def __init__(self, database: Database, blobs: Blobs, versions: Versions) -> None:
        self._database, self._blobs, self._versions = database, blobs, versions
        self.receive = Together(self._take_in, key=lambda arrival: arrival.sender, own_fault=_OWN_FAULT)

    def _take_in(self, arrivals: Sequence[Arrival]) -> list[Received | Exception]:
        """Judge and store what came from different senders."""
        senders = [arrival.sender for arrival in arrivals]
        outcomes: dict[_Sender, Received | Exception] = {}
        with self._database.writing() as session:
            self._database.one_by_one(session, *(("receive", *sender) for sender in senders))
            connection = session.connection()
            pasts, extensions = _pasts(connection, senders), _extensions(connection, senders)
            versions = self._versions.current(session, {arrival.course_id for arrival in arrivals})
            before = waiting_before(connection, min(arrival.at for arrival in arrivals))
            new: list[tuple[Received, bytes]] = []
            for arrival in sorted(arrivals, key=lambda arrival: arrival.at):
                past = pasts.get(arrival.sender, _Past())
                try:
                    if past.live is not None and past.live.digest == arrival.digest:
                        outcome = _again(session, past.live.id)
                    else:
                        late = _admit(arrival, past, *extensions.get(arrival.sender, (None, 0)))
                        version = versions.get(arrival.course_id)
                        if version is None:
                            raise StoreError(f"no course {arrival.course_id}")
                        outcome = _new(arrival, past.number + 1, version, late, before + len(new))
                        new.append((outcome, arrival.archive))
                    outcomes[arrival.sender] = outcome
                except StoreError as refusal:
                    outcomes[arrival.sender] = refusal
            if new:
                self._enter(session, new)
        return [outcomes[sender] for sender in senders]

    def _enter(self, session: Session, new: Sequence[tuple[Received, bytes]]) -> None:
        blobs = self._blobs.keep(session, [archive for _, archive in new])
        connection = session.connection()
        connection.execute(
            _ADD_SUBMISSIONS,
            [
                {**{name: getattr(received, name) for name in _COLUMNS}, "blob": blob, "record_tries": 0}
                for (received, _), blob in zip(new, blobs, strict=True)
            ],
        )
        connection.execute(
            _ADD_EVENTS,
            [
                {"submission_id": received.id, "state": state, "who": who, "why": why, "at": received.received_at}
                for received, _ in new
                for state, who, why in (
                    (State.RECEIVED, received.person, "submitted"),
                    (State.QUEUED, "store", "waiting for a worker"),
                )
            ],
        )
        self._database.notify(session)


def waiting_before(connection: Connection, at: datetime) -> int:
    """How many submissions wait that came before `at`."""
    return int(connection.execute(_WAITING, {"at": at}).scalar() or 0)


def _by_assignment(senders: Sequence[_Sender]) -> Iterator[dict[str, Any]]:
    """The senders as parameters of statements."""
    persons: dict[tuple[str, str], list[str]] = {}
    for course, assignment, person in senders:
        persons.setdefault((course, assignment), []).append(person)
    for (course, assignment), names in persons.items():
        yield {"course": course, "assignment": assignment, "persons": names}


def _pasts(connection: Connection, senders: Sequence[_Sender]) -> dict[_Sender, _Past]:
    """Of those senders who have handed in before."""
    pasts = {}
    for whose in _by_assignment(senders):
        sums = connection.execute(_SUMS, whose).all()
        numbers = {number for row in sums for number in row[3:] if number is not None}
        rows = connection.execute(_EARLIER, {**whose, "numbers": list(numbers)}) if numbers else ()
        earlier = {(row[0], row[1]): _Earlier(*row[2:]) for row in rows}
        for person, number, used, newest, live in sums:
            past = _Past(number, used, earlier.get((person, newest)), earlier.get((person, live)))
            pasts[whose["course"], whose["assignment"], person] = past
    return pasts


def _extensions(connection: Connection, senders: Sequence[_Sender]) -> dict[_Sender, tuple[datetime | None, int]]:
    """A later deadline and further attempts of those who have them; the newest entry holds."""
    return {
        (whose["course"], whose["assignment"], person): (until, more)
        for whose in _by_assignment(senders)
        for person, until, more in connection.execute(_EXTENSIONS, whose)
    }


def _admit(arrival: Arrival, past: _Past, until: datetime | None, more: int) -> bool:
    """Whether it is late. Raises where it may not be handed in, or not now."""
    terms = arrival.terms
    deadline = until or terms.deadline
    late = deadline is not None and arrival.at > deadline
    # What was taken in time stays taken, also for somebody who is unsure and sends it again.
    if late and not terms.takes_late and (past.newest is None or past.newest.digest != arrival.digest):
        assert deadline is not None
        raise TooLate(deadline)
    if past.live is None:
        return late
    if terms.attempts is not None and past.used >= terms.attempts + more:
        raise TooManyAttempts(terms.attempts + more)
    # Of two that came at once by different ways, the later one may be here first.
    if terms.cooldown and arrival.at < past.live.received_at + terms.cooldown:
        raise TooSoon(past.live.received_at + terms.cooldown)
    return late


def _again(session: Session, submission_id: str) -> Received:
    """What the same person sent before."""
    row = session.get_one(SubmissionRow, submission_id)
    place = waiting_before(session.connection(), row.received_at) if row.state == State.QUEUED else None
    return Received(**vars(submission_of(row)), new=False, place=place)


def _new(arrival: Arrival, number: int, version: CourseVersion, late: bool, place: int) -> Received:
    return Received(
        id=secrets.token_hex(12),
        course_id=arrival.course_id,
        assignment=arrival.assignment,
        person=arrival.person,
        digest=arrival.digest,
        language=arrival.language,
        bundle_digest=version.digest,
        received_at=arrival.at,
        state=State.QUEUED,
        attempts=0,
        late=late,
        recorded=False,
        note="",
        number=number,
        in_gradebook=False,
        new=True,
        place=place,
    )
