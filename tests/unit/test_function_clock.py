"""Host functions on a feigned clock: turns, fresh inputs, bands, and what cannot be or cannot be told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from grader.checks import FunctionCheck, FunctionTrace, LearnerError, LocalSurroundings, Report, use
from grader.checks.function import CALLS
from grader.checks.timing import LEAST, MOST

TIMES = {"learner": 0.01, "baseline": 0.03, "model": 0.008, "echo": 0.001}


def norm(x: np.ndarray) -> np.ndarray:
    return np.sqrt((x * x).sum(axis=1))


def slow(x: np.ndarray) -> np.ndarray:
    return np.array([np.sqrt(sum(value * value for value in row)) for row in x], x.dtype)


class Feigned(LocalSurroundings):
    """Functions run here; what they take is feigned."""

    def __init__(self, times: dict[str, Any] | None = None, **stored: Any) -> None:
        super().__init__(language="en")
        self.times = TIMES | (times or {})
        self.stored = stored
        self.seed = 5
        self.launches: int | None = 0
        self.seconds = 1e9
        self.turns: list[str] = []
        self.inputs: list[bytes] = []
        self.function_clock: Any = self

    def call(self, function: Any, args: Any, kwargs: Any) -> tuple[Any, FunctionTrace]:
        return function(*args), FunctionTrace(launches=self.launches, to_host=0, arguments=tuple(args))

    def seconds_left(self) -> float:
        return self.seconds

    def block(self, who: str, function: Any, inputs: Sequence[Sequence[Any]]) -> tuple[float, list[Any]]:
        self.turns.append(who)
        self.inputs += [args[0].tobytes() for args in inputs]
        results = [function if who == "echo" else function(*args) for args in inputs]
        one = self.times[who]
        taken = len(inputs) * (one(len(self.turns)) if callable(one) else one)
        self.seconds -= taken
        return taken, results


def run(surroundings: Any, function: Any = norm, **points: Any) -> Report:
    check = FunctionCheck(function).inputs(lambda rng, n: (rng.random((n, 4)),), sizes=(1, 5))
    check.expect(norm).timing(50, baseline=slow, model=norm)
    with use(surroundings):
        return check.points(correct=3, **(points or BANDS)).run()


BANDS: dict[str, Any] = {"speedup": (2, {2.0: 2, 1.2: 1}), "model_share": (2, {0.6: 2, 0.3: 1})}


def got(report: Report) -> list[Any]:
    return [part.doubt or part.points for part in report.parts if part.name in BANDS]


def kinds(report: Report) -> list[str]:
    return [finding.kind for finding in report.findings]


def test_bands_by_the_ratio_of_times() -> None:
    report = run(Feigned())
    assert (got(report), kinds(report)) == ([2, 2], [])
    assert report.measurements["speedup"] == pytest.approx(3)
    assert got(run(Feigned({"learner": 0.02}))) == [1, 1]
    report = run(Feigned({"learner": 0.05}))
    assert (got(report), kinds(report), report.score) == ([0, 0], ["slow", "slow"], 3)


def test_turns_alternate_and_every_input_is_fresh() -> None:
    surroundings = Feigned()
    run(surroundings)
    assert surroundings.turns[:8] == ["learner", "echo", "baseline", "model", "model", "baseline", "echo", "learner"]
    assert len(surroundings.turns) == 4 * LEAST
    assert len(set(surroundings.inputs)) == len(surroundings.inputs) == 4 * LEAST * CALLS


def test_faster_than_inputs_and_results_can_move_is_for_a_person() -> None:
    report = run(Feigned({"learner": 0.0005}))
    assert (got(report), kinds(report)) == (["implausible"] * 2, ["implausible"])
    assert got(run(Feigned({"learner": 0.002, "model": 0.0075}), model_share=BANDS["model_share"])) == ["implausible"]


def test_noise_is_no_result() -> None:
    def wild(turn: int) -> float:
        return 0.01 * (1, 3, 0.4)[turn % 3]

    surroundings = Feigned({"learner": wild})
    assert got(run(surroundings)) == ["inconclusive"] * 2
    assert surroundings.turns.count("learner") == MOST


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf")])
def test_a_time_that_is_none_is_no_result(seconds: float) -> None:
    assert got(run(Feigned({"learner": seconds}))) == ["inconclusive"] * 2


def test_right_where_it_is_looked_at_and_wrong_on_the_clock_is_wrong() -> None:
    def sometimes(x: np.ndarray) -> np.ndarray:
        return norm(x) if len(x) < 50 else np.zeros(len(x))

    report = run(Feigned(), sometimes)
    assert (report.score, kinds(report)) == (0, ["wrong-result"])


def test_a_wrong_function_is_not_timed() -> None:
    surroundings = Feigned()
    assert got(run(surroundings, lambda x: norm(x) + 1)) == [0, 0]
    assert surroundings.turns == []


def test_what_is_raised_on_the_clock_costs_the_speed_alone() -> None:
    class Raising(Feigned):
        def block(self, who: str, function: Any, inputs: Sequence[Sequence[Any]]) -> tuple[float, list[Any]]:
            raise LearnerError("timeout", {"en": "too slow", "de": "zu langsam"})

    report = run(Raising())
    assert (report.score, kinds(report)) == (3, ["timeout"])


def test_work_on_the_emulated_gpu_is_not_timed() -> None:
    surroundings = Feigned()
    surroundings.launches = 3
    report = run(surroundings)
    assert (got(report), report.passed, surroundings.turns) == ([None, None], True, [])
    assert "not measured here" in str(report)


def test_without_a_clock_nothing_is_timed() -> None:
    surroundings = Feigned()
    surroundings.function_clock = None
    assert got(run(surroundings)) == [None, None]


def test_a_verdict_is_reached_again_from_what_was_measured_then() -> None:
    first = run(Feigned({"learner": 0.02}))
    again = run(Feigned(None, **first.measurements))
    assert (got(again), again.measurements["speedup"]) == (got(first), pytest.approx(3))


def test_points_need_something_to_compare_with() -> None:
    check = FunctionCheck(norm).inputs(lambda rng, n: (rng.random((n, 4)),), sizes=(1,)).expect(norm).timing(9)
    with pytest.raises(ValueError, match="baseline"):
        check.points(speedup=BANDS["speedup"]).run()


def test_in_a_notebook_functions_are_timed_beside_each_other() -> None:
    report = run(LocalSurroundings(language="en"), speedup=(2, {1.5: 2}))
    # By how much is this machine's affair; that a loop over rows in Python is slower is not.
    assert report.measurements["baseline_seconds"] > 0
    assert report.measurements["rounds"] >= LEAST
