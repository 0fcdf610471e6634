"""The paper: the instructor's cells in their order, with the learner's solution cells and added cells in place.

Test cells and locked cells come from the instructor's source, never from a submission. Imports the verdict's model.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal

from grader.exam import messages
from grader.exam.verdict import ExamFinding

Kind = Literal["run", "test", "manual"]


class SubmissionError(Exception):
    """The submission cannot be examined; `message` tells the learner why in each language."""

    def __init__(self, message: dict[str, str]) -> None:
        super().__init__(message["en"])
        self.message = message


@dataclass(frozen=True)
class Cell:
    """`key` names the cell in tracebacks and findings. A `run` cell goes to the candidate, a `test` to the examiner.

    `model` is the instructor's own source of a cell that the learner answers.
    """

    kind: Kind
    key: str
    source: str
    grade_id: str = ""
    max_score: float = 0.0
    code: bool = True
    learner: bool = False
    model: str = ""
    #: A graded answer that is still as learners got it: no points, and nothing for a person to mark, as in nbgrader.
    untouched: bool = False


@dataclass
class Paper:
    """One notebook's cells, ready to be examined."""

    notebook: str
    cells: list[Cell] = field(default_factory=list)
    findings: list[ExamFinding] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)
    #: The notebook was not handed in.
    absent: bool = False


def read_notebook(name: str, data: bytes) -> dict[str, Any]:
    """A notebook of format 4 as JSON. Raises SubmissionError."""
    try:
        content = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # no UTF-8, no JSON, or a number of more digits than Python reads
        raise SubmissionError(messages.not_a_notebook(name, type(error).__name__)) from error
    if not isinstance(content, dict) or content.get("nbformat") != 4 or not isinstance(content.get("cells"), list):
        raise SubmissionError(messages.not_a_notebook(name, "nbformat"))
    for cell in content["cells"]:
        if not isinstance(cell, dict) or cell.get("cell_type") not in ("code", "markdown", "raw"):
            raise SubmissionError(messages.not_a_notebook(name, "cell"))
        source = cell.get("source", "")
        if isinstance(source, list) and all(isinstance(line, str) for line in source):
            source = "".join(source)
        if not isinstance(source, str):
            raise SubmissionError(messages.not_a_notebook(name, "source"))
        cell["source"] = source
        if not _is_text(cell["source"]):
            raise SubmissionError(messages.not_a_notebook(name, "Unicode"))
    return content


def _is_text(text: str) -> bool:
    """False for half of a surrogate pair, which JSON can hold and no file can."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def marks(cell: dict[str, Any]) -> dict[str, Any]:
    """nbgrader's metadata of a cell, or {}."""
    metadata = cell.get("metadata")
    found = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    if not isinstance(found, dict) or not isinstance(found.get("grade_id"), str) or not _is_text(found["grade_id"]):
        return {}
    return found


def lay_out(
    notebook: str,
    source: dict[str, Any],
    submitted: dict[str, Any] | None,
    released: dict[str, Any] | None = None,
) -> Paper:
    """The paper of one notebook; without a submission, the instructor's own cells.

    `released` is the notebook that the learner got, whose given cells may be in another language than the source's.
    """
    paper = Paper(notebook)
    answers, added = _answers(source, submitted, released, paper)
    starters = {marks(cell).get("grade_id"): cell["source"] for cell in (released or {"cells": []})["cells"]}
    paper.cells += added.get(-1, [])
    for number, cell in enumerate(source["cells"]):
        found = marks(cell)
        grade_id = found.get("grade_id", "")
        code = cell["cell_type"] == "code"
        text = cell["source"]
        solution, grade = bool(found.get("solution")), bool(found.get("grade"))
        points = float(found.get("points") or 0)
        if submitted is not None and (solution or found.get("task")):
            if grade_id in answers:
                text = answers[grade_id]
            else:
                text = ""
                paper.missing.add(grade_id)
                paper.findings.append(messages.missing_cell(grade_id))
        if grade and not solution and not found.get("task"):
            if code:
                paper.cells.append(Cell("test", grade_id, text, grade_id, points))
            else:
                paper.cells.append(Cell("manual", grade_id, text, grade_id, points, code=False))
        elif grade or found.get("task"):
            untouched = grade and grade_id in answers and text == starters.get(grade_id)
            model = cell["source"] if code else ""
            paper.cells.append(
                Cell("manual", grade_id, text, grade_id, points, code, learner=True, model=model, untouched=untouched)
            )
        elif code:
            key = grade_id or f"given-{number + 1}"
            model = cell["source"] if solution else ""
            paper.cells.append(Cell("run", key, text, grade_id, learner=solution, model=model))
        paper.cells += added.get(number, [])
    return paper


def _answers(
    source: dict[str, Any], submitted: dict[str, Any] | None, released: dict[str, Any] | None, paper: Paper
) -> tuple[dict[str, str], dict[int, list[Cell]]]:
    """(solution cells by grade id, cells that the learner added by the index of the source's cell before them)."""
    answers: dict[str, str] = {}
    added: dict[int, list[Cell]] = {}
    if submitted is None:
        return answers, added
    marked = {marks(cell)["grade_id"]: number for number, cell in enumerate(source["cells"]) if marks(cell)}
    given = _given(source, released)
    ids = {_id(source["cells"][number]): number for number in _unmarked(source).values()}
    after, last, extra = "first", -1, 0
    for cell in submitted["cells"]:
        grade_id = marks(cell).get("grade_id", "")
        text = cell["source"].strip()
        if grade_id in marked:
            if grade_id in answers:
                paper.findings.append(messages.duplicate_cell(grade_id))
            else:
                answers[grade_id] = cell["source"]
                after, last, extra = grade_id, marked[grade_id], 0
            continue
        if grade_id:
            paper.findings.append(messages.foreign_cell(grade_id[:80]))
        if cell["cell_type"] == "code" and text:
            # A copy of a given cell does not carry what follows beyond the next marked cell.
            end = min((n for n in marked.values() if n > last), default=len(source["cells"]))
            if text in given:
                last = next((n for n in given[text] if last < n < end), last)
            else:
                extra += 1
                made = Cell("run", f"added-{after}-{extra}", cell["source"], learner=True)
                # What a learner made of a given cell takes effect after it.
                changed = ids.get(_id(cell), -1)
                last = changed if last < changed < end else last
                added.setdefault(last, []).append(made)
    return answers, added


def _id(cell: dict[str, Any]) -> str | None:
    """A cell's id in the notebook; None where it has none, or what is none."""
    found = cell.get("id")
    return found if isinstance(found, str) else None


def _given(source: dict[str, Any], released: dict[str, Any] | None) -> dict[str, list[int]]:
    """Where the source has the given cells, by their text there and in the notebook that learners got.

    A cell of the released notebook is the source's that has the same marked cell before it and as many given ones
    in between.
    """
    places = _unmarked(source)
    given: dict[str, list[int]] = {}
    for number in places.values():
        given.setdefault(source["cells"][number]["source"].strip(), []).append(number)
    if released is not None:
        for place, number in _unmarked(released).items():
            spots = given.setdefault(released["cells"][number]["source"].strip(), [])
            if place in places and places[place] not in spots:
                spots.append(places[place])
    return given


def _unmarked(notebook: dict[str, Any]) -> dict[tuple[str, int], int]:
    """Index of each code cell without marks, by (grade id before it, how many of them since)."""
    places: dict[tuple[str, int], int] = {}
    before, count = "", 0
    for number, cell in enumerate(notebook["cells"]):
        if marks(cell):
            before, count = marks(cell)["grade_id"], 0
        elif cell["cell_type"] == "code" and cell["source"].strip():
            places[before, count] = number
            count += 1
    return places
