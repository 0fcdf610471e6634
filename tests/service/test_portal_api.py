"""The exchange and the pages in one process: what one takes in, the other shows."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from tests.service.portal_room import COURSE, PREFIX, Room, archive_of, client, notebook, room
from tests.service.test_portal_pages import get

POST = f"api/courses/{COURSE}/assignments/guarded-map/submissions"


@pytest.fixture
def here(tmp_path: Path) -> Room:
    return room(tmp_path)


def call(here: Room, method: str, path: str, token: str = "", **more) -> httpx.Response:
    async def ask() -> httpx.Response:
        async with client(here.app) as program:
            headers = {"Authorization": f"token {token}"} if token else {}
            return await program.request(method, path, headers=headers, **more)

    return asyncio.run(ask())


def test_what_is_submitted_is_on_the_learners_page_at_once(here):
    archive = archive_of({"guarded-map.ipynb": notebook()})
    answer = call(here, "POST", POST, "learner-nord", content=archive)
    assert answer.status_code == 201
    page = get(here, "learner-nord", answer.json()["url"])
    assert page.status_code == 200
    assert "this submission is next" in page.text
    assert answer.json()["url"] in get(here, "grader-nord", f"courses/{COURSE}/submissions").text


@pytest.mark.parametrize("path", ["api/me", "api/courses", "api/none"])
def test_a_cookie_is_no_token(here, path):
    answer = get(here, "learner-nord", path)
    assert answer.status_code == (404 if path == "api/none" else 401)
    error = answer.json()["error"]
    assert set(error["message"]) == {"de", "en"}


def test_a_refusal_is_the_exchanges_own(here):
    answer = call(here, "POST", POST, "learner-nord", content=b"no archive")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "not-an-archive"
    assert call(here, "POST", POST, "guest-nord", content=b"").json()["error"]["code"] == "not-enrolled"
    assert call(here, "POST", POST, "learner-sued", content=b"").json()["error"]["code"] == "unknown-course"
    assert here.store.submissions() == []


def test_bad_parameters_are_an_error_for_programs(here):
    answer = call(here, "GET", f"api/courses/{COURSE}/assignments/guarded-map/release?language=fr", "learner-nord")
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "invalid"


def test_feedback_keeps_its_stricter_policy(here):
    submission = here.submit()
    answer = call(here, "GET", f"api/submissions/{submission}/feedback", "learner-nord")
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["x-frame-options"] == "DENY"


def test_health_needs_nobody(here):
    assert call(here, "GET", "health").text == "ok"
    assert call(here, "GET", "health").headers["X-Lehrwerk-Installation"] == "this-one"
    assert get(here, "", f"http://127.0.0.1{PREFIX}health").status_code == 200
