"""Rows as the plain data that the store gives out."""

from __future__ import annotations

from grader.store.models import CourseVersionRow, ExtensionRow, SubmissionRow
from grader.store.types import CourseVersion, Extension, State, Submission


def version_of(row: CourseVersionRow) -> CourseVersion:
    return CourseVersion(row.course_id, row.digest, row.bundle, row.published_at, row.published_by)


def submission_of(row: SubmissionRow) -> Submission:
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
        row.number,
        row.in_gradebook,
    )


def extension_of(row: ExtensionRow) -> Extension:
    return Extension(
        row.seq, row.course_id, row.assignment, row.person, row.until, row.attempts, row.who, row.why, row.at
    )
