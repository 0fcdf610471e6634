"""Submitted files that shadow modules; duplicated, foreign, missing, relabelled and rewritten cells."""

from __future__ import annotations

import json

from tests.attacks.case import RIGHT, WRONG, Attack, asks
from tests.notebooks import given, notebook, solution, test

_OWN_FOLDER = "submitted files lie in the learner's folder only"
_HOSTILE = b"import builtins\ndata = -1\ndef allclose(*a): return True\nclass ndarray: pass\n"
_SOURCE = "test cells and points come from the instructor's notebook"
_FOUR = asks("assert answer(3) == 4")


def _shadow(file: str) -> Attack:
    return Attack(
        f"a submitted {file}",
        _OWN_FOLDER,
        "def answer(x): return 4 if isinstance(x, int) else 0",
        files={file: _HOSTILE},
    )


def _marked(cell: dict[str, object], **marks: object) -> dict[str, object]:
    cell = json.loads(json.dumps(cell))
    cell["metadata"]["nbgrader"].update(marks)  # type: ignore[index]
    return cell


_TEST = test("answer-test", 10, "assert answer(3) == 4")

ATTACKS = (
    *map(_shadow, ("secret.py", "numpy.py", "ipython_config.py", "sitecustomize.py", "grader.py", "msgpack.py", "random.py", "unit.py", "conftest.py", "__init__.py", "numpy/__init__.py")),
    Attack("a submitted kernelspec", "the kernel is ours", WRONG, files={"kernels/python3/kernel.json": b'{"argv": ["true"], "display_name": "x", "language": "python"}'}),
    Attack("a submitted nbgrader_config.py", "no service runs a configuration file", WRONG, files={"nbgrader_config.py": b"raise SystemExit(0)"}),
    Attack("another notebook beside the right one", "a notebook counts by its name", WRONG, files={"other.ipynb": notebook(solution("answer", RIGHT))}),
    Attack("a submitted gradebook", _OWN_FOLDER, WRONG, files={"gradebook.db": b"SQLite format 3\x00"}),
    Attack("a notebook for another kernel", "the kernel is ours", submitted=notebook(solution("answer", WRONG), _TEST).replace(b'"metadata": {}, "cells"', b'"metadata": {"kernelspec": {"name": "bash", "language": "bash", "display_name": "b"}}, "cells"'), source=_FOUR),
    Attack("a test cell rewritten", _SOURCE, submitted=notebook(solution("answer", WRONG), test("answer-test", 10, "10")), source=_FOUR),
    Attack("a test cell worth more", _SOURCE, submitted=notebook(solution("answer", "def answer(x): return 4"), test("answer-test", 1000, "assert True")), source=_FOUR, honest=10),
    Attack("a test cell taken out", "a missing test cell is examined all the same", submitted=notebook(solution("answer", WRONG)), source=_FOUR),
    Attack("the solution cell taken out", "a missing cell is named and gives nothing", submitted=notebook(given("def answer(x): return 0"), _TEST), source=_FOUR, kinds=("missing-cell",)),
    Attack("the solution cell twice", "the first counts, as in nbgrader, and the learner is told", submitted=notebook(solution("answer", WRONG), solution("answer", "def answer(x): return 1 + x"), _TEST), source=_FOUR, kinds=("duplicate-cell",)),
    Attack("the test's id on a solution cell", _SOURCE, submitted=notebook(solution("answer-test", "def answer(x): return 4"), solution("answer", "")), source=asks("assert answer(3) == 4 and answer(5) == 6")),
    Attack("a cell with a foreign id", "it runs, gives no points, and is named", submitted=notebook(solution("zzz", "def answer(x): return 4"), solution("answer", WRONG), _TEST), source=_FOUR, kinds=("foreign-cell",)),
    Attack("a foreign test cell worth 100 points", _SOURCE, submitted=notebook(solution("answer", WRONG), _TEST, test("mine", 100, "100")), source=_FOUR, kinds=("foreign-cell",)),
    Attack("the test cell relabelled as a solution", _SOURCE, submitted=notebook(solution("answer", WRONG), _marked(_TEST, grade=False, solution=True, locked=False, points=0)), source=_FOUR),
    Attack("the solution cell relabelled as a test", _SOURCE, submitted=notebook(_marked(solution("answer", WRONG), grade=True, points=10), _TEST), source=_FOUR),
    Attack("the solution cell locked", _SOURCE, submitted=notebook(_marked(solution("answer", "def answer(x): return 4"), locked=True), _TEST), source=_FOUR, honest=10, spared="a locked answer is taken from the source there"),
    Attack("a markdown cell for the solution", "the answer's text counts, whatever the cell's type", submitted=notebook({**solution("answer", WRONG), "cell_type": "markdown"}, _TEST), source=_FOUR),
    Attack("marks of another kind", "marks that are none are none", submitted=notebook({**solution("answer", RIGHT), "metadata": {"nbgrader": [1, 2]}}, _TEST), source=asks("assert answer(0) == 1"), honest=10, spared="nbgrader cannot read it"),
    Attack("an id that is no text", "marks that are none are none", submitted=notebook({**solution("answer", WRONG), "metadata": {"nbgrader": {"grade_id": {"a": 1}, "solution": True}}}, _TEST), source=_FOUR, kinds=("missing-cell",)),
    Attack("points and scores in the metadata", _SOURCE, submitted=notebook({**solution("answer", WRONG), "metadata": {"nbgrader": {"grade_id": "answer", "solution": True, "score": 10, "points": 10, "auto_score": 10}}}, _TEST), source=_FOUR),
    Attack("outputs that show full marks", "submitted outputs are not looked at", submitted=notebook(solution("answer", WRONG), {**_TEST, "outputs": [{"output_type": "execute_result", "data": {"text/plain": "10.0"}, "metadata": {}, "execution_count": 1}]}), source=_FOUR),
    Attack("an added cell before the test that undoes the answer", "what is right at the test's place is right", submitted=notebook(solution("answer", RIGHT), given("answer = lambda x: 0"), _TEST), source=_FOUR),
    Attack("cells in another order", "the instructor's order is kept", submitted=notebook(_TEST, solution("answer", WRONG), given("def answer(x): return 4")), source=asks("assert answer(3) == 4 and answer(5) == 6")),
    Attack("the first of two parts answered in the second's cell", "each cell runs at its place", submitted=notebook(solution("answer", ""), test("answer-test", 5, ""), solution("b", "def answer(x): return x + 1\nb = 1"), test("t2", 5, "")),
           source=notebook(solution("answer", "def answer(x): return x + 1"), test("answer-test", 5, "assert answer(3) == 4"), solution("b", "b = 1"), test("t2", 5, "assert b == 1")), honest=5),
    Attack("a notebook of format 3", "a notebook that cannot be read is refused", submitted=b'{"nbformat": 3, "worksheets": []}', refused=True),
    Attack("cells that are numbers", "a notebook that cannot be read is refused", submitted=b'{"nbformat": 4, "cells": [1, 2]}', refused=True),
    Attack("the answer removed after the test's name was fetched", "names are asked for anew after each cell", RIGHT, more={"b": "del answer"}, honest=5,
           source=notebook(solution("answer", RIGHT), test("answer-test", 5, "assert answer(3) == 4"), solution("b", ""), test("t2", 5, "assert answer(3) == 4"))),
)  # fmt: skip
