"""Writes the assignments as a plain nbgrader course folder, and hands in what was made of their releases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat

from tests import notebooks
from tests.compat.assignments import ASSIGNMENTS, GONE, Answers, Assignment

_KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def cells(text: str) -> list[dict[str, Any]]:
    """The cells of a notebook's text; see `tests.compat.assignments`."""
    made: list[dict[str, Any]] = []
    for part in text.split("# %% ")[1:]:
        head, _, source = part.partition("\n")
        kind, grade_id, points = (*head.split(), "", "")[:3]
        source = source.rstrip("\n")
        worth = float(points or 0)
        if kind == "text":
            made.append(notebooks.text(source))
        elif kind == "given":
            made.append(notebooks.given(source))
        elif kind == "locked":
            made.append(notebooks.locked(grade_id, source))
        elif kind == "solution":
            made.append(notebooks.solution(grade_id, source))
        elif kind == "test":
            made.append(notebooks.test(grade_id, worth, source))
        elif kind == "task":
            made.append(notebooks.task(grade_id, worth, source))
        else:
            made.append(notebooks.manual(grade_id, worth, source, {"essay": "markdown", "program": "code"}[kind]))
    return made


def write(assignment: Assignment, root: Path) -> None:
    """`source/NAME` of an assignment."""
    folder = root / "source" / assignment.name
    folder.mkdir(parents=True)
    for name, text in assignment.notebooks.items():
        content = json.loads(notebooks.notebook(*cells(text)))
        content["metadata"] = _KERNEL
        (folder / f"{name}.ipynb").write_text(json.dumps(content), encoding="utf-8")
    for name, text in assignment.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def hand_in(root: Path) -> None:
    """`submitted/PERSON/NAME` for every assignment in `root` that has a release: a person for each kind of answers."""
    known = {assignment.name: assignment for assignment in ASSIGNMENTS}
    for release in sorted((root / "release").iterdir()):
        assignment = known.get(release.name, Assignment(release.name, {}))
        for person, answers in {"model": {}, "starter": {}, **assignment.submissions}.items():
            target = root / "submitted" / person / release.name
            target.mkdir(parents=True)
            for file in sorted(release.glob("*.ipynb")):
                if file.stem in assignment.without.get(person, ()):
                    continue
                source = nbformat.read(root / "source" / release.name / file.name, 4)
                made = nbformat.read(file, 4)
                _answer(made, {} if person == "starter" else {**_model(source), **answers})
                for place, text in assignment.edited.get(person, ()):
                    made.cells[place].source = text
                for place, text in assignment.inserted.get(person, ()):
                    made.cells.insert(place, nbformat.v4.new_code_cell(text))
                nbformat.write(made, target / file.name)


def _model(source: Any) -> Answers:
    return {cell.metadata.nbgrader.grade_id: cell.source for cell in source.cells if _is_answer(cell)}


def _is_answer(cell: Any) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def _answer(made: Any, answers: Answers) -> None:
    for cell in list(made.cells):
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if _is_answer(cell) and grade_id in answers:
            answer = answers[grade_id]
            if answer is GONE:
                made.cells.remove(cell)
            else:
                cell.source = answer
