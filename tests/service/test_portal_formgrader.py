"""Graders start their course's formgrader through the hub and are taken there when it is up."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from campus.portal.formgrader import FormgraderError, HubServers
from tests.service.portal_room import COURSE, PREFIX, Room, client, room
from tests.service.test_portal_pages import get, post

ACCOUNT = f"grader-{COURSE}"
PAGE = f"courses/{COURSE}/formgrader"


@pytest.fixture
def here(tmp_path: Path) -> Room:
    return room(tmp_path)


def hub(*answers: tuple[int, object], asked: list[str] | None = None) -> HubServers:
    """The hub's API as a list of answers."""
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["Authorization"] == "token the-portals-own"
        if asked is not None:
            asked.append(f"{request.method} {request.url.path}")
        status, content = left.pop(0)
        return httpx.Response(status, json=content)

    return HubServers("http://127.0.0.1:1/hub/api", "the-portals-own", httpx.MockTransport(answer))


@pytest.mark.parametrize(
    ("status", "model", "state"),
    [
        (404, {}, "stopped"),
        (200, {"servers": {}}, "stopped"),
        (200, {"servers": {"": {"ready": False, "pending": "spawn"}}}, "starting"),
        (200, {"servers": {"": {"ready": False, "pending": "stop"}}}, "stopped"),
        (200, {"servers": {"": {"ready": True, "pending": None}}}, "ready"),
    ],
)
def test_states_as_the_hub_tells_them(status, model, state):
    assert asyncio.run(hub((status, model)).state(ACCOUNT)) == state


def test_starting_asks_the_hub_for_the_courses_account():
    asked: list[str] = []
    asyncio.run(hub((202, {}), asked=asked).start(ACCOUNT))
    assert asked == [f"POST /hub/api/users/{ACCOUNT}/server"]


def test_somebody_else_was_quicker():
    running = {"servers": {"": {"ready": True}}}
    asyncio.run(hub((400, {"message": "already running"}), (200, running)).start(ACCOUNT))


@pytest.mark.parametrize("answers", [[(403, {})], [(404, {})], [(500, {})]])
def test_a_refusal_of_the_hub_is_an_error_that_names_it(answers):
    with pytest.raises(FormgraderError, match="the hub answered"):
        asyncio.run(hub(*answers).start(ACCOUNT))


def test_a_hub_that_is_away_is_an_error_that_says_so():
    with pytest.raises(FormgraderError, match="does not answer"):
        asyncio.run(HubServers("http://127.0.0.1:1/hub/api", "t").state(ACCOUNT))


def test_a_running_formgrader_is_opened_at_once(here):
    here.hub.states[ACCOUNT] = "ready"
    answer = get(here, "grader-nord", PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/user/{ACCOUNT}/formgrader")


def test_starting_waits_and_then_goes_there(here):
    assert "Start the formgrader" in get(here, "instructor-nord", PAGE).text
    assert here.hub.started == []
    started = post(here, "instructor-nord", PAGE, PAGE, **{"HX-Request": "true"})
    assert started.status_code == 200
    assert here.hub.started == [ACCOUNT]
    assert f'hx-get="{PREFIX}{PAGE}/state' in started.text
    assert "is starting" in get(here, "instructor-nord", f"{PAGE}/state?waited=3").text
    here.hub.states[ACCOUNT] = "ready"
    ready = get(here, "instructor-nord", f"{PAGE}/state?waited=4")
    assert ready.headers["hx-redirect"] == f"/user/{ACCOUNT}/formgrader"


def test_without_scripts_the_form_comes_back_to_the_page(here):
    answer = post(here, "instructor-nord", PAGE, PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, PREFIX + PAGE)


def test_a_start_that_failed_is_said_and_can_be_tried_again(here):
    html = get(here, "grader-nord", f"{PAGE}/state?waited=9").text
    assert "did not start" in html
    assert "Start the formgrader" in html
    assert "load, submit" not in html


def test_a_hub_that_refuses_is_a_page_of_its_own(here):
    here.hub.broken = True
    answer = post(here, "grader-nord", PAGE, PAGE)
    assert answer.status_code == 502
    assert "could not be started" in answer.text


@pytest.mark.parametrize(("person", "status"), [("learner-nord", 403), ("admin-nord", 403), ("instructor-sued", 404)])
def test_nobody_else_starts_it(here, person, status):
    assert post(here, person, PAGE).status_code == status
    assert here.hub.started == []


def test_a_page_that_lost_its_sign_in_is_loaded_anew(here):

    async def ask() -> httpx.Response:
        async with client(here.app) as browser:
            return await browser.get(f"{PAGE}/state", headers={"HX-Request": "true"})

    answer = asyncio.run(ask())
    assert (answer.status_code, answer.headers["hx-refresh"]) == (401, "true")
