"""What checks ask in an exam: the candidate compiles and calls, the bench launches. Imports this package and checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from grader.checks import messages as check_messages
from grader.checks import surroundings
from grader.checks.signature import parse_signature
from grader.device.interface import Device, DeviceError, Finding, Language, Launch, LaunchResult
from grader.exam import messages
from grader.exam.bench import launch_to_plain, result_from_plain
from grader.exam.candidate_link import CandidateLink
from grader.exam.channel import Channel, ChannelError, pack, unpack
from grader.exam.marking import clean
from grader.exam.proxy import Proxy

#: Longer PTX is no exercise's kernel, in characters.
MAX_PTX = 4_000_000
_REFUSALS = ("compile", "wrong-type", "unwritten")
_CELL = "<cell:"


class ExamSurroundings:
    """One notebook's. `seed` is that of the test cell that runs, None where its inputs are drawn anew."""

    hidden = True

    def __init__(self, link: CandidateLink, device: Device, language: Language) -> None:
        self.link = link
        self.device = device
        self.language = language
        self.seed: int | None = None

    def compile_kernel(self, kernel: Any, signature: str, cc: tuple[int, int]) -> surroundings.CompiledKernel:
        if not isinstance(kernel, Proxy):
            raise surroundings.LearnerError("wrong-type", check_messages.not_a_kernel(kernel))
        reply = self.link.compile(kernel, signature, cc)
        if "refused" in reply:
            raise self._refusal(reply["refused"])
        ptx, entry, file = reply.get("ptx"), reply.get("entry"), reply.get("file")
        if not (isinstance(ptx, str) and isinstance(entry, str) and isinstance(file, str)):
            raise self.link.lost("malformed")
        if len(ptx) > MAX_PTX:
            raise surroundings.LearnerError("compile", messages.refused_kernel(), evidence=f"{len(ptx)} bytes of PTX")
        cell = file.rpartition(_CELL)[2].rstrip(">") if _CELL in file else None
        return surroundings.CompiledKernel(
            ptx, entry, parse_signature(signature), file=file, cell=cell if cell in self.link.lines else None
        )

    def _refusal(self, said: Any) -> surroundings.LearnerError:
        """The compiler's sentence helps, and is the candidate's word: it is shown while nothing hidden can be in it."""
        if not isinstance(said, dict) or said.get("kind") not in _REFUSALS:
            return surroundings.LearnerError("compile", messages.refused_kernel())
        given = said.get("message")
        text = {name: clean(given.get(name), 600) for name in ("en", "de")} if isinstance(given, dict) else {}
        shown = text if all(text.values()) and text and not self.link.told else messages.refused_kernel()
        line = said.get("line")
        return surroundings.LearnerError(
            said["kind"],
            shown,
            line if type(line) is int and 0 < line <= max(self.link.lines.values(), default=0) else None,
            f"{text.get('en', '')}\n{clean(said.get('evidence'), 4_000)}",
        )

    def call(self, function: Any, args: Any, kwargs: Any) -> tuple[Any, surroundings.FunctionTrace]:
        if not isinstance(function, Proxy):
            return function(*args, **kwargs), surroundings.FunctionTrace()
        memory = self.link.memory
        before = memory.counted() if memory is not None else {}
        done = self.link.call_plainly(function._handle, tuple(args), dict(kwargs), for_checks=True)
        after = memory.counted() if memory is not None else {}
        if done.error is not None:
            kind = "unwritten" if done.error.unwritten else "exception"
            finding = messages.learner_exception(done.error.kind, done.error.line, done.error.cell, None)
            raise surroundings.LearnerError(kind, finding.message, done.error.line, done.error.trace)
        moved = {name: after[name] - before[name] for name in after}
        arguments = tuple(args) if done.args is None else done.args
        return done.value, surroundings.FunctionTrace(**moved, arguments=arguments)


class BenchDevice:
    """The bench, as a device. One that ended is tried once more: another process may have been the reason.

    `lines` is the number of lines of the longest cell: the PTX of a candidate may name any.
    """

    compute_capability = (9, 0)

    def __init__(self, channel: Channel, name: str, seconds: Callable[[], float], lines: int) -> None:
        self.channel = channel
        self.name = name
        self.seconds = seconds
        self.lines = lines

    def launch(self, launch: Launch) -> LaunchResult:
        body = pack(launch_to_plain(launch))
        for attempt in (1, 2):
            seconds = self.seconds()
            self.channel.send_raw(pack({"ask": "bench", "seconds": seconds}), body)
            answer = self.channel.receive()
            if "gone" not in answer:
                break
            if answer["gone"] == "timeout":
                raise surroundings.LearnerError("timeout", messages.timeout(round(seconds)).message)
            if attempt == 2:
                raise DeviceError("the bench ended twice")
        try:
            reply = unpack(self.channel.receive_raw())
            if "failed" in reply:
                raise DeviceError(clean(reply["failed"], 1_000))
            result = result_from_plain(reply["result"])
        except (ChannelError, KeyError, TypeError, ValueError) as error:
            raise DeviceError(f"the bench sent what is no result: {type(error).__name__}") from error
        if [buffer.nbytes for buffer in result.buffers] != [buffer.nbytes for buffer in launch.buffers]:
            raise DeviceError("the bench sent other buffers back")
        return replace(result, findings=[self._on_its_lines(finding) for finding in result.findings])

    def _on_its_lines(self, finding: Finding) -> Finding:
        """A line that no cell has could carry a hidden value: such a finding says what happened, and not where."""
        if max(finding.line or 0, finding.other_line or 0) <= self.lines:
            return finding
        text = messages.somewhere(finding.kind)
        return replace(finding, message=text, general=text, line=None, other_line=None)
