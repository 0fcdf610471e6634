"""A course folder with faults: each is named with file, line and mend, and all of them at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from grader.course.build import build
from grader.course.model import CourseError
from grader.course.reader import read
from tests.courses import MANIFEST, small_course

UNIT = "units/double/unit.en.py"


def change(file: str, old: str, new: str) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        path = folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return apply


def remove(file: str) -> Callable[[Path], None]:
    return lambda folder: (folder / file).unlink()


def add(file: str, text: str | bytes) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    return apply


#: (what is done to the folder, file of the problem, its line, words of its message)
#: The small course with an objective that its two exercises prove.
OBJECTIVES = """\
    objectives:
      - {id: twice, en: You double a number.}
    exercises:
      double: [twice]
      why: [twice]
"""


def objectives(old: str = "", new: str = "") -> Callable[[Path], None]:
    assert old in OBJECTIVES
    return add("course.yaml", MANIFEST + OBJECTIVES.replace(old, new, 1))


#: The same with a rubric for the question that a person marks.
RUBRIC = """\
    rubrics:
      why:
        - {points: 1.5, title: {en: A number}}
        - {points: 0.5, title: {en: A reason}, description: {en: In words of one's own | with a unit.}}
"""


def rubric(old: str = "", new: str = "") -> Callable[[Path], None]:
    assert old in RUBRIC
    return add("course.yaml", MANIFEST + RUBRIC.replace(old, new, 1))


FAULTS = [
    (rubric("why:", "wy:"), "course.yaml", 11, "rubrics.wy: no cell of double; did you mean `why`?"),
    (rubric("why:", "double-test:"), "course.yaml", 11, "tests mark this cell, no person does; a person marks: why"),
    (rubric("why:", "double:"), "course.yaml", 11, "tests mark this cell"),
    (rubric("1.5", "1"), "course.yaml", 11, "its points add up to 1.5, and the cell has 2; make them equal"),
    (rubric("1.5", "-1"), "course.yaml", 12, "greater than 0"),
    (rubric("{en: A number}", "{de: Eine Zahl}"), "course.yaml", 12, "rubrics.why: no text for en; add one"),
    (rubric("description: {en: In", "description: {de: In"), "course.yaml", 13, "rubrics.why: no text for en"),
    (rubric("title: {en: A number}", "titel: {en: A number}"), "course.yaml", 12, "did you mean `title`?"),
    (
        lambda folder: (rubric()(folder), change(UNIT, '"double-test"', '"why-rubric"')(folder))[0],
        "course.yaml",
        11,
        "a cell why-rubric is there already",
    ),
    (objectives("{id: twice,", "{id: thrice,"), "course.yaml", 13, "no objective twice; did you mean `thrice`?"),
    (objectives("double:", "dubble:"), "course.yaml", 13, "no exercise dubble; did you mean `double`?"),
    (objectives("      why: [twice]\n"), "course.yaml", 12, "exercise why names no objective"),
    (
        objectives("    ex", "      - {id: once, en: Halve.}\n    ex"),
        "course.yaml",
        12,
        "no exercise proves the objective once",
    ),
    (
        objectives("    ex", "      - {id: twice, en: Halve.}\n    ex"),
        "course.yaml",
        12,
        "two objectives are called twice",
    ),
    (objectives("en: You", "de: You"), "course.yaml", 11, "no text for en"),
    (objectives("[twice]", "[]"), "course.yaml", 13, "at least 1 item"),
    (change("course.yaml", "units:", "prerequisites: [{de: Python}]\nunits:"), "course.yaml", 6, "no text for en"),
    (change("course.yaml", "units:", "offer: {price: -1}\nunits:"), "course.yaml", 6, "greater than or equal to 0"),
    (remove("course.yaml"), "course.yaml", None, "missing"),
    (change("course.yaml", "title: {en: Small}", "title: [en"), "course.yaml", 3, "not YAML"),
    (change("course.yaml", "summary:", "sumary:"), "course.yaml", 3, "did you mean `summary`?"),
    (change("course.yaml", "    minutes: 5", "    minuten: 5"), "course.yaml", 9, "did you mean `minutes`?"),
    (change("course.yaml", "minutes: 5", "minutes: -5"), "course.yaml", 9, "greater than 0"),
    (change("course.yaml", "id: small", "id: Small!"), "course.yaml", 1, "id"),
    (change("course.yaml", "licences: {code: Apache-2.0, content: CC-BY-4.0}\n", ""), "course.yaml", None, "licences"),
    (change("course.yaml", "{en: Doubling}", "{de: Verdoppeln}"), "course.yaml", 8, "no text for en"),
    (change("course.yaml", "languages: [en]", "languages: [en, de]"), "course.yaml", 2, "no text for de"),
    (change("course.yaml", "languages: [en]", "languages: [en, fr]"), "course.yaml", 4, "de"),
    (change("course.yaml", "- id: double", "- id: triple"), "units/triple", None, "missing"),
    (change("course.yaml", "- id: double", "- id: triple"), "units/double", None, "no unit of course.yaml"),
    (remove(UNIT), UNIT, None, "missing"),
    (add(UNIT, b"# %%\n\xff\n"), UNIT, None, "not UTF-8"),
    (change(UNIT, "# %% [markdown]\n# # Double", "x = 1\n\n# %% [markdown]\n# # Double"), UNIT, 1, "before the first"),
    (change(UNIT, "    pass", "    return ("), UNIT, None, "not Python"),
    (change(UNIT, '"grade_id": "double",', '"grade_id": "double test",'), UNIT, 4, "grade_id"),
    (change(UNIT, '"grade_id": "double-test"', '"grade_id": "double"'), UNIT, 8, "stands in line 4 already"),
    (change(UNIT, ', "points": 4', ""), UNIT, 8, "needs `points`"),
    (change(UNIT, '"points": 4', '"points": "four"'), UNIT, 8, "needs `points`"),
    (change(UNIT, '"solution": true}\ndef', '"solution": true, "points": 3}\ndef'), UNIT, 4, "not graded"),
    (change(UNIT, '"solution": true}\ndef', '"solutoin": true}\ndef'), UNIT, 4, "solutoin"),
    (change(UNIT, "### END HIDDEN TESTS", ""), UNIT, 8, "pairs"),
    (change(UNIT, "    pass", "    ### BEGIN HIDDEN TESTS\n    ### END HIDDEN TESTS"), UNIT, 4, "test cell"),
    (remove("units/double/solution/double.py"), UNIT, 4, "write solution/double.py"),
    (remove("units/double/wrong/double/wrong_0.py"), UNIT, 4, "3 wrong solutions"),
    (
        change("units/double/wrong/double/wrong_0.py", "# finding: assertion\n", ""),
        "units/double/wrong/double/wrong_0.py",
        1,
        "# finding: KIND",
    ),
    (
        add("units/double/wrong/tripel/one.py", "# finding: race\n"),
        "units/double/wrong/tripel/one.py",
        None,
        "it has: double",
    ),
    (add("units/double/checks.py", "def f(:\n"), "units/double/checks.py", 1, "not Python"),
]


def test_the_small_course_is_right(tmp_path: Path) -> None:
    course = read(small_course(tmp_path))
    assert [unit.max_score for unit in course.units] == [6]


@pytest.mark.parametrize(("spoil", "file", "line", "words"), FAULTS)
def test_a_fault_names_file_line_and_mend(
    tmp_path: Path, spoil: Callable[[Path], None], file: str, line: int | None, words: str
) -> None:
    folder = small_course(tmp_path)
    spoil(folder)
    with pytest.raises(CourseError) as caught:
        read(folder)
    found = [problem for problem in caught.value.problems if words in problem.message]
    assert found, caught.value
    assert found[0].file == folder / file
    if line is not None:
        assert found[0].line == line
        assert str(found[0]).startswith(f"{folder / file}:{line}: ")


@pytest.mark.parametrize(
    "spoil",
    [
        change("course.yaml", "summary:", "sumary:"),
        change("course.yaml", "licences:", "licenses:"),
        change("course.yaml", "units:", "unit:"),
        change("course.yaml", "    minutes: 5", "    minuten: 5"),
        change("course.yaml", "languages: [en]", "languages: en"),
        change("course.yaml", "title: {en: Small}", "title: [en"),
        change("course.yaml", "title: {en: Small}", "title: {en: Small}\ntitle: {en: Large}"),
        change(UNIT, '"solution": true}\ndef', '"soluton": true}\ndef'),
        change(UNIT, '"grade_id": "double",', '"grade_id": "double it",'),
        change(UNIT, '{"grade_id": "double", "solution": true}', "true"),
    ],
)
def test_one_mistake_is_one_problem(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    folder = small_course(tmp_path)
    spoil(folder)
    with pytest.raises(CourseError) as caught:
        read(folder)
    assert len(caught.value.problems) == 1, caught.value


@pytest.mark.parametrize(
    "spoil",
    [
        change("course.yaml", "summary:", "sumary:"),
        change("course.yaml", "units:", "unit:"),
        change("course.yaml", "title: {en: Small}", "title: [en"),
        change("course.yaml", "languages: [en]", "languages: [fr]"),
    ],
)
def test_faults_of_units_are_named_beside_those_of_course_yaml(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    folder = small_course(tmp_path)
    spoil(folder)
    change(UNIT, ', "points": 4', "")(folder)
    remove("units/double/solution/double.py")(folder)
    with pytest.raises(CourseError) as caught:
        read(folder)
    files = [str(problem.file.relative_to(folder)) for problem in caught.value.problems]
    assert files == ["course.yaml", UNIT, UNIT], caught.value


def test_a_unit_named_twice_is_one_problem(tmp_path: Path) -> None:
    folder = small_course(tmp_path)
    entry = "  - id: double\n    title: {en: Doubling}\n    minutes: 5\n"
    change("course.yaml", entry, entry + entry)(folder)
    with pytest.raises(CourseError) as caught:
        read(folder)
    assert str(caught.value) == f"{folder}/course.yaml:10: unit double stands in line 7 already; keep one"


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    folder = small_course(tmp_path)
    change(UNIT, ', "points": 4', "")(folder)
    change(UNIT, "### END HIDDEN TESTS", "")(folder)
    remove("units/double/solution/double.py")(folder)
    change("course.yaml", "languages: [en]", "languages: [en, de]")(folder)
    with pytest.raises(CourseError) as caught:
        read(folder)
    text = str(caught.value)
    for words in ("needs `points`", "pairs", "write solution/double.py", "no text for de", "unit.de.py"):
        assert words in text


def test_nothing_of_a_course_runs_when_it_is_read(tmp_path: Path) -> None:
    folder = small_course(tmp_path / "course")
    mark = tmp_path / "ran"
    for file in (UNIT, "units/double/solution/double.py", "units/double/wrong/double/wrong_0.py"):
        path = folder / file
        path.write_text(path.read_text() + f"\nopen({str(mark)!r}, 'w')\n")
    add("units/double/checks.py", f"open({str(mark)!r}, 'w')\n")(folder)
    read(folder)
    assert not mark.exists()


#: (what stands below the unit's title, its line, words of the message)
STUMBLES = [
    ("## Part\n\n#### Detail", 3, "level 4 below one of level 2; use level 3"),
    ("# Again", 1, "one title, begin its parts with level 2"),
    ("Text\n\n![](figures/a.svg)", 3, "without alternative text"),
    ("![ ](figures/a.svg)", 1, "without alternative text"),
    ("<img src='figures/a.svg'>", 1, "without alternative text"),
    ("See <img src='figures/a.svg' alt=''> there", 1, "without alternative text"),
    ("![A](figures/b.svg)", 1, "leads nowhere"),
    ("![A](a.svg)", 1, "not in figures/"),
    ("![A](figures/../exam.py)", 1, "not in figures/"),
    ("![A](https://example.org/a.svg)", 1, "comes from elsewhere"),
    ("[the solution](solution/double.py)", 1, "not in figures/"),
    ("[](https://example.org/)", 1, "without a text"),
    ("Look [here](https://example.org/).", 1, "does not say where it leads"),
    ("Mehr [hier](https://example.org/)", 1, "does not say where it leads"),
    ("[a file](ftp://example.org/a)", 1, "no address that learners can open"),
]
FINE = [
    "## Part\n\n### Detail\n\n## Part",
    "![A line that rises](figures/a.svg)",
    "[CuPy's guide](https://docs.cupy.dev/) and [a part of this page](#part)",
    "```\n# no heading\n![](x)\n```",
]
FETCHES = [
    ("import requests", 1),
    ("x = 1\nimport urllib.request", 2),
    ("from urllib import request", 1),
    ("import socket as s", 1),
    ("!pip install cupy", 1),
    ("%pip install cupy", 1),
    ("import numpy as np\nnp.loadtxt('https://example.org/x.csv')", 2),
]


def with_cell(folder: Path, cell: str) -> tuple[Path, int]:
    """The unit with one more cell behind its title, and the cell's line."""
    unit = folder / UNIT
    (unit.parent / "figures").mkdir()
    (unit.parent / "figures" / "a.svg").write_text("<svg/>")
    text = unit.read_text().replace("# # Double a number\n", f"# # Double a number\n\n{cell}\n", 1)
    unit.write_text(text)
    return unit, 4


def commented(markdown: str) -> str:
    return "# %% [markdown]\n" + "\n".join(f"# {line}".rstrip() for line in markdown.split("\n"))


@pytest.mark.parametrize(("markdown", "line", "words"), STUMBLES)
def test_what_readers_stumble_over_is_named(tmp_path: Path, markdown: str, line: int, words: str) -> None:
    file, begins = with_cell(small_course(tmp_path), commented(markdown))
    with pytest.raises(CourseError) as caught:
        read(tmp_path)
    problem = caught.value.problems[0]
    assert (problem.file, problem.line) == (file, begins + line)
    assert words in problem.message


@pytest.mark.parametrize("markdown", FINE)
def test_what_reads_well_is_no_fault(tmp_path: Path, markdown: str) -> None:
    with_cell(small_course(tmp_path), commented(markdown))
    assert read(tmp_path).units[0].notebooks["en"].cells[1].source == markdown


@pytest.mark.parametrize(("code", "line"), FETCHES)
def test_code_that_needs_a_network_is_named(tmp_path: Path, code: str, line: int) -> None:
    file, begins = with_cell(small_course(tmp_path), f"# %%\n{code}")
    with pytest.raises(CourseError) as caught:
        read(tmp_path)
    assert [(one.file, one.line) for one in caught.value.problems] == [(file, begins + line)]
    assert "network" in caught.value.problems[0].message


def test_figures_go_to_learners(tmp_path: Path) -> None:
    with_cell(small_course(tmp_path / "course"), commented("![A line that rises](figures/a.svg)"))
    build(tmp_path / "course", tmp_path / "built")
    assert (tmp_path / "built" / "release" / "en" / "double" / "figures" / "a.svg").read_text() == "<svg/>"
