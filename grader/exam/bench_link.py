"""The examiner's side of the benches and the assembler. Imports this package, checks and the device interface."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from grader.checks.learner import LearnerError
from grader.checks.timing import Block, Contender, Stopped
from grader.device.assembler import AssemblyError, Resources
from grader.device.interface import DeviceError, Finding, Launch, LaunchResult
from grader.exam import messages
from grader.exam.bench import launch_to_plain, result_from_plain
from grader.exam.channel import Channel, ChannelError, pack, unpack
from grader.exam.marking import clean

#: How long a kernel runs before it is timed, in seconds.
_WARM = 0.2
#: The launches of a block are timed together until they take so long, in seconds; then the clock of this process tells
#: a wrong time of the bench's from a late message. And no more often than this.
_TOGETHER, _MOST = 0.05, 64
#: Where it is a learner's kernel that takes too long. Elsewhere it may be the machine, and nobody loses points.
_LEARNERS = ("bench", "emulator")
_CONDITIONS = {
    "uuid": str,
    "reaches_host": bool,
    "clock_mhz": int,
    "memory_clock_mhz": int,
    "celsius": int,
    "watts": float,
    "throttled": list,
    "mig": bool,
}


class Asked:
    """A process of the room's that answers one question at a time, `quiet` ones while no learner code runs.

    `seconds` is the clock. One that ended is tried once more where it holds nothing yet: another process may have been
    the reason.
    """

    def __init__(self, channel: Channel, role: str, seconds: Callable[[], float]) -> None:
        self.channel = channel
        self.role = role
        self.seconds = seconds
        #: Seconds from the first byte of the last question until its answer was here.
        self.took = 0.0

    def ask(self, name: str, about: Any, *, again: bool = True, quiet: bool = False) -> Any:
        """Raises LearnerError where a learner's kernel takes too long, DeviceError where there is no answer."""
        body = pack({name: about})
        for attempt in (1, 2):
            if quiet:
                self.channel.send({"hush": True})
                self.channel.receive()
            seconds, started = self.seconds(), time.perf_counter()
            self.channel.send_raw(pack({"ask": self.role, "seconds": seconds}), body)
            answer = self.channel.receive()
            if "gone" not in answer:
                break
            if answer["gone"] == "timeout" and self.role not in _LEARNERS:
                raise DeviceError(f"the {self.role} did not answer in time")
            if answer["gone"] == "timeout":
                raise LearnerError("timeout", messages.timeout(round(seconds)).message)
            if attempt == 2 or not again:
                raise DeviceError(f"the {self.role} ended{' twice' if again else ''}")
        try:
            raw = self.channel.receive_raw()
            self.took = time.perf_counter() - started
            reply = unpack(raw)
            if "failed" in reply:
                raise DeviceError(clean(reply["failed"], 1_000))
            return reply["answer"]
        except (ChannelError, KeyError, TypeError) as error:
            raise DeviceError(f"the {self.role} sent what is no answer: {type(error).__name__}") from error


class BenchDevice:
    """The bench, as a device.

    `lines` is the number of lines of the longest cell: the PTX of a candidate may name any.
    """

    def __init__(self, bench: Asked, name: str, compute_capability: tuple[int, int], lines: int) -> None:
        self.bench = bench
        self.name = name
        self.compute_capability = compute_capability
        self.lines = lines

    def launch(self, launch: Launch) -> LaunchResult:
        reply = self.bench.ask("launch", launch_to_plain(launch))
        try:
            result = result_from_plain(reply)
        except (KeyError, TypeError, ValueError) as error:
            raise DeviceError(f"the bench sent what is no result: {type(error).__name__}") from error
        if [buffer.nbytes for buffer in result.buffers] != [buffer.nbytes for buffer in launch.buffers]:
            raise DeviceError("the bench sent other buffers back")
        return replace(result, findings=[_on_its_lines(finding, self.lines) for finding in result.findings])


def _on_its_lines(finding: Finding, lines: int) -> Finding:
    """A line that no cell has could carry a hidden value: such a finding says what happened, and not where."""
    if max(finding.line or 0, finding.other_line or 0) <= lines:
        return finding
    text = messages.somewhere(finding.kind)
    return replace(finding, message=text, general=text, line=None, other_line=None)


class Assembler:
    """NVIDIA's assembler, in a walled process of its own."""

    def __init__(self, process: Asked) -> None:
        self.process = process

    def assemble(self, launch: Launch, cc: tuple[int, int]) -> Resources:
        """What the kernel of a launch takes, whose buffers may be empty. Raises AssemblyError where it is refused."""
        reply = self.process.ask("assemble", {"launch": launch_to_plain(launch), "cc": list(cc)})
        if "refused" in reply:
            raise AssemblyError(clean(reply["refused"], 2_000))
        return Resources(**reply["resources"])


class BenchClock:
    """The two benches on the clock; see `grader.checks.timing.Clock`."""

    def __init__(self, learner: Asked, yardstick: Asked, lines: int) -> None:
        self.learner = learner
        self.yardstick = yardstick
        self.lines = lines

    def seconds_left(self) -> float:
        return self.learner.seconds()

    def block(self, who: Contender, launches: Sequence[Launch]) -> Block:
        bench = self.learner if who == "learner" else self.yardstick
        bench.ask("clear", None)
        for launch in launches:
            self._fine(bench.ask("place", launch_to_plain(launch), again=False))
        self._seconds(bench.ask("warm", _WARM, again=False, quiet=True), None)
        fresh = self._seconds(bench.ask("go", 1, again=False, quiet=True), len(launches) - 1)
        outputs = tuple(self._collected(bench, number, launches[number]) for number in range(1, len(launches)))
        repeat = min(max(math.ceil(_TOGETHER / max(sum(fresh), 1e-9)), 1), _MOST)
        reply = bench.ask("go", repeat, again=False, quiet=True)
        wall = bench.took
        together = self._seconds(reply, repeat * (len(launches) - 1))
        conditions = _conditions(bench.ask("conditions", None, again=False))
        bench.ask("clear", None, again=False)
        return Block(fresh, together, wall, outputs, conditions)

    def _fine(self, finding: Any) -> None:
        if finding is not None:
            try:
                found = Finding.from_plain(finding)
            except (KeyError, TypeError) as error:
                raise DeviceError("the bench sent what is no finding") from error
            raise Stopped(_on_its_lines(found, self.lines))

    def _seconds(self, reply: Any, count: int | None) -> tuple[float, ...]:
        try:
            self._fine(reply["finding"])
            seconds = tuple(float(value) for value in reply["seconds"])
        except (KeyError, TypeError, ValueError) as error:
            raise DeviceError("the bench sent what is no time") from error
        if count is not None and len(seconds) != count:
            raise DeviceError(f"the bench sent {len(seconds)} times for {count} launches")
        return seconds

    def _collected(self, bench: Asked, number: int, launch: Launch) -> tuple[np.ndarray, ...]:
        reply = bench.ask("collect", number, again=False)
        try:
            buffers = tuple(np.frombuffer(data, np.uint8) for data in reply)
        except (TypeError, ValueError) as error:
            raise DeviceError("the bench sent what are no buffers") from error
        if [buffer.nbytes for buffer in buffers] != [buffer.nbytes for buffer in launch.buffers]:
            raise DeviceError("the bench sent other buffers back")
        return buffers


def _conditions(said: Any) -> dict[str, Any]:
    """Those that are known, each of its type."""
    if not isinstance(said, dict):
        raise DeviceError("the bench sent what are no conditions")
    found: dict[str, Any] = {}
    for name, kind in _CONDITIONS.items():
        value = said.get(name)
        if kind is list and isinstance(value, list):
            found[name] = [clean(item, 40) for item in value[:10]]
        elif isinstance(value, kind):
            found[name] = clean(value, 80) if isinstance(value, str) else value
    return found
