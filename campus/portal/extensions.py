"""The page on which graders and instructors give one learner more time or attempts, change it or take it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, HTTPException
from fastapi.responses import RedirectResponse, Response

from campus.extensions import MOST_ATTEMPTS, NoExtension, deadline_of, enter
from campus.portal import shelf
from campus.portal.language import from_field, mark, to_field
from campus.portal.visit import Reader, Sender, Visit
from grader.store import CourseVersion, Extension, ExtensionChanged, standing

router = APIRouter()

#: So many entries of the log are shown, newest first.
_LOGGED = 200
#: As long as a person's name may be in the store, and a reason here, in characters.
_NAME, _REASON = 200, 500

_DONE = {
    "given": mark("Saved. It holds from now on, also for what was handed in before."),
    "taken": mark("Taken back. The unit's own deadline and attempts hold again."),
}
_UNIT = mark("Choose a unit.")
_PERSON = mark("Write the user name as it stands in the table of submissions.")
_TIME = mark("This is not a time.")
_ATTEMPTS = mark("Write a whole number from 0 to %(most)s.")
_NEITHER = mark("Give a deadline, attempts, or both.")
_WHY = mark("Say why, in up to %(most)s characters.")
_CHANGED = mark(
    "Somebody has changed this extension meanwhile. The table shows how it stands; send the form again to replace it."
)


@dataclass(frozen=True)
class Filled:
    """What the form holds, as text. `seq` numbers the entry that it replaces, 0 for none; `problems` are sentences by
    field, "" for the form as a whole."""

    unit: str = ""
    person: str = ""
    until: str = ""
    attempts: str = "0"
    reason: str = ""
    seq: int = 0
    problems: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One entry as tables show it; `active` says that the person has handed something in in this course."""

    entry: Extension
    unit_title: str
    active: bool


@router.get("/courses/{course}/extensions")
def extensions(course: str, unit: str = "", person: str = "", done: str = "", visit: Visit = Reader) -> Response:
    """Everybody's; with `unit` and `person` the form is filled in with theirs."""
    version = _version(visit, course)
    form = Filled(unit, person)
    found = visit.portal.store.extension(course, unit, person)
    if found is not None and found.gives:
        until = to_field(found.until) if found.until else ""
        form = Filled(unit, person, until, str(found.attempts), seq=found.seq)
    return _page(visit, version, form, said=visit.say(_DONE[done]) if done in _DONE else "")


@router.post("/courses/{course}/extensions")
def change(
    course: str,
    unit: Annotated[str, Form()] = "",
    person: Annotated[str, Form()] = "",
    until: Annotated[str, Form()] = "",
    attempts: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
    seq: Annotated[int, Form(ge=0, lt=2**63)] = 0,
    action: Annotated[Literal["give", "take"], Form()] = "give",
    visit: Visit = Sender,
) -> Response:
    """Give or change by what the form says, or take back; nothing of it where a field is wrong."""
    version = _version(visit, course)
    form = Filled(unit, person.strip(), until.strip(), attempts.strip() or "0", reason.strip(), seq)
    if action == "take":
        form = replace(form, until="", attempts="0")
    form = replace(form, problems=_problems(visit, version, form, gives=action == "give"))
    if not form.problems:
        form = replace(form, problems=_entered(visit, version, form))
    if form.problems:
        if "" in form.problems:
            now = visit.portal.store.extension(course, unit, form.person)
            form = replace(form, seq=now.seq if now else 0)
        return _page(visit, version, form, status=422)
    done = "given" if action == "give" else "taken"
    return RedirectResponse(f"{visit.portal.places.prefix}courses/{course}/extensions?done={done}", status_code=303)


def _version(visit: Visit, course: str) -> CourseVersion:
    visit.mark_course(course)
    version = visit.portal.store.course(course)
    if version is None:
        raise HTTPException(404)
    return version


def _problems(visit: Visit, version: CourseVersion, form: Filled, *, gives: bool) -> dict[str, str]:
    """Sentences about fields that cannot be used."""
    found: dict[str, str] = {}
    if form.unit not in {unit["id"] for unit in version.bundle["units"]}:
        found["unit"] = visit.say(_UNIT)
    if not (form.person and len(form.person) <= _NAME and form.person.isprintable()):
        found["person"] = visit.say(_PERSON)
    if not (form.attempts.isdecimal() and len(form.attempts) <= 9 and int(form.attempts) <= MOST_ATTEMPTS):
        found["attempts"] = visit.say(_ATTEMPTS) % {"most": MOST_ATTEMPTS}
    elif gives and not form.until and not int(form.attempts):
        found["until"] = visit.say(_NEITHER)
    try:
        _time(form)
    except ValueError:
        found["until"] = visit.say(_TIME)
    if not (form.reason and len(form.reason) <= _REASON and form.reason.isprintable()):
        found["reason"] = visit.say(_WHY) % {"most": _REASON}
    return found


def _time(form: Filled) -> datetime | None:
    return from_field(form.until) if form.until else None


def _entered(visit: Visit, version: CourseVersion, form: Filled) -> dict[str, str]:
    """Enter what the form says; what stood against it, as `_problems`."""
    try:
        enter(
            visit.portal.store,
            visit.portal.registrar,
            version,
            form.unit,
            form.person,
            until=_time(form),
            attempts=int(form.attempts),
            who=visit.access.name,
            why=form.reason,
            replaces=form.seq,
        )
    except NoExtension as error:
        _course, unit = shelf.titles(visit, version.course_id, form.unit)
        return {"until": visit.say(error.text) % {"unit": unit}}
    except ExtensionChanged:
        return {"": visit.say(_CHANGED)}
    return {}


def _page(visit: Visit, version: CourseVersion, form: Filled, *, said: str = "", status: int = 200) -> Response:
    store, course = visit.portal.store, version.course_id
    people = store.people(course)

    def row(entry: Extension) -> Row:
        return Row(entry, titles.get(entry.assignment, entry.assignment), entry.person in people)

    units: list[dict[str, Any]] = [
        {"id": unit["id"], "title": visit.pick(unit["title"]), "deadline": deadline_of(version, unit["id"])}
        for unit in version.bundle["units"]
    ]
    titles = {unit["id"]: unit["title"] for unit in units}
    log = store.extension_log(course)
    return visit.page(
        "extensions.html",
        status,
        course=course,
        bundle=version.bundle,
        units=units,
        people=people,
        rows=[row(entry) for entry in standing(log)],
        log=[row(entry) for entry in log[:_LOGGED]],
        form=form,
        said=said,
        most=MOST_ATTEMPTS,
        marks=True,
        tab="extensions",
    )
