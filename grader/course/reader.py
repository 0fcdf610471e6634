"""Reading a course folder. Nothing in it is executed; every fault is found before the first is reported."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import jupytext
from nbformat import NotebookNode

from grader.course.model import CourseError, CourseFile, Criterion, Language, Problem, UnitEntry
from grader.course.objectives import exercises, uncovered
from grader.course.performance import PERFORMANCE, Performance, performance
from grader.course.proofreading import stumbles
from grader.course.rubrics import misfits
from grader.typed_yaml import YamlFaults, line_of, parse

#: Fewer wrong solutions than this leave a check unproved.
LEAST_WRONG = 4
BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"

_GRADE_ID = re.compile(r"[A-Za-z0-9_-]+")
_HEADER = re.compile(r"#\s*(finding|line):\s*(.+?)\s*$")
_MARKS = {"grade": False, "solution": False, "locked": False, "task": False}
_KNOWN_MARKS = ("grade_id", "grade", "solution", "task", "points", "locked", "schema_version", "cell_type", "checksum")


@dataclass(frozen=True)
class Answer:
    """A solution cell's source from a file. `finding` and `line` say what a wrong one must be caught with."""

    file: Path
    grade_id: str
    source: str
    finding: str | None = None
    line: int | None = None


@dataclass
class Unit:
    """One unit: a notebook for each language; by grade id answers for its solution cells, and rubrics for what a person
    marks; thresholds of what is timed."""

    folder: Path
    entry: UnitEntry = field(init=False)
    rubrics: dict[str, list[Criterion]] = field(default_factory=dict)
    notebooks: dict[str, NotebookNode] = field(default_factory=dict)
    solutions: dict[str, Answer] = field(default_factory=dict)
    wrong: list[Answer] = field(default_factory=list)
    alternatives: list[Answer] = field(default_factory=list)
    performance: Performance | None = None

    def file(self, language: str) -> Path:
        return self.folder / f"unit.{language}.py"

    def graded(self, language: str) -> list[NotebookNode]:
        return [cell for cell in self.notebooks[language].cells if _is(cell, "grade") or _is(cell, "task")]

    @property
    def max_score(self) -> float:
        language = next(iter(self.notebooks))
        return sum(float(cell.metadata.nbgrader["points"]) for cell in self.graded(language))


@dataclass
class Course:
    """A course folder that was read without a fault."""

    folder: Path
    file: CourseFile
    units: list[Unit]


@dataclass
class Draft:
    """A course folder as far as it could be read; `file` is None where course.yaml has faults."""

    file: CourseFile | None
    languages: list[str]
    units: list[Unit]
    problems: list[Problem]


def read(folder: Path) -> Course:
    """The course in `folder`. Raises CourseError with every problem."""
    draft = look(folder)
    if draft.file is None or draft.problems:
        raise CourseError(draft.problems)
    for unit, entry in zip(draft.units, draft.file.units, strict=True):
        unit.entry = entry
    return Course(folder, draft.file, draft.units)


def look(folder: Path) -> Draft:
    """What can be read of the course in `folder`, and every problem. Raises CourseError where it has no course.yaml."""
    manifest = folder / "course.yaml"
    problems: list[Problem] = []
    described: CourseFile | None = None
    content: dict[Any, Any] = {}
    text = ""
    try:
        text = manifest.read_text(encoding="utf-8")
        described = parse(text, CourseFile)
        content = described.model_dump()
    except FileNotFoundError as error:
        raise CourseError([Problem(manifest, None, "missing; a course folder has one")]) from error
    except UnicodeDecodeError:
        problems.append(Problem(manifest, None, "not UTF-8; save it as UTF-8"))
    except YamlFaults as error:
        problems += [Problem(manifest, line, what) for line, what in error.faults]
        content = error.content
    # The units are read even where course.yaml has faults, so that nobody learns of theirs a round later.
    named = _names(content)
    languages = _languages(content) or _languages_of_files(folder)
    problems += _manifest(manifest, text, content, languages)
    readers = [_Reader(languages, folder / "units" / name, problems) for name in dict.fromkeys(named or ())]
    units = [reader.read() for reader in readers]
    for unit, entry in zip(units, described.units, strict=False) if described else ():
        unit.rubrics = entry.rubrics
    numbers = {unit["id"]: number for number, unit in reversed(list(enumerate(content["units"])))} if named else {}
    for reader in readers:
        if reader.unit.notebooks and not reader.unclear:
            first = next(iter(reader.unit.notebooks.values()))
            number = numbers[reader.unit.folder.name]
            problems += uncovered(manifest, text, number, content["units"][number], exercises(first))
            problems += misfits(manifest, text, number, content["units"][number], first, languages)
    for extra in sorted((folder / "units").glob("*/")):
        if extra.name in (named or ()) or extra.name.startswith((".", "__")):
            continue
        if named is None:
            units.append(_Reader(languages, extra, problems).read())
        else:
            problems.append(Problem(extra, None, "no unit of course.yaml; name it there under `units`, or delete it"))
    return Draft(described, languages, units, problems)


def _names(content: dict[Any, Any]) -> list[str] | None:
    """The units that course.yaml names; None where that cannot be told."""
    units = content.get("units")
    if not isinstance(units, list):
        return None
    names = [unit.get("id") for unit in units if isinstance(unit, dict)]
    good = [name for name in names if isinstance(name, str) and re.fullmatch(r"[a-z0-9-]+", name)]
    return good if len(good) == len(units) else None


def _languages(content: dict[Any, Any]) -> list[str]:
    found = content.get("languages")
    return [one for one in found if one in get_args(Language)] if isinstance(found, list) else []


def _languages_of_files(folder: Path) -> list[str]:
    """Where course.yaml does not say them."""
    return [one for one in get_args(Language) if any((folder / "units").glob(f"*/unit.{one}.py"))]


def _manifest(file: Path, text: str, content: dict[Any, Any], languages: list[str]) -> Iterator[Problem]:
    """What the model cannot see: texts that lack a language of the course, and units named twice."""
    places: list[tuple[tuple[str | int, ...], Any]] = [((key,), content.get(key)) for key in ("title", "summary")]
    wanted = content.get("prerequisites")
    for place, one in enumerate(wanted if isinstance(wanted, list) else ()):
        places.append((("prerequisites", place), one))
    units = content.get("units")
    entries = [one for one in units if isinstance(one, dict)] if isinstance(units, list) else []
    for number, unit in enumerate(entries):
        places.append((("units", number, "title"), unit.get("title")))
        objectives = unit.get("objectives")
        for place, objective in enumerate(objectives if isinstance(objectives, list) else ()):
            places.append((("units", number, "objectives", place), objective))
    for location, texts in places:
        for language in languages:
            if isinstance(texts, dict) and not str(texts.get(language) or "").strip():
                what = ".".join(str(part) for part in location)
                yield Problem(file, line_of(text, location), f"{what}: no text for {language}; add one")
    first: dict[str, int | None] = {}
    for number, unit in enumerate(entries):
        name, line = str(unit.get("id")), line_of(text, ("units", number, "id"))
        if name in first:
            yield Problem(file, line, f"unit {name} stands in line {first[name]} already; keep one")
        first.setdefault(name, line)


class _Reader:
    """Reads one unit and adds what is wrong with it to `problems`."""

    def __init__(self, languages: list[str], folder: Path, problems: list[Problem]) -> None:
        self.languages = languages
        self.unit = Unit(folder)
        self.problems = problems
        #: Files with a cell whose marks cannot be told; what seems to be missing there may be that cell.
        self.unclear: set[Path] = set()

    def say(self, file: Path, line: int | None, message: str) -> None:
        self.problems.append(Problem(file, line, message))

    def read(self) -> Unit:
        unit = self.unit
        if not unit.folder.is_dir():
            self.say(unit.folder, None, "missing; course.yaml names this unit")
            return unit
        for language in self.languages:
            self._notebook(language)
        for name in ("checks.py", "exam.py"):
            if (unit.folder / name).exists():
                self._python(unit.folder / name)
        if len(unit.notebooks) == len(self.languages) and not self.unclear:
            self._same_marks()
        if unit.notebooks:
            self._answers()
        tests = None if self.unclear or not unit.notebooks else _tests(next(iter(unit.notebooks.values())))
        unit.performance = performance(unit.folder / PERFORMANCE, tests, self.problems)
        return unit

    def _text(self, file: Path) -> str | None:
        try:
            return file.read_text(encoding="utf-8")
        except FileNotFoundError:
            self.say(file, None, "missing; write the unit in this language, or drop it from `languages`")
        except UnicodeDecodeError:
            self.say(file, None, "not UTF-8; save it as UTF-8")
        return None

    def _notebook(self, language: str) -> None:
        file = self.unit.file(language)
        text = self._text(file)
        if text is None:
            return
        lines = [number for number, line in enumerate(text.splitlines(), 1) if line.startswith("# %%")]
        try:
            notebook = jupytext.reads(text, fmt="py:percent")
        except Exception as error:
            self.say(file, None, f"cannot be read as py:percent: {error}")
            return
        if len(lines) != len(notebook.cells):
            self.say(file, 1, "text before the first cell; begin every cell with `# %%` or `# %% [markdown]`")
            return
        seen: dict[str, int] = {}
        for cell, line in zip(notebook.cells, lines, strict=True):
            self._cell(file, line, cell, seen)
        self.problems += stumbles(file, notebook)
        self.unit.notebooks[language] = notebook

    def _cell(self, file: Path, line: int, cell: NotebookNode, seen: dict[str, int]) -> None:
        begins, ends = cell.source.count(BEGIN_HIDDEN), cell.source.count(END_HIDDEN)
        if begins != ends:
            self.say(file, line, f"{BEGIN_HIDDEN} and {END_HIDDEN} must come in pairs; add the missing one")
        cell.metadata["lehrwerk_line"] = line
        marks = cell.metadata.get("nbgrader")
        if marks is None:
            if begins:
                self.say(file, line, "hidden tests in a cell without nbgrader marks; mark it as a test with points")
            return
        if not isinstance(marks, dict):
            self.say(file, line, 'nbgrader marks must be a JSON object, as in nbgrader={"grade_id": "f"}')
            cell.metadata.pop("nbgrader")
            self.unclear.add(file)
            return
        grade_id = marks.get("grade_id")
        if not isinstance(grade_id, str) or not _GRADE_ID.fullmatch(grade_id):
            self.say(file, line, "grade_id is missing, or holds more than letters, digits, - and _")
            cell.metadata.pop("nbgrader")
            self.unclear.add(file)
            return
        if grade_id in seen:
            self.say(file, line, f"grade_id {grade_id} stands in line {seen[grade_id]} already; choose another")
        seen[grade_id] = line
        marks = self._known_marks(file, line, marks)
        full = {**_MARKS, **marks, "schema_version": 3, "cell_type": cell.cell_type}
        points = full.get("points")
        wants_points = full["grade"] or full["task"]
        if wants_points and (isinstance(points, bool) or not isinstance(points, int | float) or points < 0):
            self.say(file, line, f"{grade_id}: a graded cell needs `points`, a number that is not negative")
            full["points"] = 0
        if not wants_points and points:
            self.say(file, line, f'{grade_id}: points on a cell that is not graded; add "grade": true')
        if full["task"]:
            if full["grade"] or full["solution"] or cell.cell_type != "markdown":
                self.say(file, line, f"{grade_id}: a task is a markdown cell and neither grade nor solution")
            full["locked"] = True
        elif full["grade"] and not full["solution"]:
            full["locked"] = True
        if begins and (not full["grade"] or full["solution"]):
            self.say(file, line, f'{grade_id}: hidden tests belong into a test cell ("grade": true)')
        if cell.cell_type == "code":
            self._syntax(file, line + 1, cell.source)
        cell.metadata["nbgrader"] = full

    def _known_marks(self, file: Path, line: int, marks: dict[str, Any]) -> dict[str, Any]:
        """`marks` with each misspelt one under the name that was meant, so that nothing else follows from it."""
        known = {}
        for mark, value in marks.items():
            if mark not in _KNOWN_MARKS:
                near = difflib.get_close_matches(mark, [one for one in _KNOWN_MARKS if one not in marks], n=1)
                mend = f"did you mean `{near[0]}`?" if near else f"known marks: {', '.join(_KNOWN_MARKS)}"
                self.say(file, line, f"{marks['grade_id']}: unknown mark `{mark}`; {mend}")
                mark = near[0] if near else mark
            known[mark] = value
        return known

    def _syntax(self, file: Path, first: int, source: str) -> None:
        from IPython.core.inputtransformer2 import TransformerManager

        try:
            ast.parse(TransformerManager().transform_cell(source))
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None)
            text = error.msg if isinstance(error, SyntaxError) else str(error)
            self.say(file, first - 1 + line if line else None, f"not Python: {text}")

    def _python(self, file: Path) -> None:
        text = self._text(file)
        if text is not None:
            self._syntax(file, 1, text)

    def _same_marks(self) -> None:
        """Graded cells are the same in every language, or two learners would sit different exams."""
        base, *others = self.languages
        wanted = _marked(self.unit.notebooks[base])
        for language in others:
            file, found = self.unit.file(language), _marked(self.unit.notebooks[language])
            for grade_id in sorted(set(wanted) - set(found)):
                self.say(file, None, f"cell {grade_id} of {self.unit.file(base).name} is missing; add it")
            for grade_id, cell in found.items():
                line = cell.metadata["lehrwerk_line"]
                if grade_id not in wanted:
                    self.say(file, line, f"cell {grade_id} is not in {self.unit.file(base).name}; add it there")
                elif cell.metadata["nbgrader"] != wanted[grade_id].metadata["nbgrader"]:
                    other = wanted[grade_id].metadata["lehrwerk_line"]
                    self.say(
                        file,
                        line,
                        f"cell {grade_id} has other marks than {self.unit.file(base).name}:{other}; make them equal",
                    )
            if list(found) != list(wanted) and set(found) == set(wanted):
                self.say(file, None, f"marked cells stand in another order than in {self.unit.file(base).name}")

    def _answers(self) -> None:
        unit = self.unit
        notebook = next(iter(unit.notebooks.values()))
        exercises = {
            cell.metadata["nbgrader"]["grade_id"]: cell.metadata["lehrwerk_line"]
            for cell in notebook.cells
            if _is(cell, "solution") and not _is(cell, "grade") and cell.cell_type == "code"
        }
        for file in sorted((unit.folder / "solution").glob("*.py")):
            answer = self._answer(file, file.stem, exercises)
            if answer:
                unit.solutions[answer.grade_id] = answer
        for kind, answers in (("wrong", unit.wrong), ("alternative", unit.alternatives)):
            for file in sorted((unit.folder / kind).glob("*/*.py")):
                answer = self._answer(file, file.parent.name, exercises)
                if answer:
                    answers.append(answer)
            for file in sorted((unit.folder / kind).glob("*.py")):
                self.say(file, None, f"belongs into {kind}/GRADE_ID/")
        source = unit.file(next(iter(unit.notebooks)))
        for grade_id, line in exercises.items():
            if grade_id not in unit.solutions:
                self.say(source, line, f"{grade_id} has no model solution; write solution/{grade_id}.py")
            wrong = [answer for answer in unit.wrong if answer.grade_id == grade_id]
            if len(wrong) < LEAST_WRONG:
                self.say(
                    source,
                    line,
                    f"{grade_id} has {len(wrong)} wrong solutions; write at least {LEAST_WRONG} in wrong/{grade_id}/",
                )
            for answer in wrong:
                if answer.finding is None:
                    self.say(answer.file, 1, "no `# finding: KIND` in the first lines; name what must catch it")

    def _answer(self, file: Path, grade_id: str, exercises: dict[str, int]) -> Answer | None:
        text = self._text(file)
        if text is None:
            return None
        if grade_id not in exercises:
            if self.unclear:
                return None
            known = ", ".join(sorted(exercises)) or "none"
            self.say(file, None, f"no solution cell {grade_id} in this unit; it has: {known}")
            return None
        header: dict[str, str] = {}
        lines = text.splitlines()
        while lines and (found := _HEADER.match(lines[0])):
            header[found[1]] = found[2]
            lines.pop(0)
        line = header.get("line")
        if line is not None and not line.isdigit():
            self.say(file, None, f"`# line: {line}` is no number")
            line = None
        source = "\n".join(lines).strip("\n")
        return Answer(file, grade_id, source, header.get("finding"), int(line) if line else None)


def _tests(notebook: NotebookNode) -> list[str]:
    tests = [cell for cell in notebook.cells if _is(cell, "grade") and not _is(cell, "solution")]
    return [str(cell.metadata["nbgrader"]["grade_id"]) for cell in tests if cell.cell_type == "code"]


def _is(cell: NotebookNode, mark: str) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get(mark))


def _marked(notebook: NotebookNode) -> dict[str, NotebookNode]:
    return {cell.metadata["nbgrader"]["grade_id"]: cell for cell in notebook.cells if cell.metadata.get("nbgrader")}
