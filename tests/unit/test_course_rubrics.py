"""A rubric stands as a table beside what a person marks, for learners and markers, and no learner can change it."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat import NotebookNode

from grader.course.build import build
from grader.course.reader import look
from tests.courses import MANIFEST, small_course

RUBRIC = """\
    rubrics:
      why:
        - {points: 1.5, title: {en: A number}}
        - {points: 0.5, title: {en: A reason}, description: {en: "In one's own words | with a unit."}}
"""
TABLE = """\
**How the points are given:**

| Points | What for |
| ---: | --- |
| 1.5 | **A number** |
| 0.5 | **A reason** In one's own words \\| with a unit. |"""


def built(folder: Path, rubric: str = RUBRIC, unit: tuple[str, str] = ("", "")) -> tuple[NotebookNode, NotebookNode]:
    """(what learners get, what exams and markers read) of the small course with this rubric, and its unit changed."""
    course = small_course(folder / "course")
    (course / "course.yaml").write_text(MANIFEST + rubric, encoding="utf-8")
    file = course / "units" / "double" / "unit.en.py"
    text = file.read_text(encoding="utf-8")
    assert unit[0] in text
    file.write_text(text.replace(*unit), encoding="utf-8")
    build(course, folder / "built")
    places = ("release/en/double/double.ipynb", "source/double/double.ipynb")
    released, source = (nbformat.read(folder / "built" / place, as_version=4) for place in places)
    return released, source


def test_a_text_has_its_rubric_in_a_locked_cell_above_it(tmp_path: Path) -> None:
    for made in built(tmp_path):
        above, answer = made.cells[-2:]
        assert (above.cell_type, above.source) == ("markdown", TABLE)
        marks = above.metadata.nbgrader
        assert (marks.grade_id, marks.locked, marks.grade, marks.solution) == ("why-rubric", True, False, False)
        assert answer.metadata.nbgrader.grade_id == "why"
        assert answer.source == "Why?"


def test_a_task_holds_its_rubric(tmp_path: Path) -> None:
    task = ('"why", "grade": true, "solution": true', '"why", "task": true')
    for made in built(tmp_path, unit=task):
        assert made.cells[-1].source == f"Why?\n\n{TABLE}"
        assert [cell.metadata.nbgrader.grade_id for cell in made.cells if "nbgrader" in cell.metadata] == [
            "double",
            "double-test",
            "why",
        ]


def test_learners_read_it_in_their_language(tmp_path: Path) -> None:
    course = small_course(tmp_path / "course")
    file = course / "course.yaml"
    both = MANIFEST + RUBRIC
    for english, german in (
        ("languages: [en]", "languages: [en, de]"),
        ("{en: Small}", "{en: Small, de: Klein}"),
        ("{en: One exercise.}", "{en: One exercise., de: Eine Aufgabe.}"),
        ("{en: Doubling}", "{en: Doubling, de: Verdoppeln}"),
        ("{en: A number}", "{en: A number, de: Eine Zahl}"),
        ("{en: A reason}", "{en: A reason, de: Ein Grund}"),
        ('{en: "In', '{de: Mit Einheit., en: "In'),
    ):
        assert english in both
        both = both.replace(english, german)
    file.write_text(both, encoding="utf-8")
    unit = course / "units" / "double"
    (unit / "unit.de.py").write_text((unit / "unit.en.py").read_text(encoding="utf-8"), encoding="utf-8")
    build(course, tmp_path / "built")
    made = nbformat.read(tmp_path / "built" / "release" / "de" / "double" / "double.ipynb", as_version=4)
    assert made.cells[-2].source.splitlines() == [
        "**So werden die Punkte vergeben:**",
        "",
        "| Punkte | Wofür |",
        "| ---: | --- |",
        "| 1.5 | **Eine Zahl** |",
        "| 0.5 | **Ein Grund** Mit Einheit. |",
    ]


def test_a_draft_shows_a_rubric_whose_texts_are_not_complete(tmp_path: Path) -> None:
    course = small_course(tmp_path)
    (course / "course.yaml").write_text(MANIFEST + RUBRIC.replace("en: A number", "de: Eine Zahl"), encoding="utf-8")
    draft = look(course)
    assert [problem.line for problem in draft.problems] == [12]
    assert list(draft.units[0].rubrics) == ["why"]
