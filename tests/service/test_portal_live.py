"""A verdict page fills in by itself: state after state, in order, over real HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.service.portal_room import Room, room, served


@pytest.fixture
def here(tmp_path: Path) -> Iterator[tuple[Room, str]]:
    made = room(tmp_path)
    with served(made.app) as url:
        yield made, url


@contextmanager
def stream(url: str, submission: str, person: str = "learner-nord", **headers: str):
    """Yields an iterator of (event, id, data)."""

    def events(lines: Iterator[str]) -> Iterator[tuple[str, str, str]]:
        name, number, data = "", "", []
        for line in lines:
            key, _, value = line.partition(": ")
            if key == "event":
                name = value
            elif key == "id":
                number = value
            elif key == "data":
                data.append(value)
            elif not line and name:
                yield name, number, "\n".join(data)
                name, number, data = "", "", []

    with httpx.stream(
        "GET",
        f"{url}submissions/{submission}/events",
        headers={"person": person, "Accept-Language": "en", "Accept": "text/event-stream", **headers},
        timeout=30,
    ) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield events(answer.iter_lines())


def step(html: str) -> str:
    """The step that the page marks as the current one."""
    found = re.search(r'aria-current="step">(?:<span aria-hidden="true">✓ </span>)?([^<]+)<', html)
    assert found, html
    return found.group(1)


def test_states_arrive_in_order_and_the_stream_ends_after_graded(here):
    room, url = here
    submission = room.submit()
    with stream(url, submission) as events:
        assert step(next(events)[2]) == "received"
        assert step(next(events)[2]) == "waiting"
        other = room.submit("learner2-nord")
        token = room.run(submission)
        assert step(next(events)[2]) == "being marked"
        room.grade(other)
        room.grade(submission, token=token)
        name, _, html = next(events)
        assert (name, step(html)) == ("state", "graded")
        name, _, html = next(events)
        assert name == "verdict"
        assert "<strong>5.5</strong> of 10 points" in html
        assert next(events)[0] == "done"
        assert list(events) == []


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ("needs review", "A person will look at this submission"),
        ("failed", "Marking failed on our side"),
        ("withdrawn", "This submission was withdrawn"),
    ],
)
def test_every_end_is_said_and_ends_the_stream(here, state, text):
    room, url = here
    submission = room.submit()
    with stream(url, submission) as events:
        next(events), next(events)
        room.end(submission, state)
        told = list(events)
        assert text in told[-3][2]
        assert [name for name, _, _ in told[-3:]] == ["state", "verdict", "done"]


def test_a_page_that_comes_late_gets_the_verdict_at_once(here):
    room, url = here
    submission = room.submit()
    room.grade(submission)
    with stream(url, submission) as events:
        assert [name for name, _, _ in events] == ["state"] * 4 + ["verdict", "done"]


def test_a_page_that_connects_again_misses_nothing_and_sees_nothing_twice(here):
    room, url = here
    submission = room.submit()
    with stream(url, submission) as events:
        _, number, _ = next(events)
    room.grade(submission)
    with stream(url, submission, **{"Last-Event-ID": number}) as events:
        seen = [step(html) for name, _, html in events if name == "state"]
    assert seen == ["waiting", "being marked", "graded"]


def test_a_waiting_page_learns_its_new_place(here):
    room, url = here
    first, second = room.submit(), room.submit("learner2-nord")
    with stream(url, second, "learner2-nord") as events:
        next(events)
        assert "1 submission is before yours" in next(events)[2]
        room.grade(first)
        assert "this submission is next" in next(events)[2]


def test_many_pages_watch_at_once(here):
    room, url = here
    submission = room.submit()
    with ExitStack() as stack:
        # More than the server has threads: a page that waits must not hold one.
        pages = [stack.enter_context(stream(url, submission)) for _ in range(60)]
        for events in pages:
            next(events), next(events)
        room.store.withdraw(submission, "learner-nord")
        for events in pages:
            assert [name for name, _, _ in events] == ["state", "verdict", "done"]


def test_a_store_that_fails_for_a_moment_ends_no_page(here):
    room, url = here
    submission = room.submit()
    works = room.store.wait

    def fails(after: int, timeout: float):
        room.store.wait = works  # type: ignore[method-assign]
        raise OSError("the database restarts")

    with stream(url, submission) as events:
        next(events), next(events)
        room.store.wait = fails  # type: ignore[method-assign]
        room.run(submission)
        assert step(next(events)[2]) == "being marked"
