"""Which kernel launches of given cells the examiner leaves out, because no test can come to read what they write."""

from __future__ import annotations

import ast

import pytest

from grader.exam.given import Own

SETUP = "import numpy as np\nx = np.arange(4)\nout = np.zeros(4)"
LAUNCH = "square[1, 4](x, out)"


def launched(given: list[str], test: str) -> bool:
    own = Own.of([], given, [test])
    own.known.add("square")
    return LAUNCH in [ast.unparse(statement) for source in given for statement in own.take(source)]


def test_a_demonstration_that_no_test_reads_is_not_launched_again() -> None:
    assert not launched([SETUP, LAUNCH, "print(out)"], "assert f(np.arange(3)) == 3")


@pytest.mark.parametrize(
    ("more", "test"),
    [
        ("", "assert out[2] == 4"),
        ("copy = out", "assert copy[2] == 4"),
        ("total = out.sum()", "assert f() == total"),
        ("def expected():\n    return out", "assert f() == expected()"),
        ("kept = []\nkept.append(out)", "assert kept[0][2] == 4"),
        ("", "assert globals()['out'][2] == 4"),
        ("", "assert eval('out')[2] == 4"),
    ],
)
def test_a_launch_whose_result_a_test_can_reach_is_made(more: str, test: str) -> None:
    assert launched([SETUP, LAUNCH, more], test)
