"""Cells are named by where they stand in the notebook, as its readers see it."""

from __future__ import annotations

import json

from grader.records.outline import Place, outline
from tests.notebooks import given, manual, notebook, solution, test, text


def test_a_cell_is_named_by_the_nearest_heading_above_it_and_its_number() -> None:
    cells = (text("# A unit\n\n## Exercise 1: `saxpy` and **more** ##"), given("x = 1"), solution("saxpy", ""))
    more = (test("saxpy-test", 3, "saxpy"), text("no heading\n### \n"), test("other-test", 1, "saxpy"))
    assert outline(notebook(*cells, *more)) == {
        "saxpy": Place(3, "Exercise 1: saxpy and more"),
        "saxpy-test": Place(4, "Exercise 1: saxpy and more"),
        "other-test": Place(6, "Exercise 1: saxpy and more"),
    }


def test_a_text_cell_may_bring_its_own_heading() -> None:
    assert outline(notebook(text("# A unit"), manual("why", 2, "## Why?\nYour words."))) == {"why": Place(2, "Why?")}


def test_without_a_heading_it_is_named_by_its_first_line() -> None:
    code = "```\n# no heading\n```\n#also none"
    found = outline(notebook(text(code), solution("saxpy", "\n  def saxpy(x):\n    pass"), solution("empty", "")))
    assert found == {"saxpy": Place(2, "def saxpy(x):"), "empty": Place(3, "")}


def test_a_link_is_its_text_and_a_long_title_is_cut() -> None:
    found = outline(notebook(text(f"# [The guide](https://example.org/a) {'x' * 200}"), solution("saxpy", "")))
    assert found["saxpy"].title == f"The guide {'x' * 89}…"


def test_what_is_no_notebook_has_no_cells() -> None:
    assert outline(b"") == {}
    assert outline(json.dumps({"cells": [1, {"metadata": 2}]}).encode()) == {}
