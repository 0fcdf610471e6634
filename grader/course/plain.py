"""A plain nbgrader course folder, made ready as `nbgrader generate_assignment` would with its defaults.

Its `nbgrader_config.py` is never executed, so delimiters and stubs are nbgrader's own. AUTOTEST lines become tests by
running the source behind the exam's walls.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    InstantiateTests,
    LockCells,
    NbGraderPreprocessor,
)

from grader.course.model import CourseError, Problem
from grader.exam.room import ExamRoom

_AUTOTEST, _AUTOTESTS = "AUTOTEST", "autotests.yml"


def prepare(folder: Path, assignment: str, target: Path, room: ExamRoom) -> None:
    """Write `source/ASSIGNMENT` and `release/ASSIGNMENT` to `target`.

    A release that the folder already has is what learners got, and is taken as it is. Raises CourseError.
    """
    source, release = target / "source" / assignment, target / "release" / assignment
    ignored = shutil.ignore_patterns(*CourseDirectory().ignore, ".ipynb_checkpoints")
    shutil.copytree(folder / "source" / assignment, source, ignore=ignored)
    handed_out = folder / "release" / assignment
    if handed_out.is_dir():
        shutil.copytree(handed_out, release, ignore=ignored)
    else:
        shutil.copytree(source, release, ignore=shutil.ignore_patterns("*.ipynb"))
    for file in sorted(source.glob("*.ipynb")):
        place = folder / "source" / assignment / file.name
        try:
            made = nbformat.read(file, as_version=4)
            if any(_AUTOTEST in cell.source for cell in made.cells if cell.cell_type == "code"):
                made = _instantiated(made, folder, source, room)
                nbformat.write(made, file)
            if not (release / file.name).exists():
                nbformat.write(_released(made), release / file.name)
        except Exception as error:  # nbgrader's preprocessors raise anything, down to a bare Exception
            text = str(error) or type(error).__name__
            raise CourseError([Problem(place, None, f"nbgrader cannot make an assignment of it: {text}")]) from error


def _released(source: NotebookNode) -> NotebookNode:
    made = nbformat.from_dict(source)  # a copy: preprocessors change what they get
    for kind in (LockCells, ClearSolutions, ClearOutput, ComputeChecksums):
        made, _ = kind().preprocess(made, {})
    for kind in (ClearHiddenTests, ClearMarkScheme, ComputeChecksums):
        made, _ = kind().preprocess(made, {})
    return made


def _instantiated(source: NotebookNode, folder: Path, beside: Path, room: ExamRoom) -> NotebookNode:
    files = {
        path.relative_to(beside).as_posix(): path.read_bytes()
        for path in sorted(beside.rglob("*"))
        if path.is_file() and not path.is_symlink() and path.suffix != ".ipynb"
    }
    with room.shell(files) as run:
        made, _ = _Instantiate(folder, run).preprocess(source, {"metadata": {"path": str(beside)}})
    return made


class _Instantiate(InstantiateTests):
    """nbgrader's own, with a walled process in place of a kernel."""

    def __init__(self, folder: Path, run: Callable[[str], str | None]) -> None:
        super().__init__()
        self._folder = folder
        self._run = run

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        kernel = nb.metadata.get("kernelspec", {}).get("name", "")
        if kernel not in self.comment_strs:
            raise ValueError(f"its kernel {kernel!r} is not python3")
        resources["kernel_name"] = kernel
        if not os.path.exists(os.path.join(resources["metadata"]["path"], _AUTOTESTS)):
            # nbgrader looks into the course folder by its working directory.
            self.autotest_filename = str((self._folder / _AUTOTESTS).resolve())
        self._load_test_template_file(resources)
        self.global_tests_loaded = True
        self.sanitizer = self.sanitizers[kernel]
        result: tuple[NotebookNode, dict[str, Any]] = NbGraderPreprocessor.preprocess(self, nb, resources)
        return result

    def _execute_code_snippet(self, code: str) -> str | None:
        shown = self._run(code)
        return None if shown is None else str(self.sanitizer(shown))
