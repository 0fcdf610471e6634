"""The current version of each course."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from grader.store.models import CourseVersionRow
from grader.store.plain import version_of
from grader.store.types import CourseVersion

_NEWEST = select(CourseVersionRow.course_id, func.max(CourseVersionRow.id)).group_by(CourseVersionRow.course_id)
_NEWEST_OF = _NEWEST.where(CourseVersionRow.course_id.in_(bindparam("courses", expanding=True)))


class Versions:
    """Which one it is, is asked each time. A version never changes once it is published, so that it is read once."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, CourseVersion]] = {}

    def current(self, session: Session, courses: Collection[str] | None = None) -> dict[str, CourseVersion]:
        """By course id, in that order; of all courses where none are named."""
        newest = _NEWEST if courses is None else _NEWEST_OF
        ids = {row[0]: row[1] for row in session.connection().execute(newest, {"courses": list(courses or ())})}
        known = {course: self._known[course] for course in ids if course in self._known}
        missing = [number for course, number in ids.items() if course not in known or known[course][0] != number]
        if missing:
            for row in session.scalars(select(CourseVersionRow).where(CourseVersionRow.id.in_(missing))):
                known[row.course_id] = self._known[row.course_id] = (row.id, version_of(row))
        return {course: known[course][1] for course in sorted(ids)}
