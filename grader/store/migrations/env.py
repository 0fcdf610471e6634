"""Alembic's entry: `Store.migrate` hands the connection over."""

from alembic import context

from grader.store.models import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
