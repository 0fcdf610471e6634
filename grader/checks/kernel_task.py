"""What a kernel is to do, a launch of it between guard bands, and whether that did it.

Imports the device interface and this package. Expected values stay in this process.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from grader.checks import messages
from grader.checks.compare import Difference, compare, place
from grader.checks.learner import CompiledKernel
from grader.checks.memory import Guarded, digest, guard, lay_out, prepare
from grader.checks.outcome import Outcome
from grader.checks.report import CheckFinding
from grader.checks.signature import Parameter
from grader.checks.sizes import elements, map_rtol
from grader.device.interface import Counters, Dim3, Finding, Launch

Size = int | tuple[int, ...]
#: (grid, block) or (grid, block, bytes of dynamic shared memory)
LaunchShape = tuple[Any, ...]
#: The ordinary shape for a size, or a list that begins with it.
LaunchRule = Callable[[Any], LaunchShape | list[LaunchShape]]

#: Which findings cost which part.
COSTS = {
    "out-of-bounds": "in_bounds",
    "race": "race_free",
    "stream-race": "race_free",
    "barrier": "race_free",
    "uninitialised": "race_free",
    "input-changed": "keeps_inputs",
}


@dataclass(frozen=True)
class Laid:
    """A launch, and which array lies in which of its buffers, by the argument's number."""

    launch: Launch
    guarded: dict[int, Guarded]
    fill: int

    def buffer(self, number: int, buffers: Sequence[np.ndarray]) -> np.ndarray:
        return buffers[list(self.guarded).index(number)]


@dataclass
class KernelOutcome(Outcome):
    """`first` is the first launch, without its buffers' contents."""

    counters: Counters = field(default_factory=Counters)
    right_cases: int = 0
    wrote: bool = False
    first: Launch | None = None


@dataclass
class Task:
    """A kernel's signature, inputs and expected outputs, as the author of a check gives them.

    `names` are the parameters' names for messages; `hidden` keeps sizes and values out of these.
    """

    signature: str
    parameters: tuple[Parameter, ...]
    cuda_c: bool
    names: tuple[str, ...] = ()
    hidden: bool = False
    generate: Callable[[np.random.Generator, Any], tuple[Any, ...]] | None = None
    reference: Callable[..., Any] | None = None
    outputs: tuple[int, ...] = ()
    rtol: float | Callable[[Any], float] | None = None
    atol: float = 0.0
    accumulates: bool = False

    def arguments(self, rng: np.random.Generator, size: Any) -> list[Any]:
        """All arguments, of the signature's types."""
        assert self.generate is not None
        return prepare(self.generate(rng, size), self.parameters)

    def expected(self, args: list[Any]) -> list[np.ndarray]:
        """What the outputs should hold."""
        assert self.reference is not None
        copies = [arg.copy() if isinstance(arg, np.ndarray) else arg for arg in args]
        result = self.reference(*copies)
        results = result if isinstance(result, tuple) else (result,)
        if len(results) != len(self.outputs):
            raise ValueError(f"the reference gives {len(results)} results for {len(self.outputs)} outputs")
        return [
            np.broadcast_to(np.asarray(value), args[number].shape)
            for number, value in zip(self.outputs, results, strict=True)
        ]

    def lay(self, compiled: CompiledKernel, args: list[Any], shape: LaunchShape, seed: int, *, races: bool) -> Laid:
        """A launch on these arguments, which are copied."""
        # Odd bytes: no small integer, and a large number in every type of float, far from a 0 with its tolerance.
        fill = 0xE1 + 2 * (seed % 11)
        canary = 0xD5 ^ (seed % 16)
        guarded: dict[int, Guarded] = {}
        for number, arg in enumerate(args):
            if isinstance(arg, np.ndarray):
                filled = number in self.outputs and not self.accumulates
                guarded[number] = guard(arg, canary, fill if filled else None)
        arrays = {number: index for index, number in enumerate(guarded)}
        launch = Launch(
            ptx=compiled.ptx,
            entry=compiled.entry,
            grid=_dim3(shape[0]),
            block=_dim3(shape[1]),
            parameters=lay_out(args, arrays, cuda_c=self.cuda_c),
            buffers=tuple(item.buffer for item in guarded.values()),
            initialised=tuple(self.accumulates or number not in self.outputs for number in guarded),
            shared_bytes=int(shape[2]) if len(shape) > 2 else 0,
            seed=seed,
            races=races,
        )
        return Laid(launch, guarded, fill)

    def judge(
        self,
        laid: Laid,
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
            if number not in self.outputs and digest(item.view(buffer)) != digest(args[number]):
                found.append(CheckFinding("input-changed", messages.input_changed(self._called(number))))
        wrote = False
        differences: list[tuple[int, Difference]] = []
        for number, wanted in zip(self.outputs, expected, strict=True):
            got = laid.guarded[number].view(laid.buffer(number, buffers))
            pattern = None if self.accumulates else laid.fill
            left = digest(got) == digest(args[number]) if self.accumulates else _untouched(got, laid.fill)
            wrote |= not left
            difference = compare(got, wanted, self._tolerance(size, got.dtype), self.atol, pattern)
            if difference is not None:
                differences.append((number, difference))
        for number, difference in differences:
            found.append(self._explain(number, difference, size, shape, extra))
        return len(differences), wrote

    def _tolerance(self, size: Any, dtype: np.dtype) -> float:
        if self.rtol is None:
            return map_rtol(dtype)
        return float(self.rtol(elements(size))) if callable(self.rtol) else float(self.rtol)

    def _called(self, number: int) -> str:
        return self.names[number] if number < len(self.names) else f"no. {number + 1}"

    def _explain(self, number: int, difference: Difference, size: Any, shape: LaunchShape, extra: bool) -> CheckFinding:
        threads = f"grid {_plain(shape[0])}, block {_plain(shape[1])}"
        case = f"n = {size}, {threads}"
        name = self.names[number] if number < len(self.names) else "out"
        evidence = (
            f"{case}: {name}{place(difference.index)} expected {difference.expected}, got {difference.got}; "
            f"{difference.wrong} of {difference.total} wrong, {difference.unwritten} unwritten"
        )
        block = math.prod(_dim3(shape[1]))
        threads_in_all = block * math.prod(_dim3(shape[0]))
        hidden_case = (
            messages.launch_class(threads_in_all, elements(size)) if extra else messages.size_class(size, block)
        )
        if difference.unwritten == difference.wrong:
            first = f"{name}{place(difference.first_unwritten or ())}"
            text = (
                messages.unwritten_hidden(hidden_case)
                if self.hidden
                else messages.unwritten(first, case, difference.unwritten, difference.total)
            )
            everywhere = messages.unwritten_everywhere() if self.hidden else None
            return CheckFinding("unwritten", text, evidence=evidence, everywhere=everywhere)
        where = f"{name}{place(difference.index)}"
        text = (
            messages.wrong_result_hidden(hidden_case)
            if self.hidden
            else messages.wrong_result(
                where, case, difference.expected, difference.got, difference.wrong, difference.total
            )
        )
        everywhere = messages.wrong_results_hidden() if self.hidden else None
        return CheckFinding("wrong-result", text, evidence=evidence, everywhere=everywhere)


def first_shape(shapes: LaunchShape | list[LaunchShape]) -> LaunchShape:
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


def translated(finding: Finding, compiled: CompiledKernel, hidden: bool) -> CheckFinding:
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
