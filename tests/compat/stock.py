"""`python -m tests.compat.stock ROOT`: stock nbgrader generates, then marks, a whole course folder in one process.

Its kernel is that of learners' notebooks, which has the emulated GPU.
Prints JSON: by assignment and person, `cells` by `NOTEBOOK/GRADE_ID` (points by machine, null for none), and `failed`
where `nbgrader autograde` gave up.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from grader.device.kernel import write_kernelspec
from tests.compat.course import hand_in


def run(root: Path) -> dict[str, dict[str, dict[str, Any]]]:
    config = Config()
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.course_id = "compat"
    url = f"sqlite:///{root / 'gradebook.db'}"
    config.CourseDirectory.db_url = url
    logging.disable(logging.CRITICAL)
    names = sorted(path.name for path in (root / "source").iterdir() if path.is_dir())
    for name in names:
        _convert(GenerateAssignment, config, name)
    hand_in(root)
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for name in names:
        for person in sorted(path.parent.name for path in (root / "submitted").glob(f"*/{name}")):
            failed = False
            try:
                _convert(Autograde, config, name, person)
            except NbGraderException:
                failed = True
            found.setdefault(name, {})[person] = {"failed": failed, "cells": _cells(url, name, person)}
    return found


def _convert(kind: Any, config: Config, name: str, person: str | None = None) -> None:
    one = Config(config)
    one.CourseDirectory.assignment_id = name
    if person is not None:
        one.CourseDirectory.student_id = person
    converter = kind(coursedir=CourseDirectory(config=one), config=one)
    converter.force = True
    converter.start()


def _cells(url: str, name: str, person: str) -> dict[str, float | None]:
    with Gradebook(url, "compat") as gradebook:
        submission = gradebook.find_submission(name, person)
        return {
            f"{notebook.name}/{grade.name}": grade.auto_score
            for notebook in submission.notebooks
            for grade in notebook.grades
        }


if __name__ == "__main__":
    write_kernelspec(Path(sys.argv[1]) / "jupyter/kernels", sys.executable, "en", "emulated")
    os.environ["JUPYTER_PATH"] = str(Path(sys.argv[1]) / "jupyter")
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    json.dump(run(Path(sys.argv[1])), sys.stdout)
