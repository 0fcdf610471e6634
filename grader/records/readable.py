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
    marked = {marks["grade_id"]: (cell, marks) for cell in json.loads(source)["cells"] if (marks := marks_in(cell))}
    cells = []
    for cell in cells_of(handed):
        grade_id = marks_in(cell).get("grade_id")
        found = marked.pop(grade_id, None) if isinstance(grade_id, str) else None
        kind = found[0]["cell_type"] if found else cell.get("cell_type")
        cells.append(_cell(kind, text_of(cell), found[1] if found else None))
    cells += [_cell(cell["cell_type"], MISSING, marks) for cell, marks in marked.values()]
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernelspec})


def marks_of(source: bytes) -> list[dict[str, Any]]:
    """nbgrader's marks in an instructor's notebook, in its order."""
    return [marks for cell in cells_of(source) if (marks := marks_in(cell))]


def task_texts(released: bytes) -> dict[str, str]:
    """What tasks ask for, by grade id, in the language of a released notebook."""
    return {marks["grade_id"]: text_of(cell) for cell in cells_of(released) if (marks := marks_in(cell)).get("task")}


def _cell(kind: Any, text: str, marks: dict[str, Any] | None) -> NotebookNode:
    metadata = {"nbgrader": marks} if marks else {}
    if kind == "code":
        return new_code_cell(text, metadata=metadata)
    # A raw cell would go into the page as it is.
    return new_markdown_cell(_TAG.sub("&lt;", text), metadata=metadata)


def marks_in(cell: dict[str, Any]) -> dict[str, Any]:
    """nbgrader's marks of a cell, or {}."""
    metadata = cell.get("metadata")
    found = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) and "grade_id" in found else {}


def cells_of(handed: bytes) -> list[dict[str, Any]]:
    """The cells of a notebook; none of what is no notebook."""
    try:
        content = json.loads(handed)
    except (ValueError, RecursionError):
        return []
    cells = content.get("cells") if isinstance(content, dict) else None
    return [cell for cell in cells if isinstance(cell, dict)] if isinstance(cells, list) else []


def text_of(cell: dict[str, Any]) -> str:
    """A cell's source, fit to be written as UTF-8."""
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    # A lone surrogate is valid JSON and cannot be written as UTF-8.
    return source.encode("utf-8", "replace").decode("utf-8") if isinstance(source, str) else ""
