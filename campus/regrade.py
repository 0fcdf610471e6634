"""`lehrwerk regrade` and `lehrwerk extend`: what instructors change about verdicts and deadlines."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from rich.table import Table

from campus.publish import open_registrar, open_store
from campus.settings import Settings
from campus.worker import exam_limits
from grader.dispatch.exams import Exams
from grader.dispatch.regrade import Change, Regrade, Replay, replay
from grader.exam.room import ExamRoom
from grader.records import Registrar
from grader.store import Extension, Store, StoreError


@contextmanager
def _exams(settings: Settings) -> Iterator[tuple[Store, Exams]]:
    """An exam room beside those of the workers."""
    store = open_store(settings)
    try:
        with (
            tempfile.TemporaryDirectory(dir=settings.data / "exam", prefix="regrade-") as scratch,
            ExamRoom(exam_limits(settings.limits), settings.exam.device, Path(scratch)) as room,
        ):
            yield store, Exams(store, room, settings.data / "exam" / "versions")
    finally:
        store.close()


@contextmanager
def _registrar(settings: Settings, store: Store) -> Iterator[Registrar]:
    registrar = open_registrar(settings, store)
    try:
        yield registrar
    finally:
        registrar.close()


def regrade(
    settings: Settings, course: str, assignment: str, *, reason: str | None, who: str
) -> Iterator[Change | int]:
    """Changes one by one, and at the end how many submissions still wait for their first verdict.

    Nothing is written without a `reason`. Raises StoreError where there is no such assignment.
    """
    with _exams(settings) as (store, exams):
        work = Regrade(store, exams, course, assignment)
        if reason is None:
            yield from work.preview()
        else:
            with _registrar(settings, store) as registrar:
                yield from work.apply(registrar, who, reason)
        yield work.waiting()


def replayed(settings: Settings, submission_id: str) -> Replay:
    """Raises UnknownSubmission."""
    with _exams(settings) as (store, exams):
        return replay(store, exams, submission_id)


def extend(
    settings: Settings,
    course: str,
    assignment: str,
    person: str,
    *,
    until: datetime | None,
    attempts: int | None,
    by: str,
) -> Extension:
    """Give a learner more time or attempts, also in the gradebook. Raises StoreError."""
    store = open_store(settings)
    try:
        version = store.course(course)
        if version is None:
            raise StoreError(f"there is no course {course}; it is called TENANT--COURSE")
        units = {unit["id"]: unit for unit in version.bundle["units"]}
        if assignment not in units:
            raise StoreError(f"{course} has no assignment {assignment}; it has: {', '.join(units)}")
        if until is not None and not units[assignment].get("deadline"):
            raise StoreError(f"{assignment} has no deadline that could be put off")
        granted = store.extend(course, assignment, person, until=until, attempts=attempts, by=by)
        with _registrar(settings, store) as registrar:
            registrar.rewrite(course, assignment, person)
        return granted
    finally:
        store.close()


def table(changes: list[Change]) -> Table:
    """Who gains and who loses, largest loss first."""
    shown = Table(title="points by machine; points given by people stay")
    for heading in ("person", "old", "new", "difference"):
        shown.add_column(heading)
    for change in sorted(changes, key=lambda one: (one.difference, one.submission.person)):
        new = f"{change.new.score:g}" if change.new else "could not be examined"
        difference = f"{change.difference:+g}" if change.new else change.failure
        shown.add_row(change.submission.person, f"{change.old.score:g}", new, difference)
    return shown


def timings(found: Replay) -> Table:
    """What was measured, then and now."""
    shown = Table(title="measurements")
    for heading in ("", "stored", "now"):
        shown.add_column(heading)
    then, now = found.stored.measurements, found.again.measurements
    for name in sorted(then.keys() | now.keys()):
        shown.add_row(name, *(str(values.get(name, "none")) for values in (then, now)))
    return shown
