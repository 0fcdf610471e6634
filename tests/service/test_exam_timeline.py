"""Overlap and peak memory of a function, in the notebook and through an exam, counted where the device's memory is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.checks import FunctionCheck, Report
from grader.device.frontends import install_emulated, uninstall
from grader.exam.room import ExamRoom
from tests.notebooks import notebook, solution, test

PIPELINE = """import cupy, cupyx, numpy as np
{before}
def f(x):
    source, result = {make}(x.shape, x.dtype), {make}(x.shape, x.dtype)
    source[:] = x
    on_device = cupy.empty(x.shape, x.dtype)
    parts = np.array_split(np.arange(x.size), 4)
    for rows in parts:
        part = slice(rows[0], rows[-1] + 1)
        with cupy.cuda.Stream():
            on_device[part].set(source[part])
            on_device[part] += 1
            on_device[part].get(out=result[part], blocking=False)
    cupy.cuda.Device().synchronize()
    return result"""
CHECK = """from grader.checks import FunctionCheck
check = FunctionCheck(f).inputs(lambda rng, n: (rng.random(n),), sizes=(4000,)).expect(lambda x: x + 1)
check.limits(makespan=0.8, peak_bytes=lambda n: 8 * n).points(correct=1, on_device=1, race_free=0).run()"""

ANSWERS = {
    "streams and pinned memory": (PIPELINE.format(make="cupyx.empty_pinned", before=""), []),
    "pageable memory": (PIPELINE.format(make="np.empty", before=""), ["no-overlap"]),
    "an array too many": (
        PIPELINE.format(make="cupyx.empty_pinned", before="").replace("on_device[part] += 1", "on_device[part] += 1; "
        "kept = cupy.empty(x.shape)"),
        ["memory-peak"],
    ),
    "the null stream": (
        PIPELINE.format(make="cupyx.empty_pinned", before="").replace("Stream()", "Stream.null"),
        ["no-overlap"],
    ),
    "nothing on the device": ("def f(x): return x + 1", ["host-fallback"]),
    "counts that are the learner's own": (
        PIPELINE.format(
            make="np.empty",
            before="from grader.device.heap import HeapCounters\nHeapCounters.seen = lambda self: "
            "dict(HeapCounters().as_dict(), makespan=0)\nfrom grader.device.timeline import Timeline\n"
            "Timeline.span = 0",
        ),
        ["no-overlap"],
    ),
    "everything on a stream of its own": (
        """import cupy, cupyx
def f(x):
    source, result = cupyx.empty_pinned(x.shape), cupyx.empty_pinned(x.shape)
    source[:] = x
    on_device = cupy.empty(x.shape, x.dtype)
    on_device.set(source, stream=cupy.cuda.Stream(non_blocking=True))
    with cupy.cuda.Stream(non_blocking=True):
        on_device += 1
    on_device.get(cupy.cuda.Stream(non_blocking=True), out=result, blocking=False)
    return result""",
        ["no-overlap"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_overlap_and_peak_are_marked_by_what_the_device_counts(room: ExamRoom, tmp_path: Path, name: str) -> None:
    answer, kinds = ANSWERS[name]
    (tmp_path / "unit.ipynb").write_bytes(notebook(solution("f", answer), test("t", 2, CHECK)))
    verdict = room.examine(tmp_path, "unit", {"unit.ipynb": notebook(solution("f", answer), test("t", 2, CHECK))})
    (cell,) = verdict.cells
    assert ([finding.kind for finding in cell.findings], cell.score) == (kinds, 1 if kinds else 2)


def test_a_race_of_streams_costs_the_points_for_races(room: ExamRoom, tmp_path: Path) -> None:
    answer = ANSWERS["everything on a stream of its own"][0]
    kernel = """
from numba import cuda
@cuda.jit
def nothing(x):
    pass
honest = f
def f(x):
    nothing[1, 1](cuda.device_array(1))
    return honest(x)"""
    check = CHECK.replace("on_device=1, race_free=0", "race_free=1")
    cells = (solution("f", answer + kernel), test("t", 2, check))
    (tmp_path / "unit.ipynb").write_bytes(notebook(*cells))
    (cell,) = room.examine(tmp_path, "unit", {"unit.ipynb": notebook(*cells)}).cells
    assert (cell.score, [(finding.kind, finding.line) for finding in cell.findings]) == (
        1,
        [("stream-race", None), ("no-overlap", None)],
    )


HOSTILE = """from grader.device.frontends.cupy_standin.core import heap
import numpy as np
def f(x):
    refused = 0
    place = heap().place
    for stream in (-1, 1.5, "2", None, [1], 1 << 63):
        place.stream = stream
        place.pinned = True
        try: heap().alloc(8)
        except Exception: refused += 1
    place.stream, place.pinned = 0, False
    address = heap().alloc(8)
    many = 0
    for number in range(1200):
        place.stream = 2 * number + 1
        try: heap().fill(address, 0, 8)
        except Exception: many += 1
    place.stream = 0
    heap().synchronise()
    return np.array([refused, many])"""


def test_malformed_streams_and_very_many_are_refused_and_cost_nobody_else(room: ExamRoom, tmp_path: Path) -> None:
    check = "assert f(0).tolist() == [5, 1200 - 1024]"
    cells = (solution("f", HOSTILE), test("t", 1, check), test("again", 1, check))
    (tmp_path / "unit.ipynb").write_bytes(notebook(*cells))
    verdict = room.examine(tmp_path, "unit", {"unit.ipynb": notebook(*cells)})
    assert [(cell.outcome, cell.score) for cell in verdict.cells] == [("passed", 1)] * 2


@pytest.fixture
def installed() -> Iterator[Any]:
    yield install_emulated(language="en", show=None)
    uninstall()


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("name", ["streams and pinned memory", "pageable memory", "an array too many"])
def test_the_notebook_says_the_same(name: str) -> None:
    answer, kinds = ANSWERS[name]
    scope: dict[str, Any] = {}
    exec(answer, scope)
    check = FunctionCheck(scope["f"]).inputs(lambda rng, n: (rng.random(n),), sizes=(4000,)).expect(lambda x: x + 1)
    report: Report = check.limits(makespan=0.8, peak_bytes=lambda n: 8 * n).points(correct=1, on_device=1).run()
    assert ([finding.kind for finding in report.findings], report.score) == (kinds, 1 if kinds else 2)


def test_without_an_emulated_device_nothing_of_this_is_counted_and_nothing_lost() -> None:
    check = FunctionCheck(lambda x: x + 1).inputs(lambda rng, n: (rng.random(n),), sizes=(40,))
    report = check.expect(lambda x: x + 1).limits(makespan=0.1).points(correct=1, on_device=1).run()
    assert report.score == 1
    assert report.max_score == 1
    assert np.isfinite(report.score)
