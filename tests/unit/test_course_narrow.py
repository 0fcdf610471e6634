"""Which test cells an answer can reach: those that name it, also by way of other cells."""

from __future__ import annotations

import nbformat
import pytest

from grader.course.narrow import narrowed, reached
from tests.notebooks import given, notebook, solution, test

CELLS = (
    given("import checks\nLIMIT = 3"),
    solution("area", "def area(x):\n    i = x * LIMIT\n    return i"),
    test("area-test", 1, "checks.area(area)"),
    given("# area\ndef twice(x):\n    return 2 * area(x)\ni = 5"),
    solution("rate", "%matplotlib inline\ndef rate(x): return x"),
    test("rate-test", 1, "checks.rate(rate)"),
    solution("share", "def share(x): return area(x) / x"),
    test("share-test", 1, "checks.share(share)"),
    test("both-test", 1, "checks.both(twice, 'rate')"),
    solution("nameless", "1 + 1"),
    test("last-test", 1, "assert i == 5  # rate"),
)


@pytest.mark.parametrize(
    ("answer", "tests"),
    [
        # The fourth cell reads the name and binds two.
        ("area", {"area-test", "share-test", "both-test", "last-test"}),
        ("share", {"share-test"}),
        # Every word of a cell that is no plain Python counts.
        ("rate", {"area-test", "rate-test", "share-test", "both-test", "last-test"}),
        ("nameless", {"area-test", "rate-test", "share-test", "both-test", "last-test"}),
    ],
)
def test_a_test_is_reached_by_what_it_names_and_what_that_rests_on(answer: str, tests: set[str]) -> None:
    assert reached(nbformat.reads(notebook(*CELLS), as_version=4), answer) == tests


def test_only_other_test_cells_are_left_out() -> None:
    whole = nbformat.reads(notebook(*CELLS), as_version=4)
    kept = narrowed(whole, {"area-test"})
    left_out = {"rate-test", "share-test", "both-test", "last-test"}
    names = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in whole.cells]
    assert [cell.source for cell in kept.cells] == [
        cell.source for cell, name in zip(whole.cells, names, strict=True) if name not in left_out
    ]
