"""What the assembler and a clock say of a kernel: registers and spills, and its speed beside other kernels.

Imports this package and the device interface. Where there is no GPU nothing is timed: an emulated GPU's time is no
measure. A check may then go by memory traffic, which the emulated GPU counts exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from grader.checks import messages
from grader.checks.compiling import compile_kernel
from grader.checks.copying import copied, copy_launch
from grader.checks.kernel_task import COSTS, KernelOutcome, LaunchRule, Task, first_shape, translated
from grader.checks.learner import CompiledKernel, LearnerError
from grader.checks.report import CheckFinding
from grader.checks.sizes import elements
from grader.checks.surroundings import Surroundings
from grader.checks.timing import (
    BESIDE,
    RUNS,
    Bands,
    Block,
    Clock,
    Contender,
    Stopped,
    Turn,
    faster_than,
    race,
)
from grader.device.assembler import AssemblerEnded, AssemblyError, Resources
from grader.device.interface import Device, Launch

#: Parts of a check that a clock decides, and the kernel that each compares with.
TIMED = {"copy_bandwidth": "size", **BESIDE}
#: Parts that the assembler decides.
ASSEMBLED = ("registers", "no_spills")
#: Draws for timing begin here, so that none was seen before.
_DRAWS = 1 << 20


@dataclass(frozen=True)
class Setting:
    """What a check says about its timing; see `KernelCheck.timing`."""

    size: Any
    baseline: Any = None
    model: Any = None
    launches: Mapping[str, LaunchRule] = field(default_factory=dict)
    moved: Callable[..., int] | None = None
    emulated: Mapping[str, Bands] = field(default_factory=dict)


class _Wrong(Exception):
    """A timed launch left wrong results."""


@dataclass
class Measures:
    """Those of one check. `points` are all of the check's; `sizes` are those watched by the emulated GPU."""

    task: Task
    launch: LaunchRule
    points: Mapping[str, float]
    bands: Mapping[str, Bands]
    most_registers: int
    setting: Setting | None
    sizes: tuple[Any, ...]

    @property
    def timed(self) -> list[str]:
        return [part for part in TIMED if part in self.points]

    def take(self, surroundings: Surroundings, compiled: CompiledKernel, outcome: KernelOutcome, seed: int) -> None:
        """Measure what points are given for, of a kernel that gets something right."""
        if outcome.stop or not outcome.right_cases:
            return
        try:
            if set(ASSEMBLED) & set(self.points):
                self._assembled(surroundings, outcome)
            if self.timed and not outcome.wrong_cases:
                self._time(surroundings, compiled, outcome, seed)
        except LearnerError as error:
            outcome.find(CheckFinding(error.kind, error.message, error.line, evidence=error.evidence))
            outcome.lost |= {*ASSEMBLED, *TIMED}
        if outcome.wrong_cases:
            outcome.lost.update(self.timed)

    def _time(self, surroundings: Surroundings, compiled: CompiledKernel, outcome: KernelOutcome, seed: int) -> None:
        clock = getattr(surroundings, "clock", None)
        stored = getattr(surroundings, "stored", None) or {}
        if clock is not None:
            self._race(surroundings, clock, compiled, outcome, seed, stored)
        elif "timing" in stored:
            outcome.settle(stored, self.points, self.bands)
        else:
            self._by_traffic(surroundings, compiled, outcome, seed)
        for part in self.timed:
            if part not in outcome.given and part not in outcome.lost:
                outcome.given[part] = None

    def _assembled(self, surroundings: Surroundings, outcome: KernelOutcome) -> None:
        assemble: Callable[[Launch], Resources] | None = getattr(surroundings, "assemble", None)
        assert outcome.first is not None
        if assemble is None:
            outcome.given |= {part: None for part in ASSEMBLED if part in self.points}
            return
        try:
            taken = assemble(outcome.first)
        except AssemblyError as error:
            outcome.lost.update(ASSEMBLED)
            outcome.find(CheckFinding("compile", messages.not_assembled(), evidence=str(error)))
            return
        except AssemblerEnded as error:
            parts = set(ASSEMBLED) & set(self.points)
            outcome.given |= dict.fromkeys(parts)
            outcome.doubts |= dict.fromkeys(parts, "inconclusive")
            outcome.find(CheckFinding("inconclusive", messages.assembler_ended(), evidence=str(error)))
            return
        outcome.measurements |= {
            "registers": taken.registers,
            "spilled_bytes": taken.spilled_bytes,
            "stack_bytes": taken.stack_bytes,
            "shared_bytes": taken.shared_bytes,
        }
        if "no_spills" in self.points and taken.spilled_bytes:
            outcome.lost.add("no_spills")
            outcome.find(CheckFinding("spills", messages.spills(taken.spilled_bytes)))
        if "registers" in self.points and taken.registers > self.most_registers:
            outcome.lost.add("registers")
            threads = int(np.prod(outcome.first.block))
            share = taken.occupancy(threads, surroundings.device.compute_capability)
            outcome.find(CheckFinding("occupancy", messages.registers(taken.registers, self.most_registers, share)))

    def _race(
        self,
        surroundings: Surroundings,
        clock: Clock,
        compiled: CompiledKernel,
        outcome: KernelOutcome,
        seed: int,
        stored: Mapping[str, Any],
    ) -> None:
        setting, task = self.setting, self.task
        assert setting is not None
        wrong: list[CheckFinding] = []

        def drawn(who: int, number: int) -> list[list[Any]]:
            return [
                task.arguments(np.random.default_rng([seed, _DRAWS, who, number, run]), setting.size)
                for run in range(RUNS + 1)
            ]

        def learner(number: int) -> Block:
            shape = first_shape(self.launch(setting.size))
            sets = drawn(0, number)
            expected = [task.expected(args) for args in sets[1:]]
            laid = [
                task.lay(compiled, args, shape, (seed + 31 * number + run) % (1 << 31), races=False)
                for run, args in enumerate(sets)
            ]
            block = clock.block("learner", [one.launch for one in laid])
            for one, args, values, buffers in zip(laid[1:], sets[1:], expected, block.outputs, strict=True):
                task.judge(one, buffers, args, values, setting.size, shape, False, wrong)
            if wrong:
                raise _Wrong
            return block

        def other(who: int, name: Contender, kernel: CompiledKernel) -> Turn:
            shape = first_shape(setting.launches[name](setting.size))

            def turn(number: int) -> Block:
                laid = [task.lay(kernel, args, shape, number, races=False) for args in drawn(who, number)]
                return clock.block(name, [one.launch for one in laid])

            return turn

        moved = self._necessary(drawn(0, 0)[0])

        def copying(number: int) -> Block:
            rng = np.random.default_rng([seed, _DRAWS, 3, number])
            return clock.block("copy", [copy_launch(moved, rng) for _ in range(RUNS + 1)])

        turns: dict[Contender, Turn] = {"learner": learner, "copy": copying}
        scale = moved / copied(moved)
        ratios: dict[str, Callable[[Mapping[Contender, float]], float]] = {
            # Measured also where it gives no points: no kernel moves what it must faster than a copy does.
            "copy_bandwidth": lambda times: scale * times["copy"] / times["learner"]
        }
        for who, (part, name) in enumerate(BESIDE.items(), 1):
            if part in self.points:
                turns[name] = other(who, name, self._instructors(surroundings, name))
                ratios[part] = faster_than(name)
        try:
            found = race(turns, ratios, self.bands, clock.seconds_left)
        except _Wrong:
            outcome.lost |= {"correct", *TIMED} | {COSTS[finding.kind] for finding in wrong if finding.kind in COSTS}
            outcome.find(*wrong)
            return
        except Stopped as error:
            outcome.lost |= {"correct", *TIMED}
            outcome.find(translated(error.finding, compiled, task.hidden))
            return
        outcome.raced(found, stored, self.points, self.bands)

    def _necessary(self, args: list[Any]) -> int:
        """Bytes that a kernel must move at least: every array once, and twice what it also starts from."""
        if self.setting is not None and self.setting.moved is not None:
            return int(self.setting.moved(*args))
        twice = self.task.outputs if self.task.accumulates else ()
        return sum(
            arg.nbytes * (2 if number in twice else 1) for number, arg in enumerate(args) if isinstance(arg, np.ndarray)
        )

    def _instructors(self, surroundings: Surroundings, name: str) -> CompiledKernel:
        """The baseline or the model solution. Raises ValueError where it does not compile."""
        kernel = getattr(self.setting, name)
        try:
            return compile_kernel(kernel, self.task.signature, surroundings.device.compute_capability)
        except LearnerError as error:
            raise ValueError(f"the check's {name}: {error}") from error

    def _by_traffic(
        self, surroundings: Surroundings, compiled: CompiledKernel, outcome: KernelOutcome, seed: int
    ) -> None:
        """Ratios of memory traffic, for the parts that have bands for where there is no GPU."""
        setting, task = self.setting, self.task
        assert setting is not None
        parts = [part for part in self.timed if part in setting.emulated]
        if not parts or not self.sizes:
            return
        size = max(self.sizes, key=elements)
        args = task.arguments(np.random.default_rng([seed, _DRAWS]), size)
        yardstick: Device = getattr(surroundings, "yardstick", surroundings.device)

        def sectors(device: Device, kernel: CompiledKernel, rule: LaunchRule) -> int:
            laid = task.lay(kernel, args, first_shape(rule(size)), seed % (1 << 31), races=False)
            return max(device.launch(laid.launch).counters.global_sectors, 1)

        own = sectors(surroundings.device, compiled, self.launch)
        ratios: dict[str, float] = {}
        for part in parts:
            if part == "copy_bandwidth":
                ratios[part] = self._necessary(args) / (32 * own)
                continue
            name = TIMED[part]
            ratios[part] = sectors(yardstick, self._instructors(surroundings, name), setting.launches[name]) / own
        outcome.measurements |= {f"{part}_traffic": round(ratio, 4) for part, ratio in ratios.items()}
        outcome.credit(ratios, self.points, setting.emulated, traffic=True)
