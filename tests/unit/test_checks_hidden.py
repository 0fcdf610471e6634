"""What a learner reads of a hidden case: what happened and where in their source, and no number that tells the case."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numba import cuda

from grader.checks import FunctionCheck, KernelCheck
from grader.checks.report import Report

SIZE, BLOCK = 7717, 96


@cuda.jit
def no_guard(x: Any, out: Any) -> None:
    i = cuda.grid(1)
    out[i] = x[i] + 1


@cuda.jit
def endless(x: Any, out: Any) -> None:
    i = cuda.grid(1)
    while i < 10 * SIZE:
        if i < 0:
            out[0] = 1


@cuda.jit
def racy(x: Any, out: Any) -> None:
    i = cuda.grid(1)
    if i < out.size:
        out[i // 2] = i


def report(kernel: Any, hidden: bool) -> Report:
    check = KernelCheck(
        kernel, "void(float32[:], float32[:])", launch=lambda n: (n // BLOCK + 1, BLOCK), hidden=hidden, seed=1
    )
    check.inputs(lambda rng, n: (rng.random(n, "f4"), np.empty(n, "f4")), sizes=[SIZE])
    return check.expect(lambda x, out: x + 1, output=1).run()


@pytest.mark.parametrize(("kernel", "kind"), [(no_guard, "out-of-bounds"), (racy, "race"), (endless, "step-limit")])
def test_a_hidden_finding_names_neither_thread_nor_element(kernel: Any, kind: str) -> None:
    (finding,) = [one for one in report(kernel, hidden=True).findings if one.kind == kind]
    for text in finding.message.values():
        # A line of the learner's own source may be named.
        assert not re.search(r"\d", re.sub(r"\((line|Zeile) \d+\)", "", text)), text
    assert finding.line is not None
    assert finding.evidence is not None
    assert re.search(r"thread \d+ of block \d+", finding.evidence)
    (shown,) = [one for one in report(kernel, hidden=False).findings if one.kind == kind]
    assert shown.message["en"] == finding.evidence


def texts(check: KernelCheck | FunctionCheck) -> list[str]:
    return [one.text("en") for one in check.run().findings if one.severity == "error"]


def rounded(wrong: Callable[[int], bool]) -> Callable[[np.ndarray], np.ndarray]:
    """Doubles, but for lengths for which it is `wrong`."""
    return lambda x: 2 * x + 1 if wrong(len(x)) else 2 * x


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda n: True, "Wrong result for all inputs that were tried, whatever their size."),
        (lambda n: n > 1, "Wrong result, first seen with fewer elements than a warp has threads."),
        (lambda n: n == 256, "Wrong result, first seen with a size that is a multiple of 32."),
    ],
)
def test_a_size_is_named_only_where_another_one_is_right(wrong: Callable[[int], bool], said: str) -> None:
    check = FunctionCheck(rounded(wrong), hidden=True).inputs(lambda rng, n: (rng.random(n),), sizes=(1, 31, 256))
    assert texts(check.expect(lambda x: 2 * x)) == [said]


def test_what_is_wrong_otherwise_elsewhere_is_not_said_of_all() -> None:
    def function(x: np.ndarray) -> np.ndarray:
        if len(x) == 31:
            raise ValueError
        return x if len(x) == 1 else x[1:]

    check = FunctionCheck(function, hidden=True).inputs(lambda rng, n: (rng.random(n),), sizes=(1, 31, 256))
    wrong, raised = texts(check.expect(lambda x: 2 * x))
    assert wrong == "Wrong result, first seen with a single element."
    assert "ValueError" in raised


def test_a_shape_that_is_wrong_for_all_is_no_matter_of_size() -> None:
    check = FunctionCheck(lambda x: x[1:], hidden=True).inputs(lambda rng, n: (rng.random(n),), sizes=(1, 31))
    assert "whatever their size" in texts(check.expect(lambda x: 2 * x))[0]
    assert "first seen with a single element" in texts(check.expect(lambda x: x[1:] if len(x) > 1 else x))[0]


@cuda.jit
def off_by_one(x: Any, out: Any) -> None:
    i = cuda.grid(1)
    if i < out.size:
        out[i] = x[i] + 2


@cuda.jit
def first_block(x: Any, out: Any) -> None:
    i = cuda.grid(1)
    if i < min(out.size, 64):
        out[i] = x[i] + 1


@cuda.jit
def half(x: Any, out: Any) -> None:
    i = cuda.grid(1)
    if i < out.size // 2:
        out[i] = x[i] + 1


@pytest.mark.parametrize(
    ("kernel", "said"),
    [
        (off_by_one, "Wrong result for all inputs that were tried, whatever their size."),
        (half, "Some elements were never written, whatever the size. Check which elements your threads cover."),
        (
            first_block,
            "Some elements were never written, first seen with a size that is a multiple of the block size. "
            "Check which elements your threads cover.",
        ),
    ],
)
def test_a_kernel_hears_of_a_size_only_where_another_one_is_right(kernel: Any, said: str) -> None:
    check = KernelCheck(kernel, "void(float32[:], float32[:])", launch=lambda n: (-(-n // 64), (64, 1)), hidden=True)
    check.inputs(lambda rng, n: (rng.random(n, "f4"), np.empty(n, "f4")), sizes=(33, 128, 200))
    assert texts(check.expect(lambda x, out: x + 1, output=1)) == [said]


@pytest.mark.parametrize(("other", "said"), [((1, 32), "fewer threads than elements"), ((4, 33), "another launch")])
def test_a_launch_shape_is_said_as_it_is(other: tuple[int, int], said: str) -> None:
    @cuda.jit
    def blocks_of_64(x: Any, out: Any) -> None:
        i = cuda.grid(1)
        if i < out.size and cuda.blockDim.x == 64:
            out[i] = x[i] + 1

    check = KernelCheck(blocks_of_64, "void(float32[:], float32[:])", launch=lambda n: [(2, 64), other], hidden=True)
    check.inputs(lambda rng, n: (rng.random(n, "f4"), np.empty(n, "f4")), sizes=(100,))
    (text,) = texts(check.expect(lambda x, out: x + 1, output=1))
    assert said in text
