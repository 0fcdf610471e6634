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
    ("size", "words"), [((0, 5), "empty"), ((3, 1, 8), "axis of length 1"), ((1, 8), "single row or column")]
)
def test_a_hidden_shape_is_said_by_its_kind(size: tuple[int, ...], words: str) -> None:
    assert words in size_class(size)["en"]
