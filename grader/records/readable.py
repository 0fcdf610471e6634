"""A submitted notebook as graders may read it: the instructor's marks, the learner's text, and nothing that runs.

A learner can put anything into a notebook's metadata, outputs and markdown. Only the sources of cells pass, and the
marks of a cell come from the instructor's notebook, so that neither nbgrader nor a grader's browser meets the rest.
"""

from __future__ import annotations

import json
import re
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

#: The word that stands where a marked cell is missing.
MISSING = "[missing]"
#: What opens a tag, a comment or a declaration in HTML; a `<` before anything else is a character, also in code.
_TAG = re.compile(r"<(?=[A-Za-z/!?])")


def readable(source: bytes, handed: bytes) -> NotebookNode:
    """`handed` with the marks of `source`: each marked cell once, text escaped, no outputs, attachments or metadata.

    What is no notebook at all becomes one in which every marked cell is missing.
    """
    marked = {marks["grade_id"]: (cell, marks) for cell in json.loads(source)["cells"] if (marks := _marks(cell))}
    cells = []
    for cell in _cells(handed):
        grade_id = _marks(cell).get("grade_id")
        found = marked.pop(grade_id, None) if isinstance(grade_id, str) else None
        kind = found[0]["cell_type"] if found else cell.get("cell_type")
        cells.append(_cell(kind, _text(cell), found[1] if found else None))
    cells += [_cell(cell["cell_type"], MISSING, marks) for cell, marks in marked.values()]
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernelspec})


def marks_of(source: bytes) -> list[dict[str, Any]]:
    """nbgrader's marks in an instructor's notebook, in its order."""
    return [marks for cell in _cells(source) if (marks := _marks(cell))]


def task_texts(released: bytes) -> dict[str, str]:
    """What tasks ask for, by grade id, in the language of a released notebook."""
    return {marks["grade_id"]: _text(cell) for cell in _cells(released) if (marks := _marks(cell)).get("task")}


def _cell(kind: Any, text: str, marks: dict[str, Any] | None) -> NotebookNode:
    metadata = {"nbgrader": marks} if marks else {}
    if kind == "code":
        return new_code_cell(text, metadata=metadata)
    # A raw cell would go into the page as it is.
    return new_markdown_cell(_TAG.sub("&lt;", text), metadata=metadata)


def _marks(cell: dict[str, Any]) -> dict[str, Any]:
    metadata = cell.get("metadata")
    found = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) and "grade_id" in found else {}


def _cells(handed: bytes) -> list[dict[str, Any]]:
    try:
        content = json.loads(handed)
    except (ValueError, RecursionError):
        return []
    cells = content.get("cells") if isinstance(content, dict) else None
    return [cell for cell in cells if isinstance(cell, dict)] if isinstance(cells, list) else []


def _text(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    # A lone surrogate is valid JSON and cannot be written as UTF-8.
    return source.encode("utf-8", "replace").decode("utf-8") if isinstance(source, str) else ""
