"""Publishing: a course folder becomes a version in the store and a gradebook of the registrar."""

from __future__ import annotations

import difflib
import tempfile
from collections.abc import Callable
from pathlib import Path

from campus.settings import Settings, course_id
from grader.course import proofs
from grader.course.archives import pack
from grader.course.build import build
from grader.course.check import check
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
    return Registrar(store, settings.data / "courses", settings.gradebook_url, mail=settings.mail is not None)


class PublishError(Exception):
    """A course cannot be published there; one line says why."""


def prepare(settings: Settings) -> None:
    """Make the data folder's parts and bring the store up to date; repeatable."""
    for folder in ("hub", "homes", "courses", "exam", "log"):
        (settings.data / folder).mkdir(parents=True, exist_ok=True)
    store = open_store(settings)
    store.migrate()
    store.close()


def publish(
    settings: Settings,
    directory: Path,
    tenant: str,
    by: str,
    say: Callable[[str], object] = lambda text: None,
    tell: Callable[[Mode], object] = lambda mode: None,
    prove: bool = False,
) -> CourseVersion:
    """Build `directory` and make it what `tenant`'s learners get; the same content changes nothing.

    `say` is told what is being done, and `tell` where the test cells of a unit run, if that had to be tried. With
    `prove` a new version has to pass `course check` before. Raises PublishError for a tenant that is not in the
    settings, and grader.course.CourseError with every problem of the course at once.
    """
    known = [one.id for one in settings.tenants]
    if tenant not in known:
        near = difflib.get_close_matches(tenant, known, n=1)
        mend = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known) or 'none'}"
        raise PublishError(f"no tenant {tenant} in the settings; {mend}")
    prepare(settings)
    store = open_store(settings)
    registrar = open_registrar(settings, store)
    try:
        with tempfile.TemporaryDirectory(dir=settings.data / "exam") as scratch:
            folder = Path(scratch) / "bundle"
            described = read(directory).file
            if refusals := list(described.offer.refusals(described.languages)):
                raise CourseError([Problem(directory / "course.yaml", None, text) for text in refusals])
            full = course_id(tenant, described.id)
            current = store.course(full)
            # What was found for this very content need not be tried again.
            settled = {unit["id"]: unit["tests"] for unit in current.bundle["units"]} if current is not None else {}
            bundle = build(directory, folder, settled)
            if current is None or bundle.digest != current.digest:
                modes: list[Mode] = []
                if prove:
                    modes = _proved(directory, [unit.id for unit in described.units if unit.tests is None], say)
                    for mode in modes:
                        tell(mode)
                say(f"trying the tests of {full}")
                found = {mode.assignment: mode.tests for mode in modes}
                bundle = build_settled(directory, folder, known=found, say=tell)
            say(f"publishing {full}")
            manifest = bundle.model_dump(mode="json", by_alias=True)
            try:
                # First, so that learners get no version whose marks the gradebook cannot hold.
                registrar.prepare(full, manifest, bundle.digest, folder, say)
            except GradebookRefused as error:
                raise CourseError([Problem(directory, None, str(error))]) from error
            return store.publish(full, manifest, pack(folder), bundle.digest, by)
    finally:
        registrar.close()
        store.close()


def _proved(directory: Path, units: list[str], say: Callable[[str], object]) -> list[Mode]:
    """Where the test cells of each of these units run, as the check found. Raises CourseError where it finds faults."""
    modes = {name: Mode(name, "examiner") for name in units}

    def decided(mode: Mode) -> None:
        modes[mode.assignment] = mode

    problems = check(
        directory,
        progress=lambda done, total, what: say(f"checking {done} of {total}: {what}"),
        decided=decided,
        kept=proofs.folder(),
    )
    if problems:
        raise CourseError(problems)
    return list(modes.values())
