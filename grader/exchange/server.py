"""The exchange as HTTP. Knows requests and answers; what they mean is in `service`."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from grader.course.archives import _too_large
from grader.exchange.people import Person
from grader.exchange.service import ExchangeService, Refused
from grader.store import Submission

__all__ = ["ExchangeService", "router"]

Language = Literal["de", "en"]
Caller = Callable[[Request], Awaitable[Person]]


class _Error(BaseModel):
    """Why a request is refused: a code for programs, a sentence in each language for people."""

    code: str
    message: dict[Language, str]


class _Refusal(BaseModel):
    error: _Error


#: What any route may answer besides what it is for, and what submitting may.
_REFUSALS: dict[int | str, dict[str, Any]] = {status: {"model": _Refusal} for status in (401, 403, 404, 422, 500, 503)}
_SUBMIT_REFUSALS: dict[int | str, dict[str, Any]] = {status: {"model": _Refusal} for status in (400, 413)}
_ARCHIVE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/gzip": {"schema": {"type": "string", "format": "binary"}}}}
}
_PAGE: dict[int | str, dict[str, Any]] = {200: {"content": {"text/html": {"schema": {"type": "string"}}}}}
_ARCHIVE_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class _Route(APIRoute):
    """Turns a refusal into its answer."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await handle(request)
            except Refused as refused:
                error = {"code": refused.code, "message": refused.message}
                return JSONResponse({"error": error}, status_code=refused.status)

        return handler


def router(service: ExchangeService, caller: Caller) -> APIRouter:
    """Routes below the portal's `api`. `caller` says whose token a request holds, or raises 401."""
    routes = APIRouter(route_class=_Route, responses=_REFUSALS)
    # A default, since an annotation is read as text and would not be found here.
    who = Depends(caller)

    @routes.get("/me")
    def me(person: Person = who) -> dict[str, Any]:
        return {"name": person.name, "language": service.store.language(person.name)}

    @routes.get("/courses")
    def courses(person: Person = who) -> list[dict[str, Any]]:
        return [
            {"id": version.course_id, "title": version.bundle["title"], "digest": version.digest}
            for version in service.courses(person)
        ]

    @routes.get("/courses/{course}/assignments")
    def assignments(course: str, person: Person = who) -> list[dict[str, Any]]:
        version = service.version(person, course)
        return [
            {"id": unit["id"], "title": unit["title"], "notebooks": unit.get("notebooks") or [unit["id"]]}
            for unit in version.bundle["units"]
        ]

    @routes.get("/courses/{course}/assignments/{assignment}/release", response_class=Response, responses=_ARCHIVE)
    def release(course: str, assignment: str, person: Person = who, language: Language = "en") -> Response:
        return Response(service.release(person, course, assignment, language), media_type="application/gzip")

    @routes.post(
        "/courses/{course}/assignments/{assignment}/submissions",
        status_code=201,
        responses=_SUBMIT_REFUSALS | {200: {"description": "The same was handed in before."}},
        openapi_extra=_ARCHIVE_BODY,
    )
    async def submit(
        course: str, assignment: str, request: Request, person: Person = who, language: Language = "en"
    ) -> JSONResponse:
        data = await _body(request, service.caps.submission_bytes)
        received = await run_in_threadpool(service.submit, person, course, assignment, data, language)
        answer = {**_summary(received), "queue_position": received.place}
        return JSONResponse(answer, status_code=201 if received.new else 200)

    @routes.get("/courses/{course}/submissions")
    def submissions(course: str, person: Person = who, assignment: str | None = None) -> list[dict[str, Any]]:
        return [_summary(one) for one in service.submissions(person, course, assignment)]

    @routes.get("/courses/{course}/assignments/{assignment}/collect")
    def collect(course: str, assignment: str, person: Person = who) -> list[dict[str, Any]]:
        return [{**_summary(one), "person": one.person} for one in service.collected(person, course, assignment)]

    @routes.get("/submissions/{submission}")
    def one(submission: str, person: Person = who) -> dict[str, Any]:
        found = service.own(person, submission)
        return {**_summary(found), "queue_position": service.store.queue_position(found.id)}

    @routes.get("/submissions/{submission}/archive", response_class=Response, responses=_ARCHIVE)
    def archive(submission: str, person: Person = who) -> Response:
        return Response(service.store.archive(service.own(person, submission).id), media_type="application/gzip")

    @routes.get("/submissions/{submission}/verdict")
    def verdict(submission: str, person: Person = who, language: Language = "en") -> JSONResponse:
        from grader.exam.verdict import Verdict

        text = service.store.verdict(service.own(person, submission).id)
        if text is None:
            raise Refused(404, "no-verdict", "There is no verdict yet.", "Es gibt noch kein Urteil.")
        return JSONResponse(Verdict.model_validate(json.loads(text)).public(language))

    @routes.get("/submissions/{submission}/feedback", response_class=Response, responses=_PAGE)
    def feedback(submission: str, person: Person = who) -> HTMLResponse:
        text = service.feedback(person, submission)
        if text is None:
            raise Refused(404, "no-feedback", "There is no feedback yet.", "Es gibt noch keine Rückmeldung.")
        # Learner's text stands in it: no script, no other origin.
        return HTMLResponse(text, headers={"Content-Security-Policy": "default-src 'none'; sandbox"})

    return routes


async def _body(request: Request, limit: int) -> bytes:
    """The request's body, given up as soon as it is larger than `limit` bytes."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            error = _too_large(limit)
            raise Refused(413, error.code, error.message["en"], error.message["de"])
        parts.append(part)
    return b"".join(parts)


def _summary(submission: Submission) -> dict[str, Any]:
    return {
        "id": submission.id,
        "course": submission.course_id,
        "assignment": submission.assignment,
        "received_at": submission.received_at.isoformat(),
        "state": submission.state,
        "late": submission.late,
        "url": f"submissions/{submission.id}",
    }
