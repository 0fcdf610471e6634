"""Whatever a learner's notebook holds, graders and nbgrader meet the instructor's marks and plain text."""

from __future__ import annotations

import json
from typing import Any

import nbformat
import pytest

from grader.records.readable import MISSING, readable
from tests.notebooks import given, manual, notebook, solution, test

SOURCE = notebook(solution("f", "f = 1"), test("f-test", 2, "assert f"), manual("why", 3))


def marks(nb: Any) -> dict[str, Any]:
    return {
        cell.metadata["nbgrader"]["grade_id"]: cell.metadata["nbgrader"]
        for cell in nb.cells
        if "nbgrader" in cell.metadata
    }


def test_marks_are_the_instructors_and_text_the_learners() -> None:
    forged = solution("f", "f = 2")
    forged["metadata"]["nbgrader"] |= {"points": "many", "schema_version": 99, "grade": True}
    nb = readable(SOURCE, notebook(forged, given("g = 3"), test("f-test", 50, "pass"), manual("why", 9, "so")))
    nbformat.validate(nb)
    assert marks(nb) == marks(readable(SOURCE, SOURCE))
    assert [cell.source for cell in nb.cells] == ["f = 2", "g = 3", "pass", "so"]


def test_a_second_cell_of_the_same_id_is_a_plain_cell() -> None:
    nb = readable(SOURCE, notebook(solution("f", "f = 2"), solution("f", "f = 3")))
    assert [("nbgrader" in cell.metadata, cell.source) for cell in nb.cells[:2]] == [(True, "f = 2"), (False, "f = 3")]


@pytest.mark.parametrize(
    "handed",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b'{"cells": 1}',
        b'{"cells": [1, {}, {"cell_type": "raw", "source": 3, "metadata": 7}]}',
        b'{"cells": [{"metadata": {"nbgrader": {"grade_id": ["f"]}}}]}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_notebook_has_every_marked_cell_missing(handed: bytes) -> None:
    nb = readable(SOURCE, handed)
    nbformat.validate(nb)
    assert set(marks(nb)) == {"f", "f-test", "why"}
    assert [cell.source for cell in nb.cells[-3:]] == [MISSING] * 3


def test_nothing_of_a_page_passes() -> None:
    cell = manual("why", 3, "i < n <script>x</script><!-- --><?php \ud800", kind="raw")
    cell |= {"attachments": {"a.svg": {"image/svg+xml": "<svg onload=x>"}}}
    code = {**solution("f", "1"), "outputs": [{"output_type": "display_data", "data": {"text/html": "<script>"}}]}
    shown = json.dumps(readable(SOURCE, notebook(code, cell)))
    assert "<script>" not in shown
    assert "svg" not in shown
    assert "i < n &lt;script>x&lt;/script>&lt;!-- -->&lt;?php" in shown
