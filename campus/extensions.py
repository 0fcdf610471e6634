"""Extra time and attempts for one learner, as the command and the teaching pages give them. Imports `grader`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from campus.portal.language import mark
from grader.store import CourseVersion, Extension, Store, StoreError

if TYPE_CHECKING:
    from grader.records import Registrar

#: More attempts than anybody needs; the gradebook's numbers hold many times that.
MOST_ATTEMPTS = 1000

_NO_DEADLINE = mark("%(unit)s has no deadline that could be put off.")
_NO_LATER = mark("The time is not after the deadline of %(unit)s.")


class NoExtension(StoreError):
    """This cannot be given; `text` is for the catalogues, with `unit` to fill in."""

    def __init__(self, text: str, unit: str) -> None:
        super().__init__(text % {"unit": unit})
        self.text = text


def deadline_of(version: CourseVersion, assignment: str) -> datetime | None:
    """What holds for everybody, in a version that has the assignment."""
    unit = next(unit for unit in version.bundle["units"] if unit["id"] == assignment)
    return datetime.fromisoformat(str(unit["deadline"])) if unit.get("deadline") else None


def enter(
    store: Store,
    registrar: Registrar,
    version: CourseVersion,
    assignment: str,
    person: str,
    *,
    until: datetime | None,
    attempts: int,
    who: str,
    why: str,
    replaces: int | None = None,
) -> Extension:
    """Give a learner a deadline of their own and attempts on top, or take both back (None and 0), also in the
    gradebook; `replaces` as for `Store.extend`.

    Raises NoExtension for a time that puts no deadline off, and ExtensionChanged.
    """
    deadline = deadline_of(version, assignment)
    if until is not None and deadline is None:
        raise NoExtension(_NO_DEADLINE, assignment)
    if until is not None and deadline is not None and until <= deadline:
        raise NoExtension(_NO_LATER, assignment)
    entered = store.extend(
        version.course_id,
        assignment,
        person,
        until=until,
        attempts=attempts,
        deadline=deadline,
        who=who,
        why=why,
        replaces=replaces,
    )
    registrar.rewrite(version.course_id, assignment, person)
    return entered
