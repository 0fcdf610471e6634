"""The paper keeps the instructor's order and puts what a learner added at its place."""

from __future__ import annotations

import json
from typing import Any

from grader.exam.paper import lay_out
from tests.notebooks import given, manual, notebook, solution, test

SOURCE = (
    given("import numpy"),
    given("# an example\na = 1"),
    solution("f", "pass"),
    test("f-test", 1, "assert f"),
    given("b = 2"),
    test("b-test", 1, "assert b"),
)
GERMAN = (
    given("import numpy"),
    given("# ein Beispiel\na = 1"),
    *SOURCE[2:],
)


def order(submitted: tuple[dict[str, Any], ...], released: tuple[dict[str, Any], ...] | None = None) -> list[str]:
    """Sources of the paper's cells, in their order."""
    read = [json.loads(notebook(*cells)) if cells is not None else None for cells in (SOURCE, submitted, released)]
    return [cell.source for cell in lay_out("n", read[0], read[1], read[2]).cells]


WHOLE = ["import numpy", "# an example\na = 1", "pass", "assert f", "b = 2", "assert b"]


def with_added(*parts: tuple[int, str]) -> list[str]:
    """The whole paper with sources put in before the cell of each index."""
    cells = list(WHOLE)
    for place, text in sorted(parts, reverse=True):
        cells.insert(place, text)
    return cells


def test_a_notebook_handed_in_as_it_was_is_the_instructors() -> None:
    assert order(SOURCE) == WHOLE


def test_added_cells_stand_between_the_given_ones_where_the_learner_put_them() -> None:
    mine = given("c = a")
    assert order((*SOURCE[:2], mine, *SOURCE[2:])) == with_added((2, "c = a"))
    assert order((*SOURCE[:1], mine, *SOURCE[1:])) == with_added((1, "c = a"))
    assert order((mine, *SOURCE)) == with_added((0, "c = a"))
    assert order((*SOURCE[:5], mine, SOURCE[5])) == with_added((5, "c = a"))
    assert order((*SOURCE, mine)) == with_added((6, "c = a"))


def test_given_cells_of_the_language_handed_out_are_no_additions() -> None:
    assert order(GERMAN, GERMAN) == WHOLE
    assert order((*GERMAN[:2], given("c = a"), *GERMAN[2:]), GERMAN) == with_added((2, "c = a"))


def test_a_given_cell_that_the_learner_changed_runs_beside_the_instructors() -> None:
    changed = (SOURCE[0], given("a = 7"), *SOURCE[2:])
    assert order(changed) == with_added((1, "a = 7"))


def test_a_given_cell_that_the_learner_changed_in_place_takes_effect_after_the_instructors() -> None:
    named = (given("n = 1", "n"), given("m = n"), solution("f", "pass"), test("f-test", 1, "assert f"))
    read = [json.loads(notebook(*cells)) for cells in (named, (given("n = 2", "n"), *named[1:]))]
    assert [cell.source for cell in lay_out("n", *read).cells] == ["n = 1", "n = 2", "m = n", "pass", "assert f"]


def test_an_answer_for_a_person_that_was_left_as_it_was_is_known() -> None:
    cells = (manual("why", 2, "Here."), manual("code", 1, "pass", "code"))
    read = [json.loads(notebook(*part)) for part in (cells, (manual("why", 2, "Because."), cells[1]), cells)]
    assert [cell.untouched for cell in lay_out("n", *read).cells] == [False, True]


def test_a_copy_of_a_later_cell_moves_nothing_behind_a_marked_one() -> None:
    mine = given("c = a")
    assert order((*SOURCE[:2], SOURCE[4], mine, *SOURCE[2:])) == with_added((2, "c = a"))


def test_added_cells_have_names_of_their_own() -> None:
    cells = (given("x = 1"), SOURCE[0], given("x = 2"), SOURCE[1], given("x = 3"), *SOURCE[2:], given("x = 4"))
    paper = lay_out("n", json.loads(notebook(*SOURCE)), json.loads(notebook(*cells)))
    keys = [cell.key for cell in paper.cells]
    assert len(set(keys)) == len(keys) == 10
