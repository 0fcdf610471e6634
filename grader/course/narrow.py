"""The part of a unit that one exercise's answers are proved by: the test cells that an answer can reach.

A unit has several exercises, and each of its many wrong solutions changes one of them. Tests of the others would only
say again what the model solutions' exam has said.
"""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path

import nbformat
from nbformat import NotebookNode


def reached(notebook: NotebookNode, grade_id: str) -> set[str]:
    """Grade ids of the test cells whose source, or what stands before them, names what the cell `grade_id` binds.

    Names are followed through every other cell, too many rather than too few. All test cells, where a cell's names
    cannot be told or no test names one.
    """
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    tests = {_id(cell): cell.source for cell in code if _is_test(cell)}
    names = set().union(*(_bound(cell.source) for cell in code if _id(cell) == grade_id))
    others = [(cell.source, _bound(cell.source)) for cell in code if not _is_test(cell)]
    while True:
        more = set().union(*(bound for source, bound in others if _mentions(source, names))) - names
        if not more:
            break
        names |= more
    found = {name for name, source in tests.items() if _mentions(source, names)}
    return found or set(tests)


def narrowed(notebook: NotebookNode, tests: set[str]) -> NotebookNode:
    """The notebook with these test cells only."""
    kept = [cell for cell in notebook.cells if not _is_test(cell) or _id(cell) in tests]
    return nbformat.v4.new_notebook(metadata=notebook.metadata, cells=kept)


def narrow_folder(folder: Path, target: Path, tests: set[str]) -> Path:
    """A copy of an assignment's folder, `target`, whose notebooks have these test cells only."""
    shutil.copytree(folder, target)
    for file in target.glob("*.ipynb"):
        nbformat.write(narrowed(nbformat.read(file, as_version=4), tests), file)
    return target


def _id(cell: NotebookNode) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def _is_test(cell: NotebookNode) -> bool:
    marks = cell.metadata.get("nbgrader", {})
    return bool(cell.cell_type == "code" and marks.get("grade") and not marks.get("solution"))


def _bound(source: str) -> set[str]:
    """Names that a cell binds outside of its functions; every word of a cell that is no plain Python."""
    try:
        waiting: list[ast.AST] = [*ast.parse(source).body]
    except SyntaxError:
        return set(re.findall(r"[A-Za-z_]\w*", source))
    found = set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        waiting += ast.iter_child_nodes(node)
    return found


def _mentions(source: str, names: set[str]) -> bool:
    """Does the cell read one of them? Comments and texts say nothing."""
    try:
        read = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    except SyntaxError:
        read = set(re.findall(r"[A-Za-z_]\w*", source))
    return not names.isdisjoint(read)
