"""Objectives and exercises of a unit: each objective is proved by an exercise, and each exercise proves one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from grader.course.model import Problem
from grader.typed_yaml import line_of


def exercises(notebook: NotebookNode) -> list[str]:
    """Grade ids of the cells that a learner answers: code, text, and tasks."""
    marks = [cell.metadata["nbgrader"] for cell in notebook.cells if cell.metadata.get("nbgrader")]
    return [mark["grade_id"] for mark in marks if mark["solution"] or mark["task"]]


def uncovered(file: Path, text: str, number: int, unit: dict[Any, Any], there: list[str]) -> Iterator[Problem]:
    """What does not fit in unit `number` of the course.yaml in `text`, whose notebook has the exercises `there`.

    A unit that names no objectives is left alone.
    """
    objectives = [one for one in _list(unit.get("objectives")) if isinstance(one, dict)]
    proofs = unit.get("exercises") if isinstance(unit.get("exercises"), dict) else {}
    assert isinstance(proofs, dict)
    if not objectives and not proofs:
        return

    def problem(place: tuple[str | int, ...], message: str) -> Problem:
        return Problem(file, line_of(text, ("units", number, *place)), f"{unit.get('id')}: {message}")

    known = [str(one.get("id")) for one in objectives]
    for place, name in enumerate(known):
        if name in known[:place]:
            yield problem(("objectives", place, "id"), f"two objectives are called {name}; choose another id")
    for grade_id, names in proofs.items():
        if grade_id not in there:
            yield problem(("exercises", grade_id), f"no exercise {grade_id}; {_nearest(str(grade_id), there)}")
        for name in _list(names):
            if name not in known:
                yield problem(("exercises", grade_id), f"{grade_id}: no objective {name}; {_nearest(str(name), known)}")
    for grade_id in there:
        if grade_id not in proofs:
            yield problem(("exercises",), f"exercise {grade_id} names no objective; add it under `exercises`")
    proved = {name for names in proofs.values() for name in _list(names)}
    for place, name in enumerate(known):
        if name not in proved:
            yield problem(("objectives", place), f"no exercise proves the objective {name}; name it under `exercises`")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean `{near[0]}`?" if near else f"there are: {', '.join(known) or 'none'}"
