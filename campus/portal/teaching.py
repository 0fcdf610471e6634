"""Pages for graders and instructors: a course's submissions, a submitted notebook as text, the formgrader."""

from __future__ import annotations

import logging

from fastapi import APIRouter, HTTPException
from fastapi.responses import RedirectResponse, Response

from campus.portal import shelf
from campus.portal.formgrader import FormgraderError, ServerState, formgrader_account
from campus.portal.notebooks import read
from campus.portal.visit import Page, Reader, Sender, Visit
from grader.course import archives

log = logging.getLogger("lehrwerk.portal")
router = APIRouter()

#: A course's table reaches back this many submissions.
_NEWEST = 20_000


@router.get("/courses/{course}/submissions")
def course_submissions(
    course: str, unit: str = "", state: str = "", waiting: str = "", page: Page = 1, visit: Visit = Reader
) -> Response:
    """Newest first; `unit` and `state` filter, `waiting` keeps what waits for a person's mark."""
    visit.mark_course(course)
    version = visit.portal.store.course(course)
    if version is None:
        raise HTTPException(404)
    found = visit.portal.store.submissions(course_id=course, assignment=unit or None, limit=_NEWEST)
    kept = (one for one in found if not state or one.state == state)
    rows, more = shelf.page_of(visit, kept, page, only_waiting=bool(waiting))
    return visit.page(
        "course_submissions.html",
        course=course,
        bundle=version.bundle,
        rows=rows,
        number=page,
        more=more,
        states=shelf.STATES,
        chosen={"unit": unit, "state": state, "waiting": waiting},
        marks=True,
        tab="submissions",
    )


@router.get("/submissions/{submission_id}/files")
def files(submission_id: str, visit: Visit = Reader) -> Response:
    """What was handed in, as text."""
    submission = visit.portal.store.submission(submission_id)
    visit.read_submission(submission)
    assert submission is not None
    refused = ""
    found: dict[str, bytes] = {}
    try:
        found = archives.read(visit.portal.store.archive(submission_id), visit.portal.settings.limits)
    except archives.ArchiveError as error:
        # Taken in under other limits than today's.
        refused = visit.pick(error.message)
    course_title, unit_title = shelf.titles(visit, submission.course_id, submission.assignment)
    return visit.page(
        "files.html",
        submission=submission,
        course_title=course_title,
        unit_title=unit_title,
        files=read(found),
        refused=refused,
        own=submission.person == visit.access.name,
    )


@router.post("/submissions/{submission_id}/again")
def mark_again(submission_id: str, visit: Visit = Sender) -> Response:
    """Out of "needs review": back to the queue, as if it had just come in."""
    submission = visit.portal.store.submission(submission_id)
    visit.read_submission(submission)
    assert submission is not None
    visit.mark_course(submission.course_id)
    if not visit.portal.store.mark_again(submission_id, visit.access.name):
        raise HTTPException(409)
    return RedirectResponse(f"{visit.portal.places.prefix}submissions/{submission_id}", status_code=303)


@router.get("/courses/{course}/formgrader")
async def formgrader(course: str, visit: Visit = Reader) -> Response:
    """To the formgrader if it runs, else a page that starts it and waits."""
    visit.mark_course(course)
    account = formgrader_account(course)
    state = await _ask(visit, account)
    if state == "ready":
        return RedirectResponse(visit.portal.places.formgrader(account), status_code=303)
    return visit.page("formgrader.html", course=course, state=state, waited=0)


@router.post("/courses/{course}/formgrader")
async def start_formgrader(course: str, visit: Visit = Sender) -> Response:
    visit.mark_course(course)
    try:
        await visit.portal.servers.start(formgrader_account(course))
    except FormgraderError as error:
        log.error("formgrader of %s: %s", course, error)
        raise HTTPException(502) from error
    log.info("%s started the formgrader of %s", visit.access.name, course)
    if "HX-Request" in visit.request.headers:
        return visit.page("_formgrader.html", course=course, state="starting", waited=0)
    return RedirectResponse(f"{visit.portal.places.prefix}courses/{course}/formgrader", status_code=303)


@router.get("/courses/{course}/formgrader/state")
async def formgrader_state(course: str, waited: int = 0, visit: Visit = Reader) -> Response:
    """The waiting part of that page, asked for again and again; sends the browser on when the server is up."""
    visit.mark_course(course)
    account = formgrader_account(course)
    state = await _ask(visit, account)
    if state == "ready":
        return Response(headers={"HX-Redirect": visit.portal.places.formgrader(account)})
    return visit.page("_formgrader.html", course=course, state=state, waited=min(max(waited, 0) + 1, 9999))


async def _ask(visit: Visit, account: str) -> ServerState:
    try:
        return await visit.portal.servers.state(account)
    except FormgraderError as error:
        log.error("%s: %s", account, error)
        raise HTTPException(502) from error
