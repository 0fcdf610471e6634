"""The page for a tenant's administrators: the queue, the workers, courses and their versions."""

from __future__ import annotations

from collections import Counter

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response

from campus.portal import shelf
from campus.portal.visit import Reader, Visit
from campus.settings import split_course_id

router = APIRouter()

#: How many of a course's newest submissions the page counts.
_COUNTED = 5_000
#: How many of the newest log entries of a tenant are shown.
_LOGGED = 30


@router.get("/operation")
def operation(visit: Visit = Reader) -> Response:
    """Of the person's own tenants only; another tenant's work does not even show as a number."""
    tenants = visit.access.administers
    if not tenants:
        raise HTTPException(403)
    store = visit.portal.store
    versions = [one for one in store.courses() if split_course_id(one.course_id)[0] in tenants]
    counts: Counter[str] = Counter()
    troubled, recent = [], []
    for version in versions:
        for submission in store.submissions(course_id=version.course_id, limit=_COUNTED):
            counts[submission.state] += 1
            recent.append(submission)
            # A note on one that is being marked: its verdict cannot be recorded yet.
            if submission.state in ("failed", "needs review") or (submission.state == "running" and submission.note):
                troubled.append(shelf.row(visit, submission))
    recent.sort(key=lambda one: one.received_at, reverse=True)
    events = [event for one in recent[:_LOGGED] for event in store.log(one.id)]
    workers: dict[str, object] = {}
    for event in sorted(events, key=lambda event: event.seq):
        if event.state == "running":
            workers[event.who] = event.at
    return visit.page(
        "operation.html",
        tenants=[shelf.tenant_name(visit, tenant) for tenant in tenants],
        counts=[(state, name, counts[state]) for state, name in shelf.STATES.items() if state != "new"],
        workers=sorted(workers.items()),
        versions=versions,
        troubled=troubled[:_LOGGED],
        events=sorted(events, key=lambda event: event.seq, reverse=True)[:_LOGGED],
        titles={one.id: shelf.titles(visit, one.course_id, one.assignment) for one in recent[:_LOGGED]},
        states=shelf.STATES,
    )
