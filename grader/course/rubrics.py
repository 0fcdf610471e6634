"""Rubrics: by what a person gives the points of a text or a task. Learners and markers read the same table."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from grader.course.model import Criterion, Problem
from grader.typed_yaml import line_of

_HEAD: dict[str, tuple[str, str]] = {"de": ("Punkte", "Wofür"), "en": ("Points", "What for")}
_INTRODUCED: dict[str, str] = {
    "de": "**So werden die Punkte vergeben:**",
    "en": "**How the points are given:**",
}


def misfits(
    file: Path, text: str, number: int, unit: dict[Any, Any], notebook: NotebookNode, languages: Iterable[str]
) -> Iterator[Problem]:
    """What is wrong with the rubrics of unit `number` of the course.yaml in `text`, whose notebook this is."""
    marks = {cell.metadata.nbgrader["grade_id"]: cell.metadata.nbgrader for cell in notebook.cells if _marked(cell)}
    manual = [grade_id for grade_id, mark in marks.items() if mark["task"] or (mark["grade"] and mark["solution"])]
    rubrics = unit.get("rubrics")
    for grade_id, criteria in rubrics.items() if isinstance(rubrics, dict) else ():
        place = ("units", number, "rubrics", grade_id)

        def problem(message: str, *below: str | int, place: Any = place, grade_id: Any = grade_id) -> Problem:
            return Problem(file, line_of(text, (*place, *below)), f"rubrics.{grade_id}: {message}")

        if grade_id not in marks:
            near = difflib.get_close_matches(str(grade_id), manual, n=1)
            mend = f"did you mean `{near[0]}`?" if near else f"a person marks: {', '.join(manual) or 'none'}"
            yield problem(f"no cell of {unit.get('id')}; {mend}")
            continue
        if grade_id not in manual:
            yield problem(f"tests mark this cell, no person does; a person marks: {', '.join(manual) or 'none'}")
            continue
        if _own(str(grade_id)) in marks:
            yield problem(f"a cell {_own(str(grade_id))} is there already, as its rubric would be; rename that cell")
        given = [one for one in criteria if isinstance(one, dict)] if isinstance(criteria, list) else []
        for row, criterion in enumerate(given):
            for key in ("title", "description"):
                texts = criterion.get(key)
                for language in languages:
                    if isinstance(texts, dict) and texts and not str(texts.get(language) or "").strip():
                        yield problem(f"no text for {language}; add one", row, key)
        points = [one.get("points") for one in given]
        numbers = [one for one in points if isinstance(one, int | float) and not isinstance(one, bool)]
        most = marks[grade_id].get("points", 0)
        if len(numbers) == len(points) and points and abs(sum(numbers) - most) > 1e-9:
            yield problem(f"its points add up to {sum(numbers):g}, and the cell has {most:g}; make them equal")


def shown(notebook: NotebookNode, rubrics: Mapping[str, Sequence[Criterion]], language: str) -> None:
    """Write each rubric as a table into `notebook`: into a task, and above a text that a learner writes.

    The cell above a text is locked, so that markers read it as its author wrote it.
    """
    cells = []
    for cell in notebook.cells:
        grade_id = str(cell.metadata.nbgrader["grade_id"]) if _marked(cell) else ""
        if grade_id in rubrics:
            table = _table(rubrics[grade_id], language)
            if cell.metadata.nbgrader["task"]:
                cell.source += f"\n\n{table}"
            else:
                cells.append(_locked(_own(grade_id), table))
        cells.append(cell)
    notebook.cells = cells


def _own(grade_id: str) -> str:
    return f"{grade_id}-rubric"


def _marked(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get("nbgrader"))


def _locked(grade_id: str, table: str) -> NotebookNode:
    marks = {"grade_id": grade_id, "grade": False, "solution": False, "locked": True, "task": False}
    marks |= {"schema_version": 3, "cell_type": "markdown"}
    made: NotebookNode = nbformat.v4.new_markdown_cell(table, id=grade_id, metadata={"nbgrader": marks})
    return made


def _table(criteria: Sequence[Criterion], language: str) -> str:
    rows = [f"| {' | '.join(_HEAD[language])} |", "| ---: | --- |"]
    for one in criteria:
        rows.append(
            f"| {one.points:g} | **{_in(one.title, language)}** {_in(one.description, language)}".rstrip() + " |"
        )
    return "\n".join([_INTRODUCED[language], "", *rows])


def _in(text: Mapping[Any, str], language: str) -> str:
    """A text on one line of a table. A preview shows courses whose texts are not complete."""
    return " ".join(text.get(language, "").replace("|", "\\|").split())
