"""Every page, for every role: who sees it, what is on it, and what is never on it."""

from __future__ import annotations

import asyncio
import json
import re
from copy import deepcopy
from pathlib import Path

import httpx
import pytest

from grader.exam.verdict import CellVerdict, ExamFinding, Verdict
from grader.records import Place
from tests.service.portal_room import (
    BUNDLE,
    COURSE,
    HOSTILE,
    OTHER,
    PEOPLE,
    PREFIX,
    VERDICT,
    Room,
    archive_of,
    client,
    grade,
    room,
)


@pytest.fixture
def here(tmp_path: Path) -> Room:
    return room(tmp_path)


def get(here: Room, person: str, path: str, language: str = "en", **more) -> httpx.Response:
    async def ask() -> httpx.Response:
        async with client(here.app, person, language) as browser:
            return await browser.get(path, **more)

    return asyncio.run(ask())


def csrf_of(html: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', html)
    assert found
    return found.group(1)


def post(here: Room, person: str, path: str, page: str = "", token: str | None = None, **headers):
    """Load a page, then send its form as a browser would; `token` replaces the form's own."""

    async def ask() -> httpx.Response:
        async with client(here.app, person) as browser:
            html = (await browser.get(page)).text
            data = {"csrf": csrf_of(html) if token is None else token}
            return await browser.post(path, data=data, headers=headers)

    return asyncio.run(ask())


ROLES = ("", "learner", "learner2", "guest", "grader", "instructor", "admin")
OK, LOGIN, NO, NONE = 200, 303, 403, 404
#: Status by role: nobody, owner, another learner, a member without a role, grader, instructor, administrator.
MATRIX = {
    "": (LOGIN, OK, OK, OK, OK, OK, OK),
    "accessibility": (LOGIN, OK, OK, OK, OK, OK, OK),
    "submissions": (LOGIN, OK, OK, OK, OK, OK, OK),
    "operation": (LOGIN, NO, NO, NO, NO, NO, OK),
    "courses/{course}": (LOGIN, OK, OK, OK, OK, OK, OK),
    "courses/{course}/submissions": (LOGIN, NO, NO, NO, OK, OK, NO),
    "courses/{course}/extensions": (LOGIN, NO, NO, NO, OK, OK, NO),
    "courses/{course}/formgrader": (LOGIN, NO, NO, NO, OK, OK, NO),
    "courses/{course}/formgrader/state": (LOGIN, NO, NO, NO, OK, OK, NO),
    "submissions/{id}": (LOGIN, OK, NONE, NONE, OK, OK, NONE),
    "submissions/{id}/files": (LOGIN, OK, NONE, NONE, OK, OK, NONE),
    "submissions/{id}/events": (LOGIN, OK, NONE, NONE, OK, OK, NONE),
}
OF_A_TENANT = [path for path in MATRIX if "{" in path]


@pytest.mark.parametrize("path", MATRIX)
def test_roles_and_routes(here, path):
    submission = here.submit()
    here.grade(submission)
    url = path.format(course=COURSE, id=submission)
    got = tuple(get(here, f"{role}-nord" if role else "", url).status_code for role in ROLES)
    assert got == MATRIX[path]


@pytest.mark.parametrize("path", OF_A_TENANT)
def test_another_tenant_does_not_exist(here, path):
    submission = here.submit()
    here.grade(submission)
    url = path.format(course=COURSE, id=submission)
    for role in ROLES[1:]:
        answer = get(here, f"{role}-sued", url)
        assert answer.status_code == 404, role
        assert "learner-nord" not in answer.text


def test_the_matrix_has_every_page():
    from campus.portal import extensions, operation, pages, teaching

    routes = [r for part in (pages, teaching, extensions, operation) for r in part.router.routes if "GET" in r.methods]
    known = {f"/{path}".replace("{id}", "{submission_id}") for path in MATRIX}
    assert {route.path for route in routes} == known


def test_what_does_not_exist_looks_like_what_is_not_yours(here):
    for path in ("submissions/s1", "courses/nord--none", "courses/none", "no-such-page"):
        assert get(here, "instructor-nord", path).status_code == 404


def test_nobody_goes_to_sign_in_and_back(here):
    answer = get(here, "", f"courses/{COURSE}/submissions?unit=guarded-map")
    assert answer.headers["location"].endswith(f"{PREFIX}courses/{COURSE}/submissions?unit=guarded-map")


def test_the_catalogue_shows_the_own_tenants_courses_and_roles(here):
    html = get(here, "learner-nord", "").text
    assert f'href="{PREFIX}courses/{COURSE}"' in html
    assert "Your role: Learner" in html
    assert OTHER not in html
    assert "Not enrolled" in get(here, "guest-nord", "").text


def test_the_course_page_shows_progress_and_the_way_to_the_lab(here):
    first, second = here.submit(), here.submit()
    here.grade(first)
    low = Verdict(
        assignment="guarded-map",
        device="emulated",
        protection="full",
        cells=[CellVerdict(notebook="u", grade_id="saxpy-test", score=1.25, max_score=10, outcome="partial")],
    )
    here.grade(second, low)
    here.gradebook.grades[COURSE, "guarded-map", "learner-nord"] = grade(7.5, needs_manual=True)
    html = get(here, "learner-nord", f"courses/{COURSE}").text
    assert (
        "/hub/user-redirect/lehrwerk/open?course=nord--first-kernels&amp;assignment=guarded-map&amp;language=en" in html
    )
    for text in (
        "45 minutes",
        "10 points",
        "Give threads an index",
        "Python functions and loops",
        "<strong>1.25</strong> / 10",
    ):
        assert text in html
    assert "<strong>5.5</strong> / 10" in html
    assert "<strong>7.5</strong> / 10" in html
    assert "not submitted yet" in html
    assert "Formgrader" not in html
    assert "user-redirect" not in get(here, "guest-nord", f"courses/{COURSE}").text


def test_the_verdict_page_for_the_learner(here):
    submission = here.submit()
    here.grade(submission)
    html = get(here, "learner-nord", f"submissions/{submission}").text
    for text in (
        "<strong>5.5</strong> of 10 points",
        "partly right",
        "Line 4",
        "Thread 10 writes out[10]",
        "Not verified on a GPU.",
        "Protected:",
        "up to 2, not marked yet",
    ):
        assert text in html
    german = get(here, "learner-nord", f"submissions/{submission}", "de").text
    for text in ("<strong>5,5</strong> von 10 Punkten", "Zeile 4", "Thread 10 schreibt out[10]"):
        assert text in german


@pytest.mark.parametrize("path", ["submissions/{id}", "submissions/{id}/events"])
def test_seeds_and_hidden_values_are_not_for_learners(here, path):
    submission = here.submit()
    here.grade(submission)
    url = path.format(id=submission)
    learner, grader = get(here, "learner-nord", url).text, get(here, "grader-nord", url).text
    assert "987654321" not in learner
    assert "expected 42.5" not in learner
    assert "expected 42.5" in grader


#: The version of `VERDICT`'s course, with the cells' places in it.
PLACES = {
    ("guarded-map", "index-test"): Place(5, "Give threads an index"),
    ("guarded-map", "saxpy"): Place(7, "Exercise 1: saxpy"),
    ("guarded-map", "saxpy-test"): Place(9, "Exercise 1: saxpy"),
    ("guarded-map", "explain"): Place(12, "In your own words"),
}


def test_cells_are_named_as_the_learner_knows_them_and_by_their_id_for_those_who_mark(here):
    here.gradebook.outlines["ab" * 32] = PLACES
    submission = here.submit()
    here.grade(submission)
    learner, grader = (get(here, f"{role}-nord", f"submissions/{submission}").text for role in ("learner", "grader"))
    for words in ("<h4>Exercise 1: saxpy</h4>", "cell 9", "<h4>In your own words</h4>", "Cell 7, line 4"):
        assert words in learner
        assert words in grader
    assert "saxpy-test" not in learner
    assert "<code>saxpy-test</code>" in grader
    assert "Zelle 7, Zeile 4" in get(here, "learner-nord", f"submissions/{submission}", "de").text


def test_of_several_notebooks_the_page_names_the_cells_one(here):
    here.gradebook.outlines["ab" * 32] = {("first", "a"): Place(2, "One"), ("second", "b"): Place(2, "Two")}
    cells = [
        CellVerdict(notebook=name, grade_id=cell, score=1, max_score=1, outcome="passed")
        for name, cell in (("first", "a"), ("second", "b"))
    ]
    submission = here.submit()
    here.grade(submission, VERDICT.model_copy(update={"cells": cells}))
    html = get(here, "learner-nord", f"submissions/{submission}").text
    assert "first.ipynb, cell 2" in html
    assert "second.ipynb, cell 2" in html


def regraded(here: Room) -> str:
    """A submission whose verdict a regrade has replaced by full marks for every cell."""
    submission = here.submit()
    here.grade(submission)
    cells = [cell.model_copy(update={"score": cell.max_score, "findings": []}) for cell in VERDICT.cells]
    better, old = VERDICT.model_copy(update={"cells": cells}).model_dump_json(), VERDICT.model_dump_json()
    done = {"replaces": old, "who": "command:ines", "why": f"test 3 was wrong {HOSTILE}"}
    assert here.store.revise(submission, better, "cd" * 32, **done)
    here.store.mark_recorded(submission, "graded")
    return submission


@pytest.mark.parametrize("path", ["submissions/{id}", "submissions/{id}/events"])
def test_a_verdict_that_a_regrade_replaced_is_shown_with_who_and_why(here, path):
    here.gradebook.outlines = {
        "ab" * 32: {("guarded-map", "saxpy-test"): Place(9, "As it was called")},
        "cd" * 32: PLACES,
    }
    url = path.format(id=regraded(here))
    learner, grader = get(here, "learner-nord", url).text, get(here, "grader-nord", url).text
    for html in (learner, grader):
        now, _, before = html.partition("Earlier results")
        assert "<strong>10</strong> of 10 points" in now
        for words in ("<strong>5.5</strong> of 10 points", "<dd>ines</dd>", "test 3 was wrong", "Thread 10 writes"):
            assert words in before
        assert "As it was called" in before
        assert HOSTILE not in html
    assert "987654321" not in learner
    assert "expected 42.5" not in learner
    assert "expected 42.5" in grader
    assert "Frühere Ergebnisse" in get(here, "learner-nord", url, "de").text


def test_a_verdict_that_was_never_replaced_has_no_earlier_ones(here):
    submission = here.submit()
    here.grade(submission)
    assert "Earlier results" not in get(here, "grader-nord", f"submissions/{submission}").text


def test_less_protection_and_a_real_gpu_are_said(here):
    submission = here.submit()
    here.grade(
        submission,
        Verdict(
            assignment="guarded-map",
            device="cuda:NVIDIA H100",
            protection="in-process",
            cells=[],
            findings=[ExamFinding(kind="missing-cell", message={"en": "A cell is missing."})],
        ),
    )
    html = get(here, "learner-nord", f"submissions/{submission}").text
    assert "cuda:NVIDIA H100" in html
    assert "Not verified on a GPU" not in html
    assert "Less protected." in html
    assert "A cell is missing." in html


def test_the_submissions_of_a_course_can_be_filtered(here):
    marked, waiting = here.submit(), here.submit("learner2-nord", "port-to-cupy", late=True)
    here.submit("learner-sued", course=OTHER)
    here.grade(marked)
    here.gradebook.grades[COURSE, "guarded-map", "learner-nord"] = grade(needs_manual=True)
    base = f"courses/{COURSE}/submissions"

    def shown(query=""):
        html = get(here, "grader-nord", base + query).text
        return [name for name in ("learner-nord", "learner2-nord", "learner-sued") if f">{name}<" in html]

    assert shown() == ["learner-nord", "learner2-nord"]
    assert shown("?unit=guarded-map") == ["learner-nord"]
    assert shown("?state=queued") == ["learner2-nord"]
    assert shown("?waiting=1") == ["learner-nord"]
    html = get(here, "grader-nord", base).text
    assert "✎ needs a person's mark" in html
    assert html.count(">late<") == 1
    assert f'href="{PREFIX}submissions/{waiting}"' in html


def test_long_tables_have_pages(here, monkeypatch):
    monkeypatch.setattr("campus.portal.shelf.ROWS", 2)
    sent = [here.submit() for _ in range(3)]
    base = f"courses/{COURSE}/submissions?unit=guarded-map"
    for person, path in (("learner-nord", "submissions?"), ("grader-nord", base)):
        first, second = get(here, person, path).text, get(here, person, f"{path}&page=2").text
        assert [one in first for one in sent] == [False, True, True]
        assert [one in second for one in sent] == [True, False, False]
        assert 'rel="next"' in first
        assert 'rel="next"' not in second
    assert "unit=guarded-map" in re.search(r'rel="prev" href="([^"]+)"', second).group(1)
    assert get(here, "grader-nord", f"{base}&page=0").status_code == 422


def test_what_was_handed_in_is_text_and_nothing_else(here):
    html = get(here, "grader-nord", f"submissions/{here.submit()}/files").text
    assert HOSTILE not in html
    assert "&lt;script&gt;alert" in html
    assert "def saxpy(a, x, y, out):" in html
    assert "WIDTH = 256" in html
    assert "<img src=x" not in html


def test_a_submission_that_todays_limits_refuse_is_said(here):
    submission = here.store.receive(COURSE, "guarded-map", "learner-nord", b"no archive").id
    assert "Submit again from JupyterLab" in get(here, "learner-nord", f"submissions/{submission}/files").text


def test_hostile_findings_are_text(here):
    submission = here.submit()
    finding = ExamFinding(kind="exception", message={"en": HOSTILE, "de": HOSTILE}, evidence=HOSTILE)
    cell = CellVerdict(notebook="u", grade_id=HOSTILE, score=0, max_score=1, outcome="failed", findings=[finding])
    here.grade(submission, Verdict(assignment="u", device="emulated", protection="full", cells=[cell]))
    assert HOSTILE not in get(here, "grader-nord", f"submissions/{submission}").text


def test_the_operation_page_counts_the_own_tenant_only(here):
    here.end(here.submit(), "failed", "ended three times")
    here.submit()
    here.submit("learner-sued", course=OTHER)
    html = get(here, "admin-nord", "operation").text
    assert re.search(r"<dt>waiting</dt><dd>1</dd>", html)
    assert "ended three times" in html
    assert OTHER not in html
    assert "learner-sued" not in html


@pytest.mark.parametrize("path", ["", f"courses/{COURSE}", "nothing-here", "static/portal.css", "health"])
def test_every_answer_carries_the_security_headers(here, path):
    headers = get(here, "learner-nord", path).headers
    csp = headers["content-security-policy"]
    assert "default-src 'self'" in csp
    assert "frame-ancestors 'none'" in csp
    assert "unsafe" not in csp
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert ("no-store" in headers.get("cache-control", "")) is not path.startswith("static")


def test_pages_hold_no_inline_script_or_style_and_nothing_from_elsewhere(here):
    submission = here.submit()
    here.grade(submission)
    for person, path in (
        ("learner-nord", ""),
        ("learner-nord", f"submissions/{submission}"),
        ("instructor-nord", f"courses/{COURSE}/submissions"),
        ("instructor-nord", f"courses/{COURSE}/formgrader"),
        ("admin-nord", "operation"),
    ):
        html = get(here, person, path).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|hx-on|javascript:", html)
        assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", html)
        assert html.count("<h1>") == 1
        for landmark in ("<header", "<main", "<nav", "<footer", 'class="skip"'):
            assert landmark in html


def test_no_table_without_caption_and_headers(here):
    here.grade(here.submit())
    for person, path in (
        ("learner-nord", "submissions"),
        ("grader-nord", f"courses/{COURSE}/submissions"),
        ("admin-nord", "operation"),
    ):
        for table in re.findall(r"<table>.*?</table>", get(here, person, path).text, re.S):
            assert "<caption" in table
            assert 'scope="col"' in table


def test_the_language_is_chosen_and_kept(here):
    assert '<html lang="de">' in get(here, "learner-nord", "", "de").text
    assert '<html lang="en">' in get(here, "learner-nord", "", "fr").text

    async def story():
        async with client(here.app, "learner-nord", "en") as browser:
            page = f"{PREFIX}submissions"
            form = {"csrf": csrf_of((await browser.get("")).text), "lang": "de", "page": page}
            kept = await browser.post("language", data=form)
            return kept, (await browser.get("submissions")).text

    kept, later = asyncio.run(story())
    assert (kept.status_code, kept.headers["location"]) == (303, f"{PREFIX}submissions")
    assert '<html lang="de">' in later
    for cookie in kept.headers.get_list("set-cookie"):
        # The hub's pages read the language, too; nothing else leaves the portal.
        assert f"Path={'/' if cookie.startswith('lehrwerk-language=') else PREFIX};" in cookie
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
    # Another browser of the same person.
    assert '<html lang="de">' in get(here, "learner-nord", "", "en").text
    assert '<html lang="en">' in get(here, "learner2-nord", "", "en").text


def test_a_link_shows_a_language_and_keeps_nothing_of_the_person(here):
    assert '<html lang="de">' in get(here, "learner-nord", "?lang=de", "en").text
    assert here.store.language("learner-nord") is None


@pytest.mark.parametrize("page", ["https://elsewhere.example/", "//elsewhere.example", "/hub/home"])
def test_choosing_a_language_leads_nowhere_else(here, page):
    async def story():
        async with client(here.app, "learner-nord") as browser:
            form = {"csrf": csrf_of((await browser.get("")).text), "lang": "de", "page": page}
            return await browser.post("language", data=form)

    assert asyncio.run(story()).headers["location"] == PREFIX


@pytest.mark.parametrize("seen", ["\u00b2", "1" * 30, "-1", "x"])
def test_an_odd_last_event_id_means_from_the_start(here, seen):
    submission = here.submit()
    here.grade(submission)
    headers = {"Last-Event-ID": seen.encode("utf-8")}
    answer = get(here, "learner-nord", f"submissions/{submission}/events", headers=headers)
    assert (answer.status_code, answer.text.count("event: state")) == (200, 4)


def test_an_event_number_that_cannot_be_is_refused(here):
    path = f"submissions/{here.submit()}/events?after={10**20}"
    assert get(here, "learner-nord", path).status_code == 422


def test_half_a_character_is_no_fault_of_the_page(here):
    cell = {"cell_type": "code", "metadata": {"nbgrader": {"grade_id": "\ud800"}}, "source": "x = '\udfff'"}
    files = {"u.ipynb": json.dumps({"cells": [cell], "nbformat": 4}).encode()}
    submission = here.store.receive(COURSE, "guarded-map", "learner-nord", archive_of(files)).id
    answer = get(here, "grader-nord", f"submissions/{submission}/files")
    assert answer.status_code == 200
    assert "x = &#39;?&#39;" in answer.text


def test_a_learner_withdraws_an_own_waiting_submission(here):
    submission = here.submit()
    page = f"submissions/{submission}"
    assert post(here, "learner-nord", f"{page}/withdraw", page).status_code == 303
    assert here.store.submission(submission).state == "withdrawn"
    assert post(here, "learner-nord", f"{page}/withdraw", page).status_code == 409


def test_only_the_owner_withdraws(here):
    submission = here.submit()
    path = f"submissions/{submission}/withdraw"
    assert post(here, "grader-nord", path).status_code == 403
    assert post(here, "learner2-nord", path).status_code == 404
    assert post(here, "instructor-sued", path).status_code == 404
    assert here.store.submission(submission).state == "queued"


def test_a_less_protected_cell_is_noted_for_those_who_mark(here):
    submission = here.submit()
    cells = [cell.model_copy(update={"protected": False}) for cell in VERDICT.cells]
    here.grade(submission, VERDICT.model_copy(update={"cells": cells}))
    page = f"submissions/{submission}"
    assert "Weniger geschützt: die Prüfung".lower() in get(here, "grader-nord", page, "de").text.lower()
    assert "Less protected: the test" not in get(here, "learner-nord", page).text


def stuck(here: Room) -> str:
    submission = here.submit()
    here.end(submission, "needs review", "verdict refused: its cells are not the assignment's: unit/bonus")
    return submission


@pytest.mark.parametrize("person", ["grader-nord", "instructor-nord"])
def test_who_marks_has_a_stuck_submission_marked_again(here, person):
    submission = stuck(here)
    page = f"submissions/{submission}"
    assert "Mark again" in get(here, person, page).text
    assert post(here, person, f"{page}/again", page).status_code == 303
    assert here.store.submission(submission).state == "queued"
    last = here.store.log(submission)[-1]
    assert (last.state, last.who, last.why) == ("queued", person, "to be marked again")
    assert "Mark again" not in get(here, person, page).text
    assert post(here, person, f"{page}/again", page).status_code == 409
    here.grade(submission)
    assert here.store.submission(submission).state == "graded"


@pytest.mark.parametrize(("person", "status"), [("learner-nord", 403), ("learner2-nord", 404), ("grader-sued", 404)])
def test_nobody_else_has_it_marked_again(here, person, status):
    submission = stuck(here)
    assert "Mark again" not in get(here, person, f"submissions/{submission}").text
    assert post(here, person, f"submissions/{submission}/again").status_code == status
    assert here.store.submission(submission).state == "needs review"


def test_the_log_is_told_in_the_readers_language(here):
    submission = stuck(here)
    german = get(here, "admin-nord", "operation", "de").text
    for words in ("wartet auf einen Bewertungsprozess", "Versuch 1", "das Urteil kann nicht stimmen"):
        assert words in german
    for words in ("waiting for a worker", "attempt 1", "verdict refused"):
        assert words not in german
    # What is technical stays as the log has it, marked as such.
    assert '<code lang="en">its cells are not the assignment&#39;s: unit/bonus</code>' in german
    assert "attempt 1" in get(here, "grader-nord", f"submissions/{submission}").text


def test_an_older_submission_does_not_show_the_points_of_a_newer_one(here):
    older, newer = here.submit(), here.submit()
    here.grade(older)
    here.grade(newer)
    here.gradebook.grades[COURSE, "guarded-map", "learner-nord"] = grade(8.25)
    for person in ("learner-nord", "grader-nord"):
        assert "8.25" in get(here, person, f"submissions/{newer}").text
        assert "8.25" not in get(here, person, f"submissions/{older}").text
    table = get(here, "grader-nord", f"courses/{COURSE}/submissions").text
    assert table.count("8.25") == 1
    waiting = get(here, "grader-nord", f"courses/{COURSE}/submissions?waiting=1").text
    assert newer in waiting
    assert older not in waiting


def test_a_verdict_that_was_refused_leaves_the_older_points_standing(here):
    older = here.submit()
    here.grade(older)
    here.gradebook.grades[COURSE, "guarded-map", "learner-nord"] = grade(8.25)
    stuck(here)
    assert "8.25" in get(here, "learner-nord", f"submissions/{older}").text


@pytest.mark.parametrize(("query", "words"), [("", "Nobody has handed in"), ("?state=graded", "No submission fits")])
def test_an_empty_table_says_why(here, query, words):
    assert words in get(here, "grader-nord", f"courses/{COURSE}/submissions{query}").text


FORMS = [
    "submissions/{id}/withdraw",
    "submissions/{id}/again",
    "sign-out",
    f"courses/{COURSE}/formgrader",
    f"courses/{COURSE}/extensions",
]


@pytest.mark.parametrize("path", FORMS)
def test_a_form_without_this_sessions_token_changes_nothing(here, path):
    submission = here.submit()
    url = path.format(id=submission)

    async def others_token():
        async with client(here.app, "learner2-nord") as browser:
            html = (await browser.get("")).text
            return re.search(r'name="csrf" value="([^"]+)"', html).group(1)

    person = "instructor-nord" if "courses" in path else "learner-nord"
    for token in ("", "0" * 64, "ü", asyncio.run(others_token())):
        answer = post(here, person, url, token=token)
        assert answer.status_code == 403
        assert "This form has expired" in answer.text
    assert post(here, person, url, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert here.store.submission(submission).state == "queued"
    assert here.hub.started == []


def test_a_token_of_another_session_in_the_same_browser_is_refused(here):
    async def story():
        async with client(here.app, "learner-nord") as browser:
            html = (await browser.get("")).text
            token = re.search(r'name="csrf" value="([^"]+)"', html).group(1)
            browser.headers["person"] = "learner2-nord"
            return await browser.post("sign-out", data={"csrf": token})

    assert asyncio.run(story()).status_code == 403


def test_signing_out_goes_to_the_hub(here):
    answer = post(here, "learner-nord", "sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/hub/logout")


def test_a_fault_of_ours_is_a_calm_page_without_a_stack(here):
    here.store.courses = lambda: 1 / 0  # type: ignore[method-assign,return-value]
    answer = get(here, "learner-nord", "")
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert "ZeroDivisionError" not in answer.text
    assert "Traceback" not in answer.text


def test_every_person_of_the_tests_has_a_known_tenant():
    assert {person.tenants[0] for person in PEOPLE.values()} == {"nord", "sued"}


@pytest.mark.parametrize(("language", "words"), [("en", "Deadline:"), ("de", "Frist:")])
def test_a_course_page_tells_the_deadline(here, language, words):
    bundle = deepcopy(BUNDLE)
    bundle["units"][1]["deadline"] = "2027-01-31T23:59:00+01:00"
    here.store.publish(COURSE, bundle, b"", "cd" * 32, "instructor-nord")
    html = get(here, "learner-nord", f"courses/{COURSE}", language).text
    assert html.count(words) == 1
    assert 'datetime="2027-01-31T23:59:00+01:00"' in html


def assessment(here: Room, **unit) -> None:
    """Make the first unit one that 7 of 10 points pass."""
    bundle = deepcopy(BUNDLE)
    bundle["units"][0] |= {"assessment": {"pass_share": 0.7}, "attempts": 5, "cooldown_minutes": 30, **unit}
    here.store.publish(COURSE, bundle, b"", "cd" * 32, "instructor-nord")


@pytest.mark.parametrize(
    ("score", "needs_manual", "words"),
    [
        (7.0, False, {"en": "passed", "de": "bestanden"}),
        (7.0, True, {"en": "passed", "de": "bestanden"}),
        (6.5, False, {"en": "not yet passed", "de": "noch nicht bestanden"}),
        (6.5, True, {"en": "not decided yet", "de": "noch nicht entschieden"}),
    ],
)
@pytest.mark.parametrize("language", ["en", "de"])
def test_an_assessment_is_passed_or_not_yet(here, score, needs_manual, words, language):
    assessment(here)
    submission = here.submit()
    here.grade(submission)
    here.gradebook.grades[COURSE, "guarded-map", "learner-nord"] = grade(score, needs_manual)
    for page in (f"courses/{COURSE}", f"submissions/{submission}"):
        html = get(here, "learner-nord", page, language).text
        badges = re.findall(r'<span class="badge[^"]*">(?:<span aria-hidden="true">.</span> )?([^<]*)</span>', html)
        said = [badge for badge in badges if "bestanden" in badge or "passed" in badge or badge == words[language]]
        assert said == [words[language]], page


def test_an_assessment_tells_what_passes_how_many_attempts_are_left_and_from_when(here):
    assessment(here)
    page = f"courses/{COURSE}"
    assert "7 of 10 points pass" in get(here, "learner-nord", page).text
    assert "0 of 5" in get(here, "learner-nord", page).text
    here.end(here.submit(), "failed")
    assert "0 of 5" in get(here, "learner-nord", page).text
    here.submit()
    html = get(here, "learner-nord", page).text
    assert "1 of 5" in html
    assert "Next attempt from" in html
    here.store.extend(
        COURSE, "guarded-map", "learner-nord", until=None, attempts=2, deadline=None, who="ines", why="was ill"
    )
    assert "1 of 7" in get(here, "learner-nord", page).text


def test_no_next_attempt_is_promised_where_none_is_left(here):
    assessment(here, attempts=1)
    here.submit()
    html = get(here, "learner-nord", f"courses/{COURSE}").text
    assert "1 of 1" in html
    assert "Next attempt from" not in html


def test_an_attempt_that_is_not_the_best_says_so(here):
    assessment(here)
    submission = here.submit()
    here.store.deliver(here.run(submission), VERDICT.model_dump_json())
    assert "Another attempt counts" not in get(here, "learner-nord", f"submissions/{submission}").text
    here.store.mark_recorded(submission, "graded", "a better one counts", in_gradebook=False)
    assert "Another attempt counts" in get(here, "learner-nord", f"submissions/{submission}").text
