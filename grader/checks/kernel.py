"""Checking a CUDA kernel: results, bounds, races, launch shapes, memory traffic.

Imports the device interface and this package. The kernel may be a proxy: only the surroundings understand it.
Expected values, seeds and thresholds stay in this process; a device gets PTX, inputs and filled outputs.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from grader.checks import messages
from grader.checks.compare import Difference, compare, place
from grader.checks.kernel_clock import TIMED, Setting, copied, copy_launch, necessary
from grader.checks.memory import Guarded, digest, guard, lay_out, prepare
from grader.checks.report import CheckFinding, Part, Report, merge
from grader.checks.signature import parse_signature
from grader.checks.sizes import elements, map_rtol
from grader.checks.surroundings import CompiledKernel, LearnerError, Surroundings, compile_numba, current
from grader.checks.timing import RUNS, Bands, Block, Contender, Stopped, Turn, checked_bands, credit, race
from grader.device.assembler import AssemblyError, Resources
from grader.device.interface import Counters, Device, Dim3, Finding, Launch, LaunchResult

Shape = int | tuple[int, ...]
Size = int | tuple[int, ...]
#: (grid, block) or (grid, block, bytes of dynamic shared memory)
LaunchShape = tuple[Any, ...]

#: Cases up to so many elements are watched for races and run with every launch shape; larger ones run once.
WATCHED = 20_000
#: After so many wrong cases the rest would only repeat what is known.
ENOUGH = 4

_PARTS = (
    *("correct", "in_bounds", "race_free", "any_launch", "coalesced", "no_float64", "keeps_inputs"),
    *("registers", "no_spills", *TIMED),
)
#: Which findings cost which part.
_COSTS = {
    "out-of-bounds": "in_bounds",
    "race": "race_free",
    "barrier": "race_free",
    "uninitialised": "race_free",
    "input-changed": "keeps_inputs",
}
_FATAL = ("step-limit", "residency", "launch", "unsupported", "compile", "trap")


@dataclass
class _Outcome:
    findings: list[CheckFinding] = field(default_factory=list)
    counters: Counters = field(default_factory=Counters)
    lost: set[str] = field(default_factory=set)
    right_cases: int = 0
    wrong_cases: int = 0
    ran: int = 0
    wrote: bool = False
    stop: bool = False
    #: The first launch, without its buffers' contents.
    first: Launch | None = None
    #: Points of the parts that are neither kept nor lost, None for what could not be measured; and doubts about those.
    given: dict[str, float | None] = field(default_factory=dict)
    doubts: dict[str, Any] = field(default_factory=dict)
    measurements: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Laid:
    """A launch, and which array lies in which of its buffers, by the argument's number."""

    launch: Launch
    guarded: dict[int, Guarded]
    fill: int

    def buffer(self, number: int, buffers: Sequence[np.ndarray]) -> np.ndarray:
        return buffers[list(self.guarded).index(number)]


class KernelCheck:
    """Checks one kernel over several sizes and launch shapes.

        check = KernelCheck(saxpy, "void(float32, float32[:], float32[:], float32[:])",
                            launch=lambda n: (ceil_div(n, 256), 256))
        check.inputs(lambda rng, n: (np.float32(2), rng.random(n, "f4"), rng.random(n, "f4"), np.empty(n, "f4")),
                     sizes=SIZES_1D)
        check.expect(lambda a, x, y, out: a * x + y, output=3, rtol=1e-6)
        check.points(correct=3, in_bounds=1)
        check.run()                                    # a Report

    `kernel` is what the learner wrote: a `@cuda.jit` function, or a proxy of one in an exam. `signature` is
    Numba's. `launch` gives, for a size, one `(grid, block)` or `(grid, block, shared_bytes)`, or a list of them:
    the first is the ordinary one, the others (say, one with too few threads for a grid-stride kernel) count for
    `any_launch`, or for `correct` where no points are set for that. Grid and block are ints or tuples; a grid of
    0 becomes 1. `hidden` keeps sizes and values out of messages. `names` are the parameters' names for messages.
    """

    def __init__(
        self,
        kernel: Any,
        signature: str,
        launch: Callable[[Any], LaunchShape | list[LaunchShape]],
        *,
        name: str = "",
        names: Sequence[str] = (),
        hidden: bool = False,
        seed: int | None = None,
    ) -> None:
        self._kernel = kernel
        self._signature = signature
        self._parameters = parse_signature(signature)
        self._launch = launch
        self._name = name
        self._names = tuple(names)
        self._hidden = hidden
        self._seed = seed
        self._generate: Callable[[np.random.Generator, Any], tuple[Any, ...]] | None = None
        self._sizes: tuple[Size, ...] = ()
        self._reference: Callable[..., Any] | None = None
        self._outputs: tuple[int, ...] = ()
        self._rtol: float | Callable[[Any], float] | None = None
        self._atol = 0.0
        self._accumulates = False
        self._points: dict[str, float] = {"correct": 1.0}
        self._coalescing = 0.0
        self._registers = 0
        self._bands: dict[str, Bands] = {}
        self._timing: Setting | None = None

    def inputs(
        self, generator: Callable[[np.random.Generator, Any], tuple[Any, ...]], sizes: Iterable[Size]
    ) -> KernelCheck:
        """`generator(rng, size)` gives all arguments in order, NumPy arrays and scalars, for each of `sizes`."""
        self._generate = generator
        self._sizes = tuple(sizes)
        return self

    def expect(
        self,
        reference: Callable[..., Any],
        output: int | tuple[int, ...],
        *,
        rtol: float | Callable[[Any], float] | None = None,
        atol: float = 0.0,
        accumulates: bool = False,
    ) -> KernelCheck:
        """`reference(*arguments)` gives what argument number `output` (or each of several) should hold.

        `rtol` is a number or a function of the size, such as `reduction_rtol`; default: a few roundings of the
        output's dtype, 0 for integers. Outputs are filled with a pattern before each run and count as never
        written; with `accumulates` they start with the values that the generator gave, as an in-place kernel or
        an atomic sum needs.
        """
        self._reference = reference
        self._outputs = (output,) if isinstance(output, int) else tuple(output)
        count = len(self._parameters)
        for number in self._outputs:
            if not 0 <= number < count or self._parameters[number][0] != "array":
                raise ValueError(f"output {number} is no array parameter of {self._signature!r}")
        self._rtol = rtol
        self._atol = atol
        self._accumulates = accumulates
        return self

    def points(
        self,
        *,
        correct: float = 0,
        in_bounds: float = 0,
        race_free: float = 0,
        any_launch: float = 0,
        coalesced: tuple[float, float] | None = None,
        no_float64: float = 0,
        keeps_inputs: float = 0,
        registers: tuple[float, int] | None = None,
        no_spills: float = 0,
        copy_bandwidth: tuple[float, Bands] | None = None,
        speedup: tuple[float, Bands] | None = None,
        model_share: tuple[float, Bands] | None = None,
    ) -> KernelCheck:
        """Points for each part; `coalesced` is (points, least share of ideal memory traffic, 0.0 to 1.0).

        `correct` needs every case right. The other parts count once the kernel gets at least one case right.
        `race_free` also covers barriers that cannot complete and reads of memory never written. `registers` is
        (points, most registers of a thread) as NVIDIA's assembler counts them, which is there without a GPU, too.

        The last three are (points, {least ratio: points}) and need `timing`, and a kernel with every case right:
        the share of a copy kernel's bandwidth, how much faster than the baseline, and the speed over that of the
        model solution. They are not measured where there is no GPU.
        """
        given = {
            "correct": correct,
            "in_bounds": in_bounds,
            "race_free": race_free,
            "any_launch": any_launch,
            "no_float64": no_float64,
            "keeps_inputs": keeps_inputs,
            "no_spills": no_spills,
        }
        if registers is not None:
            given["registers"], self._registers = registers
        bands = {"copy_bandwidth": copy_bandwidth, "speedup": speedup, "model_share": model_share}
        self._bands = {}
        for name, band in bands.items():
            if band is not None:
                given[name], self._bands[name] = checked_bands(name, band)
        if coalesced is not None:
            given["coalesced"], self._coalescing = coalesced
        self._points = {part: float(given[part]) for part in _PARTS if given.get(part)}
        if not self._points or min(self._points.values()) < 0:
            raise ValueError("give positive points to at least one part")
        return self

    def timing(
        self,
        size: Size,
        *,
        baseline: Any = None,
        model: Any = None,
        baseline_launch: Callable[[Any], LaunchShape] | None = None,
        model_launch: Callable[[Any], LaunchShape] | None = None,
        moved: Callable[..., int] | None = None,
        emulated: Mapping[str, Bands] | None = None,
    ) -> KernelCheck:
        """What is timed, for `copy_bandwidth`, `speedup` and `model_share`.

        All run on inputs of `size`, large enough that the kernel takes at least 50 microseconds. `baseline` and `model`
        are kernels of the same signature, launched as the learner's, or by a rule of their own. `moved(*arguments)`
        gives the bytes that the kernel must move at least; default: each array once, an output that accumulates twice.

        `emulated` may have bands for the same parts, for where there is no GPU: there the ratio is one of memory
        traffic, counted at the largest of the check's sizes that is watched, instead of time.
        """
        rules = {"baseline": baseline_launch or self._launch, "model": model_launch or self._launch}
        for name, bands in (emulated or {}).items():
            if name not in TIMED:
                raise ValueError(f"emulated: {name} is none of {', '.join(TIMED)}")
            checked_bands(name, (max(bands.values(), default=0), bands))
        self._timing = Setting(size, baseline, model, rules, moved, emulated or {})
        return self

    def run(self) -> Report:
        """Compile, launch every case, compare. A fault of the learner's code is a finding in the report.

        Raises TypeError or ValueError where the check itself is written wrongly, and DeviceError where the
        device failed.
        """
        generate, reference = self._generate, self._reference
        if generate is None or reference is None:
            raise ValueError("a KernelCheck needs inputs(...) and expect(...) before run()")
        self._check_timing()
        surroundings = current()
        seed = self._choose_seed(surroundings)
        device = surroundings.device
        outcome = _Outcome()
        try:
            compiled = surroundings.compile_kernel(self._kernel, self._signature, device.compute_capability)
            if compiled.parameters != self._parameters:
                raise LearnerError("wrong-type", messages.foreign_parameters())
        except LearnerError as error:
            finding = CheckFinding(error.kind, error.message, line=error.line, evidence=error.evidence)
            return self._report(surroundings, seed, device, [finding], set(self._points), outcome)
        for number, size in enumerate(self._sizes):
            if outcome.stop or outcome.wrong_cases >= ENOUGH:
                break
            rng = np.random.default_rng([seed, number])
            args = prepare(generate(rng, size), self._parameters)
            expected = self._expected(reference, args)
            self._case(surroundings, compiled, outcome, size, args, expected, seed + number)
        try:
            self._measure(surroundings, compiled, outcome, seed)
        except LearnerError as error:
            outcome.findings = merge(
                outcome.findings, [CheckFinding(error.kind, error.message, error.line, evidence=error.evidence)]
            )
            outcome.lost |= {"registers", "no_spills", *TIMED}
        return self._conclude(surroundings, seed, device, compiled, outcome)

    def _check_timing(self) -> None:
        needed = {"speedup": "baseline", "model_share": "model", "copy_bandwidth": "size"}
        for part, what in needed.items():
            if part in self._points and (self._timing is None or getattr(self._timing, what) is None):
                raise ValueError(f"points for {part} need timing(...) with {what}")

    def _choose_seed(self, surroundings: Surroundings) -> int:
        given = self._seed if self._seed is not None else getattr(surroundings, "seed", None)
        return int(given) if given is not None else secrets.randbits(32)

    def _expected(self, reference: Callable[..., Any], args: list[Any]) -> list[np.ndarray]:
        copies = [arg.copy() if isinstance(arg, np.ndarray) else arg for arg in args]
        result = reference(*copies)
        results = result if isinstance(result, tuple) else (result,)
        if len(results) != len(self._outputs):
            raise ValueError(f"the reference gives {len(results)} results for {len(self._outputs)} outputs")
        return [
            np.broadcast_to(np.asarray(value), args[number].shape)
            for number, value in zip(self._outputs, results, strict=True)
        ]

    def _case(
        self,
        surroundings: Surroundings,
        compiled: CompiledKernel,
        outcome: _Outcome,
        size: Any,
        args: list[Any],
        expected: list[np.ndarray],
        seed: int,
    ) -> None:
        count = elements(size)
        given = self._launch(size)
        shapes = given if isinstance(given, list) else [given]
        repeats = 2 if len(self._sizes) == 1 and len(shapes) == 1 and count <= WATCHED else 1
        for number, shape in enumerate(shapes):
            if number and count > WATCHED:
                break
            for again in range(repeats):
                order = (seed + 7919 * number + again) % (1 << 31)
                right = self._launch_once(
                    surroundings, compiled, outcome, size, args, expected, shape, order, extra=number > 0
                )
                outcome.ran += 1
                if right:
                    outcome.right_cases += count > 0
                else:
                    outcome.wrong_cases += 1
                    separate = number > 0 and "any_launch" in self._points
                    outcome.lost.add("any_launch" if separate else "correct")
                if outcome.stop:
                    return

    def _launch_once(
        self,
        surroundings: Surroundings,
        compiled: CompiledKernel,
        outcome: _Outcome,
        size: Any,
        args: list[Any],
        expected: list[np.ndarray],
        shape: LaunchShape,
        seed: int,
        *,
        extra: bool,
    ) -> bool:
        """One launch, compared; True where the outputs are right."""
        laid = self._lay(compiled, args, shape, seed, races=elements(size) <= WATCHED)
        if outcome.first is None:
            outcome.first = replace(laid.launch, buffers=tuple(np.empty(0, np.uint8) for _ in laid.launch.buffers))
        result = surroundings.device.launch(laid.launch)
        device_findings, counters = list(result.findings), result.counters
        emulator = getattr(surroundings, "emulator", None)
        if emulator is not None and emulator is not surroundings.device and laid.launch.races:
            diagnosis = emulator.launch(laid.launch)
            device_findings += diagnosis.findings
            counters = diagnosis.counters
        _add(outcome.counters, counters)
        found = [_translate(finding, compiled, self._hidden) for finding in device_findings]
        differences, wrote = self._judge(laid, result.buffers, args, expected, size, shape, extra, found)
        outcome.wrote |= wrote
        outcome.findings = merge(outcome.findings, found)
        outcome.lost |= {_COSTS[finding.kind] for finding in found if finding.kind in _COSTS}
        outcome.stop = any(finding.kind in _FATAL for finding in found)
        return not differences and not outcome.stop

    def _lay(self, compiled: CompiledKernel, args: list[Any], shape: LaunchShape, seed: int, *, races: bool) -> _Laid:
        fill = 0xA1 + 2 * (seed % 23)  # an odd byte: no small integer, no common float
        canary = 0xD5 ^ (seed % 16)
        guarded: dict[int, Guarded] = {}
        for number, arg in enumerate(args):
            if isinstance(arg, np.ndarray):
                filled = number in self._outputs and not self._accumulates
                guarded[number] = guard(arg, canary, fill if filled else None)
        arrays = {number: index for index, number in enumerate(guarded)}
        launch = Launch(
            ptx=compiled.ptx,
            entry=compiled.entry,
            grid=_dim3(shape[0]),
            block=_dim3(shape[1]),
            parameters=lay_out(args, arrays),
            buffers=tuple(item.buffer for item in guarded.values()),
            initialised=tuple(self._accumulates or number not in self._outputs for number in guarded),
            shared_bytes=int(shape[2]) if len(shape) > 2 else 0,
            seed=seed,
            races=races,
        )
        return _Laid(launch, guarded, fill)

    def _judge(
        self,
        laid: _Laid,
        buffers: Sequence[np.ndarray],
        args: list[Any],
        expected: list[np.ndarray],
        size: Any,
        shape: LaunchShape,
        extra: bool,
        found: list[CheckFinding],
    ) -> tuple[int, bool]:
        """(how many outputs are wrong, was any written), of what a launch left; adds to what was `found`."""
        for number, item in laid.guarded.items():
            buffer = laid.buffer(number, buffers)
            known = any(finding.kind == "out-of-bounds" for finding in found)
            if not item.intact(buffer) and not known:
                found.append(CheckFinding("out-of-bounds", messages.canary(self._called(number))))
            if number not in self._outputs and digest(item.view(buffer)) != digest(args[number]):
                found.append(CheckFinding("input-changed", messages.input_changed(self._called(number))))
        wrote = False
        differences: list[tuple[int, Difference]] = []
        for number, wanted in zip(self._outputs, expected, strict=True):
            got = laid.guarded[number].view(laid.buffer(number, buffers))
            pattern = None if self._accumulates else laid.fill
            left = digest(got) == digest(args[number]) if self._accumulates else _untouched(got, laid.fill)
            wrote |= not left
            difference = compare(got, wanted, self._tolerance(size, got.dtype), self._atol, pattern)
            if difference is not None:
                differences.append((number, difference))
        for number, difference in differences:
            found.append(self._explain(number, difference, size, shape, extra))
        return len(differences), wrote

    # -- what the assembler and a clock say

    def _measure(self, surroundings: Surroundings, compiled: CompiledKernel, outcome: _Outcome, seed: int) -> None:
        if outcome.stop or not outcome.right_cases:
            return
        if {"registers", "no_spills"} & set(self._points):
            self._assembled(surroundings, outcome)
        timed = [part for part in TIMED if part in self._points]
        if not timed:
            return
        if outcome.wrong_cases:
            outcome.lost.update(timed)
            return
        clock = getattr(surroundings, "clock", None)
        stored = getattr(surroundings, "stored", None) or {}
        if clock is not None:
            self._timed(surroundings, clock, compiled, outcome, seed, stored)
        elif "timing" in stored:
            self._settle(outcome, timed, stored)
        else:
            self._by_traffic(surroundings, compiled, outcome, seed)
        for part in timed:
            if part not in outcome.given and part not in outcome.lost:
                outcome.given[part] = None

    def _assembled(self, surroundings: Surroundings, outcome: _Outcome) -> None:
        assemble: Callable[[Launch], Resources] | None = getattr(surroundings, "assemble", None)
        assert outcome.first is not None
        if assemble is None:
            outcome.given |= {part: None for part in ("registers", "no_spills") if part in self._points}
            return
        try:
            taken = assemble(outcome.first)
        except AssemblyError as error:
            outcome.lost |= {"registers", "no_spills"}
            finding = CheckFinding("compile", messages.not_assembled(), evidence=str(error))
            outcome.findings = merge(outcome.findings, [finding])
            return
        outcome.measurements |= {
            "registers": taken.registers,
            "spilled_bytes": taken.spilled_bytes,
            "stack_bytes": taken.stack_bytes,
            "shared_bytes": taken.shared_bytes,
        }
        found = []
        if "no_spills" in self._points and taken.spilled_bytes:
            outcome.lost.add("no_spills")
            found.append(CheckFinding("spills", messages.spills(taken.spilled_bytes)))
        if "registers" in self._points and taken.registers > self._registers:
            outcome.lost.add("registers")
            threads = int(np.prod(outcome.first.block))
            share = taken.occupancy(threads, surroundings.device.compute_capability)
            found.append(CheckFinding("occupancy", messages.registers(taken.registers, self._registers, share)))
        outcome.findings = merge(outcome.findings, found)

    def _timed(
        self,
        surroundings: Surroundings,
        clock: Any,
        compiled: CompiledKernel,
        outcome: _Outcome,
        seed: int,
        stored: Mapping[str, Any],
    ) -> None:
        setting, generate = self._timing, self._generate
        assert setting is not None
        assert generate is not None
        cc = surroundings.device.compute_capability
        wrong: list[CheckFinding] = []

        def drawn(who: int, number: int, run: int) -> list[Any]:
            rng = np.random.default_rng([seed, 1 << 20, who, number, run])
            return prepare(generate(rng, setting.size), self._parameters)

        def learner(number: int) -> Block:
            shape = _first(self._launch(setting.size))
            sets = [drawn(0, number, run) for run in range(RUNS + 1)]
            expected = [self._expected(self._reference, args) for args in sets[1:]]  # type: ignore[arg-type]
            laid = [
                self._lay(compiled, args, shape, (seed + 31 * number + run) % (1 << 31), races=False)
                for run, args in enumerate(sets)
            ]
            block: Block = clock.block("learner", [one.launch for one in laid])
            for one, args, values, buffers in zip(laid[1:], sets[1:], expected, block.outputs, strict=True):
                self._judge(one, buffers, args, values, setting.size, shape, False, wrong)
            if wrong:
                raise _Wrong
            return block

        def other(who: int, name: Contender, kernel: CompiledKernel) -> Turn:
            def turn(number: int) -> Block:
                shape = _first(setting.launches[name](setting.size))
                sets = [drawn(who, number, run) for run in range(RUNS + 1)]
                laid = [self._lay(kernel, args, shape, number, races=False).launch for args in sets]
                block: Block = clock.block(name, laid)
                return block

            return turn

        args = drawn(0, 0, 0)
        moved = setting.moved(*args) if setting.moved else necessary(args, self._outputs, accumulates=self._accumulates)

        def copying(number: int) -> Block:
            rng = np.random.default_rng([seed, 1 << 20, 3, number])
            block: Block = clock.block("copy", [copy_launch(moved, rng) for _ in range(RUNS + 1)])
            return block

        turns: dict[Contender, Turn] = {"learner": learner, "copy": copying}
        scale = moved / copied(copy_launch(moved, np.random.default_rng(0)))
        ratios: dict[str, Callable[[Mapping[Contender, float]], float]] = {
            # Measured also where it gives no points: no kernel moves what it must faster than a copy does.
            "copy_bandwidth": lambda times: scale * times["copy"] / times["learner"]
        }
        if "speedup" in self._points:
            turns["baseline"] = other(1, "baseline", compile_numba(setting.baseline, self._signature, cc))
            ratios["speedup"] = lambda times: times["baseline"] / times["learner"]
        if "model_share" in self._points:
            turns["model"] = other(2, "model", compile_numba(setting.model, self._signature, cc))
            ratios["model_share"] = lambda times: times["model"] / times["learner"]
        try:
            found = race(turns, ratios, clock.seconds_left)
        except _Wrong:
            outcome.lost |= {"correct", *TIMED}
            outcome.lost |= {_COSTS[finding.kind] for finding in wrong if finding.kind in _COSTS}
            outcome.findings = merge(outcome.findings, wrong)
            return
        except Stopped as error:
            outcome.lost |= {"correct", *TIMED}
            outcome.findings = merge(outcome.findings, [_translate(error.finding, compiled, self._hidden)])
            return
        timed = [part for part in TIMED if part in self._points]
        credited = {f"{part}_credited": round(found.ratios[part].credited, 6) for part in timed if found.ratios}
        outcome.measurements |= {"timing": found.state, **credited, **found.measurements()}
        # A verdict that is reached again rests on what was measured then.
        evidence = f"{found.rounds} rounds, {found.sound} sound; {'; '.join(sorted(set(found.why)))}"
        self._settle(outcome, timed, stored if "timing" in stored else outcome.measurements, evidence)

    def _settle(self, outcome: _Outcome, timed: list[str], measured: Mapping[str, Any], evidence: str = "") -> None:
        """Points by what was measured, now or in an earlier exam."""
        state = measured["timing"]
        outcome.measurements |= {name: measured[name] for name in measured if name.endswith("_credited")}
        if state == "settled":
            self._credit(outcome, {part: measured[f"{part}_credited"] for part in timed}, self._bands)
            return
        outcome.given |= dict.fromkeys(timed)
        outcome.doubts |= dict.fromkeys(timed, state)
        text = messages.implausible() if state == "implausible" else messages.inconclusive()
        outcome.findings = merge(outcome.findings, [CheckFinding(state, text, evidence=evidence)])

    def _credit(
        self, outcome: _Outcome, ratios: Mapping[str, float], bands: Mapping[str, Bands], *, traffic: bool = False
    ) -> None:
        for part, ratio in ratios.items():
            top = max(bands[part])
            best = max(bands[part].values())
            # Bands for where there is no GPU may be worth other numbers: their share counts.
            outcome.given[part] = self._points[part] * credit(bands[part], ratio) / best
            if ratio < top:
                wanted = min(least for least in bands[part] if least > ratio)
                finding = CheckFinding("slow", messages.slow(part, ratio, wanted, traffic=traffic))
                outcome.findings = [*outcome.findings, finding]

    def _by_traffic(self, surroundings: Surroundings, compiled: CompiledKernel, outcome: _Outcome, seed: int) -> None:
        """Ratios of memory traffic, for the parts that have bands for where there is no GPU."""
        setting, generate = self._timing, self._generate
        assert setting is not None
        assert generate is not None
        parts = [part for part in TIMED if part in self._points and part in setting.emulated]
        sizes = [size for size in self._sizes if elements(size) <= WATCHED]
        if not parts or not sizes:
            return
        size = max(sizes, key=elements)
        args = prepare(generate(np.random.default_rng([seed, 1 << 20]), size), self._parameters)
        yardstick: Device = getattr(surroundings, "yardstick", surroundings.device)

        def sectors(device: Device, kernel: CompiledKernel, rule: Callable[[Any], Any]) -> int:
            laid = self._lay(kernel, args, _first(rule(size)), seed % (1 << 31), races=False)
            result: LaunchResult = device.launch(laid.launch)
            return max(result.counters.global_sectors, 1)

        own = sectors(surroundings.device, compiled, self._launch)
        cc = surroundings.device.compute_capability
        ratios: dict[str, float] = {}
        if "copy_bandwidth" in parts:
            least = (
                setting.moved(*args) if setting.moved else necessary(args, self._outputs, accumulates=self._accumulates)
            )
            ratios["copy_bandwidth"] = least / (32 * own)
        for part, name in (("speedup", "baseline"), ("model_share", "model")):
            if part in parts:
                kernel = compile_numba(getattr(setting, name), self._signature, cc)
                ratios[part] = sectors(yardstick, kernel, setting.launches[name]) / own
        outcome.measurements |= {f"{part}_traffic": round(ratio, 4) for part, ratio in ratios.items()}
        self._credit(outcome, ratios, setting.emulated, traffic=True)

    def _tolerance(self, size: Any, dtype: np.dtype) -> float:
        if self._rtol is None:
            return map_rtol(dtype)
        return float(self._rtol(elements(size))) if callable(self._rtol) else float(self._rtol)

    def _called(self, number: int) -> str:
        return self._names[number] if number < len(self._names) else f"no. {number + 1}"

    def _explain(self, number: int, difference: Difference, size: Any, shape: LaunchShape, extra: bool) -> CheckFinding:
        threads = f"grid {_plain(shape[0])}, block {_plain(shape[1])}"
        case = f"n = {size}, {threads}"
        name = self._names[number] if number < len(self._names) else "out"
        evidence = (
            f"{case}: {name}{place(difference.index)} expected {difference.expected}, got {difference.got}; "
            f"{difference.wrong} of {difference.total} wrong, {difference.unwritten} unwritten"
        )
        block = shape[1] if isinstance(shape[1], int) else None
        hidden_size = messages.narrow_launch() if extra else messages.size_class(size, block)
        if difference.unwritten == difference.wrong:
            first = f"{name}{place(difference.first_unwritten or ())}"
            text = (
                messages.unwritten_hidden(hidden_size)
                if self._hidden
                else messages.unwritten(first, case, difference.unwritten, difference.total)
            )
            return CheckFinding("unwritten", text, evidence=evidence)
        where = f"{name}{place(difference.index)}"
        text = (
            messages.wrong_result_hidden(hidden_size)
            if self._hidden
            else messages.wrong_result(
                where, case, difference.expected, difference.got, difference.wrong, difference.total
            )
        )
        return CheckFinding("wrong-result", text, evidence=evidence)

    def _conclude(
        self,
        surroundings: Surroundings,
        seed: int,
        device: Device,
        compiled: CompiledKernel,
        outcome: _Outcome,
    ) -> Report:
        findings, lost = outcome.findings, set(outcome.lost)
        nothing = {"unwritten", "same-value"} | ({"wrong-result"} if self._accumulates else set())
        if outcome.wrong_cases and not outcome.wrote and {finding.kind for finding in findings} <= nothing:
            findings = [CheckFinding("unwritten", messages.kernel_not_written(), cell=compiled.cell)]
        if "no_float64" in self._points and outcome.counters.float64_instructions:
            lost.add("no_float64")
            if not any(finding.kind == "float64" for finding in findings):
                findings = merge(findings, [CheckFinding("float64", messages.float64())])
        if "coalesced" in self._points and outcome.counters.coalescing < self._coalescing:
            lost.add("coalesced")
            if not any(finding.kind == "uncoalesced" for finding in findings):
                text = messages.uncoalesced(outcome.counters.coalescing, self._coalescing)
                findings = merge(findings, [CheckFinding("uncoalesced", text)])
        if outcome.stop or not outcome.right_cases:
            lost |= set(self._points)
        report = self._report(surroundings, seed, device, findings, lost, outcome)
        report.measurements = {
            "coalescing": round(outcome.counters.coalescing, 4),
            "thread_instructions": outcome.counters.thread_instructions,
            "launches": outcome.ran,
            "ptx_sha256": hashlib.sha256(compiled.ptx.encode()).hexdigest(),
            **outcome.measurements,
        }
        return report

    def _report(
        self,
        surroundings: Surroundings,
        seed: int,
        device: Device,
        findings: list[CheckFinding],
        lost: set[str],
        outcome: _Outcome,
    ) -> Report:
        def part(name: str, most: float) -> Part:
            if name in lost:
                return Part(name, 0.0, most)
            return Part(name, outcome.given.get(name, most), most, outcome.doubts.get(name, ""))

        return Report(
            parts=[part(name, most) for name, most in self._points.items()],
            findings=findings,
            name=self._name,
            seed=seed,
            device=device.name,
            hidden=self._hidden,
            language=surroundings.language,
        )


class _Wrong(Exception):
    """A timed launch left wrong results."""


def _first(shapes: LaunchShape | list[LaunchShape]) -> LaunchShape:
    """The ordinary one of a launch rule's shapes."""
    return shapes[0] if isinstance(shapes, list) else shapes


def _untouched(values: np.ndarray, fill: int) -> bool:
    return bool((np.ascontiguousarray(values).reshape(-1).view(np.uint8) == fill).all())


def _plain(shape: Any) -> str:
    return str(shape) if isinstance(shape, int) else "x".join(str(extent) for extent in shape)


def _dim3(shape: Any) -> Dim3:
    extents = (shape,) if isinstance(shape, int | np.integer) else tuple(shape)
    if not 1 <= len(extents) <= 3:
        raise ValueError(f"a grid or block has one to three extents, not {shape!r}")
    padded = [max(int(extent), 1) for extent in extents] + [1, 1]
    return (padded[0], padded[1], padded[2])


def _add(total: Counters, more: Counters) -> None:
    for name, value in vars(more).items():
        setattr(total, name, getattr(total, name) + value)


def _translate(finding: Finding, compiled: CompiledKernel, hidden: bool) -> CheckFinding:
    """A device's finding with the lines of the learner's cell; lines of other files are left out.

    Of a hidden case the learner reads what happened, and the instructor to which thread and element.
    """
    elsewhere = finding.file is not None and compiled.file is not None and not _same(finding.file, compiled.file)

    def local(line: int | None) -> int | None:
        if line is None or elsewhere:
            return None
        return line - compiled.line_offset if line > compiled.line_offset else None

    return CheckFinding(
        finding.kind,
        finding.general or finding.message if hidden else finding.message,
        line=local(finding.line),
        other_line=local(finding.other_line),
        cell=compiled.cell,
        evidence=finding.message["en"] if hidden else None,
    )


def _same(one: str, other: str) -> bool:
    return one.rsplit("/", 1)[-1] == other.rsplit("/", 1)[-1]
