"""The store. Every method is one transaction and may be called from any thread or process.

A submission's verdict is stored once: whoever delivers must still hold the lease. Writing the gradebook is a step of
its own (`unrecorded`, `mark_recorded`), so that a process killed between the two loses nothing.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from grader.store.blobs import S3Blobs, S3Settings
from grader.store.models import BlobRow, CourseVersionRow, EventRow, PreferenceRow, SubmissionRow
from grader.store.types import CourseVersion, Event, Lease, State, StoreError, Submission, UnknownSubmission

#: How long SQLite waits for another writer, in seconds.
_BUSY = 30.0
#: How often a SQLite store looks for news, in seconds.
_POLL = 0.1
#: How often it is looked, while PostgreSQL is listened to, whether to go on, in seconds.
_LOOK = 0.5
_CHANNEL = "lehrwerk_event"
_MIGRATION_LOCK = 0x4C656872


class Store:
    """`url` is an SQLAlchemy URL of SQLite or PostgreSQL; blobs go to `s3` where it is given."""

    def __init__(self, url: str, *, s3: S3Settings | None = None, attempts: int = 3) -> None:
        self.url = url
        self.attempts = attempts
        self._s3 = S3Blobs(s3) if s3 is not None else None
        self.engine = _engine(url)
        self._postgres = self.engine.dialect.name == "postgresql"

    def migrate(self) -> None:
        """Bring the database to this version. Several processes may call it at once."""
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        with self.engine.connect() as connection:
            if self._postgres:
                connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _MIGRATION_LOCK})
                connection.commit()
            else:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
                connection.commit()
            finally:
                if self._postgres:
                    connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _MIGRATION_LOCK})
                    connection.commit()

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        with Session(self.engine) as session, session.begin():
            if not self._postgres:
                # A transaction that will write takes SQLite's lock at once, or it could be refused half-way.
                session.execute(text("BEGIN IMMEDIATE"))
            yield session

    @contextmanager
    def _reading(self) -> Iterator[Session]:
        with Session(self.engine) as session:
            yield session

    # -- blobs

    def _keep(self, session: Session, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        if session.get(BlobRow, digest) is None:
            if self._s3 is not None:
                self._s3.put(digest, data)
            session.add(BlobRow(digest=digest, size=len(data), data=None if self._s3 else data))
            session.flush()
        return digest

    def _blob(self, session: Session, digest: str) -> bytes:
        row = session.get(BlobRow, digest)
        if row is None:
            raise StoreError(f"blob {digest} is missing")
        if row.data is not None:
            return row.data
        if self._s3 is None:
            raise StoreError(f"blob {digest} lies in S3, and storage.s3 is not set")
        return self._s3.get(digest)

    # -- courses

    def publish(self, course_id: str, bundle: dict[str, Any], tar: bytes, digest: str, by: str) -> CourseVersion:
        """Make a version of a course the current one; publishing the current one again changes nothing."""
        with self._writing() as session:
            current = self._current(session, course_id)
            if current is not None and current.digest == digest:
                return _version(current)
            row = CourseVersionRow(
                course_id=course_id,
                digest=digest,
                blob=self._keep(session, tar),
                bundle=bundle,
                published_at=_now(),
                published_by=by,
            )
            session.add(row)
            session.flush()
            return _version(row)

    @staticmethod
    def _current(session: Session, course_id: str) -> CourseVersionRow | None:
        return session.scalars(
            select(CourseVersionRow)
            .where(CourseVersionRow.course_id == course_id)
            .order_by(CourseVersionRow.id.desc())
            .limit(1)
        ).first()

    def courses(self) -> list[CourseVersion]:
        """The current version of every course, by course id."""
        with self._reading() as session:
            newest = select(func.max(CourseVersionRow.id)).group_by(CourseVersionRow.course_id)
            rows = session.scalars(
                select(CourseVersionRow).where(CourseVersionRow.id.in_(newest)).order_by(CourseVersionRow.course_id)
            )
            return [_version(row) for row in rows]

    def course(self, course_id: str) -> CourseVersion | None:
        with self._reading() as session:
            row = self._current(session, course_id)
            return None if row is None else _version(row)

    def bundle_tar(self, digest: str) -> bytes:
        """The tar of a course version, by the version's digest."""
        with self._reading() as session:
            row = session.scalars(select(CourseVersionRow).where(CourseVersionRow.digest == digest).limit(1)).first()
            if row is None:
                raise StoreError(f"no course version {digest}")
            return self._blob(session, row.blob)

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
        late: bool = False,
    ) -> Submission:
        """Take a submission in and queue it. The same one sent twice is one; the time is stamped here."""
        digest = digest or hashlib.sha256(archive).hexdigest()
        same = (
            SubmissionRow.course_id == course_id,
            SubmissionRow.assignment == assignment,
            SubmissionRow.person == person,
            SubmissionRow.digest == digest,
        )
        try:
            with self._writing() as session:
                known = session.scalars(select(SubmissionRow).where(*same)).first()
                if known is not None:
                    return _submission(known)
                version = self._current(session, course_id)
                if version is None:
                    raise StoreError(f"no course {course_id}")
                row = SubmissionRow(
                    id=secrets.token_hex(12),
                    course_id=course_id,
                    assignment=assignment,
                    person=person,
                    digest=digest,
                    blob=self._keep(session, archive),
                    language=language,
                    bundle_digest=version.digest,
                    received_at=_now(),
                    state=State.RECEIVED,
                    late=late,
                    note="",
                    attempts=0,
                    recorded=False,
                )
                session.add(row)
                session.flush()
                self._enter(session, row, State.RECEIVED, person, "submitted")
                self._enter(session, row, State.QUEUED, "store", "waiting for a worker")
                return _submission(row)
        except IntegrityError:
            # The same submission came in at the same moment by another process.
            with self._reading() as session:
                return _submission(session.scalars(select(SubmissionRow).where(*same)).one())

    def submission(self, submission_id: str) -> Submission | None:
        with self._reading() as session:
            row = session.get(SubmissionRow, submission_id)
            return None if row is None else _submission(row)

    def submissions(
        self,
        course_id: str | None = None,
        assignment: str | None = None,
        person: str | None = None,
        limit: int = 1000,
    ) -> list[Submission]:
        """Newest first."""
        query = select(SubmissionRow).order_by(SubmissionRow.received_at.desc(), SubmissionRow.id).limit(limit)
        for column, value in (
            (SubmissionRow.course_id, course_id),
            (SubmissionRow.assignment, assignment),
            (SubmissionRow.person, person),
        ):
            if value is not None:
                query = query.where(column == value)
        with self._reading() as session:
            return [_submission(row) for row in session.scalars(query)]

    def archive(self, submission_id: str) -> bytes:
        with self._reading() as session:
            return self._blob(session, self._row(session, submission_id).blob)

    def verdict(self, submission_id: str) -> str | None:
        """The verdict's JSON, or None while there is none."""
        with self._reading() as session:
            return self._row(session, submission_id).verdict

    def withdraw(self, submission_id: str, who: str) -> bool:
        """Take a submission back that nobody has examined; False where it is too late."""
        with self._writing() as session:
            row = self._row(session, submission_id, lock=True)
            if row.state not in (State.RECEIVED, State.QUEUED):
                return False
            self._enter(session, row, State.WITHDRAWN, who, "withdrawn")
            return True

    def mark_again(self, submission_id: str, who: str) -> bool:
        """Queue a submission anew that needs review or failed, without its verdict and with all its attempts; False
        in any other state."""
        with self._writing() as session:
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
        with self._reading() as session:
            row = session.get(SubmissionRow, submission_id)
            if row is None or row.state != State.QUEUED:
                return None
            before = select(func.count()).where(
                SubmissionRow.state == State.QUEUED, SubmissionRow.received_at < row.received_at
            )
            return int(session.scalar(before) or 0)

    def lease(self, worker: str, seconds: float, batch: int = 1) -> list[Lease]:
        """Up to `batch` submissions to examine, oldest first; one whose lease ran out goes to the next who asks."""
        with self._writing() as session:
            self._expire(session)
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
                leases.append(Lease(_submission(row), row.lease_token, row.attempts, row.lease_until))
            return leases

    def _expire(self, session: Session) -> None:
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
        with self._writing() as session:
            found = session.execute(
                update(SubmissionRow)
                .where(SubmissionRow.lease_token == token, SubmissionRow.state == State.RUNNING)
                .values(lease_until=_now() + timedelta(seconds=seconds))
            )
            return bool(found.rowcount)  # type: ignore[attr-defined]

    def deliver(self, token: str, verdict: str) -> bool:
        """Store the verdict; False where the lease was lost, and then nothing is stored."""
        with self._writing() as session:
            row = self._leased(session, token)
            if row is None or row.verdict is not None:
                return False
            row.verdict = verdict
            row.lease_token = row.lease_until = None
            return True

    def give_up(self, token: str, why: str) -> bool:
        """Give a lease back: the submission waits again, or needs review after too many attempts."""
        with self._writing() as session:
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

    def unrecorded(self) -> list[str]:
        """Submissions with a verdict that is not in the gradebook yet, oldest first."""
        with self._reading() as session:
            return list(
                session.scalars(
                    select(SubmissionRow.id)
                    .where(SubmissionRow.verdict.is_not(None), SubmissionRow.recorded.is_(False))
                    .order_by(SubmissionRow.received_at)
                )
            )

    def mark_recorded(
        self, submission_id: str, state: State | str, why: str = "recorded", who: str = "registrar"
    ) -> None:
        """The gradebook holds the verdict, or refuses it (`needs review`); marking twice changes nothing."""
        with self._writing() as session:
            row = self._row(session, submission_id, lock=True)
            if row.recorded:
                return
            row.recorded = True
            row.lease_worker = None
            if state != State.GRADED:
                row.note = why
            self._enter(session, row, State(state), who, why)

    # -- the log

    def _enter(self, session: Session, row: SubmissionRow, state: State, who: str, why: str) -> None:
        row.state = state
        session.add(EventRow(submission_id=row.id, state=state, who=who, why=why, at=_now()))
        session.flush()
        if self._postgres:
            session.execute(text(f"NOTIFY {_CHANNEL}"))

    def log(self, submission_id: str | None = None, after: int = 0) -> list[Event]:
        """Events in order, of one submission or of all."""
        query = select(EventRow).where(EventRow.seq > after).order_by(EventRow.seq)
        if submission_id is not None:
            query = query.where(EventRow.submission_id == submission_id)
        with self._reading() as session:
            return [
                Event(row.seq, row.submission_id, State(row.state), row.who, row.why, row.at)
                for row in session.scalars(query)
            ]

    def last_event(self) -> int:
        """The newest event's number, 0 for an empty log."""
        with self._reading() as session:
            return int(session.scalar(select(func.max(EventRow.seq))) or 0)

    def wait(self, after: int, timeout: float, until: Callable[[], bool] = lambda: False) -> list[Event]:
        """Events after number `after`, as soon as there are any; [] when `timeout` seconds have passed, or soon after
        `until` says yes."""
        deadline = time.monotonic() + timeout
        if self._postgres:
            return self._listen(after, deadline, until)
        while True:
            if self.last_event() > after:
                return self.log(after=after)
            left = deadline - time.monotonic()
            if left <= 0 or until():
                return []
            time.sleep(min(_POLL, left))

    def _listen(self, after: int, deadline: float, until: Callable[[], bool]) -> list[Event]:
        connection = self.engine.raw_connection()
        try:
            driver: Any = connection.driver_connection
            driver.autocommit = True
            driver.execute(f"LISTEN {_CHANNEL}")
            while True:
                if found := self.log(after=after):
                    return found
                left = deadline - time.monotonic()
                if left <= 0 or until():
                    return []
                for _ in driver.notifies(timeout=min(left, _LOOK), stop_after=1):
                    pass
        finally:
            # A connection that listens must not go back to the pool.
            connection.invalidate()
            connection.close()

    # -- preferences

    def language(self, person: str) -> str | None:
        with self._reading() as session:
            row = session.get(PreferenceRow, person)
            return None if row is None else row.language

    def set_language(self, person: str, language: str) -> None:
        with self._writing() as session:
            session.merge(PreferenceRow(person=person, language=language))


def _engine(url: str) -> Engine:
    if url.startswith("postgresql://"):
        url = "postgresql+psycopg://" + url.removeprefix("postgresql://")
    engine = create_engine(url, pool_pre_ping=True)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def connect(connection: Any, _: Any) -> None:
            # Transactions begin where the store says so, not where the driver thinks best.
            connection.isolation_level = None
            for pragma in (
                "journal_mode=WAL",
                f"busy_timeout={int(_BUSY * 1000)}",
                "foreign_keys=ON",
                "synchronous=FULL",
            ):
                connection.execute(f"PRAGMA {pragma}")

    return engine


def _now() -> datetime:
    return datetime.now(UTC)


def _version(row: CourseVersionRow) -> CourseVersion:
    return CourseVersion(row.course_id, row.digest, row.bundle, row.published_at, row.published_by)


def _submission(row: SubmissionRow) -> Submission:
    return Submission(
        row.id,
        row.course_id,
        row.assignment,
        row.person,
        row.digest,
        row.language,
        row.bundle_digest,
        row.received_at,
        State(row.state),
        row.attempts,
        row.late,
        row.recorded,
        row.note,
    )
