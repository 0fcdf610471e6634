"""The whole way of a submission in a browser: sign in, solve, check, submit, read the verdict, mark by hand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, ROOT, Campus, Person
from tests.browser.lab import Lab

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

COURSE = "nord--first-kernels"
UNIT = ROOT / "courses" / "first-kernels" / "units" / "guarded-map"

expect.set_options(timeout=PATIENCE)


def answer(path: str) -> str:
    """A solution's source without the lines that say how it must be caught."""
    lines = (UNIT / path).read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not re.match(r"# (finding|line):", line))


def open_lab(person: Person, picture: str = "course") -> Lab:
    """From the catalogue by clicks to the notebook."""
    page = person.goto("")
    page.get_by_role("link", name=re.compile("First kernels|Erste Kernel")).click()
    person.picture(picture)
    with person.context.expect_page() as opened:
        page.get_by_role("link", name=re.compile("Open in the lab|Im Labor öffnen")).first.click()
    return Lab(opened.value)


def newest(person: Person) -> Page:
    """The page of the person's newest submission, reached by clicks."""
    page = person.goto("submissions")
    page.get_by_role("row").nth(1).get_by_role("link").last.click()
    return page


def test_a_course_runs_from_sign_in_to_the_grade(campus: Campus) -> None:
    learner = campus.person("learner-nord")
    lab = open_lab(learner)

    # A mistake is found by the learner's own check, with its line.
    lab.write("def saxpy(a", answer("wrong/saxpy/no_guard.py"))
    lab.write("def saxpy_stride(a", answer("solution/saxpy_stride.py"))
    lab.run_all()
    check = lab.cell("checks.saxpy(saxpy)")
    expect(check).to_contain_text("Line 4")
    expect(check).to_contain_text("out-of-bounds")
    check.scroll_into_view_if_needed()
    lab.page.screenshot(path=_picture("lab"))

    # Submitted by nbgrader's own button; the verdict page fills in by itself.
    lab.submit(COURSE, UNIT.name)
    expect(lab.page.get_by_role("button", name="Fetch Feedback")).to_be_visible()
    page = newest(learner)
    expect(page.get_by_role("heading", name="Result")).to_be_visible()
    expect(page.get_by_text("Cell 7, line 4", exact=True).first).to_be_visible()
    learner.picture("verdict")
    assert page.get_by_text("BEGIN HIDDEN").count() == 0

    # The instructor sees submission and points.
    instructor = campus.person("instructor-nord")
    table = instructor.goto(f"courses/{COURSE}/submissions")
    row = table.get_by_role("row", name=re.compile("learner-nord"))
    expect(row).to_contain_text("10 / 16")
    expect(row).to_contain_text("needs a person's mark")
    instructor.picture("submissions")

    # A grader marks the free text and the task in the formgrader, in a tab of its own.
    grader = campus.person("grader-nord")
    grader.goto(f"courses/{COURSE}/submissions")
    with grader.context.expect_page() as opened:
        grader.page.get_by_role("link", name=re.compile("Formgrader")).first.click()
    marking = opened.value
    marking.wait_for_url(re.compile(r"/formgrader/gradebook$"))
    _try_to_autograde(marking, "learner-nord")
    marking.get_by_role("link", name="guarded-map").click()
    marking.get_by_role("link", name="guarded-map").click()
    marking.get_by_role("link", name=re.compile("Submission #1")).click()
    # The page fills its boxes once the scores have come; before that, what one types is lost.
    expect(marking.locator("input#saxpy-test")).to_have_attribute("placeholder", "4")
    for cell, points in (("why-guard", "2"), ("launches", "1")):
        box = marking.locator(f"input#{cell}")
        with marking.expect_response(lambda answer: answer.request.method == "PUT" and "/grade/" in answer.url):
            box.fill(points)
            box.blur()
    # The page glides to the box in use.
    marking.wait_for_function("jQuery(':animated').length === 0")
    marking.screenshot(path=_picture("formgrader"))

    # Everybody sees the grade with the points given by hand.
    table = instructor.goto(f"courses/{COURSE}/submissions")
    row = table.get_by_role("row", name=re.compile("learner-nord"))
    expect(row).to_contain_text("13 / 16")
    page = newest(learner)
    expect(page.get_by_text("Grade in the gradebook")).to_contain_text("13 of 16")


def _try_to_autograde(marking: Page, learner: str) -> None:
    """nbgrader's own pages for it are not offered, and its call is refused; the submission stays as it was."""
    expect(marking.get_by_role("link", name="Manage Assignments")).to_have_count(0)
    marking.goto(marking.url.replace("/gradebook", f"/manage_submissions/{UNIT.name}"))
    marking.wait_for_url(re.compile(r"/formgrader/gradebook$"))
    status, said = marking.evaluate(
        """async (path) => {
            const answer = await fetch(`${base_url}/formgrader/api/${path}`, {
                method: "POST", headers: {"X-CSRFToken": getCookie("_xsrf")},
            });
            return [answer.status, await answer.json()];
        }""",
        f"submission/{UNIT.name}/{learner}/autograde",
    )
    assert status == 403
    assert "in the exam room" in said["error"]


def test_the_formgrader_is_closed_to_others(campus: Campus) -> None:
    for name in ("learner-nord", "grader-sued"):
        person = campus.person(name)
        answer = person.page.goto(f"{campus.platform.url}user/grader-{COURSE}/formgrader")
        assert answer is not None
        assert answer.status in (403, 404), name
        answer = person.page.goto(f"{campus.platform.url}services/portal/courses/{COURSE}/formgrader")
        assert answer is not None
        assert answer.status in (403, 404), name


def test_a_german_learner_gets_german(campus: Campus) -> None:
    learner = campus.person("learner-sued", "de")
    page = learner.page
    page.goto(f"{campus.platform.url}hub/nothing-here")
    expect(page.get_by_role("heading", name="Hier ist nichts")).to_be_visible()
    page.goto(f"{campus.platform.url}hub/spawn")
    expect(page.get_by_role("heading", name="Dein Server startet")).to_be_visible()
    page.wait_for_url(re.compile("/user/learner-sued/"))
    lab = open_lab(learner, "course-de")
    expect(lab.cell("Ein Kernel mit Wächter")).to_be_visible()
    lab.run_all()
    expect(lab.cell("checks.saxpy(saxpy)")).to_contain_text("Dein Kernel schreibt noch nichts")


def test_only_the_printed_names_sign_in(campus: Campus) -> None:
    page = campus.browser.new_page()
    for name in ("nobody", f"grader-{COURSE}", "admin"):
        page.goto(campus.platform.url)
        campus.fill_in(page, name)
        expect(page.get_by_text("User name or password is wrong.")).to_be_visible()
    page.close()


def _picture(name: str) -> Path:
    from tests.browser.conftest import PICTURES

    PICTURES.mkdir(parents=True, exist_ok=True)
    return PICTURES / f"{name}.png"
