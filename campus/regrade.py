"""`lehrwerk regrade` and `lehrwerk extend`: what instructors change about verdicts and deadlines."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.table import Table

from campus.extensions import enter
from campus.publish import open_registrar, open_store
from campus.settings import Settings
from grader.dispatch.exams import Exams
from grader.dispatch.regrade import Change, Regrade, Replay, replay, version_with
from grader.exam.room import ExamRoom
from grader.records import Registrar
from grader.store import Extension, Store, UnknownSubmission


@contextmanager
def _store(settings: Settings) -> Iterator[Store]:
    store = open_store(settings)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def _exams(settings: Settings, store: Store) -> Iterator[Exams]:
    """An exam room beside those of the workers."""
    with (
        tempfile.TemporaryDirectory(dir=settings.data / "exam", prefix="regrade-") as scratch,
        ExamRoom(settings.limits, settings.exam.device, Path(scratch)) as room,
    ):
        yield Exams(store, room, settings.data / "exam" / "versions")


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
    with _store(settings) as store:
        # Before the room is opened, which takes its time.
        version_with(store, course, assignment)
        with _exams(settings, store) as exams:
            work = Regrade(store, exams, course, assignment)
            if reason is None:
                yield from work.preview()
            else:
                with _registrar(settings, store) as registrar:
                    yield from work.apply(registrar, who, reason)
            yield work.waiting()


def replayed(settings: Settings, submission_id: str) -> Replay:
    """Raises UnknownSubmission."""
    with _store(settings) as store:
        if store.submission(submission_id) is None:
            raise UnknownSubmission(f"there is no submission {submission_id}")
        with _exams(settings, store) as exams:
            return replay(store, exams, submission_id)


def extend(
    settings: Settings,
    course: str,
    assignment: str,
    person: str,
    *,
    until: datetime | None,
    attempts: int | None,
    who: str,
    why: str,
) -> Extension:
    """Give a learner more time or attempts; None keeps what they have. Raises StoreError."""
    with _store(settings) as store, _registrar(settings, store) as registrar:
        version = version_with(store, course, assignment)
        now = store.extension(course, assignment, person)
        return enter(
            store,
            registrar,
            version,
            assignment,
            person,
            until=until or (now.until if now else None),
            attempts=(now.attempts if now else 0) if attempts is None else attempts,
            who=who,
            why=why,
        )


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
    then, now = (_flat(verdict.measurements) for verdict in (found.stored, found.again))
    for name in sorted(then.keys() | now.keys()):
        shown.add_row(name, *(str(values.get(name, "none")) for values in (then, now)))
    return shown


def _flat(measured: dict[str, Any]) -> dict[str, Any]:
    """What was measured in a cell, under its grade id."""
    flat: dict[str, Any] = {}
    for name, value in measured.items():
        flat |= {f"{name}: {inner}": one for inner, one in value.items()} if isinstance(value, dict) else {name: value}
    return flat
