"""Building a course: what learners get in each language, and what exams read. Executes nothing of the course."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ComputeChecksums, LockCells

from grader.course.model import Bundle, BundleUnit
from grader.course.performance import PERFORMANCE
from grader.course.proofreading import FIGURES
from grader.course.reader import Course, Unit, read
from grader.course.rubrics import shown
from grader.exam.verdict import Tests

_KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def build(folder: Path, target: Path, tests: Mapping[str, Tests] | None = None) -> Bundle:
    """Write `bundle.json`, `source/` and `release/LANGUAGE/` to `target`, whose former content goes.

    `tests` says where the test cells of a unit run, if `course.yaml` does not; else it is the examiner. The same
    folder and `tests` give the same bytes. Raises CourseError with every problem of the folder.
    """
    return build_course(read(folder), target, tests)


def build_course(course: Course, target: Path, tests: Mapping[str, Tests] | None = None) -> Bundle:
    """As `build`, for a course that was read already."""
    for name in ("source", "release"):
        shutil.rmtree(target / name, ignore_errors=True)
    base = course.file.languages[0]
    units = []
    for unit in course.units:
        name = unit.entry.id
        source = target / "source" / name
        source.mkdir(parents=True)
        _write(answered(notebook(unit, base), {g: a.source for g, a in unit.solutions.items()}), source / name)
        _copy(unit.folder, source, ("checks.py", "exam.py", PERFORMANCE))
        for language in course.file.languages:
            release = target / "release" / language / name
            release.mkdir(parents=True)
            _write(released(notebook(unit, language)), release / name)
            _copy(unit.folder, release, ("checks.py",))
            figures = unit.folder / FIGURES
            if figures.is_dir():
                shutil.copytree(figures, release / FIGURES)
        entry = unit.entry
        units.append(
            BundleUnit(
                id=name,
                title=entry.title,
                minutes=entry.minutes,
                max_score=unit.max_score,
                notebooks=[name],
                objectives=[objective.model_dump(exclude_none=True) for objective in entry.objectives],
                deadline=entry.deadline.isoformat() if entry.deadline else None,
                tests=entry.tests or (tests or {}).get(name, "examiner"),
                processes=entry.processes,
                assessment=entry.assessment,
                attempts=entry.attempts,
                cooldown_minutes=entry.cooldown_minutes,
                late=entry.late,
            )
        )
    bundle = Bundle(
        schema=1,
        course=course.file.id,
        title=course.file.title,
        summary=course.file.summary,
        languages=course.file.languages,
        licences=course.file.licences,
        prerequisites=course.file.prerequisites,
        units=units,
    )
    bundle = bundle.model_copy(update={"digest": _digest(target, bundle)})
    text = bundle.model_dump_json(indent=1, by_alias=True)
    (target / "bundle.json").write_text(text + "\n", encoding="utf-8")
    return bundle


def read_bundle(folder: Path) -> Bundle:
    """The manifest of a built course."""
    return Bundle.model_validate_json((folder / "bundle.json").read_text(encoding="utf-8"))


def handed_out(release: Path, language: str, first: str) -> Path:
    """What learners of a language got, below a built course's `release`; without it that of its `first` language."""
    return release / language if (release / language).is_dir() else release / first


def notebook(unit: Unit, language: str) -> NotebookNode:
    """A unit's notebook with nbgrader's full marks and its rubrics; a cell's id is its grade id."""
    made = nbformat.v4.new_notebook(metadata={"kernelspec": _KERNEL, "language_info": {"name": "python"}})
    for number, cell in enumerate(unit.notebooks[language].cells, 1):
        marks = cell.metadata.get("nbgrader")
        new: Any = nbformat.v4.new_code_cell if cell.cell_type == "code" else nbformat.v4.new_markdown_cell
        identity = marks["grade_id"] if marks else f"cell-{number}"
        made.cells.append(new(cell.source, id=identity, metadata={"nbgrader": deepcopy(marks)} if marks else {}))
    shown(made, unit.rubrics, language)
    return _through(made, LockCells, ComputeChecksums)


def answered(given: NotebookNode, answers: dict[str, str]) -> NotebookNode:
    """`given` with the solution cells named in `answers` (source by grade id) filled in."""
    made = deepcopy(given)
    for cell in made.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id in answers:
            cell.source = answers[grade_id]
    return made


def released(source: NotebookNode) -> NotebookNode:
    """What a learner gets: no hidden tests, no mark scheme."""
    return _through(deepcopy(source), ClearHiddenTests, ClearMarkScheme, ComputeChecksums)


def _through(made: NotebookNode, *preprocessors: Any) -> NotebookNode:
    for preprocessor in preprocessors:
        made, _ = preprocessor().preprocess(made, {})
    return made


def _write(made: NotebookNode, stem: Path) -> None:
    nbformat.validate(made)
    nbformat.write(made, stem.with_name(f"{stem.name}.ipynb"))


def _copy(folder: Path, target: Path, names: tuple[str, ...]) -> None:
    for name in names:
        if (folder / name).exists():
            shutil.copyfile(folder / name, target / name)


def _digest(target: Path, bundle: Bundle) -> str:
    digest = hashlib.sha256(json.dumps(bundle.model_dump(mode="json"), sort_keys=True).encode())
    for file in sorted(path for name in ("source", "release") for path in (target / name).rglob("*") if path.is_file()):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(target)}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()
