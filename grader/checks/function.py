"""Checking a learner's host function: results, types, inputs, and what stays on the GPU.

Imports the device interface and this package. The function may be a proxy: only the surroundings can call it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from grader.checks import messages
from grader.checks.compare import compare, place
from grader.checks.kernel_task import COSTS
from grader.checks.learner import LearnerError
from grader.checks.outcome import Outcome
from grader.checks.report import CheckFinding, Report
from grader.checks.sizes import elements, map_rtol
from grader.checks.surroundings import ArrayKind, FunctionTrace, OnDevice, Surroundings, current
from grader.checks.timing import (
    BESIDE,
    Bands,
    Block,
    Contender,
    FunctionClock,
    Turn,
    checked_bands,
    faster_than,
    race,
)
from grader.device.interface import Finding

#: Parts that the device decides, by what it sees in kernels.
_SEEN = ("in_bounds", "race_free")
_PARTS = ("correct", "same_type", "on_device", "keeps_inputs", *_SEEN, *BESIDE)
#: Kinds of whole numbers and truth values. A float is none of them, whatever its value.
_WHOLE = "biu"
#: Fresh inputs in one block.
CALLS = 4
#: Draws for timing begin here, so that none was seen before.
_DRAWS = 1 << 20
ENOUGH = 4


@dataclass
class _Outcome(Outcome):
    right: set[str] = field(default_factory=set)
    traced: bool = False
    launched: bool = False
    watched: bool = False


@dataclass(frozen=True)
class _Timing:
    size: Any
    baseline: Any
    model: Any


class _Wrong(Exception):
    """A timed call gave a wrong result."""


class FunctionCheck:
    """Checks one function over several sizes and array libraries.

        check = FunctionCheck(normalise_rows, arrays=("numpy", "cupy"))
        check.inputs(lambda rng, shape: (rng.random(shape, dtype="f4"),), sizes=SIZES_2D)
        check.expect(lambda x: x / np.linalg.norm(x, axis=1, keepdims=True), rtol=1e-5)
        check.points(correct=3, same_type=2, on_device=1, keeps_inputs=1)
        check.limits(to_host=0)
        check.run()                                    # a Report

    `arrays` names the libraries whose arrays go in, one run for each: "numpy", "cupy" or "numba" (a Numba device
    array). `same_type` wants the same library back and the dtype of the reference's result. `hidden` keeps sizes
    and values out of messages.
    """

    def __init__(
        self,
        function: Any,
        *,
        arrays: Sequence[ArrayKind] = ("numpy",),
        name: str = "",
        hidden: bool = False,
        seed: int | None = None,
    ) -> None:
        self._function = function
        self._arrays = tuple(arrays)
        self._name = name
        self._hidden = hidden
        self._seed = seed
        self._generate: Callable[[np.random.Generator, Any], tuple[Any, ...]] | None = None
        self._sizes: tuple[Any, ...] = ()
        self._reference: Callable[..., Any] | None = None
        self._rtol: float | Callable[[Any], float] | None = None
        self._atol = 0.0
        self._dtype: Any = None
        self._points: dict[str, float] = {"correct": 1.0}
        self._to_host: int | Callable[[Any], int] | None = 0
        self._to_device: int | Callable[[Any], int] | None = None
        self._copies_to_host: int | Callable[[Any], int] | None = None
        self._copies_to_device: int | Callable[[Any], int] | None = None
        self._limited = False
        self._launches = 1
        self._most_launches: int | Callable[[Any], int] | None = None
        self._makespan: float | None = None
        self._peak_bytes: int | Callable[[Any], int] | None = None
        self._bands: dict[str, Bands] = {}
        self._timing: _Timing | None = None

    def inputs(
        self, generator: Callable[[np.random.Generator, Any], tuple[Any, ...]], sizes: Iterable[Any]
    ) -> FunctionCheck:
        """`generator(rng, size)` gives the positional arguments, NumPy arrays and plain values."""
        self._generate = generator
        self._sizes = tuple(sizes)
        return self

    def expect(
        self,
        reference: Callable[..., Any],
        *,
        rtol: float | Callable[[Any], float] | None = None,
        atol: float = 0.0,
        dtype: Any = None,
    ) -> FunctionCheck:
        """`reference(*arguments)` with NumPy arrays gives the expected result, or a tuple of several.

        `rtol` is a number or a function of the element count; `dtype` is the expected result's, default the
        reference's. A float where that is an integer costs `same_type`, or `correct` where that has no points.
        """
        self._reference = reference
        self._rtol = rtol
        self._atol = atol
        self._dtype = None if dtype is None else np.dtype(dtype)
        return self

    def limits(
        self,
        *,
        to_host: int | Callable[[Any], int] | None = 0,
        to_device: int | Callable[[Any], int] | None = None,
        copies_to_host: int | Callable[[Any], int] | None = None,
        copies_to_device: int | Callable[[Any], int] | None = None,
        launches: int = 1,
        most_launches: int | Callable[[Any], int] | None = None,
        makespan: float | None = None,
        peak_bytes: int | Callable[[Any], int] | None = None,
    ) -> FunctionCheck:
        """What `on_device` allows: at most so many bytes copied, in so many copies (numbers or functions of the size;
        None: any), at least `launches` and at most `most_launches` kernel launches, which a Python loop over elements
        exceeds. For functions of NumPy arrays alone they hold where they are given; 0 bytes to the host mean any there.

        `makespan` is the largest share of the time that the same work takes one after the other, 0.8, say: copies and
        kernels have to overlap. `peak_bytes` is by how much the device's memory in use may grow during the call. These
        two come from the emulated GPU's modelled timeline and its memory, and count for functions of NumPy arrays, too.
        On a real GPU nothing counts them: there `timing` measures.
        """
        self._to_host, self._to_device, self._launches = to_host, to_device, launches
        self._copies_to_host, self._copies_to_device = copies_to_host, copies_to_device
        self._most_launches = most_launches
        self._makespan, self._peak_bytes = makespan, peak_bytes
        self._limited = True
        return self

    def timing(self, size: Any, *, baseline: Any = None, model: Any = None) -> FunctionCheck:
        """What is timed, for `speedup` and `model_share`: calls on fresh inputs of `size`, of the first of `arrays`.

        `baseline` and `model` are functions of a module (`exam.py`, say), which is imported where they run. The clock
        runs from the inputs' first byte handed over until the results lie in the examiner: choose a `size` for which
        the work takes much longer than that way, and at least some milliseconds.
        """
        self._timing = _Timing(size, baseline, model)
        return self

    def points(
        self,
        *,
        correct: float = 0,
        same_type: float = 0,
        on_device: float = 0,
        keeps_inputs: float = 0,
        in_bounds: float = 0,
        race_free: float = 0,
        speedup: tuple[float, Bands] | None = None,
        model_share: tuple[float, Bands] | None = None,
    ) -> FunctionCheck:
        """Points for each part. `correct` needs every case right; the others count once one case is right for each of
        `arrays`, so that untouched NumPy code earns nothing.

        `in_bounds` and `race_free` are about the kernels that the function launches, as in a `KernelCheck`, and are
        lost where it launches none. They and `on_device` are left out of the score where nothing counts launches and
        copies. `speedup` and `model_share` are (points, {least ratio: points}) and need `timing`: how much faster than
        the baseline, and the speed over that of the model solution, of a function that is right in every case. Work of
        an emulated GPU is not timed.
        """
        given = {
            "correct": correct,
            "same_type": same_type,
            "on_device": on_device,
            "keeps_inputs": keeps_inputs,
            "in_bounds": in_bounds,
            "race_free": race_free,
        }
        self._bands = {}
        for name, band in (("speedup", speedup), ("model_share", model_share)):
            if band is not None:
                given[name], self._bands[name] = checked_bands(name, band)
        self._points = {part: float(given[part]) for part in _PARTS if given.get(part)}
        if not self._points or min(self._points.values()) < 0:
            raise ValueError("give positive points to at least one part")
        return self

    def run(self) -> Report:
        """Call the function for every case and compare. A fault of the learner's code is a finding."""
        generate, reference = self._generate, self._reference
        if generate is None or reference is None:
            raise ValueError("a FunctionCheck needs inputs(...) and expect(...) before run()")
        for part in self._bands:
            if self._timing is None or getattr(self._timing, BESIDE[part]) is None:
                raise ValueError(f"points for {part} need timing(...) with {BESIDE[part]}")
        surroundings = current()
        given = self._seed if self._seed is not None else getattr(surroundings, "seed", None)
        seed = int(given) if given is not None else secrets.randbits(32)
        outcome = _Outcome()
        for number, size in enumerate(self._sizes):
            for library, kind in enumerate(self._arrays):
                if outcome.stop or outcome.wrong_cases >= ENOUGH:
                    break
                # Values of its own for each library: none can be known from the run before.
                rng = np.random.default_rng([seed, number, library])
                args = tuple(generate(rng, size))
                expected = reference(*(arg.copy() if isinstance(arg, np.ndarray) else arg for arg in args))
                outcome.ran += 1
                if self._case(surroundings, outcome, size, kind, args, expected):
                    outcome.right |= {kind} if elements(size) > 0 else set()
                else:
                    outcome.wrong_cases += 1
                    outcome.lost.add("correct")
        if self._bands and not outcome.stop:
            self._time(surroundings, outcome, seed)
        return self._conclude(surroundings, seed, outcome)

    # -- on the clock

    def _time(self, surroundings: Surroundings, outcome: _Outcome, seed: int) -> None:
        if outcome.wrong_cases:
            outcome.lost.update(self._bands)
            return
        clock: FunctionClock | None = getattr(surroundings, "function_clock", None)
        stored = getattr(surroundings, "stored", None) or {}
        emulated = surroundings.device.name == "emulated"
        timed = clock is not None and not (emulated and self._arrays[0] != "numpy")
        try:
            if timed and clock is not None and not (emulated and self._launches_kernels(surroundings, seed)):
                self._race(surroundings, clock, outcome, seed, stored)
            elif "timing" in stored:
                outcome.settle(stored, self._points, self._bands)
        except LearnerError as error:
            outcome.lost.update(self._bands)
            self._refused(error, self._timing and self._timing.size, outcome)
            # What was right at the other sizes is right.
            outcome.stop = False
        for part in self._bands:
            if part not in outcome.given and part not in outcome.lost:
                outcome.given[part] = None

    def _launches_kernels(self, surroundings: Surroundings, seed: int) -> bool:
        """Does a function of NumPy arrays use the emulated GPU, whose time is no measure?"""
        args = self._drawn(seed, 9, 0, 0)
        launches = surroundings.call(self._function, args, {})[1].launches
        return bool(launches)

    def _drawn(self, seed: int, who: int, number: int, run: int) -> tuple[Any, ...]:
        assert self._timing is not None
        assert self._generate is not None
        return tuple(self._generate(np.random.default_rng([seed, _DRAWS, who, number, run]), self._timing.size))

    def _race(
        self,
        surroundings: Surroundings,
        clock: FunctionClock,
        outcome: _Outcome,
        seed: int,
        stored: Mapping[str, Any],
    ) -> None:
        timing, reference, kind = self._timing, self._reference, self._arrays[0]
        assert timing is not None
        assert reference is not None

        def results(args: tuple[Any, ...]) -> Any:
            return reference(*(arg.copy() if isinstance(arg, np.ndarray) else arg for arg in args))

        def inputs(who: int, number: int) -> list[tuple[Any, ...]]:
            return [self._drawn(seed, who, number, run) for run in range(CALLS)]

        def sent(sets: list[tuple[Any, ...]]) -> list[list[Any]]:
            return [[_place(arg, kind) for arg in args] for args in sets]

        def learner(number: int) -> Block:
            sets = inputs(0, number)
            expected = [results(args) for args in sets]
            wall, values = clock.block("learner", self._function, sent(sets))
            right = [
                self._right(value, wanted, kind, timing.size, outcome)
                for value, wanted in zip(values, expected, strict=True)
            ]
            if not all(right):
                raise _Wrong
            return Block(wall=wall / CALLS)

        def other(who: int, name: Contender, function: Any) -> Turn:
            def turn(number: int) -> Block:
                return Block(wall=clock.block(name, function, sent(inputs(who, number)))[0] / CALLS)

            return turn

        echoed = results(self._drawn(seed, 3, 0, 0))
        turns: dict[Contender, Turn] = {"learner": learner, "echo": other(3, "echo", echoed)}
        ratios: dict[str, Callable[[Mapping[Contender, float]], float]] = {}
        for who, (part, name) in enumerate(BESIDE.items(), 1):
            if part in self._bands:
                turns[name] = other(who, name, getattr(timing, name))
                ratios[part] = faster_than(name)
        try:
            found = race(turns, ratios, self._bands, clock.seconds_left)
        except _Wrong:
            outcome.lost |= {"correct", *self._bands}
            return
        outcome.raced(found, stored, self._points, self._bands)

    def _case(
        self,
        surroundings: Surroundings,
        outcome: _Outcome,
        size: Any,
        kind: ArrayKind,
        args: tuple[Any, ...],
        expected: Any,
    ) -> bool:
        found: list[CheckFinding] = []
        sent = [_place(arg, kind) for arg in args]
        try:
            result, trace = surroundings.call(self._function, sent, {})
        except LearnerError as error:
            self._see(error.findings, outcome)
            self._refused(error, size, outcome)
            return False
        if trace.findings is not None:
            outcome.watched = True
            outcome.launched |= bool(trace.launches)
            self._see(trace.findings, outcome)
        if result is None or result is Ellipsis:
            outcome.find(CheckFinding("unwritten", messages.returned_nothing()))
            outcome.stop = True
            return False
        self._watch(trace, kind, size, args, outcome, found)
        outcome.find(*found)
        return self._right(result, expected, kind, size, outcome)

    def _refused(self, error: LearnerError, size: Any, outcome: _Outcome) -> None:
        text = error.message
        if error.kind == "unwritten":
            text = messages.function_not_written()
        elif self._hidden and error.exception is not None:
            text = messages.raised_hidden(error.exception)
        outcome.find(CheckFinding(error.kind, text, line=error.line, evidence=f"{size}: {error.evidence or error}"))
        outcome.stop = error.kind in ("unwritten", "wrong-type", "timeout", "crashed")

    def _right(self, result: Any, expected: Any, kind: ArrayKind, size: Any, outcome: _Outcome) -> bool:
        """Is it what the reference gives? What is not is found."""
        found: list[CheckFinding] = []
        wanted = expected if isinstance(expected, tuple) else (expected,)
        results = result if isinstance(result, tuple | list) and isinstance(expected, tuple) else (result,)
        right = True
        if len(results) != len(wanted):
            found.append(CheckFinding("wrong-type", messages.wrong_count(len(wanted))))
            right = False
        else:
            for index, (one, value) in enumerate(zip(results, wanted, strict=True)):
                right &= self._compare(one, np.asarray(value), kind, size, index, len(wanted), outcome, found)
        outcome.find(*found)
        return right

    def _see(self, seen: Iterable[Finding], outcome: _Outcome) -> None:
        """What the device saw in kernels, where there are points for that."""
        for finding in seen:
            part = COSTS.get(finding.kind)
            if part not in self._points:
                continue
            outcome.lost.add(part)
            outcome.find(
                CheckFinding(
                    finding.kind,
                    finding.general or finding.message if self._hidden else finding.message,
                    line=finding.line,
                    other_line=finding.other_line,
                    cell=finding.file,
                    evidence=f"block {finding.block}, thread {finding.thread}: {finding.message['en']}",
                )
            )

    def _watch(
        self,
        trace: FunctionTrace,
        kind: ArrayKind,
        size: Any,
        args: tuple[Any, ...],
        outcome: _Outcome,
        found: list[CheckFinding],
    ) -> None:
        """Inputs left alone, and work that stayed on the device."""
        if trace.arguments is not None:
            for number, (arg, left) in enumerate(zip(args, trace.arguments, strict=False)):
                values = left.array if isinstance(left, OnDevice) else left
                if isinstance(arg, np.ndarray) and not _identical(arg, values):
                    found.append(CheckFinding("input-changed", messages.input_changed(f"no. {number + 1}")))
                    outcome.lost.add("keeps_inputs")
        modelled = self._makespan is not None or self._peak_bytes is not None
        # Beside arrays of the device, NumPy's are for host code.
        counted = kind != "numpy" or modelled or (self._limited and set(self._arrays) == {"numpy"})
        if trace.launches is None or elements(size) == 0 or not counted:
            return
        outcome.traced = True
        problems: list[CheckFinding] = []
        if trace.launches < self._launches:
            problems.append(CheckFinding("host-fallback", messages.no_launch()))
        for kind_of, got, limit, sentence in (
            ("host-fallback", trace.to_host, self._to_host, messages.copies),
            ("host-fallback", trace.to_device, self._to_device, messages.copies_in),
            ("host-fallback", trace.copies_to_host, self._copies_to_host, messages.copied_often),
            ("host-fallback", trace.copies_to_device, self._copies_to_device, messages.copied_in_often),
            ("many-launches", trace.launches, self._most_launches, messages.many_launches),
            ("memory-peak", trace.peak_bytes, self._peak_bytes, messages.memory_peak),
        ):
            allowed = limit(size) if callable(limit) else limit
            # What came from the host goes back there.
            if kind == "numpy" and sentence is messages.copies and not allowed:
                continue
            if got is not None and allowed is not None and got > allowed:
                problems.append(CheckFinding(kind_of, sentence(got, allowed)))
        if self._makespan is not None and trace.busy and trace.makespan is not None:
            share = trace.makespan / trace.busy
            if share > self._makespan:
                problems.append(CheckFinding("no-overlap", messages.no_overlap(share, self._makespan)))
        found += problems
        if problems:
            outcome.lost.add("on_device")

    def _compare(
        self,
        result: Any,
        expected: np.ndarray,
        kind: ArrayKind,
        size: Any,
        index: int,
        count: int,
        outcome: _Outcome,
        found: list[CheckFinding],
    ) -> bool:
        library = result.kind if isinstance(result, OnDevice) else "numpy"
        values = result.array if isinstance(result, OnDevice) else result
        try:
            got = np.asarray(values)
        except Exception:  # a handle or an object of the learner's: not data, whatever it says
            got = np.asarray(None)
        if got.dtype.kind not in "biufc" or (library != kind and (kind != "numpy" or expected.ndim > 0)):
            name = library if got.dtype.kind in "biufc" else type(values).__name__
            found.append(CheckFinding("wrong-type", messages.wrong_library(kind, name)))
            outcome.lost.add("same_type")
            if got.dtype.kind not in "biufc":
                return False
        wanted = self._dtype or expected.dtype
        plain = isinstance(values, bool | int | float | complex) and expected.ndim == 0
        broken = wanted.kind in _WHOLE and got.dtype.kind not in _WHOLE
        if broken or (got.dtype != wanted and not plain):
            found.append(CheckFinding("wrong-type", messages.wrong_dtype(str(wanted), str(got.dtype))))
            outcome.lost.add("same_type")
        if got.shape != expected.shape:
            text = (
                messages.wrong_shape_hidden(messages.size_class(size))
                if self._hidden
                else messages.wrong_shape(expected.shape, got.shape)
            )
            evidence = f"{size}: {expected.shape}, got {got.shape}"
            everywhere = messages.wrong_shapes_hidden() if self._hidden else None
            found.append(CheckFinding("wrong-result", text, evidence=evidence, everywhere=everywhere))
            return False
        difference = compare(got, expected, self._tolerance(size, wanted), self._atol)
        if difference is None:
            return not broken or "same_type" in self._points
        name = f"result {index + 1} " if count > 1 else "result"
        where = f"{name}{place(difference.index)}" if difference.index else name.strip()
        evidence = f"size {size}, {kind}: {where} expected {difference.expected}, got {difference.got}"
        text = (
            messages.wrong_result_hidden(messages.size_class(size))
            if self._hidden
            else messages.wrong_result(
                where,
                f"size {size}, {kind}",
                difference.expected,
                difference.got,
                difference.wrong,
                difference.total,
            )
        )
        everywhere = messages.wrong_results_hidden() if self._hidden else None
        found.append(CheckFinding("wrong-result", text, evidence=evidence, everywhere=everywhere))
        return False

    def _tolerance(self, size: Any, dtype: np.dtype) -> float:
        if self._rtol is None:
            return map_rtol(dtype)
        return float(self._rtol(elements(size))) if callable(self._rtol) else float(self._rtol)

    def _conclude(self, surroundings: Surroundings, seed: int, outcome: _Outcome) -> Report:
        lost = set(outcome.lost)
        if outcome.stop or outcome.right < set(self._arrays):
            lost |= set(self._points)
        if "on_device" in self._points and not outcome.traced and outcome.right:
            lost.discard("on_device")
            outcome.given["on_device"] = None
        for part in _SEEN:
            if part in self._points and outcome.right and not outcome.watched:
                lost.discard(part)
                outcome.given[part] = None
            elif not outcome.launched:
                lost.add(part)
        return Report(
            parts=outcome.parts(self._points, lost),
            findings=outcome.told(),
            name=self._name,
            seed=seed,
            device=surroundings.device.name,
            hidden=self._hidden,
            language=surroundings.language,
            measurements=outcome.measurements,
        )


def _place(arg: Any, kind: ArrayKind) -> Any:
    """An argument as it travels: arrays become arrays of the wanted library."""
    if not isinstance(arg, np.ndarray):
        return arg
    return arg.copy() if kind == "numpy" else OnDevice(arg.copy(), kind)


def _identical(one: np.ndarray, other: Any) -> bool:
    same = isinstance(other, np.ndarray) and other.dtype == one.dtype and other.shape == one.shape
    return same and other.tobytes() == one.tobytes()
