"""Publishing: a course folder becomes a version in the store and a gradebook of the registrar."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from campus.settings import Settings, course_id
from grader.course.archives import pack
from grader.course.build import build
from grader.course.model import CourseError, Problem
from grader.course.modes import Mode, build_settled
from grader.course.reader import read
from grader.records import GradebookRefused, Registrar
from grader.store import CourseVersion, Store


def open_store(settings: Settings) -> Store:
    """The store of these settings."""
    return Store(settings.database_url, s3=settings.storage.s3, attempts=settings.exam.attempts)


def open_registrar(settings: Settings, store: Store) -> Registrar:
    """The registrar of these settings."""
    return Registrar(store, settings.data / "courses", settings.gradebook_url)


def publish(
    settings: Settings, directory: Path, tenant: str, by: str, say: Callable[[Mode], None] = lambda mode: None
) -> CourseVersion:
    """Build `directory` and make it what `tenant`'s learners get; the same content changes nothing.

    `say` hears where the test cells of a unit run, if that had to be tried. Raises grader.course.CourseError with
    every problem of the course at once.
    """
    store = open_store(settings)
    registrar = open_registrar(settings, store)
    with tempfile.TemporaryDirectory(dir=settings.data / "exam") as scratch:
        folder = Path(scratch) / "bundle"
        current = store.course(course_id(tenant, read(directory).file.id))
        # What was found for this very content need not be tried again.
        known = {unit["id"]: unit["tests"] for unit in current.bundle["units"]} if current is not None else {}
        bundle = build(directory, folder, known)
        if current is None or bundle.digest != current.digest:
            bundle = build_settled(directory, folder, say=say)
        full = course_id(tenant, bundle.course)
        manifest = bundle.model_dump(mode="json", by_alias=True)
        try:
            # First, so that learners get no version whose marks the gradebook cannot hold.
            registrar.prepare(full, manifest, bundle.digest, folder)
        except GradebookRefused as error:
            raise CourseError([Problem(directory, None, str(error))]) from error
        finally:
            registrar.close()
        return store.publish(full, manifest, pack(folder), bundle.digest, by)
