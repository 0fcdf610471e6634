"""What learners hand in is text to whoever reads it: on the portal's pages and in feedback."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from grader.exam.verdict import CellVerdict, ExamFinding, Verdict
from grader.records.feedback import page
from grader.records.outline import Place
from tests.attacks.pages import MARK, PAYLOADS, live, notebook
from tests.service.portal_room import COURSE, archive_of, client, room


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_payload_is_text_on_every_page_of_the_portal(tmp_path: Path, name: str) -> None:
    payload = PAYLOADS[name]
    portal = room(tmp_path)
    files = {"guarded-map.ipynb": notebook(payload), f"{payload.replace('/', '')[:80]}.txt": payload.encode()}
    handed_in = portal.store.receive(COURSE, "guarded-map", "learner-nord", archive_of(files), language="en")
    finding = ExamFinding(kind="exception", message={"en": payload, "de": payload}, line=1, cell=payload)
    cell = CellVerdict(
        notebook="guarded-map", grade_id=payload, score=0, max_score=3, outcome="failed", findings=[finding]
    )
    verdict = Verdict(assignment="guarded-map", device="emulated", protection="full", cells=[cell])
    portal.grade(handed_in.id, verdict)

    async def pages() -> None:
        for person in ("learner-nord", "instructor-nord"):
            async with client(portal.app, person) as browser:
                paths = [
                    f"submissions/{handed_in.id}",
                    f"submissions/{handed_in.id}/files",
                    "submissions",
                    f"courses/{COURSE}/submissions",
                ]
                for path in paths if person == "instructor-nord" else paths[:3:2]:
                    answer = await browser.get(path)
                    assert answer.status_code == 200
                    assert live(answer.text) == []
                    policy = answer.headers["content-security-policy"]
                    assert policy.startswith("default-src 'self';")
                    assert "unsafe" not in policy
                    if path.endswith("files"):
                        assert MARK in answer.text

    asyncio.run(pages())


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_payload_is_text_in_feedback(name: str) -> None:
    payload = PAYLOADS[name]
    finding = ExamFinding(kind="exception", message={"en": payload, "de": payload})
    cell = CellVerdict(notebook="unit", grade_id=payload, score=0, max_score=3, outcome="failed", findings=[finding])
    html = page(
        Verdict(assignment=payload, device="emulated", protection="full", cells=[cell]),
        "en",
        None,
        {("unit", payload): Place(1, payload)},
    )
    assert MARK in html
    assert live(html) == []
