"""The courses in courses/: the same exam in every language, licences named, enough answers to prove the checks.

What is executed is tested in tests/service/test_courses.py.
"""

from __future__ import annotations

import re

import pytest

from grader.course.reader import Course, Unit
from tests.shipped import COURSES, UNITS

courses = pytest.mark.parametrize("course", COURSES.values(), ids=COURSES.keys())
units = pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS.keys())


def text(unit: Unit, language: str) -> str:
    """What a learner reads: the markdown cells."""
    return "\n".join(cell.source for cell in unit.notebooks[language].cells if cell.cell_type == "markdown")


def solutions(unit: Unit) -> list[str]:
    """Grade ids of the code cells that learners write."""
    cells = next(iter(unit.notebooks.values())).cells
    marks = [cell.metadata.nbgrader for cell in cells if cell.cell_type == "code" and "nbgrader" in cell.metadata]
    return [mark["grade_id"] for mark in marks if mark["solution"]]


def test_the_first_course_is_there() -> None:
    assert "first-kernels" in COURSES


@courses
def test_a_course_is_in_both_languages_under_open_licences(course: Course) -> None:
    assert set(course.file.languages) == {"de", "en"}
    assert (course.file.licences.code, course.file.licences.content) == ("Apache-2.0", "CC-BY-4.0")


@courses
def test_a_course_says_what_is_learnt_and_how_long_it_takes(course: Course) -> None:
    assert len(course.units) >= 2
    for unit in course.units:
        assert len(unit.entry.objectives) >= 2
        assert 30 <= unit.entry.minutes <= 90


def test_the_capstone_has_a_hundred_points_of_which_a_person_gives_fifteen_by_rubrics() -> None:
    stages = COURSES["heat-capstone"].units
    marks = [cell.metadata.nbgrader for unit in stages for cell in unit.graded("en")]
    manual = {mark["grade_id"]: mark["points"] for mark in marks if mark["task"] or mark["solution"]}
    assert (sum(mark["points"] for mark in marks), sum(manual.values())) == (100, 15)
    assert {grade_id for unit in stages for grade_id in unit.rubrics} == set(manual)
    assert all(unit.entry.assessment for unit in stages)


@units
def test_both_languages_have_the_same_exam(unit: Unit) -> None:
    english, german = (
        [(c.metadata.nbgrader["grade_id"], c.metadata.nbgrader["points"]) for c in unit.graded(language)]
        for language in ("en", "de")
    )
    assert english == german
    assert len(english) >= 2


@units
def test_both_languages_have_the_same_cells(unit: Unit) -> None:
    kinds = {language: [cell.cell_type for cell in unit.notebooks[language].cells] for language in ("en", "de")}
    assert kinds["en"] == kinds["de"]


@units
def test_code_differs_between_languages_in_comments_and_text_only(unit: Unit) -> None:
    pairs = zip(*(unit.notebooks[language].cells for language in ("en", "de")), strict=True)
    code = [(one.source, other.source) for one, other in pairs if one.cell_type == "code"]
    assert [bare(one) for one, _ in code] == [bare(other) for _, other in code]


def bare(source: str) -> str:
    """Code without comments and without what stands in strings of more than one word."""
    without = re.sub(r'"[^"\n]* [^"\n]*"', '""', re.sub(r'"""[^"]*"""', '""', source))
    return "\n".join(line.split("#")[0].rstrip() for line in without.splitlines() if line.split("#")[0].strip())


@units
def test_every_exercise_has_wrong_solutions_and_right_alternatives(unit: Unit) -> None:
    assert len(solutions(unit)) >= 2
    for grade_id in solutions(unit):
        assert len([answer for answer in unit.wrong if answer.grade_id == grade_id]) >= 4
        assert len([answer for answer in unit.alternatives if answer.grade_id == grade_id]) >= 2
        kinds = {answer.finding for answer in unit.wrong if answer.grade_id == grade_id}
        assert len(kinds) >= 3, "wrong solutions of one kind prove one check"


@units
def test_german_text_addresses_the_learner_and_has_its_umlauts(unit: Unit) -> None:
    german = text(unit, "de")
    assert re.search(r"\b[Dd]u\b", german)
    assert not re.search(r"\bSie\b[^.:]*\b(können|müssen|sollten)\b", german)
    assert len(re.findall("[äöüßÄÖÜ]", german)) > 20


@units
def test_the_time_in_the_text_is_the_time_in_the_catalogue(unit: Unit) -> None:
    for language in ("en", "de"):
        assert re.search(rf"\b{unit.entry.minutes}\b", text(unit, language))


@units
def test_what_learners_get_does_not_name_what_is_hidden(unit: Unit) -> None:
    visible = (unit.folder / "checks.py").read_text(encoding="utf-8")
    assert not re.search(r"\b(import|from)\s+(exam|solution|wrong|alternative)\b", visible)
