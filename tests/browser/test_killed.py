"""Worker, portal and hub are killed while submissions come in: each accepted one still gets exactly one verdict."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import nbformat
import pytest

from campus.publish import open_registrar, open_store
from grader.course.archives import pack_files
from grader.course.build import answered, notebook, released
from grader.course.reader import read
from grader.store import Store
from tests.browser.conftest import PATIENCE, ROOT, Campus, Platform

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

COURSE, UNIT, PERSON = "sued--first-kernels", "guarded-map", "learner2-sued"


def submissions(count: int) -> list[bytes]:
    """Archives that differ; the last one is right, the others are starters."""
    unit = next(unit for unit in read(ROOT / "courses" / "first-kernels").units if unit.entry.id == UNIT)
    starter = released(notebook(unit, "en"))
    made = []
    for number in range(count):
        answers = {name: one.source for name, one in unit.solutions.items()} if number == count - 1 else {}
        text = nbformat.writes(answered(starter, {**answers, "why-guard": f"attempt {number}"}))
        made.append(pack_files({f"{UNIT}.ipynb": text.encode()}))
    return made


def children(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        yield from map(int, (task / "children").read_text().split())


def kill(platform: Platform, *words: str) -> None:
    """SIGKILL for the one process of this platform whose command line holds all of `words`."""
    found = [
        pid
        for pid in children(platform.process.pid)
        if all(word.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") for word in words)
    ]
    assert len(found) == 1, words
    os.kill(found[0], signal.SIGKILL)


def token_of(campus: Campus) -> str:
    page = campus.person(PERSON).page
    page.goto(f"{campus.platform.url}hub/token")
    page.get_by_role("button", name="Make a token").click()
    token = page.locator("#token")
    token.wait_for()
    return token.inner_text()


def hand_in(client: httpx.Client, archive: bytes) -> str:
    """Send until it is accepted, as a learner would press Submit again."""
    deadline = time.monotonic() + PATIENCE / 1000
    while True:
        try:
            answer = client.post(f"courses/{COURSE}/assignments/{UNIT}/submissions", content=archive)
            if answer.status_code in (200, 201):
                return str(answer.json()["id"])
            # 502, 503 and 504 while a part is away; anything else is a fault.
            assert answer.status_code in (404, 502, 503, 504), answer.text
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline, "no part came back"


def wait_for_verdicts(store: Store, ids: list[str]) -> None:
    deadline = time.monotonic() + 240
    while True:
        seen = store.last_event()
        states = {one.id: one.state for one in store.submissions(course_id=COURSE) if one.id in ids}
        if set(states) == set(ids) and all(state == "graded" for state in states.values()):
            return
        assert time.monotonic() < deadline, states
        store.wait(seen, 2.0)


def test_every_accepted_submission_gets_one_verdict_whatever_is_killed(campus: Campus, platform: Platform) -> None:
    headers = {"Authorization": f"token {token_of(campus)}"}
    store = open_store(platform.loaded())
    registrar = open_registrar(platform.loaded(), store)
    victims = {1: ("campus.worker",), 2: ("campus.portal",), 3: ("jupyterhub",), 4: ("campus.worker",)}
    ids = []
    with httpx.Client(base_url=f"{platform.url}services/portal/api/", headers=headers, timeout=30) as client:
        for number, archive in enumerate(submissions(6)):
            ids.append(hand_in(client, archive))
            if number in victims:
                kill(platform, *victims[number])
        # A learner who is unsure sends the last one again; it stays one submission.
        assert hand_in(client, archive) == ids[-1]
    assert len(set(ids)) == 6
    wait_for_verdicts(store, ids)
    for one in ids:
        states = [event.state.value for event in store.log(one)]
        assert states.count("graded") == 1, states
        assert states[-1] == "graded"
    grade = registrar.grade_of(COURSE, UNIT, PERSON)
    assert grade is not None
    assert grade.score == 11
    registrar.close()
    store.close()
