"""Learners go through the courses in a browser, from the first unit to the passed assessment."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from grader.course.reader import Unit
from tests.browser.conftest import PATIENCE, Campus, Person
from tests.browser.lab import Lab
from tests.shipped import COURSES

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

expect.set_options(timeout=PATIENCE)


def opened(person: Person, course: str, unit: Unit) -> Lab:
    """From the course's page by a click."""
    page = person.goto(f"courses/nord--{course}")
    with person.context.expect_page() as tab:
        page.get_by_role("link", name=re.compile(f"Open in the lab.*{re.escape(unit.entry.title['en'])}")).click()
    return Lab(tab.value)


def solved(person: Person, course: str, unit: Unit) -> Page:
    """The page of the verdict on a unit that a learner has solved in the lab."""
    lab = opened(person, course, unit)
    for grade_id, answer in unit.solutions.items():
        lab.write(f"def {grade_id}(", answer.source)
    lab.run_all()
    for grade_id in unit.solutions:
        expect(lab.cell(f"checks.{grade_id}({grade_id}")).to_contain_text("Everything checked here is right.")
    lab.submit(f"nord--{course}", unit.entry.id)
    expect(lab.page.get_by_text("Fetch Feedback").first).to_be_visible()
    lab.page.close()
    page = person.goto("submissions")
    page.get_by_role("row", name=re.compile(re.escape(unit.entry.title["en"]))).first.get_by_role("link").last.click()
    expect(page.get_by_role("heading", name="Result")).to_be_visible()
    return page


@pytest.mark.parametrize("course", ["gpu-kernels", "numpy-to-gpu"])
def test_a_learner_goes_from_the_first_unit_to_the_passed_assessment(campus: Campus, course: str) -> None:
    units = COURSES[course].units
    assessment = next(unit for unit in units if unit.entry.assessment)
    learner = campus.person("learner2-nord")
    page = solved(learner, course, units[0])
    expect(page.get_by_text("✗")).to_have_count(0)
    page = solved(learner, course, assessment)
    learner.picture(f"assessment-{course}")
    page = learner.goto(f"courses/nord--{course}")
    expect(page.locator("dd").filter(has_text=re.compile(r"^\s*✓?\s*passed\s*$"))).to_have_count(1)
    expect(page.locator("dd").filter(has_text="1 of 5")).to_have_count(1)
    learner.picture(f"passed-{course}")
