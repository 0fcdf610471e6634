"""A portal for the tests: real application, people told by a header, a hub and a gradebook that answer by heart."""

from __future__ import annotations

import io
import json
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import uvicorn
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from campus.portal.access import Access
from campus.portal.api import exchange_router
from campus.portal.app import create_app
from campus.portal.formgrader import FormgraderError, ServerState
from campus.portal.signin import Places
from campus.settings import Settings
from campus.signin.groups import groups_for
from grader.exam.verdict import CellVerdict, ExamFinding, Verdict
from grader.exchange.server import ExchangeService
from grader.records import Place
from grader.store import Store, Terms

COURSE, OTHER = "nord--first-kernels", "sued--first-kernels"
PREFIX = "/services/portal/"
SETTINGS = Settings.model_validate(
    {
        "tenants": [
            {
                "id": tenant,
                "name": {"de": f"Hochschule {tenant}", "en": f"University {tenant}"},
                "courses": [{"id": "first-kernels"}, {"id": "second-course"}],
            }
            for tenant in ("nord", "sued")
        ]
    }
)
BUNDLE: dict[str, Any] = {
    "schema": 1,
    "course": "first-kernels",
    "title": {"de": "Erste Kernel", "en": "First kernels"},
    "summary": {
        "de": "Schreiben Sie die ersten GPU-Kernel und sehen Sie, was auf der GPU geschieht.",
        "en": "Write your first GPU kernels and see what happens on the GPU.",
    },
    "languages": ["de", "en"],
    "prerequisites": [{"de": "Python-Funktionen und Schleifen", "en": "Python functions and loops"}],
    "units": [
        {
            "id": "guarded-map",
            "title": {"de": "Eine Abbildung mit Wächter", "en": "A guarded map"},
            "minutes": 45,
            "max_score": 10,
            "notebooks": ["guarded-map"],
            "tests": "examiner",
            "objectives": [{"id": "index", "de": "Threads einen Index geben", "en": "Give threads an index"}],
        },
        {
            "id": "port-to-cupy",
            "title": {"de": "Von NumPy nach CuPy", "en": "From NumPy to CuPy"},
            "minutes": 30,
            "max_score": 6,
            "notebooks": ["port-to-cupy"],
            "tests": "examiner",
            "objectives": [],
        },
    ],
    "digest": "0" * 64,
}


def _people() -> dict[str, Access]:
    people = {}
    for tenant in SETTINGS.tenants:
        for role in ("learner", "grader", "instructor", "admin"):
            groups = groups_for(tenant, role, ["first-kernels"])  # type: ignore[arg-type]
            people[f"{role}-{tenant.id}"] = Access(f"{role}-{tenant.id}", frozenset(groups))
        people[f"learner2-{tenant.id}"] = replace(people[f"learner-{tenant.id}"], name=f"learner2-{tenant.id}")
        people[f"guest-{tenant.id}"] = Access(f"guest-{tenant.id}", frozenset(groups_for(tenant, "admin", [])[:1]))
    return people


PEOPLE = _people()


class HeaderAuth:
    """People by the header or cookie `person`."""

    async def current(self, request: Request) -> Access | None:
        return PEOPLE.get(self.session(request))

    async def bearer(self, request: Request) -> Access | None:
        return PEOPLE.get(request.headers.get("Authorization", "").removeprefix("token "))

    def session(self, request: Request) -> str:
        return request.headers.get("person") or request.cookies.get("person", "")

    def login_redirect(self, request: Request, next_path: str) -> Response:
        return RedirectResponse(f"/hub/login?next={next_path}", status_code=303)

    def logout(self, request: Request) -> Response:
        return RedirectResponse("/hub/logout", status_code=303)

    def router(self) -> APIRouter:
        return APIRouter()


@dataclass
class HubDouble:
    """Formgrader servers that start when told, and are ready when the test says so."""

    states: dict[str, ServerState] = field(default_factory=dict)
    started: list[str] = field(default_factory=list)
    broken: bool = False

    async def state(self, account: str) -> ServerState:
        return self.states.get(account, "stopped")

    async def start(self, account: str) -> None:
        if self.broken:
            raise FormgraderError("out of order")
        self.started.append(account)
        self.states[account] = "starting"


class Gradebook:
    """Grades by (course, assignment, person); `rewritten` are those that were to be written once more. `outlines` say
    where cells stand, by course version."""

    def __init__(self) -> None:
        self.grades: dict[tuple[str, str, str], Any] = {}
        self.rewritten: list[tuple[str, str, str]] = []
        self.outlines: dict[str, dict[tuple[str, str], Place]] = {}

    def grade_of(self, course: str, assignment: str, person: str) -> Any:
        return self.grades.get((course, assignment, person))

    def rewrite(self, course: str, assignment: str, person: str) -> None:
        self.rewritten.append((course, assignment, person))

    def outline(self, digest: str, assignment: str, language: str) -> dict[tuple[str, str], Place]:
        return self.outlines.get(digest, {})


class NoFeedback:
    """A registrar without feedback yet."""

    def feedback(self, submission_id: str) -> str | None:
        return None


class Feedback:
    """A registrar whose feedback holds what a learner wrote."""

    def feedback(self, submission_id: str) -> str | None:
        return f"<p>{submission_id}</p>"


@dataclass
class Room:
    """One portal with its surroundings."""

    store: Store
    gradebook: Gradebook
    hub: HubDouble
    app: FastAPI

    def submit(
        self, person: str = "learner-nord", unit: str = "guarded-map", course: str = COURSE, late: bool = False
    ) -> str:
        archive = archive_of({f"{unit}.ipynb": notebook(), "helper.py": b"WIDTH = 256\n"})
        # Every call hands in something new.
        digest = f"{len(self.store.submissions()):064d}"
        terms = Terms(deadline=datetime(2020, 1, 1, tzinfo=UTC), takes_late=True) if late else Terms()
        return self.store.receive(course, unit, person, archive, language="en", digest=digest, terms=terms).id

    def run(self, submission: str) -> str:
        """A worker takes the submission, which must be the one that waits longest; returns the lease's token."""
        (lease,) = self.store.lease("worker-1", 600)
        assert lease.submission.id == submission
        return lease.token

    def grade(self, submission: str, verdict: Verdict | None = None, token: str = "") -> None:
        """A worker examines it and the registrar writes it down."""
        token = token or self.run(submission)
        assert self.store.deliver(token, (verdict or VERDICT).model_dump_json())
        self.store.mark_recorded(submission, "graded")

    def end(self, submission: str, state: str, why: str = "") -> None:
        """It ends without a verdict."""
        if state == "withdrawn":
            self.store.withdraw(submission, "learner-nord")
        else:
            self.run(submission)
            self.store.mark_recorded(submission, state, why, in_gradebook=False)


def room(folder: Path, database: str = "") -> Room:
    """A portal with the same course at two tenants, and nothing handed in. Its database lies in `folder`, or is the
    one of that URL."""
    store, gradebook, hub = Store(database or f"sqlite:///{folder / 'store.sqlite'}"), Gradebook(), HubDouble()
    store.migrate()
    for course in (COURSE, OTHER):
        store.publish(course, BUNDLE, b"", "ab" * 32, "start")
    auth = HeaderAuth()
    app = create_app(
        SETTINGS,
        store,
        gradebook,  # type: ignore[arg-type]
        auth,
        places=Places(),
        servers=hub,
        exchange=exchange_router(ExchangeService(store, Feedback(), SETTINGS.limits), auth),
        installation="this-one",
    )
    return Room(store, gradebook, hub, app)


def client(app: FastAPI, person: str = "", language: str = "en") -> httpx.AsyncClient:
    """A browser of `person` at the portal; paths are relative to it."""
    headers = {"Accept-Language": language} | ({"person": person} if person else {})
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False),
        base_url=f"http://127.0.0.1{PREFIX}",
        headers=headers,
    )


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The portal at a real port of the loopback address; yields its URL."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
        assert thread.is_alive(), "the portal did not start"
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}{PREFIX}"
    finally:
        server.should_exit = True
        thread.join()


def archive_of(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


#: What a clever learner would like a grader's browser to run.
HOSTILE = "<script>alert('x')</script><img src=x onerror=alert(1)>"


def notebook() -> bytes:
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": f"# A guarded map\n{HOSTILE}"},
        {
            "cell_type": "code",
            "metadata": {"nbgrader": {"grade_id": "saxpy"}},
            "source": [
                "@cuda.jit\n",
                "def saxpy(a, x, y, out):\n",
                "    i = cuda.grid(1)\n",
                "    out[i] = a * x[i] + y[i]\n",
            ],
            "outputs": [
                {"output_type": "stream", "text": "all done\n"},
                {"output_type": "display_data", "data": {"text/html": HOSTILE, "text/plain": "<Figure>"}},
            ],
        },
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


VERDICT = Verdict(
    assignment="guarded-map",
    device="emulated",
    protection="full",
    seeds={"run": 987654321},
    cells=[
        CellVerdict(notebook="guarded-map", grade_id="index-test", score=3, max_score=3, outcome="passed", findings=[]),
        CellVerdict(
            notebook="guarded-map",
            grade_id="saxpy-test",
            score=2.5,
            max_score=5,
            outcome="partial",
            findings=[
                ExamFinding(
                    kind="out-of-bounds",
                    line=4,
                    cell="saxpy",
                    message={
                        "de": "Thread 10 schreibt out[10], aber out hat 10 Elemente. Prüfen Sie den Index vorher.",
                        "en": "Thread 10 writes out[10], but out has 10 elements. Check the index first.",
                    },
                    evidence="n = 10, seed 987654321, expected 42.5",
                )
            ],
        ),
        CellVerdict(notebook="guarded-map", grade_id="explain", score=None, max_score=2, outcome="manual", findings=[]),
    ],
)


def grade(score: float = 7.5, needs_manual: bool = True) -> Any:
    return SimpleNamespace(score=score, max_score=10.0, needs_manual=needs_manual)
