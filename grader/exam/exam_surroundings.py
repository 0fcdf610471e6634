"""What checks ask in an exam: the candidate compiles and calls, benches launch. Imports this package and checks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from grader.checks import messages as check_messages
from grader.checks.learner import CompiledKernel, LearnerError
from grader.checks.signature import parse_signature
from grader.checks.surroundings import FunctionTrace
from grader.checks.timing import Clock, FunctionClock
from grader.device.assembler import Resources
from grader.device.interface import Device, Finding, Language, Launch
from grader.exam import messages
from grader.exam.bench_link import Assembler
from grader.exam.candidate_link import CandidateLink
from grader.exam.marking import clean
from grader.exam.proxy import Proxy

#: Longer PTX is no exercise's kernel, in characters.
MAX_PTX = 4_000_000
_REFUSALS = ("compile", "wrong-type", "unwritten")
_CELL = "<cell:"


def _cell(file: str | None) -> str | None:
    """The key of the cell that a source file is, as its name says."""
    return file.rpartition(_CELL)[2].rstrip(">") if file is not None and _CELL in file else None


class ExamSurroundings:
    """One notebook's.

    `device` gives the results; `emulator` the diagnosis, the same device where there is no GPU. `clock` is None there,
    and both clocks are where nothing can be timed.
    Kernels of the instructor's run on the `yardstick`.
    `seed` is that of the test cell that runs, None where its inputs are drawn anew; `stored` is what an earlier exam
    measured in it, whose verdict is to be reached again.
    """

    hidden = True

    def __init__(
        self,
        link: CandidateLink,
        device: Device,
        *,
        emulator: Device,
        yardstick: Device,
        assembler: Assembler,
        clock: Clock | None,
        function_clock: FunctionClock | None,
        language: Language,
    ) -> None:
        self.link = link
        self.device = device
        self.emulator = emulator
        self.yardstick = yardstick
        self.assembler = assembler
        self.clock = clock
        self.function_clock = function_clock
        self.language = language
        self.seed: int | None = None
        self.stored: dict[str, Any] = {}

    def assemble(self, launch: Launch) -> Resources:
        return self.assembler.assemble(launch, self.device.compute_capability)

    def compile_kernel(self, kernel: Any, signature: str, cc: tuple[int, int]) -> CompiledKernel:
        wanted = parse_signature(signature)
        if not isinstance(kernel, Proxy):
            expected = check_messages.not_a_raw_kernel if wanted.cuda_c else check_messages.not_a_kernel
            raise LearnerError("wrong-type", expected(kernel))
        reply = self.link.compile(kernel, signature, cc)
        if "refused" in reply:
            raise self._refusal(reply["refused"])
        ptx, entry, file = reply.get("ptx"), reply.get("entry"), reply.get("file")
        if not (isinstance(ptx, str) and isinstance(entry, str) and isinstance(file, str)):
            raise self.link.lost("malformed")
        if len(ptx) > MAX_PTX:
            raise LearnerError("compile", messages.refused_kernel(), evidence=f"{len(ptx)} bytes of PTX")
        cell = _cell(file)
        return CompiledKernel(ptx, entry, wanted.parameters, file=file, cell=cell if cell in self.link.lines else None)

    def _refusal(self, said: Any) -> LearnerError:
        """The compiler's sentence helps, and is the candidate's word: it is shown while nothing hidden can be in it."""
        if not isinstance(said, dict) or said.get("kind") not in _REFUSALS:
            return LearnerError("compile", messages.refused_kernel())
        given = said.get("message")
        text = {name: clean(given.get(name), 600) for name in ("en", "de")} if isinstance(given, dict) else {}
        shown = text if all(text.values()) and text and not self.link.told else messages.refused_kernel()
        line = said.get("line")
        return LearnerError(
            said["kind"],
            shown,
            line if type(line) is int and 0 < line <= max(self.link.lines.values(), default=0) else None,
            f"{text.get('en', '')}\n{clean(said.get('evidence'), 4_000)}",
        )

    def call(self, function: Any, args: Any, kwargs: Any) -> tuple[Any, FunctionTrace]:
        if not isinstance(function, Proxy):
            return function(*args, **kwargs), FunctionTrace()
        memory = self.link.memory
        before = memory.counted() if memory is not None else {}
        if memory is not None:
            # What kernels did before is not this call's.
            memory.faults()
        done = self.link.call_plainly(function._handle, tuple(args), dict(kwargs), for_checks=True)
        after = memory.counted() if memory is not None else {}
        found = tuple(map(self._in_its_cell, memory.faults())) if memory is not None else None
        if done.error is not None:
            kind = "unwritten" if done.error.unwritten else "exception"
            finding = messages.learner_exception(done.error.kind, done.error.line, done.error.cell, None)
            raise LearnerError(kind, finding.message, done.error.line, done.error.trace, findings=found or ())
        moved = {name: after[name] - before[name] for name in after}
        arguments = tuple(args) if done.args is None else done.args
        return done.value, FunctionTrace(**moved, arguments=arguments, findings=found)

    def _in_its_cell(self, finding: Finding) -> Finding:
        """File and line are the candidate's word: a cell of the paper and a line in it, or none."""
        if finding.kind == "stream-race":
            # It is about no kernel, and names no place.
            return replace(finding, file=None, line=None, other_line=None)
        cell = _cell(finding.file)
        if cell in self.link.lines and max(finding.line or 0, finding.other_line or 0) <= self.link.lines[cell]:
            return replace(finding, file=cell)
        text = messages.somewhere(finding.kind)
        return replace(finding, message=text, general=text, file=None, line=None, other_line=None)
