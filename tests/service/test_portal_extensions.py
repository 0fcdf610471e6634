"""Instructors and graders give one learner more time and attempts, change it and take it back."""

from __future__ import annotations

import asyncio
from copy import deepcopy
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from campus.portal.language import from_field, to_field
from grader.store import Extension
from tests.service.portal_room import BUNDLE, COURSE, HOSTILE, PREFIX, Room, client, room

PAGE = f"courses/{COURSE}/extensions"
UNIT = "guarded-map"
DUE = datetime(2026, 1, 31, 12, tzinfo=UTC)
LATER = datetime(2036, 2, 7, 12, tzinfo=UTC)
GIFT = {"unit": UNIT, "person": "learner-nord", "until": to_field(LATER), "attempts": "2", "reason": "was ill"}


@pytest.fixture
def here(tmp_path: Path) -> Room:
    """The first unit has a deadline, and it has passed."""
    made = room(tmp_path)
    bundle = deepcopy(BUNDLE)
    bundle["units"][0]["deadline"] = DUE.isoformat()
    made.store.publish(COURSE, bundle, b"", "cd" * 32, "instructor-nord")
    return made


class Form(HTMLParser):
    """What the page's form holds, by field."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._inside, self._select = False, ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = attributes.get("id") == "form"
        elif self._inside and tag == "input":
            self.fields[attributes["name"]] = attributes["value"]
        elif self._inside and tag == "select":
            self._select = attributes["name"]
            self.fields[self._select] = ""
        elif self._inside and tag == "option" and "selected" in attributes:
            self.fields[self._select] = attributes["value"]


def send(here: Room, by: str = "instructor-nord", query: str = "", **fields: str) -> httpx.Response:
    """Open the page, fill these fields of its form in, and send it."""

    async def ask() -> httpx.Response:
        async with client(here.app, by) as browser:
            form = Form((await browser.get(PAGE + query)).text)
            return await browser.post(PAGE, data=form.fields | fields)

    return asyncio.run(ask())


def page(here: Room, by: str = "instructor-nord", path: str = PAGE, language: str = "en") -> str:
    async def ask() -> httpx.Response:
        async with client(here.app, by, language) as browser:
            return await browser.get(path)

    answer = asyncio.run(ask())
    assert answer.status_code == 200
    return answer.text


def holds(here: Room) -> Extension:
    found = here.store.extension(COURSE, UNIT, "learner-nord")
    assert found is not None
    return found


@pytest.mark.parametrize("by", ["instructor-nord", "grader-nord"])
def test_who_marks_gives_time_and_attempts_and_the_table_shows_both(here: Room, by: str) -> None:
    answer = send(here, by, **GIFT)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PREFIX}{PAGE}?done=given")
    entry = holds(here)
    assert (entry.until, entry.attempts, entry.who, entry.why) == (LATER, 2, by, "was ill")
    html = page(here)
    for words in ("A guarded map", "2 more attempts", "was ill", f"<td>{by}<br>", "nothing handed in yet"):
        assert words in html
    assert here.gradebook.rewritten == [(COURSE, UNIT, "learner-nord")]


def test_the_form_of_an_extension_holds_it_and_changes_it(here: Room) -> None:
    send(here, **GIFT)
    query = f"?unit={UNIT}&person=learner-nord"
    fields = Form(page(here, path=PAGE + query)).fields
    assert {name: fields[name] for name in GIFT} == GIFT | {"reason": ""}
    assert send(here, query=query, attempts="3", reason="still ill").status_code == 303
    assert [(one.until, one.attempts, one.why) for one in here.store.extension_log(COURSE)] == [
        (LATER, 3, "still ill"),
        (LATER, 2, "was ill"),
    ]


def test_an_extension_is_taken_back_with_a_reason_and_stays_in_the_log(here: Room) -> None:
    here.submit(late=True)
    send(here, **GIFT)
    assert not here.store.submissions()[0].late
    query = f"?unit={UNIT}&person=learner-nord"
    assert send(here, query=query, action="take").status_code == 422
    assert send(here, query=query, action="take", reason="wrong person").headers["location"].endswith("?done=taken")
    assert not holds(here).gives
    assert here.store.submissions()[0].late
    html = page(here)
    assert "Nobody has an extension in this course." in html
    for words in ("wrong person", "was ill", "nothing any more"):
        assert words in html
    assert "nothing handed in yet" not in html


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"unit": "no-such-unit"}, "unit", "Choose a unit."),
        ({"person": " "}, "person", "Write the user name"),
        ({"person": "a\0b"}, "person", "Write the user name"),
        ({"person": "x" * 201}, "person", "Write the user name"),
        ({"until": "soon"}, "until", "This is not a time."),
        ({"until": "0001-01-01T00:00"}, "until", "This is not a time."),
        ({"until": "2036-02-07T12:00+00:00"}, "until", "This is not a time."),
        ({"until": to_field(DUE)}, "until", "not after the deadline of A guarded map"),
        ({"unit": "port-to-cupy"}, "until", "From NumPy to CuPy has no deadline"),
        ({"until": "", "attempts": "0"}, "until", "Give a deadline, attempts, or both."),
        ({"attempts": "-1"}, "attempts", "from 0 to 1000"),
        ({"attempts": "1001"}, "attempts", "from 0 to 1000"),
        ({"attempts": "9" * 5000}, "attempts", "from 0 to 1000"),
        ({"reason": ""}, "reason", "Say why"),
        ({"reason": "y" * 501}, "reason", "Say why"),
        ({"seq": "7"}, "", "Somebody has changed this extension meanwhile"),
    ],
)
def test_what_cannot_be_given_is_said_at_its_field_and_nothing_is_lost(
    here: Room, fields: dict[str, str], field: str, words: str
) -> None:
    answer = send(here, **(GIFT | fields))
    assert answer.status_code == 422
    assert words in answer.text
    if field:
        assert f'id="{field}-problem"' in answer.text
        assert f'aria-describedby="{field}-problem' in answer.text
    kept = Form(answer.text).fields
    assert kept["reason"] == (GIFT | fields)["reason"].strip()
    assert here.store.extension_log(COURSE) == []
    assert here.gradebook.rewritten == []


def test_two_who_change_the_same_at_once_see_each_others_work(here: Room) -> None:
    send(here, **GIFT)
    answer = send(here, "grader-nord", **(GIFT | {"attempts": "5"}))
    assert answer.status_code == 422
    assert holds(here).attempts == 2
    assert Form(answer.text).fields["seq"] == str(holds(here).seq)


@pytest.mark.parametrize("by", ["learner-nord", "admin-nord", "instructor-sued"])
def test_nobody_else_gives_anything(here: Room, by: str) -> None:
    async def ask() -> httpx.Response:
        async with client(here.app, by) as browser:
            token = (await browser.get("")).text.partition('name="csrf" value="')[2].partition('"')[0]
            return await browser.post(PAGE, data=GIFT | {"csrf": token, "action": "give"})

    assert asyncio.run(ask()).status_code == (404 if by.endswith("sued") else 403)
    assert here.store.extension_log(COURSE) == []


def test_what_people_write_is_text_on_the_page(here: Room) -> None:
    assert send(here, **(GIFT | {"person": HOSTILE, "reason": HOSTILE})).status_code == 303
    assert HOSTILE not in page(here)


def test_the_learner_sees_the_own_deadline_and_no_reason(here: Room) -> None:
    send(here, **GIFT)
    html = page(here, "learner-nord", f"courses/{COURSE}")
    assert "Your own deadline:" in html
    assert LATER.isoformat() in html
    assert "was ill" not in html
    assert "Your own deadline:" not in page(here, "learner2-nord", f"courses/{COURSE}")


def test_a_time_in_a_field_is_one_of_the_servers_zone() -> None:
    assert from_field(to_field(LATER)) == LATER


def test_the_page_is_in_german_too(here: Room) -> None:
    html = page(here, language="de")
    for words in ("Verlängerungen", "Eigene Frist", "Niemand hat in diesem Kurs eine Verlängerung."):
        assert words in html
