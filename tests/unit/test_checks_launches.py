"""A function check tells one operation on a whole array from a Python loop over its parts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from grader.checks import FunctionCheck, FunctionTrace, OnDevice, Report, use
from grader.checks.messages import size_class


class Counted:
    """Surroundings that call a function in place and say how many operations it started."""

    language = "en"
    device: Any = SimpleNamespace(name="counted")
    seed = 1

    def __init__(self, launches: int) -> None:
        self.launches = launches

    def compile_kernel(self, kernel: Any, signature: str, cc: tuple[int, int]) -> Any:
        raise AssertionError("no kernel here")

    def call(self, function: Any, args: Any, kwargs: Any) -> tuple[Any, FunctionTrace]:
        values = [arg.array if isinstance(arg, OnDevice) else arg for arg in args]
        trace = FunctionTrace(launches=self.launches, to_host=0, to_device=0, arguments=tuple(args))
        return OnDevice(function(*values), "cupy"), trace


def double(x: np.ndarray) -> np.ndarray:
    return 2 * x


def report(launches: int, most: Any) -> Report:
    check = FunctionCheck(double, arrays=("cupy",)).inputs(lambda rng, n: (rng.random(n),), sizes=(10,))
    check.expect(double).limits(most_launches=most)
    with use(Counted(launches)):
        return check.points(correct=1, on_device=1).run()


@pytest.mark.parametrize("most", [None, 4, lambda n: n - 6])
def test_as_many_launches_as_allowed_cost_nothing(most: Any) -> None:
    found = report(4, most)
    assert (found.score, found.findings) == (2, [])


@pytest.mark.parametrize("most", [4, lambda n: n - 6])
def test_a_launch_too_many_costs_the_device_points_and_is_named(most: Any) -> None:
    found = report(5, most)
    assert (found.score, [finding.kind for finding in found.findings]) == (1, ["many-launches"])
    assert all("5" in found.findings[0].text(language) for language in ("de", "en"))


@pytest.mark.parametrize(
    ("size", "block", "words"),
    [
        (0, 64, "an empty input"),
        ((0, 5), None, "an empty input"),
        (1, 64, "a single element"),
        ((1,), None, "a single element"),
        ((1, 1), None, "a single element"),
        ((3, 1, 8), None, "a shape with an axis of length 1"),
        ((1, 8), None, "a single row or column"),
        ((31, 33), None, "a shape whose sides are no multiples of 32"),
        ((64, 48), None, "a shape with a side that is no multiple of 32"),
        ((64, 32), None, "a shape whose sides are multiples of 32"),
        (31, 64, "fewer elements than a warp has threads"),
        (128, 64, "a size that is a multiple of the block size"),
        (129, 64, "a size that is no multiple of the block size"),
        # Where nothing is launched, no block is spoken of.
        (256, None, "a size that is a multiple of 32"),
        (257, None, "a size that is no multiple of 32"),
        (1_000_003, None, "a large input"),
    ],
)
def test_a_hidden_size_is_said_by_what_is_true_of_it(size: Any, block: int | None, words: str) -> None:
    assert size_class(size, block)["en"] == words
