"""What the exchange does, without HTTP: who may have what, and what is taken in."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any, Protocol

from grader.course import archives
from grader.course.archives import ArchiveError, Caps
from grader.exchange.people import Person
from grader.store import CourseVersion, Received, Store, Submission, Terms, TooLate, TooManyAttempts, TooSoon


class Feedback(Protocol):
    """The registrar, as the exchange needs it."""

    def feedback(self, submission_id: str) -> str | None: ...


class Refused(Exception):
    """A request is refused: HTTP status, a code for programs, a sentence in each language for people."""

    def __init__(self, status: int, code: str, en: str, de: str) -> None:
        super().__init__(en)
        self.status = status
        self.code = code
        self.message = {"en": en, "de": de}


class ExchangeService:
    """Fetch, submit, list and feedback for one installation."""

    def __init__(self, store: Store, feedback: Feedback, caps: Caps) -> None:
        self.store = store
        self.caps = caps
        self._feedback = feedback

    def courses(self, person: Person) -> list[CourseVersion]:
        return [version for version in self.store.courses() if person.takes_part(version.course_id)]

    def version(self, person: Person, course_id: str) -> CourseVersion:
        """The course, if this person takes part. To others it does not exist, or is closed."""
        version = self.store.course(course_id)
        tenant = course_id.partition("--")[0]
        if version is None or f"tenant:{tenant}" not in person.groups:
            raise Refused(
                404,
                "unknown-course",
                f"There is no course {course_id[:90]}. Check its name in the catalogue.",
                f"Es gibt keinen Kurs {course_id[:90]}. Prüfe seinen Namen im Katalog.",
            )
        if not person.takes_part(course_id):
            raise Refused(
                403,
                "not-enrolled",
                f"You are not enrolled in {course_id}. Ask the instructor to add you.",
                f"Du bist in {course_id} nicht eingeschrieben. Bitte die Lehrperson, dich aufzunehmen.",
            )
        return version

    def unit(self, version: CourseVersion, assignment: str) -> dict[str, Any]:
        for unit in version.bundle["units"]:
            if unit["id"] == assignment:
                return dict(unit)
        known = ", ".join(unit["id"] for unit in version.bundle["units"])
        raise Refused(
            404,
            "unknown-assignment",
            f"The course has no assignment {assignment[:90]}; it has: {known}.",
            f"Der Kurs hat keine Aufgabe {assignment[:90]}; er hat: {known}.",
        )

    def release(self, person: Person, course_id: str, assignment: str, language: str) -> bytes:
        """What learners get, as a tar, in their language or the course's first."""
        version = self.version(person, course_id)
        self.unit(version, assignment)
        languages = version.bundle.get("languages") or ["en"]
        chosen = language if language in languages else languages[0]
        bundle = archives.read(self.store.bundle_tar(version.digest), archives.ACCEPTED)
        prefix = f"release/{chosen}/{assignment}/"
        return archives.pack_files(
            {name.removeprefix(prefix): data for name, data in bundle.items() if name.startswith(prefix)}
        )

    def submit(self, person: Person, course_id: str, assignment: str, data: bytes, language: str) -> Received:
        """Take a submission in, whole or not at all."""
        version = self.version(person, course_id)
        unit = self.unit(version, assignment)
        try:
            files = archives.read(data, self.caps)
        except ArchiveError as error:
            status = 413 if error.code in ("too-large", "too-many-files") else 400
            raise Refused(status, error.code, error.message["en"], error.message["de"]) from error
        self._check_notebooks(files, [f"{name}.ipynb" for name in unit.get("notebooks") or [assignment]])
        packed, digest = archives.repack(data, files)
        try:
            received = self.store.receive(
                course_id, assignment, person.name, packed, language=language, digest=digest, terms=terms_of(unit)
            )
        except TooLate as error:
            raise _too_late(error.deadline) from error
        except TooManyAttempts as error:
            raise Refused(
                409,
                "no-attempts-left",
                f"You have used all {error.allowed} attempts for this assignment. Ask the instructor for more.",
                f"Du hast alle {error.allowed} Versuche für diese Aufgabe verbraucht. Bitte die Lehrperson um weitere.",
            ) from error
        except TooSoon as error:
            moment = f"{error.until:%Y-%m-%d %H:%M} UTC"
            raise Refused(
                429,
                "too-soon",
                f"You can submit this assignment again from {moment}. Use the time to look at the last verdict.",
                f"Du kannst diese Aufgabe ab {moment} wieder abgeben. Sieh dir bis dahin das letzte Urteil an.",
            ) from error
        return received

    @staticmethod
    def _check_notebooks(files: dict[str, bytes], wanted: list[str]) -> None:
        notebooks = [name for name in files if name.endswith(".ipynb") and "/" not in name]
        if not set(notebooks) & set(wanted) and not (len(notebooks) == len(wanted) == 1):
            names = ", ".join(wanted)
            raise Refused(
                400,
                "no-notebook",
                f"The submission must hold the notebook {names}. Submit the assignment's own folder.",
                f"Die Abgabe muss das Notebook {names} enthalten. Gib den Ordner der Aufgabe ab.",
            )
        for name in notebooks:
            if not _is_notebook(files[name]):
                raise Refused(
                    400,
                    "not-a-notebook",
                    f"{name[:80]} is not a notebook that can be read. Save it in JupyterLab and submit again.",
                    f"{name[:80]} ist kein lesbares Notebook. Speichere es in JupyterLab und gib noch einmal ab.",
                )

    def submissions(self, person: Person, course_id: str, assignment: str | None) -> list[Submission]:
        """The person's own."""
        self.version(person, course_id)
        return self.store.submissions(course_id=course_id, assignment=assignment, person=person.name)

    def collected(self, person: Person, course_id: str, assignment: str) -> list[Submission]:
        """Everybody's newest, for who marks the course."""
        self.version(person, course_id)
        if not person.marks(course_id):
            raise Refused(
                403,
                "not-a-grader",
                "Only graders may collect submissions.",
                "Nur Bewertende dürfen Abgaben einsammeln.",
            )
        return self.store.latest(course_id, assignment)

    def own(self, person: Person, submission_id: str) -> Submission:
        """A submission that the person may read; to others it does not exist."""
        submission = self.store.submission(submission_id)
        if submission is None or not (
            (submission.person == person.name and person.takes_part(submission.course_id))
            or person.marks(submission.course_id)
        ):
            raise Refused(404, "unknown-submission", "There is no such submission.", "Es gibt keine solche Abgabe.")
        return submission

    def feedback(self, person: Person, submission_id: str) -> str | None:
        """The feedback page, or None while there is none."""
        self.own(person, submission_id)
        return self._feedback.feedback(submission_id)


#: How a lone half of a character looks in JSON; two make one, so that finding it proves nothing yet.
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def _is_notebook(data: bytes) -> bool:
    """Whether it can be read as a notebook, with text that can be written again."""
    try:
        content = json.loads(data.decode("utf-8"))
        if _SURROGATE.search(data):
            json.dumps(content, ensure_ascii=False).encode("utf-8")
        return isinstance(content, dict) and content.get("nbformat") == 4 and isinstance(content["cells"], list)
    except (ValueError, KeyError, RecursionError):
        return False


def terms_of(unit: dict[str, Any]) -> Terms:
    """How often and until when a unit of a course version may be handed in, as its author has set it."""
    deadline = unit.get("deadline")
    return Terms(
        attempts=unit.get("attempts"),
        cooldown=timedelta(minutes=unit.get("cooldown_minutes") or 0),
        deadline=datetime.fromisoformat(str(deadline)) if deadline else None,
        takes_late=unit.get("late") == "accept",
    )


def _too_late(at: datetime) -> Refused:
    return Refused(
        403,
        "late",
        f"The deadline was {at:%Y-%m-%d %H:%M} ({at:%Z}), and later submissions are not taken. "
        "If you have a reason, ask your instructor.",
        f"Die Frist war der {at:%d.%m.%Y, %H:%M} Uhr ({at:%Z}); spätere Abgaben werden nicht angenommen. "
        "Wenn du einen Grund hast, frag deine Lehrperson.",
    )
