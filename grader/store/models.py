"""The store's tables."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcTime(TypeDecorator[datetime]):
    """Times are UTC everywhere; SQLite forgets the zone, so it is put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    pass


#: SQLite counts only plain INTEGER keys up by itself.
_Counter = BigInteger().with_variant(Integer, "sqlite")


class BlobRow(Base):
    """Bytes by digest. `data` is empty where they lie in S3."""

    __tablename__ = "blob"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    data: Mapped[bytes | None] = mapped_column(LargeBinary)


class CourseVersionRow(Base):
    __tablename__ = "course_version"
    id: Mapped[int] = mapped_column(_Counter, primary_key=True)
    course_id: Mapped[str] = mapped_column(String(90), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    blob: Mapped[str] = mapped_column(ForeignKey("blob.digest"))
    bundle: Mapped[dict[str, Any]] = mapped_column(JSON)
    published_at: Mapped[datetime] = mapped_column(UtcTime)
    published_by: Mapped[str] = mapped_column(String(200))


class SubmissionRow(Base):
    __tablename__ = "submission"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    course_id: Mapped[str] = mapped_column(String(90))
    assignment: Mapped[str] = mapped_column(String(90))
    person: Mapped[str] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(String(64))
    blob: Mapped[str] = mapped_column(ForeignKey("blob.digest"))
    language: Mapped[str] = mapped_column(String(2))
    bundle_digest: Mapped[str] = mapped_column(String(64))
    received_at: Mapped[datetime] = mapped_column(UtcTime)
    #: Counts a person's submissions of an assignment from 1: what is newer, whatever the clock did.
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    late: Mapped[bool]
    note: Mapped[str] = mapped_column(Text, default="")
    attempts: Mapped[int] = mapped_column(default=0)
    lease_token: Mapped[str | None] = mapped_column(String(64), unique=True)
    lease_worker: Mapped[str | None] = mapped_column(String(200))
    lease_until: Mapped[datetime | None] = mapped_column(UtcTime)
    verdict: Mapped[str | None] = mapped_column(Text)
    recorded: Mapped[bool] = mapped_column(default=False)
    in_gradebook: Mapped[bool] = mapped_column(default=False)
    record_tries: Mapped[int] = mapped_column(default=0)
    record_after: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("course_id", "assignment", "person", "number", name="submission_number"),
        Index("submission_queue", "state", "received_at"),
        Index("submission_person", "person", "received_at"),
        Index("submission_course", "course_id", "assignment", "received_at"),
    )


class EarlierVerdictRow(Base):
    """A verdict that a regrade has replaced."""

    __tablename__ = "earlier_verdict"
    id: Mapped[int] = mapped_column(_Counter, primary_key=True)
    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"), index=True)
    verdict: Mapped[str] = mapped_column(Text)
    bundle_digest: Mapped[str] = mapped_column(String(64))
    replaced_at: Mapped[datetime] = mapped_column(UtcTime)
    replaced_by: Mapped[str] = mapped_column(String(200))
    why: Mapped[str] = mapped_column(Text)


class ExtensionRow(Base):
    """Extra time or attempts of one learner for one assignment: the newest row holds, and none and 0 take it back.
    Rows are only ever added; triggers refuse anything else."""

    __tablename__ = "extension_log"
    seq: Mapped[int] = mapped_column(_Counter, primary_key=True)
    course_id: Mapped[str] = mapped_column(String(90))
    assignment: Mapped[str] = mapped_column(String(90))
    person: Mapped[str] = mapped_column(String(200))
    until: Mapped[datetime | None] = mapped_column(UtcTime)
    attempts: Mapped[int]
    who: Mapped[str] = mapped_column(String(200))
    why: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        Index("extension_learner", "course_id", "assignment", "person", "seq"),
        {"sqlite_autoincrement": True},
    )


class MailRow(Base):
    """The outbox: one mail for a submission's verdict. `due_at` is empty where it is sent."""

    __tablename__ = "mail"
    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"), primary_key=True)
    due_at: Mapped[datetime | None] = mapped_column(UtcTime, index=True)
    tries: Mapped[int] = mapped_column(default=0)


class EventRow(Base):
    """The log. Rows are only ever added; triggers refuse anything else."""

    __tablename__ = "event"
    seq: Mapped[int] = mapped_column(_Counter, primary_key=True)
    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"), index=True)
    state: Mapped[str] = mapped_column(String(16))
    who: Mapped[str] = mapped_column(String(200))
    why: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = ({"sqlite_autoincrement": True},)


class PreferenceRow(Base):
    __tablename__ = "preference"
    person: Mapped[str] = mapped_column(String(200), primary_key=True)
    language: Mapped[str] = mapped_column(String(2))
