"""Checking a CUDA kernel: results, bounds, races, launch shapes, memory traffic.

Imports the device interface and this package. The kernel may be a proxy: only the surroundings understand it.
Expected values, seeds and thresholds stay in this process; a device gets PTX, inputs and filled outputs.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from grader.checks import messages
from grader.checks.kernel_measures import ASSEMBLED, TIMED, Measures, Setting
from grader.checks.kernel_task import COSTS, KernelOutcome, LaunchRule, LaunchShape, Size, Task, translated
from grader.checks.learner import CompiledKernel, LearnerError
from grader.checks.report import CheckFinding, Report, merge
from grader.checks.signature import parse_signature
from grader.checks.sizes import elements
from grader.checks.surroundings import Surroundings, current
from grader.checks.timing import Bands, checked_bands
from grader.device.interface import Counters, Device

#: Cases up to so many elements are watched for races and run with every launch shape; larger ones run once.
WATCHED = 20_000
#: After so many wrong cases the rest would only repeat what is known.
ENOUGH = 4

_PARTS = (
    *("correct", "in_bounds", "race_free", "any_launch", "coalesced", "global_atomics", "no_float64", "keeps_inputs"),
    "bank_conflicts",
    *(*ASSEMBLED, *TIMED),
)
_FATAL = ("step-limit", "residency", "launch", "unsupported", "compile", "trap")


class KernelCheck:
    """Checks one kernel over several sizes and launch shapes.

        check = KernelCheck(saxpy, "void(float32, float32[:], float32[:], float32[:])",
                            launch=lambda n: (ceil_div(n, 256), 256))
        check.inputs(lambda rng, n: (np.float32(2), rng.random(n, "f4"), rng.random(n, "f4"), np.empty(n, "f4")),
                     sizes=SIZES_1D)
        check.expect(lambda a, x, y, out: a * x + y, output=3, rtol=1e-6)
        check.points(correct=3, in_bounds=1)
        check.run()                                    # a Report

    `kernel` is what the learner wrote: a `@cuda.jit` function, a `cupy.RawKernel`, or a proxy of one in an exam.
    `signature` is Numba's, or that of CUDA C with the kernel's name, such as `"void scale(float a, const float* x,
    float* out, int n)"`; there an array of any shape goes in as a pointer. `launch` gives, for a size, one `(grid,
    block)` or `(grid, block, shared_bytes)`, or a list of them: the first is the ordinary one, the others (say, one
    with too few threads for a grid-stride kernel) count for `any_launch`, or for `correct` where no points are set
    for that. Grid and block are ints or tuples; a grid of 0 becomes 1. `hidden` keeps sizes and values out of
    messages. `names` are the parameters' names for messages.
    """

    def __init__(
        self,
        kernel: Any,
        signature: str,
        launch: LaunchRule,
        *,
        name: str = "",
        names: Sequence[str] = (),
        hidden: bool = False,
        seed: int | None = None,
    ) -> None:
        self._kernel = kernel
        read = parse_signature(signature)
        self._task = Task(signature, read.parameters, read.cuda_c, tuple(names) or read.names, hidden)
        self._launch = launch
        self._name = name
        self._seed = seed
        self._sizes: tuple[Size, ...] = ()
        self._points: dict[str, float] = {"correct": 1.0}
        self._coalescing = 0.0
        self._most_atomics: Callable[[Any], int] | None = None
        self._registers = 0
        self._bands: dict[str, Bands] = {}
        self._timing: Setting | None = None

    def inputs(
        self, generator: Callable[[np.random.Generator, Any], tuple[Any, ...]], sizes: Iterable[Size]
    ) -> KernelCheck:
        """`generator(rng, size)` gives all arguments in order, NumPy arrays and scalars, for each of `sizes`."""
        self._task.generate = generator
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
        task = self._task
        task.reference = reference
        task.outputs = (output,) if isinstance(output, int) else tuple(output)
        for number in task.outputs:
            if not 0 <= number < len(task.parameters) or task.parameters[number][0] == "scalar":
                raise ValueError(f"output {number} is no array parameter of {task.signature!r}")
        task.rtol, task.atol, task.accumulates = rtol, atol, accumulates
        return self

    def points(
        self,
        *,
        correct: float = 0,
        in_bounds: float = 0,
        race_free: float = 0,
        any_launch: float = 0,
        coalesced: tuple[float, float] | None = None,
        global_atomics: tuple[float, Callable[[Any], int]] | None = None,
        no_float64: float = 0,
        bank_conflicts: float = 0,
        keeps_inputs: float = 0,
        registers: tuple[float, int] | None = None,
        no_spills: float = 0,
        copy_bandwidth: tuple[float, Bands] | None = None,
        speedup: tuple[float, Bands] | None = None,
        model_share: tuple[float, Bands] | None = None,
    ) -> KernelCheck:
        """Points for each part; `coalesced` is (points, least share of ideal memory traffic, 0.0 to 1.0),
        `global_atomics` (points, most atomic operations on global memory in the ordinary launch of a size).

        `correct` needs every case right. The other parts count once the kernel gets at least one case right.
        `race_free` also covers barriers that cannot complete and reads of memory never written. `bank_conflicts` are
        for a kernel that gets all other points and whose warps do not queue at the banks of shared memory to speak of.
        `registers` is (points, most registers of a thread) as NVIDIA's assembler counts them, which is there without a
        GPU, too.

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
            "bank_conflicts": bank_conflicts,
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
        if global_atomics is not None:
            given["global_atomics"], self._most_atomics = global_atomics
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
        baseline_launch: LaunchRule | None = None,
        model_launch: LaunchRule | None = None,
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
        task = self._task
        if task.generate is None or task.reference is None:
            raise ValueError("a KernelCheck needs inputs(...) and expect(...) before run()")
        self._check_timing()
        surroundings = current()
        seed = self._choose_seed(surroundings)
        device = surroundings.device
        outcome = KernelOutcome()
        try:
            compiled = surroundings.compile_kernel(self._kernel, task.signature, device.compute_capability)
            if compiled.parameters != task.parameters:
                raise LearnerError("wrong-type", messages.foreign_parameters())
        except LearnerError as error:
            finding = CheckFinding(error.kind, error.message, line=error.line, evidence=error.evidence)
            return self._report(surroundings, seed, device, [finding], set(self._points), outcome)
        for number, size in enumerate(self._sizes):
            if outcome.stop or outcome.wrong_cases >= ENOUGH:
                break
            args = task.arguments(np.random.default_rng([seed, number]), size)
            expected = task.expected(args)
            self._case(surroundings, compiled, outcome, size, args, expected, seed + number)
        self._measures().take(surroundings, compiled, outcome, seed)
        return self._conclude(surroundings, seed, device, compiled, outcome)

    def _check_timing(self) -> None:
        for part, what in TIMED.items():
            if part in self._points and (self._timing is None or getattr(self._timing, what) is None):
                raise ValueError(f"points for {part} need timing(...) with {what}")

    def _measures(self) -> Measures:
        watched = tuple(size for size in self._sizes if elements(size) <= WATCHED)
        return Measures(self._task, self._launch, self._points, self._bands, self._registers, self._timing, watched)

    def _choose_seed(self, surroundings: Surroundings) -> int:
        given = self._seed if self._seed is not None else getattr(surroundings, "seed", None)
        return int(given) if given is not None else secrets.randbits(32)

    def _case(
        self,
        surroundings: Surroundings,
        compiled: CompiledKernel,
        outcome: KernelOutcome,
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
        outcome: KernelOutcome,
        size: Any,
        args: list[Any],
        expected: list[np.ndarray],
        shape: LaunchShape,
        seed: int,
        *,
        extra: bool,
    ) -> bool:
        """One launch, compared; True where the outputs are right."""
        task = self._task
        laid = task.lay(compiled, args, shape, seed, races=elements(size) <= WATCHED)
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
        if "global_atomics" in self._points and self._most_atomics is not None and not extra:
            self._few_atomics(outcome, counters.global_atomics, self._most_atomics(size), size)
        found = [translated(finding, compiled, self._task.hidden) for finding in device_findings]
        differences, wrote = task.judge(laid, result.buffers, args, expected, size, shape, extra, found)
        outcome.wrote |= wrote
        outcome.find(*found)
        outcome.lost |= {COSTS[finding.kind] for finding in found if finding.kind in COSTS}
        outcome.stop = any(finding.kind in _FATAL for finding in found)
        return not differences and not outcome.stop

    def _few_atomics(self, outcome: KernelOutcome, got: int, most: int, size: Any) -> None:
        if got > most:
            outcome.lost.add("global_atomics")
            text = messages.many_atomics_hidden() if self._task.hidden else messages.many_atomics(got, most, size)
            outcome.find(CheckFinding("many-atomics", text, evidence=f"{size}: {got} of at most {most}"))

    def _conclude(
        self,
        surroundings: Surroundings,
        seed: int,
        device: Device,
        compiled: CompiledKernel,
        outcome: KernelOutcome,
    ) -> Report:
        findings, lost = outcome.told(), set(outcome.lost)
        nothing = {"unwritten", "same-value"} | ({"wrong-result"} if self._task.accumulates else set())
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
        if "bank_conflicts" in self._points and self._banks_lost(outcome, findings, lost):
            lost.add("bank_conflicts")
        report = self._report(surroundings, seed, device, findings, lost, outcome)
        report.measurements = {
            "coalescing": round(outcome.counters.coalescing, 4),
            "thread_instructions": outcome.counters.thread_instructions,
            "launches": outcome.ran,
            "ptx_sha256": hashlib.sha256(compiled.ptx.encode()).hexdigest(),
            **outcome.measurements,
        }
        return report

    def _banks_lost(self, outcome: KernelOutcome, findings: list[CheckFinding], lost: set[str]) -> bool:
        """A warp queued at a bank, or something else is missing: who uses no shared memory has no queue, either."""
        others = {part: points for part, points in self._points.items() if part != "bank_conflicts"}
        full = all(part.points in (None, part.max) for part in outcome.parts(others, lost))
        return not full or any(finding.kind == "bank-conflict" for finding in findings)

    def _report(
        self,
        surroundings: Surroundings,
        seed: int,
        device: Device,
        findings: list[CheckFinding],
        lost: set[str],
        outcome: KernelOutcome,
    ) -> Report:
        return Report(
            parts=outcome.parts(self._points, lost),
            findings=findings,
            name=self._name,
            seed=seed,
            device=device.name,
            hidden=self._task.hidden,
            language=surroundings.language,
        )


def _add(total: Counters, more: Counters) -> None:
    for name, value in vars(more).items():
        setattr(total, name, getattr(total, name) + value)
