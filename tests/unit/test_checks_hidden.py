"""What a learner reads of a hidden case: what happened and where in their source, and no number that tells the case."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from numba import cuda

from grader.checks import KernelCheck
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
