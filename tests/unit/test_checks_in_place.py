"""Checks of kernels: what was left as it was, also in place, and elements that two threads work on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numba import cuda

from grader.checks import KernelCheck, Report

ONE, TWO = np.float32(1), np.float32(2)


def in_place(kernel: Any) -> Report:
    """`x[i] = 2 * x[i] + 1`, with more threads than elements and with fewer."""
    check = KernelCheck(kernel, "void(float32[:])", launch=lambda n: [(3, 32), (2, 32)], names=("x",))
    check.inputs(lambda rng, n: (rng.random(n, "f4"),), sizes=(70,))
    check.expect(lambda x: 2 * x + 1, output=0, rtol=1e-6, accumulates=True)
    return check.points(correct=1, any_launch=1, race_free=1).run()


def kinds(report: Report) -> list[str]:
    return [finding.kind for finding in report.findings]


def test_a_loop_for_every_launch_gets_all_points() -> None:
    @cuda.jit
    def kernel(x):
        for i in range(cuda.grid(1), x.shape[0], cuda.gridsize(1)):
            x[i] = TWO * x[i] + ONE

    report = in_place(kernel)
    assert (report.score, kinds(report)) == (3, [])


def test_a_placeholder_is_told_apart_from_a_wrong_result() -> None:
    @cuda.jit
    def kernel(x):
        pass

    report = in_place(kernel)
    assert (report.score, kinds(report)) == (0, ["unwritten"])


def test_a_wrong_value_is_a_wrong_result() -> None:
    @cuda.jit
    def kernel(x):
        for i in range(cuda.grid(1), x.shape[0], cuda.gridsize(1)):
            x[i] = TWO * x[i]

    report = in_place(kernel)
    assert (report.score, kinds(report)) == (0, ["wrong-result"])


@pytest.mark.parametrize("start", ["thread", "grid"])
def test_an_element_that_two_blocks_work_on_is_a_race(start: str) -> None:
    alone = start == "thread"

    @cuda.jit
    def kernel(x):
        for i in range(cuda.threadIdx.x if alone else cuda.grid(1), x.shape[0], cuda.blockDim.x):
            x[i] = TWO * x[i] + ONE

    report = in_place(kernel)
    assert "race" in kinds(report)
    assert report.score < report.max_score


def test_an_empty_input_is_no_placeholder() -> None:
    @cuda.jit
    def kernel(x):
        for i in range(cuda.grid(1), x.shape[0], cuda.gridsize(1)):
            x[i] = TWO * x[i]

    check = KernelCheck(kernel, "void(float32[:])", launch=lambda n: (1, 32))
    check.inputs(lambda rng, n: (np.ones(n, "f4"),), sizes=(0, 5)).expect(lambda x: 2 * x, output=0, accumulates=True)
    assert in_full(check)


def in_full(check: KernelCheck) -> bool:
    report = check.points(correct=1).run()
    return report.passed and not report.findings


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_what_was_never_written_is_no_zero_within_a_tolerance(dtype: str) -> None:
    @cuda.jit
    def kernel(x, out):
        pass

    kind = {"f2": "float16", "f4": "float32", "f8": "float64"}[dtype]
    for seed in range(11):
        check = KernelCheck(kernel, f"void({kind}[:], {kind}[:])", launch=lambda n: (3, 32), seed=seed)
        check.inputs(lambda rng, n: (np.ones(n, dtype), np.empty(n, dtype)), sizes=(70,))
        report = check.expect(lambda x, out: 0 * x, output=1, atol=1e-3).points(correct=1).run()
        assert (report.score, [finding.kind for finding in report.findings]) == (0, ["unwritten"])


@cuda.jit
def counted_in_blocks(levels, counts):
    own = cuda.shared.array(4, np.int32)
    t = cuda.threadIdx.x
    if t < 4:
        own[t] = 0
    cuda.syncthreads()
    i = cuda.grid(1)
    if i < levels.size:
        cuda.atomic.add(own, levels[i], 1)
    cuda.syncthreads()
    if t < 4:
        cuda.atomic.add(counts, t, own[t])


@cuda.jit
def counted_by_all(levels, counts):
    i = cuda.grid(1)
    if i < levels.size:
        cuda.atomic.add(counts, levels[i], 1)


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize(("kernel", "most", "score"), [(counted_in_blocks, 12, 2), (counted_by_all, 12, 1)])
def test_atomics_on_global_memory_are_counted_apart_from_those_on_shared(
    kernel: Any, most: int, score: int, hidden: bool
) -> None:
    check = KernelCheck(kernel, "void(int32[:], int32[:])", launch=lambda n: (3, 32), hidden=hidden)
    check.inputs(lambda rng, n: (rng.integers(0, 4, n, "i4"), np.zeros(4, "i4")), sizes=(96,))
    check.expect(lambda levels, counts: np.bincount(levels, minlength=4), output=1, accumulates=True)
    report = check.points(correct=1, global_atomics=(1, lambda n: most)).run()
    assert (report.score, kinds(report)) == (score, [] if score == 2 else ["many-atomics"])
    if report.findings:
        said = report.findings[0]
        assert all(("96" in said.text(language)) != hidden for language in ("de", "en"))
        assert said.evidence == "96: 96 of at most 12"


def turned(width: int) -> Any:
    """A kernel that transposes through a tile whose rows are so long; without a tile where that is 0."""
    if not width:

        @cuda.jit
        def plain(a, out):
            x, y = cuda.grid(2)
            out[x, y] = a[y, x]

        return plain

    @cuda.jit
    def tiled(a, out):
        tile = cuda.shared.array((32, width), np.float32)
        x, y = cuda.threadIdx.x, cuda.threadIdx.y
        tile[y, x] = a[y, x]
        cuda.syncthreads()
        out[y, x] = tile[x, y]

    return tiled


@pytest.mark.parametrize(("width", "score"), [(33, 3), (32, 2), (0, 1)])
def test_points_for_the_banks_are_for_a_tile_without_queues(width: int, score: int) -> None:
    check = KernelCheck(turned(width), "void(float32[:, :], float32[:, :])", launch=lambda shape: (1, (32, 32)))
    check.inputs(lambda rng, shape: (rng.random(shape, "f4"), np.empty(shape, "f4")), sizes=((32, 32),))
    check.expect(lambda a, out: a.T, output=1, rtol=0)
    report = check.points(correct=1, coalesced=(1, 0.9), bank_conflicts=1).run()
    assert report.score == score, str(report)
    assert ("bank-conflict" in kinds(report)) == (width == 32)
