"""Relative speed: who took how long, whether the times can be believed, and what they are worth.

Contenders take turns, each round on data of its own. A score rests on ratios of their times on one device in one run,
never on a time. What cannot be told from noise or cannot be believed is no result: it costs no points.
Imports this package's device interface only. Sources: the protocol of NVBench (bands instead of ranks, a third answer),
KernelBench (cold caches, fresh inputs), pygpubench (a clock outside the process that is timed).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np

from grader.device.interface import DeviceError, Finding, Launch

#: `echo` does nothing but take inputs and give outputs.
Contender = Literal["learner", "copy", "baseline", "model", "echo"]
State = Literal["settled", "inconclusive", "implausible"]
#: Points by the ratio from which on they are given.
Bands = Mapping[float, float]

#: Parts of a check that say how much faster than another contender the learner's is, and which.
BESIDE: Mapping[str, Contender] = {"speedup": "baseline", "model_share": "model"}

#: Sound rounds that a result needs, and rounds after which none is looked for any more.
LEAST, MOST = 5, 15
#: Timed runs of a contender in one round, each on data of its own; one more before them warms up.
RUNS = 3
#: A ratio whose spread is below the first is settled, and so is one that lies in one band whatever the noise. From the
#: second on, one that could lie in two bands is no result.
SETTLED, NOISY = 0.02, 0.05
#: Above these ratios no kernel is, on a device that copies as fast as it can, or that runs a good solution.
CEILINGS = {"copy_bandwidth": 1.1, "model_share": 3.0}
#: Less than this share of what it takes to move inputs and outputs cannot be.
FLOOR = 0.5
#: Processor clocks of contenders in one round differ by less than this share.
_SAME_CLOCK = 0.05
#: Messages are late by so much, in seconds.
_LATE = 0.005


class Stopped(Exception):
    """Timed launches did not come to their end; `finding` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message["en"])
        self.finding = finding


@dataclass(frozen=True)
class Block:
    """A contender's turn.

    `fresh` are the seconds of each run on data that it met for the first time, by the device's clock, `together` those
    of the same launches again, often enough that `wall`, the examiner's clock around these, tells a wrong time from a
    late message. `outputs` are each fresh run's buffers. A contender without a device's clock has `wall` only.
    """

    fresh: tuple[float, ...] = ()
    together: tuple[float, ...] = ()
    wall: float = 0.0
    outputs: tuple[tuple[np.ndarray, ...], ...] = ()
    conditions: Mapping[str, Any] = field(default_factory=dict)

    @property
    def overhead(self) -> float:
        """Seconds for each run that `wall` has and the device's clock does not."""
        return (self.wall - sum(self.together)) / len(self.together)


class Clock(Protocol):
    """Runs blocks of launches. `seconds_left` is what is left for all of them."""

    def seconds_left(self) -> float: ...

    def block(self, who: Contender, launches: Sequence[Launch]) -> Block:
        """The first launch warms up, the others are timed. Raises Stopped, and DeviceError where the device failed."""
        ...


class FunctionClock(Protocol):
    """Calls functions in blocks. `seconds_left` is what is left for all of them."""

    def seconds_left(self) -> float: ...

    def block(self, who: Contender, function: Any, inputs: Sequence[Sequence[Any]]) -> tuple[float, list[Any]]:
        """(seconds from the inputs' first byte handed over until all results are here, the results)

        `function` is the learner's, or one of a module of the instructor's; for `echo` what is to be given back,
        without any work. Raises LearnerError for what the learner's raises, DeviceError where a process failed.
        """
        ...


Turn = Callable[[int], Block]


@dataclass(frozen=True)
class Ratio:
    """Median of a ratio over the sound rounds, and its relative standard error, from the interquartile range: a clock
    that jumps between two values shows in it, a few odd rounds do not."""

    value: float
    spread: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Ratio:
        lower, middle, upper = statistics.quantiles(values, n=4, method="inclusive")
        # The quartiles of a normal distribution lie 1.349 standard deviations apart.
        return cls(middle, (upper - lower) / 1.349 / math.sqrt(len(values)) / middle)

    def in_one(self, bands: Bands) -> bool:
        """Are the points the same two standard errors below and above?"""
        return credit(bands, self.value * (1 - 2 * self.spread)) == credit(bands, self.credited)

    @property
    def credited(self) -> float:
        """As fast as it may be, by two standard errors: noise costs nobody a band."""
        return self.value * (1 + 2 * self.spread)


@dataclass
class Race:
    """What came of all rounds. `why` says in a word, for the instructor, what each round that does not count had."""

    state: State
    ratios: dict[str, Ratio] = field(default_factory=dict)
    why: list[str] = field(default_factory=list)
    rounds: int = 0
    sound: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    conditions: dict[str, Any] = field(default_factory=dict)

    def measurements(self) -> dict[str, Any]:
        """For the verdict."""
        ratios = {name: round(ratio.value, 4) for name, ratio in self.ratios.items()}
        spreads = {f"{name}_spread": round(ratio.spread, 4) for name, ratio in self.ratios.items()}
        seconds = {f"{name}_seconds": value for name, value in self.seconds.items()}
        told = {name: value for name, value in self.conditions.items() if value not in ([], None)}
        doubts = {"doubts": sorted(set(self.why))} if self.why else {}
        return {**ratios, **spreads, **seconds, **told, **doubts, "rounds": self.rounds, "sound_rounds": self.sound}


def race(
    turns: Mapping[Contender, Turn],
    ratios: Mapping[str, Callable[[Mapping[Contender, float]], float]],
    bands: Mapping[str, Bands],
    seconds_left: Callable[[], float],
) -> Race:
    """Let contenders take turns until it is settled in which of the `bands` the ratios of their times lie.

    `turns` run a contender's block in a round; `ratios` are computed from the seconds of one run of each. Ends early
    when less is left of the clock than two rounds take.
    """

    def clear(spread: float) -> bool:
        return all(found.ratios[name].spread < spread or found.ratios[name].in_one(bands[name]) for name in bands)

    kept: list[dict[Contender, float]] = []
    found = Race("inconclusive")
    longest = 0.0
    while found.rounds < MOST and (not found.rounds or seconds_left() > 2 * longest):
        order = list(turns) if found.rounds % 2 == 0 else list(turns)[::-1]
        before = seconds_left()
        try:
            blocks = {who: turns[who](found.rounds) for who in order}
        except DeviceError as error:
            found.why.append(f"the device failed: {error}"[:200])
            blocks = {}
        found.rounds += 1
        longest = max(longest, before - seconds_left())
        doubt = _doubt(blocks) if blocks else "no times"
        if doubt is not None:
            found.why.append(doubt)
            continue
        found.conditions = dict(blocks["learner"].conditions)
        kept.append(_seconds(blocks))
        found.sound = len(kept)
        if found.sound >= LEAST:
            found.ratios = {name: Ratio.of([ratio(times) for times in kept]) for name, ratio in ratios.items()}
            if clear(SETTLED):
                break
    if found.ratios and clear(NOISY):
        found.state = "implausible" if _beyond(found.ratios, kept) else "settled"
    found.seconds = {who: statistics.median(times[who] for times in kept) for who in turns} if kept else {}
    return found


def _seconds(blocks: Mapping[Contender, Block]) -> dict[Contender, float]:
    """What one run of each took. Where the GPU can write to the memory of its process, the examiner's clock alone."""
    own = all(block.fresh for block in blocks.values())
    if own and not any(block.conditions.get("reaches_host") for block in blocks.values()):
        return {who: statistics.median(block.fresh) for who, block in blocks.items()}
    return {who: block.wall / max(len(block.together), 1) for who, block in blocks.items()}


def _doubt(blocks: Mapping[Contender, Block]) -> str | None:
    """Why a round does not count; None where it does."""
    timed = {who: block for who, block in blocks.items() if block.fresh}
    if any(not math.isfinite(block.wall) or block.wall <= 0 for block in blocks.values()):
        return "no time on the examiner's clock"
    for who, block in timed.items():
        if not all(math.isfinite(time) and time > 0 for time in (*block.fresh, *block.together)):
            return f"{who}: times that are none"
        if sum(block.together) > 1.02 * block.wall:
            return f"{who}: more time than has passed"
        if block.conditions.get("throttled"):
            return f"{who}: the GPU was throttled"
        if statistics.median(block.fresh) < 0.8 * statistics.median(block.together):
            return f"{who}: faster at first than on the examiner's clock"
    clocks = [block.conditions["clock_mhz"] for block in timed.values() if block.conditions.get("clock_mhz")]
    if clocks and max(clocks) > (1 + _SAME_CLOCK) * min(clocks):
        return "the GPU's clock changed"
    return _unexplained(timed)


def _unexplained(timed: Mapping[Contender, Block]) -> str | None:
    """Does the examiner's clock show time of the learner's that the device does not tell of?

    What the yardstick's blocks take beside their kernels, flushes and messages, is what the learner's may take.
    """
    others = [block.overhead for who, block in timed.items() if who != "learner"]
    if "learner" not in timed or not others:
        return None
    learner = timed["learner"]
    usual, late = max(min(others), 0.0), _LATE / len(learner.together)
    if learner.overhead - usual > max(0.25 * statistics.median(learner.together), 0.5 * usual) + late:
        return "learner: time on the examiner's clock that the device does not tell of"
    return None


def _beyond(ratios: Mapping[str, Ratio], kept: Sequence[Mapping[Contender, float]]) -> bool:
    """Faster than a device can be, also by two standard errors less?"""
    if any(ratio.value * (1 - 2 * ratio.spread) > CEILINGS.get(name, math.inf) for name, ratio in ratios.items()):
        return True
    return "echo" in kept[0] and Ratio.of([times["learner"] / times["echo"] for times in kept]).credited < FLOOR


def faster_than(other: Contender) -> Callable[[Mapping[Contender, float]], float]:
    """How many times the learner's time fits into the other's."""
    return lambda times: times[other] / times["learner"]


def credit(bands: Bands, ratio: float) -> float:
    """The points of the highest band that the ratio reaches; 0 below all."""
    return max((points for least, points in bands.items() if ratio >= least), default=0.0)


def checked_bands(name: str, given: tuple[float, Bands]) -> tuple[float, Bands]:
    """(points, bands) as an instructor gave them. Raises ValueError where higher bands are not worth more."""
    points, bands = given
    worth = [bands[least] for least in sorted(bands)]
    if not bands or min(bands) <= 0 or worth != sorted(set(worth)) or worth[-1] != points or worth[0] <= 0:
        raise ValueError(f"{name}=({points}, {dict(bands)}): each higher ratio is worth more, the highest {points}")
    return float(points), bands
