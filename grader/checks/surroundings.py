"""Where a check runs: in the learner's notebook, or in the exam. Imports `grader.device` only.

A check never touches the learner's objects itself. It asks its surroundings to compile a kernel, to call a
function, and for a device to launch on. In a notebook that happens in this process (`LocalSurroundings`); the
examiner installs its own with `use`, where kernels and functions are opaque proxies of things that live in the
candidate. Nothing that surroundings return is trusted to be what it says: checks compare plain data.
"""

from __future__ import annotations

import inspect
import math
import os
import time
import traceback
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, cast

import numpy as np

from grader.checks import messages
from grader.checks.compiling import compile_kernel
from grader.checks.learner import CompiledKernel, LearnerError
from grader.device.assembler import Resources, assemble
from grader.device.emulated.gate import Gate
from grader.device.interface import Device, Finding, Language, Launch

ArrayKind = Literal["numpy", "cupy", "numba"]


@dataclass(frozen=True)
class OnDevice:
    """An array that lies on the device: `array` holds its values, `kind` the library that owns it.

    As an argument of `Surroundings.call` it becomes an array of that library there; a result or a changed
    argument that is one comes back as this.
    """

    array: np.ndarray
    kind: Literal["cupy", "numba"] = "cupy"


@dataclass(frozen=True)
class FunctionTrace:
    """What was seen while a function ran. A count is None where nothing counts it.

    `launches` are kernels started, `to_device` and `to_host` bytes copied, `copies_to_device` and `copies_to_host` how
    often, `synchronisations` how often the host waited for the device by name. `busy` and `makespan` are nanoseconds of
    the emulated GPU's modelled timeline: of all work one after the other, and from the call to the end of the last.
    `peak_bytes` is by how much the device's memory in use grew at most. `arguments` are the positional arguments as the
    call left them, None where they are not known. `findings` are errors that the device saw in kernels, each with the
    learner's cell as its file, and lines of that cell.
    """

    launches: int | None = None
    to_device: int | None = None
    to_host: int | None = None
    copies_to_device: int | None = None
    copies_to_host: int | None = None
    synchronisations: int | None = None
    busy: int | None = None
    makespan: int | None = None
    peak_bytes: int | None = None
    arguments: tuple[Any, ...] | None = None
    findings: tuple[Finding, ...] | None = None


class Surroundings(Protocol):
    """What a check needs of the place it runs in.

    Optional attributes, read with a default: `emulator` (a second Device for the diagnosis, when `device` is a
    real GPU; default `device`), `yardstick` (a Device for kernels that are not the learner's; default `device`),
    `clock` and `function_clock` (`grader.checks.timing`; default: nothing is timed), `assemble` (what a launch's
    kernel takes of a GPU; default: not measured), `seed` (int; default: drawn anew, and recorded in the report) and
    `stored` (what an earlier exam measured, whose verdict is to be reached again).
    """

    language: Language
    device: Device

    def compile_kernel(self, kernel: Any, signature: str, cc: tuple[int, int]) -> CompiledKernel:
        """PTX of `kernel` for `signature`; raises LearnerError of kind compile, wrong-type or unwritten."""
        ...

    def call(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, FunctionTrace]:
        """Call the learner's function; `OnDevice` arguments arrive there as device arrays.

        Raises LearnerError, of kind exception (or unwritten for NotImplementedError) where the code raised.
        """
        ...


def chosen_language() -> Language:
    """The learner's language: LEHRWERK_LANG, else English."""
    return "de" if os.environ.get("LEHRWERK_LANG", "en").lower().startswith("de") else "en"


class _HereClock:
    """The clock of a notebook, where functions of the author's run beside the learner's."""

    def seconds_left(self) -> float:
        return math.inf

    def block(self, who: str, function: Any, inputs: Sequence[Sequence[Any]]) -> tuple[float, list[Any]]:
        started = time.perf_counter()
        if who == "echo":
            results = [np.copy(function) for _ in inputs]
        else:
            results = [call_here(function, args, {})[0] for args in inputs]
        return time.perf_counter() - started, results


class LocalSurroundings:
    """The learner's own notebook: compiles and calls in this process, launches on the emulated GPU."""

    def __init__(self, device: Device | None = None, language: Language | None = None) -> None:
        self._device = device
        self._language = language
        self._gate = Gate()
        self.function_clock = _HereClock()

    @property
    def language(self) -> Language:
        return self._language or chosen_language()

    @property
    def device(self) -> Device:
        if self._device is None:
            from grader.device.emulated import EmulatedDevice

            self._device = cast(Device, EmulatedDevice())
        return self._device

    def compile_kernel(self, kernel: Any, signature: str, cc: tuple[int, int]) -> CompiledKernel:
        return compile_kernel(kernel, signature, cc)

    def assemble(self, launch: Launch) -> Resources:
        cc = self.device.compute_capability
        return assemble(self._gate.passed(launch).ptx, cc)

    def call(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, FunctionTrace]:
        return call_here(function, args, kwargs)


def call_here(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, FunctionTrace]:
    """Call a function of this process; see `Surroundings.call`."""
    if not callable(function):
        raise LearnerError("wrong-type", messages.not_a_function(function))
    given = [_to_library(arg) for arg in args]
    named = {key: _to_library(value) for key, value in kwargs.items()}
    before, known = _heap_counts(), len(_faults() or ())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = function(*given, **named)
        except NotImplementedError as error:
            raise LearnerError("unwritten", messages.function_not_written(), learner_line(error, function)) from None
        except Exception as error:
            raise LearnerError(
                "exception",
                messages.raised(type(error).__name__, str(error)),
                learner_line(error, function),
                evidence="".join(traceback.format_exception(error)),
                exception=type(error).__name__,
                findings=_found_since(known) or (),
            ) from None
    after = _heap_counts()
    counted = {key: after[key] - before[key] for key in after} if before is not None and after is not None else {}
    left = tuple(_from_library(arg) for arg in given)
    return _from_library(result), FunctionTrace(**counted, arguments=left, findings=_found_since(known))


def learner_line(error: BaseException, function: Any) -> int | None:
    """The deepest line of `error`'s traceback in the file of `function`, None if it has none there."""
    code = getattr(inspect.unwrap(function), "__code__", None) if callable(function) else None
    if code is None:
        return None
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == code.co_filename]
    return lines[-1] if lines else None


def _heap_counts() -> dict[str, int] | None:
    """Launches and bytes so far of the emulated host API, None where it is not installed."""
    from grader.device import frontends

    return frontends.host_counts()


def _faults() -> list[Finding] | None:
    from grader.device import frontends

    return frontends.faults()


def _found_since(known: int) -> tuple[Finding, ...] | None:
    """Errors of kernels behind the first so many. A line of CUDA C is none of a cell."""
    found = _faults()
    if found is None:
        return None
    nowhere: dict[str, Any] = {"line": None, "other_line": None}
    return tuple(replace(one, file=None, **(nowhere if str(one.file).endswith(".cu") else {})) for one in found[known:])


def _to_library(value: Any) -> Any:
    if not isinstance(value, OnDevice):
        return value.copy() if isinstance(value, np.ndarray) else value
    if value.kind == "cupy":
        import cupy

        return cupy.asarray(value.array)
    from numba import cuda

    return cuda.to_device(value.array)


def _from_library(value: Any) -> Any:
    """Device arrays become OnDevice, everything else stays; tuples and lists are looked into."""
    if isinstance(value, tuple):
        return tuple(_from_library(part) for part in value)
    if isinstance(value, list):
        return [_from_library(part) for part in value]
    package = type(value).__module__.split(".")[0]
    if isinstance(value, np.ndarray) and package == "numpy":
        return value
    if hasattr(value, "copy_to_host"):
        return OnDevice(np.asarray(value.copy_to_host()), "numba")
    if hasattr(value, "__cuda_array_interface__") and hasattr(value, "get"):
        return OnDevice(np.asarray(value.get()), "cupy")
    return value


_local = LocalSurroundings()
_current: ContextVar[Surroundings | None] = ContextVar("lehrwerk_surroundings", default=None)


def current() -> Surroundings:
    """The surroundings in force: those of the innermost `use`, else the notebook's own."""
    return _current.get() or cast(Surroundings, _local)


@contextmanager
def use(surroundings: Surroundings) -> Iterator[Surroundings]:
    """Let checks inside the block run in `surroundings`."""
    token = _current.set(surroundings)
    try:
        yield surroundings
    finally:
        _current.reset(token)
