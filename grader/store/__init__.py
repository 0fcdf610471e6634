"""Courses, submissions, verdicts, blobs, the queue and the log, in a database. Knows no HTTP.

May import SQLAlchemy, Alembic and an S3 client; nothing of the project.
"""

from grader.store.store import Store
from grader.store.types import CourseVersion, Event, Lease, State, StoreError, Submission, UnknownSubmission

__all__ = ["CourseVersion", "Event", "Lease", "State", "Store", "StoreError", "Submission", "UnknownSubmission"]
