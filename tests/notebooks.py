"""For tests: notebooks with nbgrader's metadata, in a few words."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def _cell(kind: str, source: str, **marks: Any) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    if marks:
        metadata["nbgrader"] = {
            "schema_version": 3,
            "grade": False,
            "solution": False,
            "locked": False,
            "task": False,
            **marks,
        }
    cell: dict[str, Any] = {"cell_type": kind, "metadata": metadata, "source": source, "id": marks.get("grade_id", "")}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell


def given(source: str, identity: str = "") -> dict[str, Any]:
    """A code cell of the instructor's without any marks."""
    return {**_cell("code", source), "id": identity}


def text(source: str) -> dict[str, Any]:
    return _cell("markdown", source)


def locked(grade_id: str, source: str) -> dict[str, Any]:
    """A code cell that is the instructor's and that nobody marks."""
    return _cell("code", source, grade_id=grade_id, locked=True)


def solution(grade_id: str, source: str) -> dict[str, Any]:
    return _cell("code", source, grade_id=grade_id, solution=True)


def test(grade_id: str, points: float, source: str) -> dict[str, Any]:
    return _cell("code", source, grade_id=grade_id, grade=True, locked=True, points=points)


def manual(grade_id: str, points: float, source: str = "", kind: str = "markdown") -> dict[str, Any]:
    return _cell(kind, source, grade_id=grade_id, grade=True, solution=True, points=points)


def task(grade_id: str, points: float, source: str = "") -> dict[str, Any]:
    return _cell("markdown", source, grade_id=grade_id, task=True, locked=True, points=points)


def notebook(*cells: dict[str, Any]) -> bytes:
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)}
    for number, cell in enumerate(cells):
        # A copy, since the same cell may stand in several notebooks.
        text = f"{number}-{cell['source']}".encode("utf-8", "surrogatepass")
        content["cells"][number] = {**cell, "id": cell["id"] or hashlib.sha256(text).hexdigest()[:16]}  # type: ignore[index]
    return json.dumps(content).encode()


test.__test__ = False  # type: ignore[attr-defined]
