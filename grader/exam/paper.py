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
    """`key` names the cell in tracebacks and findings. A `run` cell goes to the candidate, a `test` to the examiner."""

    kind: Kind
    key: str
    source: str
    grade_id: str = ""
    max_score: float = 0.0
    code: bool = True
    learner: bool = False


@dataclass
class Paper:
    """One notebook's cells, ready to be examined. `imports` are the instructor's import statements."""

    notebook: str
    cells: list[Cell] = field(default_factory=list)
    findings: list[ExamFinding] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)


def read_notebook(name: str, data: bytes) -> dict[str, Any]:
    """A notebook of format 4 as JSON. Raises SubmissionError."""
    try:
        content = json.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise SubmissionError(messages.not_a_notebook(name, type(error).__name__)) from error
    if not isinstance(content, dict) or content.get("nbformat") != 4 or not isinstance(content.get("cells"), list):
        raise SubmissionError(messages.not_a_notebook(name, "nbformat"))
    for cell in content["cells"]:
        if not isinstance(cell, dict) or cell.get("cell_type") not in ("code", "markdown", "raw"):
            raise SubmissionError(messages.not_a_notebook(name, "cell"))
        source = cell.get("source", "")
        if isinstance(source, list) and all(isinstance(line, str) for line in source):
            cell["source"] = "".join(source)
        elif not isinstance(source, str):
            raise SubmissionError(messages.not_a_notebook(name, "source"))
    return content


def marks(cell: dict[str, Any]) -> dict[str, Any]:
    """nbgrader's metadata of a cell, or {}."""
    metadata = cell.get("metadata")
    found = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    if not isinstance(found, dict) or not isinstance(found.get("grade_id"), str):
        return {}
    return found


def lay_out(notebook: str, source: dict[str, Any], submitted: dict[str, Any] | None) -> Paper:
    """The paper of one notebook; without a submission, the instructor's own cells."""
    paper = Paper(notebook)
    answers, added = _answers(source, submitted, paper)
    paper.cells += [_added(cell, "", number) for number, cell in enumerate(added.get(None, []))]
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
            paper.cells.append(Cell("manual", grade_id, text, grade_id, points, code=code, learner=True))
        elif code:
            key = grade_id or f"given-{number + 1}"
            paper.cells.append(Cell("run", key, text, grade_id, learner=solution))
        if grade_id:
            paper.cells += [_added(extra, grade_id, n) for n, extra in enumerate(added.get(grade_id, []))]
    return paper


def _added(cell: dict[str, Any], after: str, number: int) -> Cell:
    return Cell("run", f"added-{after or 'first'}-{number + 1}", cell["source"], learner=True)


def _answers(
    source: dict[str, Any], submitted: dict[str, Any] | None, paper: Paper
) -> tuple[dict[str, str], dict[str | None, list[dict[str, Any]]]]:
    """(solution cells by grade id, code cells that the learner added, by the grade id before them)."""
    answers: dict[str, str] = {}
    added: dict[str | None, list[dict[str, Any]]] = {}
    if submitted is None:
        return answers, added
    known = {marks(cell).get("grade_id") for cell in source["cells"]} - {None}
    given = {cell["source"].strip() for cell in source["cells"] if not marks(cell)}
    last: str | None = None
    for cell in submitted["cells"]:
        grade_id = marks(cell).get("grade_id")
        if grade_id in known and grade_id is not None:
            if grade_id in answers:
                paper.findings.append(messages.duplicate_cell(grade_id))
            else:
                answers[grade_id] = cell["source"]
                last = grade_id
        elif cell["cell_type"] == "code" and cell["source"].strip() and cell["source"].strip() not in given:
            added.setdefault(last, []).append(cell)
    return answers, added
