"""A submitted archive as text: what a learner sent, for people who mark it. Nothing of it is ever rendered."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

#: A single cell, output or file is shown up to this many characters.
SHOWN = 50_000
_CELLS = 2_000
_OUTPUTS = 200


@dataclass(frozen=True)
class CellText:
    """One cell: its kind as the notebook says, its nbgrader id if any, its source, its textual outputs."""

    kind: str
    grade_id: str
    source: str
    outputs: list[str]


@dataclass(frozen=True)
class FileText:
    """One submitted file: cells if it is a notebook, else its text; neither if it is not text."""

    name: str
    size: int
    cells: list[CellText] | None = None
    text: str | None = None


def read(files: dict[str, bytes]) -> list[FileText]:
    """Submitted files by name, notebooks first. Broken content is shown as the text it is."""
    ordered = sorted(files.items(), key=lambda item: (not item[0].endswith(".ipynb"), item[0]))
    return [_file(name, content) for name, content in ordered]


def _file(name: str, content: bytes) -> FileText:
    name = _cut(name)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return FileText(name, len(content))
    if name.endswith(".ipynb"):
        cells = _notebook(text)
        if cells is not None:
            return FileText(name, len(content), cells=cells)
    return FileText(name, len(content), text=_cut(text))


def _notebook(text: str) -> list[CellText] | None:
    try:
        cells = json.loads(text)["cells"]
        return [_cell(cell) for cell in cells[:_CELLS]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _cell(cell: dict[str, Any]) -> CellText:
    mark = cell.get("metadata", {}).get("nbgrader", {})
    outputs = cell.get("outputs") or []
    return CellText(
        kind=_cut(str(cell.get("cell_type", "")))[:40],
        grade_id=_cut(str(mark.get("grade_id", "")))[:200] if isinstance(mark, dict) else "",
        source=_joined(cell.get("source", "")),
        outputs=[text for output in outputs[:_OUTPUTS] if (text := _output(output))],
    )


def _output(output: dict[str, Any]) -> str:
    if output.get("output_type") == "stream":
        return _joined(output.get("text", ""))
    if output.get("output_type") == "error":
        return _cut(f"{output.get('ename', '')}: {output.get('evalue', '')}")
    return _joined((output.get("data") or {}).get("text/plain", ""))


def _joined(source: Any) -> str:
    return _cut(source if isinstance(source, str) else "".join(str(line) for line in source))


def _cut(text: str) -> str:
    # Half a character is valid JSON, and cannot be sent.
    text = text.encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= SHOWN else text[:SHOWN] + "\n…"
