"""The first tables, and a log that only grows."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    counter = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    utc = sa.DateTime(timezone=True)
    op.create_table(
        "blob",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("data", sa.LargeBinary),
    )
    op.create_table(
        "course_version",
        sa.Column("id", counter, primary_key=True),
        sa.Column("course_id", sa.String(90), nullable=False, index=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("blob", sa.String(64), sa.ForeignKey("blob.digest"), nullable=False),
        sa.Column("bundle", sa.JSON, nullable=False),
        sa.Column("published_at", utc, nullable=False),
        sa.Column("published_by", sa.String(200), nullable=False),
    )
    op.create_table(
        "submission",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("course_id", sa.String(90), nullable=False),
        sa.Column("assignment", sa.String(90), nullable=False),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("blob", sa.String(64), sa.ForeignKey("blob.digest"), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("bundle_digest", sa.String(64), nullable=False),
        sa.Column("received_at", utc, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("late", sa.Boolean, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("lease_token", sa.String(64), unique=True),
        sa.Column("lease_worker", sa.String(200)),
        sa.Column("lease_until", utc),
        sa.Column("verdict", sa.Text),
        sa.Column("recorded", sa.Boolean, nullable=False),
        sa.UniqueConstraint("course_id", "assignment", "person", "digest", name="submission_once"),
    )
    op.create_index("submission_queue", "submission", ["state", "received_at"])
    op.create_index("submission_person", "submission", ["person", "received_at"])
    op.create_index("submission_course", "submission", ["course_id", "assignment", "received_at"])
    op.create_table(
        "event",
        sa.Column("seq", counter, primary_key=True),
        sa.Column("submission_id", sa.String(32), sa.ForeignKey("submission.id"), nullable=False, index=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("at", utc, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "preference",
        sa.Column("person", sa.String(200), primary_key=True),
        sa.Column("language", sa.String(2), nullable=False),
    )
    _log_only_grows()


def _log_only_grows() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for what in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER event_no_{what.lower()} BEFORE {what} ON event "
                "BEGIN SELECT RAISE(ABORT, 'the log only grows'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION event_only_grows() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the log only grows'; END $$"
    )
    op.execute(
        "CREATE TRIGGER event_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON event "
        "FOR EACH STATEMENT EXECUTE FUNCTION event_only_grows()"
    )


def downgrade() -> None:
    for table in ("preference", "event", "submission", "course_version", "blob"):
        op.drop_table(table)
