"""Submissions are numbered by person and assignment, verdicts may be replaced, learners may get more time."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NUMBERED = """
UPDATE submission SET number = (
    SELECT count(*) FROM submission AS other
    WHERE other.course_id = submission.course_id AND other.assignment = submission.assignment
    AND other.person = submission.person
    AND (other.received_at < submission.received_at
         OR (other.received_at = submission.received_at AND other.id <= submission.id)))
"""


def upgrade() -> None:
    counter = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    utc = sa.DateTime(timezone=True)
    with op.batch_alter_table("submission") as table:
        table.drop_constraint("submission_once", type_="unique")
        table.add_column(sa.Column("number", sa.Integer, nullable=False, server_default="0"))
        table.add_column(sa.Column("in_gradebook", sa.Boolean, nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("record_tries", sa.Integer, nullable=False, server_default="0"))
        table.add_column(sa.Column("record_after", utc))
    op.execute(_NUMBERED)
    # Until now the newest one that was recorded is in the gradebook, unless its verdict was refused.
    op.execute(
        "UPDATE submission SET in_gradebook = recorded WHERE state = 'graded' "
        "OR (state = 'needs review' AND note NOT LIKE 'verdict refused%')"
    )
    with op.batch_alter_table("submission") as table:
        table.create_unique_constraint("submission_number", ["course_id", "assignment", "person", "number"])
    op.create_table(
        "earlier_verdict",
        sa.Column("id", counter, primary_key=True),
        sa.Column("submission_id", sa.String(32), sa.ForeignKey("submission.id"), nullable=False, index=True),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("bundle_digest", sa.String(64), nullable=False),
        sa.Column("replaced_at", utc, nullable=False),
        sa.Column("replaced_by", sa.String(200), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
    )
    op.create_table(
        "extension",
        sa.Column("course_id", sa.String(90), primary_key=True),
        sa.Column("assignment", sa.String(90), primary_key=True),
        sa.Column("person", sa.String(200), primary_key=True),
        sa.Column("until", utc),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("granted_by", sa.String(200), nullable=False),
        sa.Column("granted_at", utc, nullable=False),
    )
    op.create_table(
        "mail",
        sa.Column("submission_id", sa.String(32), sa.ForeignKey("submission.id"), primary_key=True),
        sa.Column("due_at", utc, index=True),
        sa.Column("tries", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("a submission sent twice cannot be stored by the former version; restore a backup")
