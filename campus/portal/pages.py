"""The pages for everybody: catalogue, course, own submissions, and the verdict as it comes in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from campus.outcomes import OUTCOMES
from campus.portal import shelf
from campus.portal.live import FINAL, follow
from campus.portal.visit import Page, Reader, Sender, Visit
from campus.settings import Language

router = APIRouter()

#: The number of an event in the log.
Seen = Annotated[int, Query(ge=0, lt=2**63)]
#: States in which the learner may still take a submission back.
WITHDRAWABLE = frozenset({"received", "queued"})
#: States out of which only a person leads.
STUCK = frozenset({"needs review", "failed"})


@router.get("/")
def catalogue(visit: Visit = Reader) -> Response:
    return visit.page("catalogue.html", cards=shelf.catalogue(visit), roles=shelf.ROLES)


@router.get("/courses/{course}")
def course_page(course: str, visit: Visit = Reader) -> Response:
    visit.see_course(course)
    version = visit.portal.store.course(course)
    if version is None:
        raise HTTPException(404)
    return visit.page(
        "course.html",
        course=course,
        bundle=version.bundle,
        units=shelf.units(visit, version),
        role=visit.access.role(course),
        roles=shelf.ROLES,
        states=shelf.STATES,
        learns=visit.access.learns(course),
        marks=visit.access.marks(course),
        tab="units",
    )


@router.get("/submissions")
def my_submissions(page: Page = 1, visit: Visit = Reader) -> Response:
    mine = visit.portal.store.submissions(person=visit.access.name)
    rows, more = shelf.page_of(visit, mine, page, only_waiting=False)
    return visit.page("submissions.html", rows=rows, number=page, more=more, chosen={}, states=shelf.STATES)


@router.get("/submissions/{submission_id}")
def submission_page(submission_id: str, visit: Visit = Reader) -> Response:
    submission = visit.portal.store.submission(submission_id)
    visit.read_submission(submission)
    assert submission is not None
    course_title, unit_title = shelf.titles(visit, submission.course_id, submission.assignment)
    log = visit.portal.store.log(submission_id)
    return visit.page(
        "submission.html",
        course_title=course_title,
        unit_title=unit_title,
        log=log,
        states=shelf.STATES,
        final=submission.state in FINAL,
        after=log[-1].seq if log else 0,
        own=submission.person == visit.access.name,
        **_status(visit, submission.id),
        **_verdict(visit, submission.id),
    )


@router.get("/submissions/{submission_id}/events")
async def events(submission_id: str, request: Request, after: Seen = 0, visit: Visit = Reader) -> Response:
    """The same page's changes, as server-sent events `state`, `verdict` and, at the end, `done`."""
    submission = await run_in_threadpool(visit.portal.store.submission, submission_id)
    visit.read_submission(submission)
    last = request.headers.get("Last-Event-ID", "")
    seen = int(last) if last.isascii() and last.isdigit() and len(last) < 19 else after

    async def stream() -> AsyncIterator[ServerSentEvent]:
        shown = ""
        async for event in follow(visit.portal.feed, visit.portal.store, submission_id, seen):
            state = event.state if event else None
            html = await run_in_threadpool(_status_html, visit, submission_id, state)
            if html == shown:
                continue
            shown = html
            yield ServerSentEvent(data=html, event="state", id=str(event.seq) if event else None)
        yield ServerSentEvent(data=await run_in_threadpool(_verdict_html, visit, submission_id), event="verdict")
        yield ServerSentEvent(data="", event="done")

    return EventSourceResponse(stream(), ping=15)


@router.post("/submissions/{submission_id}/withdraw")
def withdraw(submission_id: str, visit: Visit = Sender) -> Response:
    submission = visit.portal.store.submission(submission_id)
    visit.read_submission(submission)
    assert submission is not None
    if submission.person != visit.access.name:
        raise HTTPException(403)
    if not visit.portal.store.withdraw(submission_id, visit.access.name):
        raise HTTPException(409)
    return RedirectResponse(f"{visit.portal.places.prefix}submissions/{submission_id}", status_code=303)


@router.post("/language")
def language(lang: Annotated[Language, Form()], page: Annotated[str, Form()] = "", visit: Visit = Sender) -> Response:
    """Keep the person's language, for this browser and every other one, and go back to the page."""
    visit.portal.store.set_language(visit.access.name, lang)
    prefix = visit.portal.places.prefix
    response = RedirectResponse(page if page.startswith(prefix) else prefix, status_code=303)
    visit.keep_language(response, lang)
    return response


@router.post("/sign-out")
def sign_out(visit: Visit = Sender) -> Response:
    return visit.portal.auth.logout(visit.request)


@router.get("/accessibility")
def accessibility(visit: Visit = Reader) -> Response:
    return visit.page("accessibility.html")


def _status(visit: Visit, submission_id: str, state: str | None = None) -> dict[str, Any]:
    submission = visit.portal.store.submission(submission_id)
    assert submission is not None
    state = state or submission.state
    waiting = state in ("received", "queued")
    return {
        "submission": submission,
        "state": state,
        "state_name": shelf.STATES[state],
        "steps": [(step, shelf.STATES[step]) for step in shelf.STEPS],
        "reached": shelf.STEPS.index(state) if state in shelf.STEPS else len(shelf.STEPS) - 1,
        "place": visit.portal.store.queue_position(submission_id) if waiting else None,
        "stuck": submission.state in STUCK and visit.access.marks(submission.course_id),
        "withdrawable": submission.state in WITHDRAWABLE and submission.person == visit.access.name,
    }


def _status_html(visit: Visit, submission_id: str, state: str | None) -> str:
    return visit.fragment("_status.html", **_status(visit, submission_id, state))


def _verdict(visit: Visit, submission_id: str) -> dict[str, Any]:
    submission = visit.portal.store.submission(submission_id)
    assert submission is not None
    shown = shelf.shown(visit, submission)
    grade = shelf.grade_of(visit, submission) if shown and shelf.counts(visit, submission) else None
    assessment = shelf.assessment(visit, submission)
    return {
        "shown": shown,
        "earlier": shelf.earlier(visit, submission),
        "grade": grade,
        "assessment": assessment,
        "passed": shelf.passed(assessment, grade) if assessment else None,
        "outcomes": OUTCOMES,
        "signs": shelf.SIGNS,
        # What a test saw in secret is for those who mark; their own submissions included.
        "teaching": visit.access.marks(submission.course_id),
    }


def _verdict_html(visit: Visit, submission_id: str) -> str:
    submission = visit.portal.store.submission(submission_id)
    return visit.fragment("_verdict.html", submission=submission, **_verdict(visit, submission_id))
