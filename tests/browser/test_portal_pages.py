"""The portal's pages in a real browser: they fill in by themselves, fit small screens and break no policy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PICTURES
from tests.service.portal_room import BUNDLE, COURSE, Room, grade, room, served

pytestmark = pytest.mark.browser


@pytest.fixture
def here(tmp_path: Path) -> Iterator[tuple[Room, str]]:
    made = room(tmp_path)
    with served(made.app) as url:
        yield made, url


class Tab:
    """A page of one person that remembers every complaint of the browser."""

    def __init__(self, browser: Browser, person: str, language: str = "en", width: int = 1280) -> None:
        self.context = browser.new_context(
            locale={"en": "en-GB", "de": "de-DE"}[language],
            viewport={"width": width, "height": 800},
            extra_http_headers={"person": person},
            reduced_motion="reduce",
        )
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def __enter__(self) -> Tab:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()


def test_a_verdict_page_fills_in_without_being_touched(here, chromium):
    room, url = here
    submission = room.submit()
    with Tab(chromium, "learner-nord") as tab:
        tab.page.goto(f"{url}submissions/{submission}")
        expect(tab.page.get_by_role("status")).to_contain_text("this submission is next")
        token = room.run(submission)
        expect(tab.page.get_by_role("status")).to_contain_text("It is being marked")
        room.grade(submission, token=token)
        expect(tab.page.get_by_role("status")).to_contain_text("Marked.")
        expect(tab.page.get_by_role("heading", name="Result")).to_be_visible()
        expect(tab.page.get_by_text("Thread 10 writes out[10]")).to_be_visible()
        assert tab.complaints == []


def test_the_formgrader_page_starts_the_server_and_goes_there(here, chromium):
    room, url = here
    with Tab(chromium, "grader-nord") as tab:
        tab.page.goto(f"{url}courses/{COURSE}/formgrader")
        expect(tab.page.get_by_role("status")).to_contain_text("is starting")
        assert room.hub.started == [f"grader-{COURSE}"]
        room.hub.states[f"grader-{COURSE}"] = "ready"
        tab.page.wait_for_url(re.compile(f"/user/grader-{COURSE}/formgrader$"))


def test_a_form_works_in_the_browser(here, chromium):
    room, url = here
    submission = room.submit()
    with Tab(chromium, "learner-nord", "de") as tab:
        tab.page.goto(f"{url}submissions/{submission}")
        tab.page.get_by_role("button", name="Abgabe zurückziehen").click()
        expect(tab.page.get_by_text("Diese Abgabe wurde zurückgezogen")).to_be_visible()
        assert tab.complaints == []


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_page_fits_a_screen_of_320_pixels(here, chromium, language):
    """320 CSS pixels are a screen of 1280 enlarged to 400 percent."""
    room, url = here
    first = room.submit()
    room.grade(first)
    room.gradebook.grades[COURSE, "guarded-map", "learner-nord"] = grade()
    waiting = room.submit("learner2-nord", late=True)
    pages = {
        "learner-nord": ["", f"courses/{COURSE}", "submissions", f"submissions/{first}", "accessibility", "none"],
        "grader-nord": [
            f"courses/{COURSE}/submissions",
            f"courses/{COURSE}/extensions",
            f"submissions/{waiting}",
            f"submissions/{first}/files",
        ],
        "admin-nord": ["operation"],
    }
    for person, paths in pages.items():
        with Tab(chromium, person, language, 320) as tab:
            for path in paths:
                tab.page.goto(url + path)
                assert tab.page.evaluate("document.documentElement.scrollWidth") <= 320, path
                tall = [
                    box["height"]
                    for one in tab.page.locator("p, h1, h2, h3, h4, dd, a").all()
                    if (box := one.bounding_box()) and box["width"] < 12 and box["height"] > 60
                ]
                assert tall == [], f"text runs down one letter a line on {path}"


def test_the_keyboard_reaches_the_content_first(here, chromium):
    _, url = here
    with Tab(chromium, "learner-nord") as tab:
        tab.page.goto(url)
        tab.page.keyboard.press("Tab")
        skip = tab.page.get_by_role("link", name="Skip to the content")
        expect(skip).to_be_focused()
        tab.page.keyboard.press("Enter")
        tab.page.keyboard.press("Tab")
        expect(tab.page.get_by_role("link", name="First kernels")).to_be_focused()


def test_an_extension_is_given_changed_and_taken_back_by_keyboard(here, chromium):
    room, url = here
    bundle = deepcopy(BUNDLE)
    bundle["units"][0] |= {"deadline": "2026-01-31T23:59:00+01:00", "attempts": 3}
    room.store.publish(COURSE, bundle, b"", "c" * 64, "instructor-nord")
    room.submit(late=True)
    with Tab(chromium, "instructor-nord") as tab:
        keyboard = tab.page.keyboard
        tab.page.goto(f"{url}courses/{COURSE}/submissions")
        tab.page.get_by_role("link", name="Extensions").press("Enter")
        tab.page.get_by_label("Person").focus()
        keyboard.type("learner-nord")
        keyboard.press("Tab")
        keyboard.type("A guarded")
        tab.page.get_by_label("Attempts on top").press("ArrowUp")
        tab.page.get_by_label("Why").focus()
        keyboard.type("was ill")
        keyboard.press("Enter")
        expect(tab.page.get_by_role("status")).to_contain_text("Saved.")
        row = tab.page.get_by_role("row", name="learner-nord")
        expect(row).to_contain_text("1 more attempt")
        row.get_by_role("link").press("Enter")
        until = tab.page.get_by_label("Deadline of their own")
        until.fill("2026-01-01T12:00")
        tab.page.get_by_label("Why").fill("still ill")
        tab.page.get_by_role("button", name="Save").press("Enter")
        expect(until).to_have_accessible_description(re.compile("not after the deadline of A guarded map"))
        until.fill("2036-02-07T12:00")
        tab.page.get_by_role("button", name="Save").press("Enter")
        expect(row).to_contain_text("until 7 Feb 2036")
        tab.page.get_by_text("All changes, newest first").press("Enter")
        PICTURES.mkdir(parents=True, exist_ok=True)
        tab.page.screenshot(path=PICTURES / "extensions.png", full_page=True)
        row.get_by_role("link").press("Enter")
        tab.page.get_by_label("Why").fill("the wrong person")
        tab.page.get_by_role("button", name="Take the extension back").press("Enter")
        expect(tab.page.get_by_text("Nobody has an extension in this course.")).to_be_visible()
        # The refused form came with status 422, which Chromium notes.
        assert [said for said in tab.complaints if "422" not in said] == []


def test_hostile_content_does_nothing_in_a_graders_browser(here, chromium):
    room, url = here
    submission = room.submit()
    with Tab(chromium, "grader-nord") as tab:
        tab.page.on("dialog", lambda dialog: tab.complaints.append(dialog.message))
        tab.page.goto(f"{url}submissions/{submission}/files")
        expect(tab.page.get_by_text("<script>alert('x')</script>")).to_be_visible()
        assert tab.complaints == []
