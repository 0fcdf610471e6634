"""What pages show, gathered from store and registrar: courses, units with a person's progress, verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from campus.portal.language import mark
from campus.portal.visit import Visit
from campus.settings import split_course_id
from grader.course.model import Assessment, assessment_of
from grader.exam.verdict import Verdict
from grader.exchange.service import terms_of
from grader.store import NO_ATTEMPTS

if TYPE_CHECKING:
    from grader.records import Grade, Place
    from grader.store import CourseVersion, Submission

#: Shares of points are not exact; nobody misses a pass by this.
_ROUNDING = 1e-9
#: Rows of a table on one page.
ROWS = 50
#: The way of a submission, as the steps of a page.
STEPS = ("received", "queued", "running", "graded")

STATES = {
    "received": mark("received"),
    "queued": mark("waiting"),
    "running": mark("being marked"),
    "graded": mark("graded"),
    "needs review": mark("needs review"),
    "failed": mark("could not be marked"),
    "withdrawn": mark("withdrawn"),
    "new": mark("not submitted yet"),
}
ROLES = {
    "learner": mark("Learner"),
    "grader": mark("Grader"),
    "instructor": mark("Instructor"),
}
#: A sign beside each word of `campus.outcomes`, so that colour is never alone.
SIGNS = {
    "passed": "✓",
    "partial": "◐",
    "failed": "✗",
    "error": "!",
    "timeout": "⧖",
    "crashed": "!",
    "missing": "○",
    "manual": "✎",
    "inconclusive": "↻",
    "review": "?",
}


@dataclass(frozen=True)
class CourseCard:
    """One course in the catalogue."""

    id: str
    title: str
    summary: str
    tenant: str
    units: int
    minutes: int
    role: str | None
    language_note: list[str]


@dataclass(frozen=True)
class AssessmentRow:
    """How somebody stands in an assessment. `passed` is None before the first verdict, and while a person's mark may
    still decide; `needed` are points; `attempts` are allowed in all (None: any number), and the next one not before
    `next_at`, if that is to come."""

    passed: bool | None
    needed: float
    used: int
    attempts: int | None
    next_at: datetime | None


@dataclass(frozen=True)
class UnitRow:
    """One unit with what the person has done in it. Scores are None before the first verdict; `own_deadline` says that
    the deadline was put off for this person. `assessment` is None in an ordinary unit."""

    id: str
    title: str
    minutes: int
    max_score: float
    deadline: datetime | None
    own_deadline: bool
    objectives: list[str]
    state: str
    last: Submission | None
    last_score: float | None
    best_score: float | None
    grade: Grade | None
    assessment: AssessmentRow | None


@dataclass(frozen=True)
class SubmissionRow:
    """One submission in a table."""

    submission: Submission
    course_title: str
    unit_title: str
    score: float | None
    max_score: float | None
    grade: Grade | None


@dataclass(frozen=True)
class ShownVerdict:
    """A verdict, and where its cells stand in the notebooks that the learner got, by notebook and grade id; `several`
    says that there is more than one."""

    verdict: Verdict
    places: Mapping[tuple[str, str], Place]
    several: bool


@dataclass(frozen=True)
class ReplacedVerdict:
    """A verdict that held until `at`, who replaced it and why."""

    shown: ShownVerdict
    at: datetime
    who: str
    why: str


def tenant_name(visit: Visit, tenant: str) -> str:
    try:
        return visit.pick(visit.portal.settings.tenant(tenant).name)
    except KeyError:
        return tenant


def catalogue(visit: Visit) -> list[CourseCard]:
    """All courses of the person's tenants; those with a role first."""
    cards = []
    for version in visit.portal.store.courses():
        if not visit.access.sees(version.course_id):
            continue
        bundle = version.bundle
        cards.append(
            CourseCard(
                id=version.course_id,
                title=visit.pick(bundle["title"]),
                summary=visit.pick(bundle.get("summary")),
                tenant=tenant_name(visit, split_course_id(version.course_id)[0]),
                units=len(bundle["units"]),
                minutes=sum(unit.get("minutes") or 0 for unit in bundle["units"]),
                role=visit.access.role(version.course_id),
                language_note=[str(tag) for tag in bundle.get("languages", [])],
            )
        )
    return sorted(cards, key=lambda card: (card.role is None, card.title.lower(), card.id))


def verdict_of(visit: Visit, submission: Submission) -> Verdict | None:
    """The verdict of a submission, if there is one."""
    text = visit.portal.store.verdict(submission.id)
    return Verdict.model_validate_json(text) if text else None


def shown(visit: Visit, submission: Submission) -> ShownVerdict | None:
    """The verdict of a submission as its page shows it, if there is one."""
    verdict = verdict_of(visit, submission)
    return _shown(visit, submission, verdict, submission.bundle_digest) if verdict else None


def earlier(visit: Visit, submission: Submission) -> list[ReplacedVerdict]:
    """The verdicts that a regrade has replaced, newest first."""
    return [
        ReplacedVerdict(
            _shown(visit, submission, Verdict.model_validate_json(one.verdict), one.bundle_digest),
            one.replaced_at,
            # Whoever worked at the server's command line is a person, too.
            one.replaced_by.removeprefix("command:"),
            one.why,
        )
        for one in reversed(visit.portal.store.earlier_verdicts(submission.id))
    ]


def _shown(visit: Visit, submission: Submission, verdict: Verdict, digest: str) -> ShownVerdict:
    places = visit.portal.registrar.outline(digest, submission.assignment, submission.language)
    return ShownVerdict(verdict, places, several=len({cell.notebook for cell in verdict.cells}) > 1)


def grade_of(visit: Visit, submission: Submission) -> Grade | None:
    """What the gradebook says, with the points people gave; None while nothing is recorded."""
    where = (submission.course_id, submission.assignment, submission.person)
    if where not in visit.remembered:
        visit.remembered[where] = visit.portal.registrar.grade_of(*where)
    grade: Grade | None = visit.remembered[where]
    return grade


def counts(visit: Visit, submission: Submission) -> bool:
    """Whether the gradebook's one grade of a person and unit is this submission's: the newest one that is in it."""
    where = (submission.course_id, submission.assignment, submission.person)
    key = ("counts", *where)
    if key not in visit.remembered:
        visit.remembered[key] = {one.id for one in visit.portal.store.latest(*where, in_gradebook=True)}
    return submission.id in visit.remembered[key]


def version_of(visit: Visit, course: str) -> CourseVersion | None:
    """The course's current version."""
    if (course,) not in visit.remembered:
        visit.remembered[(course,)] = visit.portal.store.course(course)
    version: CourseVersion | None = visit.remembered[(course,)]
    return version


def units(visit: Visit, version: CourseVersion) -> list[UnitRow]:
    """The course's units in order, with the person's own work."""
    mine: dict[str, list[Submission]] = {}
    for submission in visit.portal.store.submissions(course_id=version.course_id, person=visit.access.name):
        mine.setdefault(submission.assignment, []).append(submission)
    rows = []
    for unit in version.bundle["units"]:
        sent = mine.get(unit["id"], [])
        last = next((one for one in sent if one.state != "withdrawn"), None)
        scores = [(one, found.score) for one in sent if (found := verdict_of(visit, one)) is not None]
        extension = visit.portal.store.extension(version.course_id, unit["id"], visit.access.name)
        own = extension.until if extension else None
        grade = grade_of(visit, last) if last else None
        rows.append(
            UnitRow(
                id=unit["id"],
                title=visit.pick(unit["title"]),
                minutes=unit.get("minutes") or 0,
                max_score=unit["max_score"],
                deadline=own or (datetime.fromisoformat(unit["deadline"]) if unit.get("deadline") else None),
                own_deadline=own is not None,
                objectives=[visit.pick(_text(objective)) for objective in unit.get("objectives", [])],
                state=last.state if last else "new",
                last=last,
                last_score=scores[0][1] if scores else None,
                best_score=max(score for _one, score in scores) if scores else None,
                grade=grade,
                assessment=_assessment(version, unit, sent, extension.attempts if extension else 0, grade),
            )
        )
    return rows


def _assessment(
    version: CourseVersion, unit: dict[str, Any], sent: list[Submission], more: int, grade: Grade | None
) -> AssessmentRow | None:
    """How the person who has `sent` these, newest first, and may try so many times `more`, stands in the unit."""
    found = assessment_of(version.bundle, unit["id"])
    if found is None:
        return None
    terms, used = terms_of(unit), [one for one in sent if one.state not in NO_ATTEMPTS]
    attempts = None if terms.attempts is None else terms.attempts + more
    ready = used[0].received_at + terms.cooldown if used else None
    may_try = attempts is None or len(used) < attempts
    return AssessmentRow(
        passed=passed(found, grade),
        needed=found.pass_share * unit["max_score"],
        used=len(used),
        attempts=attempts,
        next_at=ready if ready and may_try and ready > datetime.now(UTC) else None,
    )


def passed(assessment: Assessment, grade: Grade | None) -> bool | None:
    """Whether the grade is enough; None where nothing is recorded, or a person's mark may still decide."""
    if grade is None:
        return None
    enough = grade.score >= assessment.pass_share * grade.max_score - _ROUNDING
    return None if grade.needs_manual and not enough else enough


def assessment(visit: Visit, submission: Submission) -> Assessment | None:
    """What the course says of the submission's unit, if that is an assessment."""
    version = version_of(visit, submission.course_id)
    return None if version is None else assessment_of(version.bundle, submission.assignment)


def _text(objective: dict[str, str]) -> dict[str, str]:
    """An objective's text by language; its id says nothing to a learner."""
    return {language: text for language, text in objective.items() if language != "id"}


def titles(visit: Visit, course: str, assignment: str) -> tuple[str, str]:
    """Titles of a course and of a unit in it; their ids where a course was withdrawn."""
    version = version_of(visit, course)
    if version is None:
        return course, assignment
    unit = next((unit for unit in version.bundle["units"] if unit["id"] == assignment), None)
    return visit.pick(version.bundle["title"]), visit.pick(unit["title"]) if unit else assignment


def row(visit: Visit, submission: Submission) -> SubmissionRow:
    course_title, unit_title = titles(visit, submission.course_id, submission.assignment)
    verdict = verdict_of(visit, submission)
    return SubmissionRow(
        submission=submission,
        course_title=course_title,
        unit_title=unit_title,
        score=verdict.score if verdict else None,
        max_score=verdict.max_score if verdict else None,
        grade=grade_of(visit, submission) if counts(visit, submission) else None,
    )


def page_of(
    visit: Visit, found: Iterable[Submission], number: int, only_waiting: bool
) -> tuple[list[SubmissionRow], bool]:
    """Page `number` (from 1) of a table, and whether another follows. Reads no more verdicts than it shows."""
    wanted = (one for one in found if visit.access.sees(one.course_id))
    if only_waiting:
        wanted = (
            one for one in wanted if counts(visit, one) and (grade := grade_of(visit, one)) and grade.needs_manual
        )
    start = (number - 1) * ROWS
    chosen = list(islice(wanted, start, start + ROWS + 1))
    return [row(visit, one) for one in chosen[:ROWS]], len(chosen) > ROWS
