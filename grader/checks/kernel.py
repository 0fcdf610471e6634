"""Checking a CUDA kernel: results, bounds, races, launch shapes, memory traffic.

Imports the device interface and this package. The kernel may be a proxy: only the surroundings understand it.
Expected values, seeds and thresholds stay in this process; a device gets PTX, inputs and filled outputs.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from grader.checks import messages
from grader.checks.compare import Difference, compare, place
from grader.checks.memory import Guarded, digest, guard, lay_out, prepare
from grader.checks.report import CheckFinding, Part, Report, merge
from grader.checks.signature import parse_signature
from grader.checks.sizes import elements, map_rtol
from grader.checks.surroundings import CompiledKernel, LearnerError, Surroundings, current
from grader.device.interface import Counters, Device, Dim3, Finding, Launch

Shape = int | tuple[int, ...]
Size = int | tuple[int, ...]
#: (grid, block) or (grid, block, bytes of dynamic shared memory)
LaunchShape = tuple[Any, ...]

#: Cases up to so many elements are watched for races and run with every launch shape; larger ones run once.
WATCHED = 20_000
#: After so many wrong cases the rest would only repeat what is known.
ENOUGH = 4

_PARTS = ("correct", "in_bounds", "race_free", "any_launch", "coalesced", "no_float64", "keeps_inputs")
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
    ) -> KernelCheck:
        """Points for each part; `coalesced` is (points, least share of ideal memory traffic, 0.0 to 1.0).

        `correct` needs every case right. The other parts count once the kernel gets at least one case right.
        `race_free` also covers barriers that cannot complete and reads of memory never written.
        """
        given = {
            "correct": correct,
            "in_bounds": in_bounds,
            "race_free": race_free,
            "any_launch": any_launch,
            "no_float64": no_float64,
            "keeps_inputs": keeps_inputs,
        }
        if coalesced is not None:
            given["coalesced"], self._coalescing = coalesced
        self._points = {part: float(given[part]) for part in _PARTS if given.get(part)}
        if not self._points or min(self._points.values()) < 0:
            raise ValueError("give positive points to at least one part")
        return self

    def run(self) -> Report:
        """Compile, launch every case, compare. A fault of the learner's code is a finding in the report.

        Raises TypeError or ValueError where the check itself is written wrongly, and DeviceError where the
        device failed.
        """
        generate, reference = self._generate, self._reference
        if generate is None or reference is None:
            raise ValueError("a KernelCheck needs inputs(...) and expect(...) before run()")
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
            return self._report(surroundings, seed, device, [finding], set(self._points))
        for number, size in enumerate(self._sizes):
            if outcome.stop or outcome.wrong_cases >= ENOUGH:
                break
            rng = np.random.default_rng([seed, number])
            args = prepare(generate(rng, size), self._parameters)
            expected = self._expected(reference, args)
            self._case(surroundings, compiled, outcome, size, args, expected, seed + number)
        return self._conclude(surroundings, seed, device, compiled, outcome)

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
        fill = 0xA1 + 2 * (seed % 23)  # an odd byte: no small integer, no common float
        canary = 0xD5 ^ (seed % 16)
        guarded: dict[int, Guarded] = {}
        for number, arg in enumerate(args):
            if isinstance(arg, np.ndarray):
                filled = number in self._outputs and not self._accumulates
                guarded[number] = guard(arg, canary, fill if filled else None)
        arrays = {number: index for index, number in enumerate(guarded)}
        grid, block = _dim3(shape[0]), _dim3(shape[1])
        launch = Launch(
            ptx=compiled.ptx,
            entry=compiled.entry,
            grid=grid,
            block=block,
            parameters=lay_out(args, arrays),
            buffers=tuple(item.buffer for item in guarded.values()),
            initialised=tuple(self._accumulates or number not in self._outputs for number in guarded),
            shared_bytes=int(shape[2]) if len(shape) > 2 else 0,
            seed=seed,
            races=elements(size) <= WATCHED,
        )
        result = surroundings.device.launch(launch)
        device_findings, counters = list(result.findings), result.counters
        emulator = getattr(surroundings, "emulator", None)
        if emulator is not None and emulator is not surroundings.device and launch.races:
            diagnosis = emulator.launch(launch)
            device_findings += diagnosis.findings
            counters = diagnosis.counters
        _add(outcome.counters, counters)
        found = [_translate(finding, compiled, self._hidden) for finding in device_findings]

        for (number, item), buffer in zip(guarded.items(), result.buffers, strict=True):
            known = any(finding.kind == "out-of-bounds" for finding in found)
            if not item.intact(buffer) and not known:
                found.append(CheckFinding("out-of-bounds", messages.canary(self._called(number))))
            if number not in self._outputs and digest(item.view(buffer)) != digest(args[number]):
                found.append(CheckFinding("input-changed", messages.input_changed(self._called(number))))

        differences: list[tuple[int, Difference]] = []
        for number, wanted in zip(self._outputs, expected, strict=True):
            got = guarded[number].view(result.buffers[arrays[number]])
            pattern = None if self._accumulates else fill
            left = digest(got) == digest(args[number]) if self._accumulates else _untouched(got, fill)
            outcome.wrote |= not left
            difference = compare(got, wanted, self._tolerance(size, got.dtype), self._atol, pattern)
            if difference is not None:
                differences.append((number, difference))
        for number, difference in differences:
            found.append(self._explain(number, difference, size, shape, extra))
        outcome.findings = merge(outcome.findings, found)
        outcome.lost |= {_COSTS[finding.kind] for finding in found if finding.kind in _COSTS}
        outcome.stop = any(finding.kind in _FATAL for finding in found)
        return not differences and not outcome.stop

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
        report = self._report(surroundings, seed, device, findings, lost)
        report.measurements = {
            "coalescing": round(outcome.counters.coalescing, 4),
            "thread_instructions": outcome.counters.thread_instructions,
            "launches": outcome.ran,
        }
        return report

    def _report(
        self,
        surroundings: Surroundings,
        seed: int,
        device: Device,
        findings: list[CheckFinding],
        lost: set[str],
    ) -> Report:
        parts = [Part(name, 0.0 if name in lost else most, most) for name, most in self._points.items()]
        return Report(
            parts=parts,
            findings=findings,
            name=self._name,
            seed=seed,
            device=device.name,
            hidden=self._hidden,
            language=surroundings.language,
        )


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
