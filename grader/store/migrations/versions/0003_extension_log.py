"""Extensions become a log that only grows; the newest entry of a learner holds."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "extension_log",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("course_id", sa.String(90), nullable=False),
        sa.Column("assignment", sa.String(90), nullable=False),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("extension_learner", "extension_log", ["course_id", "assignment", "person", "seq"])
    op.execute(
        "INSERT INTO extension_log (course_id, assignment, person, until, attempts, who, why, at) "
        "SELECT course_id, assignment, person, until, attempts, granted_by, '', granted_at FROM extension "
        "ORDER BY granted_at"
    )
    op.drop_table("extension")
    if op.get_bind().dialect.name == "sqlite":
        for what in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER extension_no_{what.lower()} BEFORE {what} ON extension_log "
                "BEGIN SELECT RAISE(ABORT, 'the log only grows'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER extension_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON extension_log "
        "FOR EACH STATEMENT EXECUTE FUNCTION event_only_grows()"
    )


def downgrade() -> None:
    raise NotImplementedError("the former version keeps no log of extensions; restore a backup")
