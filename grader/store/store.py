"""The store. Every method is one transaction and may be called from any thread or process.

A submission's verdict is stored once: whoever delivers must still hold the lease. Writing the gradebook is a step of
its own (`unrecorded`, `mark_recorded`), so that a process killed between the two loses nothing.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from grader.store.blobs import Blobs, S3Blobs, S3Settings
from grader.store.database import Database
from grader.store.intake import Arrival, Intake, waiting_before
from grader.store.models import (
    CourseVersionRow,
    EarlierVerdictRow,
    EventRow,
    ExtensionRow,
    MailRow,
    PreferenceRow,
    SubmissionRow,
)
from grader.store.plain import extension_of, submission_of, version_of
from grader.store.types import (
    CourseVersion,
    EarlierVerdict,
    Event,
    Extension,
    ExtensionChanged,
    Lease,
    Received,
    State,
    StoreError,
    Submission,
    Terms,
    UnknownSubmission,
)
from grader.store.versions import Versions

#: How often a SQLite store looks for news, in seconds.
_POLL = 0.1
#: How often it is looked, while PostgreSQL is listened to, whether to go on, in seconds.
_LOOK = 0.5
#: Whoever delivers a verdict also has it recorded; others take that over after so long, in seconds.
_GRACE = 60.0
#: The longest pause between two tries to record a verdict, in seconds.
_LONGEST_PAUSE = 600.0
#: A mail is tried so often, with a pause that doubles each time; the first is twice this, in seconds.
_MAIL_TRIES, _MAIL_PAUSE = 8, 60.0
_ANY_TIME = Terms()


class Store:
    """`url` is an SQLAlchemy URL of SQLite or PostgreSQL; blobs go to `s3` where it is given."""

    def __init__(self, url: str, *, s3: S3Settings | None = None, attempts: int = 3) -> None:
        self.url = url
        self.attempts = attempts
        self._database = Database(url)
        self.engine = self._database.engine
        self._blobs = Blobs(S3Blobs(s3) if s3 is not None else None)
        self._versions = Versions()
        self._intake = Intake(self._database, self._blobs, self._versions)

    def migrate(self, revision: str = "head") -> None:
        """Bring the database to this version, or to an earlier one. Several processes may call it at once."""
        self._database.migrate(revision)

    def close(self) -> None:
        self._database.close()

    def alone(self, *what: str) -> AbstractContextManager[None]:
        """Hold the lock on `what`, of which one holder at a time exists in all processes; waits for it.

        It ends with its holder's process or connection.
        """
        return self._database.alone(*what)

    # -- courses

    def publish(self, course_id: str, bundle: dict[str, Any], tar: bytes, digest: str, by: str) -> CourseVersion:
        """Make a version of a course the current one; publishing the current one again changes nothing."""
        with self._database.writing() as session:
            current = self._versions.current(session, [course_id]).get(course_id)
            if current is not None and current.digest == digest:
                return current
            row = CourseVersionRow(
                course_id=course_id,
                digest=digest,
                blob=self._blobs.keep(session, [tar])[0],
                bundle=bundle,
                published_at=_now(),
                published_by=by,
            )
            session.add(row)
            session.flush()
            return version_of(row)

    def courses(self) -> list[CourseVersion]:
        """The current version of every course, by course id."""
        with self._database.reading() as session:
            return list(self._versions.current(session).values())

    def course(self, course_id: str) -> CourseVersion | None:
        with self._database.reading() as session:
            return self._versions.current(session, [course_id]).get(course_id)

    def bundle(self, digest: str) -> dict[str, Any]:
        """bundle.json of a course version, by the version's digest."""
        with self._database.reading() as session:
            return self._version(session, digest).bundle

    def bundle_tar(self, digest: str) -> bytes:
        """The tar of a course version, by the version's digest."""
        with self._database.reading() as session:
            return self._blobs.read(session, self._version(session, digest).blob)

    @staticmethod
    def _version(session: Session, digest: str) -> CourseVersionRow:
        row = session.scalars(select(CourseVersionRow).where(CourseVersionRow.digest == digest).limit(1)).first()
        if row is None:
            raise StoreError(f"no course version {digest}")
        return row

    # -- submissions

    def receive(
        self,
        course_id: str,
        assignment: str,
        person: str,
        archive: bytes,
        *,
        language: str = "en",
        digest: str | None = None,
        terms: Terms = _ANY_TIME,
    ) -> Received:
        """Take a submission in and queue it; the time is stamped here. Returns when it is in the database for good.

        What is the same as the person's newest one (withdrawn and failed ones aside) is that one. Raises TooLate,
        TooManyAttempts and TooSoon by `terms` and the person's extension.
        """
        digest = digest or hashlib.sha256(archive).hexdigest()
        return self._intake.receive(Arrival(course_id, assignment, person, archive, language, digest, terms, at=_now()))

    def submission(self, submission_id: str) -> Submission | None:
        with self._database.reading() as session:
            row = session.get(SubmissionRow, submission_id)
            return None if row is None else submission_of(row)

    def submissions(
        self,
        course_id: str | None = None,
        assignment: str | None = None,
        person: str | None = None,
        limit: int | None = 1000,
    ) -> list[Submission]:
        """Newest first; with no `limit` all of them."""
        query = select(SubmissionRow).limit(limit)
        query = query.order_by(SubmissionRow.received_at.desc(), SubmissionRow.number.desc(), SubmissionRow.id)
        for column, value in (
            (SubmissionRow.course_id, course_id),
            (SubmissionRow.assignment, assignment),
            (SubmissionRow.person, person),
        ):
            if value is not None:
                query = query.where(column == value)
        with self._database.reading() as session:
            return [submission_of(row) for row in session.scalars(query)]

    def latest(
        self, course_id: str, assignment: str, person: str | None = None, *, in_gradebook: bool = False
    ) -> list[Submission]:
        """Everybody's newest submission that was not withdrawn, by person; or the one whose verdict counts."""
        wanted = [SubmissionRow.course_id == course_id, SubmissionRow.assignment == assignment]
        wanted.append(SubmissionRow.in_gradebook.is_(True) if in_gradebook else SubmissionRow.state != State.WITHDRAWN)
        if person is not None:
            wanted.append(SubmissionRow.person == person)
        newest = select(SubmissionRow.person, func.max(SubmissionRow.number).label("number")).where(*wanted)
        found = newest.group_by(SubmissionRow.person).subquery()
        query = (
            select(SubmissionRow)
            .join(found, (SubmissionRow.person == found.c.person) & (SubmissionRow.number == found.c.number))
            .where(SubmissionRow.course_id == course_id, SubmissionRow.assignment == assignment)
            .order_by(SubmissionRow.person)
        )
        with self._database.reading() as session:
            return [submission_of(row) for row in session.scalars(query)]

    def people(self, course_id: str) -> list[str]:
        """Who has handed in anything in a course, sorted."""
        query = select(SubmissionRow.person).where(SubmissionRow.course_id == course_id).distinct()
        with self._database.reading() as session:
            return sorted(session.scalars(query))

    def archive(self, submission_id: str) -> bytes:
        with self._database.reading() as session:
            return self._blobs.read(session, self._row(session, submission_id).blob)

    def verdict(self, submission_id: str) -> str | None:
        """The verdict's JSON, or None while there is none."""
        with self._database.reading() as session:
            return self._row(session, submission_id).verdict

    def revise(
        self, submission_id: str, verdict: str, bundle_digest: str, *, replaces: str, who: str, why: str
    ) -> bool:
        """Replace the verdict, which must be recorded and be `replaces`; the old one is kept, and the reason logged.

        The new one then waits to be recorded, as a first one does. False where the verdict is another by now.
        """
        with self._database.writing() as session:
            row = self._row(session, submission_id, lock=True)
            if row.verdict != replaces or not row.recorded:
                return False
            session.add(
                EarlierVerdictRow(
                    submission_id=row.id,
                    verdict=row.verdict,
                    bundle_digest=row.bundle_digest,
                    replaced_at=_now(),
                    replaced_by=who,
                    why=why,
                )
            )
            row.verdict, row.bundle_digest = verdict, bundle_digest
            row.recorded, row.record_tries, row.record_after, row.note = False, 0, self._grace(), ""
            self._enter(session, row, State.RUNNING, who, f"regraded: {why}")
            return True

    def earlier_verdicts(self, submission_id: str) -> list[EarlierVerdict]:
        """Verdicts that were replaced, oldest first."""
        query = select(EarlierVerdictRow).where(EarlierVerdictRow.submission_id == submission_id)
        with self._database.reading() as session:
            return [
                EarlierVerdict(row.verdict, row.bundle_digest, row.replaced_at, row.replaced_by, row.why)
                for row in session.scalars(query.order_by(EarlierVerdictRow.id))
            ]

    def withdraw(self, submission_id: str, who: str) -> bool:
        """Take a submission back that nobody has examined; False where it is too late."""
        with self._database.writing() as session:
            row = self._row(session, submission_id, lock=True)
            if row.state not in (State.RECEIVED, State.QUEUED):
                return False
            self._enter(session, row, State.WITHDRAWN, who, "withdrawn")
            return True

    def mark_again(self, submission_id: str, who: str) -> bool:
        """Queue a submission anew that needs review or failed, without its verdict and with all its attempts; False
        in any other state."""
        with self._database.writing() as session:
            row = self._row(session, submission_id, lock=True)
            if row.state not in (State.NEEDS_REVIEW, State.FAILED):
                return False
            row.verdict = None
            row.recorded = False
            row.attempts = 0
            row.note = ""
            self._enter(session, row, State.QUEUED, who, "to be marked again")
            return True

    @staticmethod
    def _row(session: Session, submission_id: str, lock: bool = False) -> SubmissionRow:
        query = select(SubmissionRow).where(SubmissionRow.id == submission_id)
        row = session.scalars(query.with_for_update() if lock else query).first()
        if row is None:
            raise UnknownSubmission(f"no submission {submission_id}")
        return row

    # -- the queue

    def queue_position(self, submission_id: str) -> int | None:
        """How many are before it, from 0; None where it does not wait."""
        with self._database.reading() as session:
            row = session.get(SubmissionRow, submission_id)
            if row is None or row.state != State.QUEUED:
                return None
            return waiting_before(session.connection(), row.received_at)

    def lease(self, worker: str, seconds: float, batch: int = 1) -> list[Lease]:
        """Up to `batch` submissions to examine, oldest first; one whose lease ran out goes to the next who asks."""
        with self._database.writing() as session:
            self._expire(session, seconds)
            query = (
                select(SubmissionRow)
                .where(SubmissionRow.state == State.QUEUED)
                .order_by(SubmissionRow.received_at, SubmissionRow.id)
                .limit(batch)
                .with_for_update(skip_locked=True)
            )
            leases = []
            for row in session.scalars(query).all():
                row.lease_token = secrets.token_hex(16)
                row.lease_worker = worker
                row.lease_until = _now() + timedelta(seconds=seconds)
                row.attempts += 1
                self._enter(session, row, State.RUNNING, worker, f"attempt {row.attempts}")
                leases.append(Lease(submission_of(row), row.lease_token, row.attempts, row.lease_until))
            return leases

    def _expire(self, session: Session, seconds: float) -> None:
        # A clock that was ahead gave leases that would hold for as long as it was wrong; they end as new ones do.
        latest = _now() + timedelta(seconds=seconds)
        session.execute(
            update(SubmissionRow)
            .where(SubmissionRow.state == State.RUNNING, SubmissionRow.lease_until > latest)
            .values(lease_until=latest)
        )
        late = (
            select(SubmissionRow)
            .where(SubmissionRow.state == State.RUNNING, SubmissionRow.lease_until < _now())
            .with_for_update(skip_locked=True)
        )
        for row in session.scalars(late).all():
            self._return(session, row, "store", f"{row.lease_worker} stopped answering")

    def _return(self, session: Session, row: SubmissionRow, who: str, why: str) -> None:
        row.lease_token = row.lease_worker = row.lease_until = None
        if row.attempts >= self.attempts:
            row.note = why
            self._enter(session, row, State.NEEDS_REVIEW, who, f"{row.attempts} attempts ended: {why}")
        else:
            self._enter(session, row, State.QUEUED, who, why)

    def heartbeat(self, token: str, seconds: float) -> bool:
        """Keep a lease; False where it is lost."""
        with self._database.writing() as session:
            found = session.execute(
                update(SubmissionRow)
                .where(SubmissionRow.lease_token == token, SubmissionRow.state == State.RUNNING)
                .values(lease_until=_now() + timedelta(seconds=seconds))
            )
            return bool(found.rowcount)  # type: ignore[attr-defined]

    def deliver(self, token: str, verdict: str) -> bool:
        """Store the verdict; False where the lease was lost, and then nothing is stored."""
        with self._database.writing() as session:
            row = self._leased(session, token)
            if row is None or row.verdict is not None:
                return False
            row.verdict = verdict
            row.lease_token = row.lease_until = None
            row.record_after = self._grace()
            return True

    @staticmethod
    def _grace() -> datetime:
        return _now() + timedelta(seconds=_GRACE)

    def give_up(self, token: str, why: str) -> bool:
        """Give a lease back: the submission waits again, or needs review after too many attempts."""
        with self._database.writing() as session:
            row = self._leased(session, token)
            if row is None:
                return False
            self._return(session, row, row.lease_worker or "worker", why)
            return True

    @staticmethod
    def _leased(session: Session, token: str) -> SubmissionRow | None:
        return session.scalars(
            select(SubmissionRow)
            .where(SubmissionRow.lease_token == token, SubmissionRow.state == State.RUNNING)
            .with_for_update()
        ).first()

    # -- records

    def unrecorded(self, *, due: bool = False) -> list[str]:
        """Submissions with a verdict that is not in the gradebook yet, oldest first; `due`: those left behind or
        whose pause after a failed try is over."""
        query = select(SubmissionRow.id).where(SubmissionRow.verdict.is_not(None), SubmissionRow.recorded.is_(False))
        if due:
            # One that is due later than any pause lasts was postponed by a clock that was ahead.
            now, latest = _now(), _now() + timedelta(seconds=max(_GRACE, _LONGEST_PAUSE))
            after = SubmissionRow.record_after
            query = query.where(or_(after.is_(None), after <= now, after > latest))
        with self._database.reading() as session:
            return list(session.scalars(query.order_by(SubmissionRow.received_at)))

    def mark_recorded(
        self,
        submission_id: str,
        state: State | str,
        why: str = "recorded",
        who: str = "registrar",
        *,
        in_gradebook: bool = True,
        holder: str | None = None,
        mail: bool = False,
    ) -> None:
        """The gradebook holds the verdict, or another one, or refuses it (`needs review`); `in_gradebook` says whether
        this one was written. `holder` is the person's submission whose verdict it holds, where that may be an older
        one. With `mail` the learner gets one, if there was none before for this submission. Marking twice changes
        nothing."""
        with self._database.writing() as session:
            row = self._row(session, submission_id, lock=True)
            if row.recorded:
                return
            row.recorded = True
            row.in_gradebook = in_gradebook
            if holder is not None:
                self._hold(session, self._row(session, holder))
            row.lease_worker = row.record_after = None
            row.note = why if state != State.GRADED else ""
            self._enter(session, row, State(state), who, why)
            if mail and session.get(MailRow, submission_id) is None:
                session.add(MailRow(submission_id=submission_id, due_at=_now(), tries=0))

    @staticmethod
    def _hold(session: Session, row: SubmissionRow) -> None:
        """It counts, whatever counted before it that is newer."""
        row.in_gradebook = True
        session.execute(
            update(SubmissionRow)
            .where(
                SubmissionRow.course_id == row.course_id,
                SubmissionRow.assignment == row.assignment,
                SubmissionRow.person == row.person,
                SubmissionRow.number > row.number,
            )
            .values(in_gradebook=False)
        )

    def postpone_recording(self, submission_id: str, why: str, who: str = "registrar") -> None:
        """The verdict could not be recorded, and that is our failure: it is due again after a pause that grows."""
        with self._database.writing() as session:
            row = self._row(session, submission_id, lock=True)
            if row.recorded:
                return
            row.record_tries += 1
            pause = min(2.0**row.record_tries, _LONGEST_PAUSE)
            row.record_after = _now() + timedelta(seconds=pause)
            row.note = why
            self._enter(
                session, row, State(row.state), who, f"try {row.record_tries} to record: {why}; again in {pause:g} s"
            )

    # -- the outbox

    def take_mail(self) -> Submission | None:
        """A submission whose learner should get a mail now; it is due again after a pause, unless it is `mail_done`."""
        with self._database.writing() as session:
            query = (
                select(MailRow)
                .where(MailRow.due_at <= _now(), MailRow.tries < _MAIL_TRIES)
                .order_by(MailRow.due_at)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            row = session.scalars(query).first()
            if row is None:
                return None
            row.tries += 1
            row.due_at = _now() + timedelta(seconds=_MAIL_PAUSE * 2**row.tries)
            return submission_of(self._row(session, row.submission_id))

    def mail_done(self, submission_id: str) -> None:
        """The mail is sent, or there is nobody to send it to."""
        with self._database.writing() as session:
            session.execute(update(MailRow).where(MailRow.submission_id == submission_id).values(due_at=None))

    # -- extensions

    def extend(
        self,
        course_id: str,
        assignment: str,
        person: str,
        *,
        until: datetime | None,
        attempts: int,
        deadline: datetime | None,
        who: str,
        why: str,
        replaces: int | None = None,
    ) -> Extension:
        """Enter what a learner has from now on: a deadline of their own (None: none) and so many attempts on top of the
        assignment's.

        Where that changes the time, who was late is judged anew: by `until`, or by the assignment's `deadline` (None:
        nobody is). Raises ExtensionChanged unless `replaces` is the number of the entry that holds until now (0: there
        is none; None: whatever it is).
        """
        with self._database.writing() as session:
            self._database.one_by_one(session, ("extend", course_id, assignment, person))
            before = self._extension(session, course_id, assignment, person)
            if replaces is not None and replaces != (before.seq if before else 0):
                raise ExtensionChanged(f"the extension of {person} for {assignment} has been changed meanwhile")
            if until != (before.until if before else None):
                theirs = select(SubmissionRow).where(
                    SubmissionRow.course_id == course_id,
                    SubmissionRow.assignment == assignment,
                    SubmissionRow.person == person,
                )
                ends = until or deadline
                for submission in session.scalars(theirs.with_for_update()):
                    submission.late = ends is not None and submission.received_at > ends
            row = ExtensionRow(
                course_id=course_id,
                assignment=assignment,
                person=person,
                until=until,
                attempts=attempts,
                who=who,
                why=why,
                at=_now(),
            )
            session.add(row)
            session.flush()
            return extension_of(row)

    @staticmethod
    def _extension(session: Session, course_id: str, assignment: str, person: str) -> ExtensionRow | None:
        return session.scalars(
            select(ExtensionRow)
            .where(
                ExtensionRow.course_id == course_id,
                ExtensionRow.assignment == assignment,
                ExtensionRow.person == person,
            )
            .order_by(ExtensionRow.seq.desc())
            .limit(1)
        ).first()

    def extension(self, course_id: str, assignment: str, person: str) -> Extension | None:
        """The newest entry, which may have taken back what was given before; None where there never was one."""
        with self._database.reading() as session:
            row = self._extension(session, course_id, assignment, person)
            return None if row is None else extension_of(row)

    def extension_log(self, course_id: str) -> list[Extension]:
        """Every entry of a course, newest first."""
        query = select(ExtensionRow).where(ExtensionRow.course_id == course_id)
        with self._database.reading() as session:
            return [extension_of(row) for row in session.scalars(query.order_by(ExtensionRow.seq.desc()))]

    # -- the log

    def _enter(self, session: Session, row: SubmissionRow, state: State, who: str, why: str) -> None:
        row.state = state
        session.add(EventRow(submission_id=row.id, state=state, who=who, why=why, at=_now()))
        session.flush()
        self._database.notify(session)

    def log(self, submission_id: str | None = None, after: int = 0) -> list[Event]:
        """Events in order, of one submission or of all."""
        query = select(EventRow).where(EventRow.seq > after).order_by(EventRow.seq)
        if submission_id is not None:
            query = query.where(EventRow.submission_id == submission_id)
        with self._database.reading() as session:
            return [
                Event(row.seq, row.submission_id, State(row.state), row.who, row.why, row.at)
                for row in session.scalars(query)
            ]

    def last_event(self) -> int:
        """The newest event's number, 0 for an empty log."""
        with self._database.reading() as session:
            return int(session.scalar(select(func.max(EventRow.seq))) or 0)

    def wait(self, after: int, timeout: float, until: Callable[[], bool] = lambda: False) -> list[Event]:
        """Events after number `after`, as soon as there are any; [] when `timeout` seconds have passed, or soon after
        `until` says yes."""
        deadline = time.monotonic() + timeout
        if self._database.postgres:
            return self._listen(after, deadline, until)
        while True:
            if self.last_event() > after:
                return self.log(after=after)
            left = deadline - time.monotonic()
            if left <= 0 or until():
                return []
            time.sleep(min(_POLL, left))

    def _listen(self, after: int, deadline: float, until: Callable[[], bool]) -> list[Event]:
        with self._database.listening() as driver:
            while True:
                if found := self.log(after=after):
                    return found
                left = deadline - time.monotonic()
                if left <= 0 or until():
                    return []
                for _ in driver.notifies(timeout=min(left, _LOOK), stop_after=1):
                    pass

    # -- preferences

    def language(self, person: str) -> str | None:
        with self._database.reading() as session:
            row = session.get(PreferenceRow, person)
            return None if row is None else row.language

    def set_language(self, person: str, language: str) -> None:
        with self._database.writing() as session:
            session.merge(PreferenceRow(person=person, language=language))


def _now() -> datetime:
    return datetime.now(UTC)
