"""What a device is to the rest of the grader: one launch in, memory and findings out.

Two devices answer this interface: the emulated GPU (`grader.device.emulated`) and a real one
(`grader.device.cuda`). Imports nothing of the project.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np

Dim3 = tuple[int, int, int]
#: Bytes of a buffer: the first, that behind the last, and are all between them meant?
Span = tuple[int, int, bool]
Language = Literal["de", "en"]

#: Every kind a finding can have. The list is part of the published interface; kinds are only ever added.
KINDS: dict[str, Literal["error", "advice"]] = {
    "out-of-bounds": "error",
    "race": "error",
    "barrier": "error",
    "uninitialised": "error",
    "step-limit": "error",
    "residency": "error",
    "launch": "error",
    "unsupported": "error",
    "compile": "error",
    "trap": "error",
    "stream-race": "error",
    "float64": "advice",
    "uncoalesced": "advice",
    "bank-conflict": "advice",
    "divergence": "advice",
    "occupancy": "advice",
    "spills": "advice",
    "same-value": "advice",
}
#: So many errors of a kind are worth keeping.
FAULTS = 16
#: From so much waste on, advice counts for the exit code of a script.
WASTE = 1 << 20


@dataclass(frozen=True)
class Finding:
    """Something a device saw in a kernel.

    `kind` is a key of `KINDS`; `line` and `other_line` are 1-based lines of the source file named by the PTX
    (`other_line` is the second access of a race); `thread` and `block` are (x, y, z) indices of the first
    thread concerned; `message` holds one sentence for each language, saying what happened and what to do;
    `general` says the same without a number from which sizes or a launch shape could be read, where there is one in
    `message`; `count` says how often it was seen. `waste` says how much advice is about: sectors of 32 bytes moved
    beyond the ideal, turns lost in banks, empty places in warps, instructions of a kernel with needless float64.
    """

    kind: str
    message: dict[str, str]
    line: int | None = None
    other_line: int | None = None
    file: str | None = None
    thread: Dim3 | None = None
    block: Dim3 | None = None
    count: int = 1
    general: dict[str, str] | None = None
    waste: int = 0

    @property
    def severity(self) -> Literal["error", "advice"]:
        return KINDS[self.kind]

    @property
    def counts(self) -> bool:
        """Is it an error, or advice about so much that it should not be passed over?"""
        return self.severity == "error" or self.waste >= WASTE

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> Finding:
        """Inverse of `dataclasses.asdict`, after a way that may have made lists of tuples."""
        return cls(**{**data, **{name: tuple(data[name]) if data[name] else None for name in ("thread", "block")}})


@dataclass(frozen=True)
class Pointer:
    """A kernel parameter of pointer type: `buffer` indexes `Launch.buffers`, `offset` is in bytes.

    `begin` and `end` bound, in bytes from the buffer's start, what the kernel may touch through it: an
    argument's view inside a larger buffer with guard bands.
    """

    buffer: int
    offset: int
    begin: int
    end: int


@dataclass(frozen=True)
class Launch:
    """One kernel launch.

    `ptx` is the module's text, `entry` the kernel's name in it. `parameters` follow the entry's `.param`
    list: a `Pointer`, or the little-endian bytes of a scalar. `buffers` are flat `uint8` arrays, copied
    before the launch; `initialised` says for each buffer whether its bytes count as written before the
    launch (an output that a check filled with a pattern does not). `step_limit` counts thread
    instructions, in all; `thread_step_limit` those of one thread. `trace` is the number in the grid of a warp whose
    doings are recorded, on the emulated GPU. `variables` holds what the module's own variables begin with, all bytes of
    each, by name: what an earlier launch left, or what the host wrote. The others begin with their initial values.
    """

    ptx: str
    entry: str
    grid: Dim3
    block: Dim3
    parameters: tuple[Pointer | bytes, ...]
    buffers: tuple[np.ndarray, ...]
    initialised: tuple[bool, ...] = ()
    shared_bytes: int = 0
    seed: int = 0
    races: bool = True
    step_limit: int = 200_000_000
    thread_step_limit: int = 2_000_000
    trace: int | None = None
    variables: Mapping[str, bytes] = field(default_factory=dict)


@dataclass
class Counters:
    """What a launch did, summed over all threads. Sectors are 32 bytes of global memory; `global_atomics` are those of
    the `atomics` that went there.

    `undecided_orders` counts accesses about whose order nothing was said, because it could not be followed.
    """

    thread_instructions: int = 0
    global_sectors: int = 0
    ideal_sectors: int = 0
    bank_conflicts: int = 0
    atomics: int = 0
    global_atomics: int = 0
    barriers: int = 0
    float64_instructions: int = 0
    undecided_orders: int = 0

    @property
    def coalescing(self) -> float:
        """Ideal sectors over real ones; 1.0 is best, and the value where nothing was accessed."""
        return self.ideal_sectors / self.global_sectors if self.global_sectors else 1.0


@dataclass
class LaunchResult:
    """`buffers` as the kernel left them, in the order of `Launch.buffers`; `seconds` only from a real GPU.

    `printed` is what the kernel's printf wrote, on the emulated GPU; on a real one it goes to the process's stdout.
    `variables` are those of the module that the kernel may have changed, as it left them.
    `trace` is a `grader.device.emulated.trace.Trace` where the launch asked for one. `touched` has for each buffer
    the bytes read and those written; nothing where nobody watched.
    """

    buffers: list[np.ndarray]
    findings: list[Finding] = field(default_factory=list)
    counters: Counters = field(default_factory=Counters)
    seconds: float | None = None
    printed: str = ""
    trace: Any = None
    variables: dict[str, bytes] = field(default_factory=dict)
    touched: list[tuple[Span, Span]] = field(default_factory=list)


class Faults:
    """Errors among findings, those of one place once, and of each kind so many that no kind crowds out another."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str | None, int | None, int | None], Finding] = {}

    def add(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            known = sum(kind == finding.kind for kind, *_ in self._found)
            if finding.severity == "error" and known < FAULTS:
                self._found.setdefault((finding.kind, finding.file, finding.line, finding.other_line), finding)

    def taken(self) -> tuple[Finding, ...]:
        """Those since this was asked the last time."""
        found, self._found = self._found, {}
        return tuple(found.values())


class Device(Protocol):
    """A place where PTX runs. `name` is `emulated`, or `cuda:` and the GPU's product name."""

    name: str
    compute_capability: tuple[int, int]

    def launch(self, launch: Launch) -> LaunchResult:
        """Run it to its end. A kernel's faults are findings; `DeviceError` is a failure of the device."""
        ...


@dataclass(frozen=True)
class Run:
    """What came of timed launches: the seconds of each by the device's own clock, or what went wrong."""

    seconds: tuple[float, ...] = ()
    finding: Finding | None = None


class TimedDevice(Device, Protocol):
    """A device with a clock. Launches are placed with their own memory first, so that no copy is timed."""

    def place(self, launch: Launch) -> Finding | None:
        """Load the module and copy the buffers; what is wrong with it, or None."""
        ...

    def warm(self, seconds: float) -> Run:
        """Run the launch that was placed first again and again, at least three times and so many seconds."""
        ...

    def go(self, repeat: int) -> Run:
        """Run the others, one after the other, `repeat` times over, each with cold caches; give the time of each."""
        ...

    def collect(self, number: int) -> list[np.ndarray]:
        """The buffers of launch `number`, in the order of placing, as they are now."""
        ...

    def clear(self) -> None:
        """Let go of everything that was placed."""
        ...

    def conditions(self) -> dict[str, Any]:
        """What the device says of itself now; see `grader.device.conditions`."""
        ...


class DeviceError(RuntimeError):
    """The device itself failed; says nothing about the learner's kernel."""
