"""Courses, submissions, verdicts, blobs, the queue and the log, in a database. Knows no HTTP.

May import SQLAlchemy, Alembic and an S3 client; nothing of the project.
"""

from grader.store.store import Store
from grader.store.types import (
    NO_ATTEMPTS,
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
    TooLate,
    TooManyAttempts,
    TooSoon,
    UnknownSubmission,
    standing,
)

__all__ = [
    "NO_ATTEMPTS",
    "CourseVersion",
    "EarlierVerdict",
    "Event",
    "Extension",
    "ExtensionChanged",
    "Lease",
    "Received",
    "State",
    "Store",
    "StoreError",
    "Submission",
    "Terms",
    "TooLate",
    "TooManyAttempts",
    "TooSoon",
    "UnknownSubmission",
    "standing",
]
