"""The conduct of one exam: what passes between examiner, candidate and benches, within the clocks of the notebook.

Trusted. Runs no foreign code and believes neither examiner nor candidate more than it must. Imports this package.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import math
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from grader.exam import messages
from grader.exam.channel import ChannelError, TimedOut, pack
from grader.exam.device_link import ATTACH, CLOSED, OPEN
from grader.exam.function_clock import PEERS
from grader.exam.marking import MAX_FINDINGS
from grader.exam.nbgrader_rules import MARKING
from grader.exam.paper import Cell, Paper
from grader.exam.processes import ExamError, Process, Processes, end_all, write_file
from grader.exam.verdict import CellVerdict, ExamFinding, Outcome, Tests

log = logging.getLogger("lehrwerk.exam")

#: The longest message of an examiner that the room reads itself, in bytes.
_REQUEST_BYTES = 8 << 20
#: An examiner that is busy by itself gets so much more than a cell's clock, in seconds.
_GRACE = 5.0
#: Processes that launch and assemble kernels: learners' in all but the yardstick, the instructor's only there.
BENCHES = ("bench", "emulator", "yardstick", "assembler")
#: Processes in which learner code may go on between questions.
LEARNERS = ("candidate", "device")
#: So many examiners are tried for one notebook.
_EXAMINERS = 8
#: Cells in which one of these stands work on a device.
_WORK_ON_DEVICE = re.compile(r"\bcuda\b|\bcupy\b")


_Text = Annotated[str, Field(max_length=300)]
_Measured = (
    bool | int | Annotated[float, Field(allow_inf_nan=False)] | _Text | Annotated[list[_Text], Field(max_length=20)]
)


def _works_on_device(cell: Cell) -> bool:
    """By the instructor's text: whether learner code gets a GPU is not the learner's to say."""
    return bool(_WORK_ON_DEVICE.search(cell.model if cell.learner else cell.source))


class _Result(BaseModel):
    """What an examiner may say of a graded cell."""

    model_config = ConfigDict(extra="forbid")

    grade_id: str
    score: float | None = Field(allow_inf_nan=False)
    outcome: Outcome
    findings: list[ExamFinding] = Field(max_length=MAX_FINDINGS)
    protected: bool
    seed: int | None
    measurements: dict[str, _Measured] = Field(default_factory=dict, max_length=60)


class _ExaminerGone(Exception):
    """The examiner ended, or was busy for longer than a cell may take (`hung`)."""

    def __init__(self, hung: bool, why: str) -> None:
        super().__init__(why)
        self.hung = hung


class Conduct:
    """One notebook: its processes and what passes between them. A context manager, which ends the processes.

    The examiner speaks in small messages, of which the room reads each; a question for another process is followed by
    one that the room passes on unread, as it does with the answer.
    """

    def __init__(
        self,
        home: Processes,
        folder: Path,
        source: Path,
        laid: Paper,
        files: dict[str, bytes],
        given: Path | None,
        language: str,
        seed: int | Mapping[str, int] | None,
        deadline: float,
        tests: Tests,
        measured: Mapping[str, Mapping[str, Any]],
        processes: bool,
        compute_capability: tuple[int, int],
    ) -> None:
        self.tests = tests
        self.may_fork = processes
        self.home, self.folder, self.source, self.laid = home, folder, source.resolve(), laid
        self.files, self.given, self.deadline = files, given, deadline
        limits = home.limits
        #: What every role may know, and what the examiner alone does.
        self.options = {
            "language": language,
            "device": home.device,
            "compute_capability": list(compute_capability),
            "cell_seconds": limits.cell_seconds,
            "call_seconds": limits.call_seconds,
            "output_bytes": limits.output_bytes,
        }
        #: What only the examiner is told.
        drawn = dict(seed) if isinstance(seed, Mapping) else seed
        self.secrets = {
            "seed": drawn,
            "source": str(self.source),
            "tests": tests,
            "measured": dict(measured),
            # Nobody can hold all processes of a candidate that makes them.
            "timed": not processes,
        }
        self.on_device = any(map(_works_on_device, laid.cells))
        self.processes: dict[str, Process] = {}
        self.link = LinkEnds()
        #: Those that stand still while something is timed.
        self.still: list[Process] = []
        self.number = 0
        self.results: dict[str, _Result] = {}
        #: The cell that the examiner is at, and its own time on it so far.
        self.cell = ""
        self.busy = 0.0

    def __enter__(self) -> Conduct:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        end_all(self.processes.values())
        self.processes.clear()
        self.still.clear()
        self.link.close()

    def run(self) -> list[CellVerdict]:
        """Conduct the exam; an examiner that ends is replaced, and what was found by then stays."""
        ended: list[str] = []
        leave_out: set[str] = set()
        for _ in range(_EXAMINERS):
            try:
                self._conduct(leave_out)
                break
            except TimedOut:
                break
            except _ExaminerGone as gone:
                log.warning("the examiner is gone at cell %s: %s", self.cell or "none", gone)
                self._end()
                # Once may be the machine's fault; twice is this test's with this submission.
                if gone.hung or self.cell in ended:
                    if not self.cell:
                        raise ExamError(f"the examiner ended: {gone}") from gone
                    leave_out.add(self.cell)
                    self._settle(gone.hung)
                ended.append(self.cell)
        late = self.deadline <= time.monotonic()
        return [self._verdict(cell, late) for cell in self.laid.cells if cell.kind != "run"]

    @property
    def seeds(self) -> dict[str, int]:
        """By grade id."""
        return {grade_id: result.seed for grade_id, result in self.results.items() if result.seed is not None}

    @property
    def measurements(self) -> dict[str, dict[str, Any]]:
        """By grade id."""
        return {grade_id: result.measurements for grade_id, result in self.results.items() if result.measurements}

    def _settle(self, hung: bool) -> None:
        """The result of a test at which the examiner ended."""
        grade_id = next((c.grade_id for c in self.laid.cells if c.key == self.cell and c.kind == "test"), None)
        if grade_id is not None:
            finding = messages.test_hung(self.home.limits.cell_seconds) if hung else messages.not_examined()
            score, outcome = (0.0, "timeout") if hung else (None, "review")
            self.results[grade_id] = _Result.model_validate(
                {"grade_id": grade_id, "score": score, "outcome": outcome, "findings": [finding], "protected": True,
                 "seed": None}
            )  # fmt: skip

    def _conduct(self, leave_out: set[str]) -> None:
        """One examiner, to its end. Raises _ExaminerGone, and TimedOut at the end of the notebook's clock."""
        self.cell, self.busy = "", 0.0
        options = self.options | self.secrets
        examiner = self.home.fork("examiner", self.folder / f"examiner-{self.number}", [self.source], options)
        self.processes["examiner"] = examiner
        self.number += 1
        # While it walls itself in and reads the paper, those that it will most likely ask for start.
        self._process("candidate")
        self._say(examiner, self._paper(leave_out))
        if self.home.device == "emulated" and self.on_device:
            self._process("device")
        while True:
            said = self._hear(examiner)
            if "ask" in said:
                self._pass_on(examiner, said)
            elif "hush" in said:
                self._hush()
                self._say(examiner, {"hushed": True})
            elif "fresh" in said:
                self._lose("candidate")
            elif "cell" in said:
                self.cell, self.busy = str(said["cell"])[:200], 0.0
            elif "result" in said:
                self._take(said["result"])
            elif "done" in said:
                return
            else:
                raise _ExaminerGone(False, str(said.get("dead", "it sent what is no request"))[:500])

    def _paper(self, leave_out: set[str]) -> dict[str, Any]:
        return {
            "cells": [asdict(cell) for cell in self.laid.cells],
            "missing": sorted(self.laid.missing),
            "leave_out": sorted(leave_out),
        }

    def _left(self) -> float:
        """What is left of the notebook's clock; raises TimedOut after its end."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimedOut("the notebook's clock is over")
        return left

    def _hear(self, examiner: Process, raw: bool = False) -> Any:
        """The examiner's next message, within the clock of the cell that it is at."""
        with self._examiners_clock() as seconds:
            if raw:
                return examiner.channel.receive_raw(seconds)
            said = examiner.channel.receive(seconds, _REQUEST_BYTES)
        if not isinstance(said, dict):
            raise _ExaminerGone(False, "it sent what is no request")
        return said

    def _say(self, examiner: Process, message: Any, *raw: bytes) -> None:
        with self._examiners_clock() as seconds:
            examiner.channel.send_raw(pack(message), *raw, timeout=seconds)

    @contextlib.contextmanager
    def _examiners_clock(self) -> Iterator[float]:
        """How long the examiner may take for a message; what it takes counts for the cell that it is at."""
        started = time.monotonic()
        left = self._left()
        allowed = max(self.home.limits.cell_seconds + _GRACE - self.busy, 0.0)
        try:
            yield min(left, allowed)
        except TimedOut as error:
            if left <= allowed:
                raise
            raise _ExaminerGone(True, f"busy for {self.busy + time.monotonic() - started:.0f} s") from error
        except ChannelError as error:
            raise _ExaminerGone(False, self.processes["examiner"].why_gone(error)) from error
        self.busy += time.monotonic() - started

    def _pass_on(self, examiner: Process, request: dict[str, Any]) -> None:
        """A question of the examiner's, to a candidate or bench and back, within the clock that the examiner sets."""
        role, seconds = request["ask"], _seconds(request.get("seconds"))
        if role not in ("candidate", *BENCHES, *PEERS, "device", "test-device"):
            raise _ExaminerGone(False, f"it asked for {str(role)[:40]!r}")
        question = self._hear(examiner, raw=True)
        until = min(time.monotonic() + seconds, self.deadline)
        process = self._process(role)
        try:
            if role in LEARNERS:
                self._go_on()
            if role == "candidate":
                device = functools.partial(self._process, "device")
                answer = ask_candidate(process, question, until, self.processes.get("device"), device)
            else:
                process.channel.send_raw(question, timeout=max(until - time.monotonic(), 0.01))
                answer = process.channel.receive_raw(max(until - time.monotonic(), 0.01))
        except TimedOut as error:
            if role == "test-device":
                raise _ExaminerGone(True, "its device was busy for all of a cell's clock") from error
            self._lose(role)
            self._say(examiner, {"gone": "timeout"})
        except ChannelError as error:
            broken = next((one for one in self._together(role) if one.exceeded), process)
            reason = broken.why_gone(error)
            log.info("the %s ended: %s", role, reason)
            if role == "test-device":
                # The arrays of the test cells lay there.
                raise _ExaminerGone(False, f"its device ended: {reason}") from error
            self._lose(role)
            self._say(examiner, {"gone": "excess" if broken.exceeded else "ended", "why": reason[:500]})
        else:
            self._say(examiner, {"answer": True, "device": "device" in self.processes}, answer)
        finally:
            self._go_on()

    def _take(self, said: Any) -> None:
        """A result counts once, for a test or manual cell of the paper."""
        try:
            result = _Result.model_validate(said)
        except ValidationError as error:
            raise _ExaminerGone(False, f"it sent what is no result: {error.error_count()} faults") from error
        self.results.setdefault(result.grade_id, result)

    def _process(self, role: str) -> Process:
        if role not in self.processes:
            self.number += 1
            folder = self.folder / f"{role}-{self.number}"
            if role == "candidate":
                self._furnish(folder)
            marking = MARKING if self.tests == "in-process" else {}
            may_fork = self.may_fork and role == "candidate"
            options = self.options | {
                "processes": may_fork,
                "gpu": self.on_device and role in ("candidate", *PEERS),
            }
            if role == "emulator":
                options["device"] = "emulated"
            # The instructor's functions are imported where they run.
            read = [self.source] if role in PEERS else []
            options |= {"source": str(self.source)} if role in PEERS else {}
            link = self.link.take(role) if role in LEARNERS and self.home.device == "emulated" else None
            self.processes[role] = self.home.fork(role, folder, read, options, marking, may_fork, link)
        return self.processes[role]

    def _hush(self) -> None:
        """Learner code stands still from now until the answer to the next question, which is timed."""
        for role in LEARNERS:
            if role in self.processes and self.processes[role] not in self.still:
                self.still.append(self.processes[role])
                self.processes[role].stop()

    def _go_on(self) -> None:
        while self.still:
            self.still.pop().go_on()

    def _together(self, role: str) -> list[Process]:
        """The processes that end with this one: a candidate and the bench that holds its arrays are one."""
        roles = LEARNERS if role in LEARNERS else (role,)
        return [self.processes[one] for one in roles if one in self.processes]

    def _lose(self, role: str) -> None:
        self._go_on()
        lost = self._together(role)
        self.processes = {name: one for name, one in self.processes.items() if one not in lost}
        end_all(lost)
        if role in LEARNERS:
            self.link.close()

    def _furnish(self, folder: Path) -> None:
        """The candidate's folder: what learners were given, then what they submitted beside it.

        Tests inside the candidate find there what the instructor keeps beside the notebooks, too.
        """
        owner = self.home.make_folder("candidate", folder, [])
        places = [self.source] if self.tests == "in-process" else []
        places += [self.given] if self.given is not None and self.given.is_dir() else []
        for place in places:
            for path in sorted(place.rglob("*")):
                name = str(path.relative_to(place))
                plain = path.is_file() and not path.is_symlink() and path.suffix != ".ipynb"
                if plain and not (folder / name).exists():
                    write_file(folder, name, path.read_bytes(), owner)
        for name, data in self.files.items():
            if not name.endswith(".ipynb") and not (folder / name).exists():
                write_file(folder, name, data, owner)

    def _verdict(self, cell: Cell, late: bool) -> CellVerdict:
        """What a cell of the paper got: what the examiner said, within the maximum, or why it said nothing."""
        result = self.results.get(cell.grade_id)
        if result is None:
            by_hand = cell.kind == "manual"
            return CellVerdict(
                notebook=self.laid.notebook,
                grade_id=cell.grade_id,
                score=0.0 if late and not by_hand else None,
                max_score=cell.max_score,
                outcome="manual" if by_hand else "timeout" if late else "review",
                findings=[]
                if by_hand
                else [messages.timeout(self.home.limits.notebook_seconds) if late else messages.not_examined()],
            )
        return CellVerdict(
            notebook=self.laid.notebook,
            grade_id=cell.grade_id,
            score=None if result.score is None else min(max(result.score, 0.0), cell.max_score),
            max_score=cell.max_score,
            outcome=result.outcome,
            findings=result.findings,
            protected=result.protected,
        )


class LinkEnds:
    """A candidate's link to its device: the end of each, kept until that process starts. Close it."""

    def __init__(self) -> None:
        self._ends: dict[str, socket.socket] = {}

    def take(self, role: str) -> socket.socket:
        if not self._ends:
            self._ends = dict(zip(LEARNERS, socket.socketpair(), strict=True))
        return self._ends.pop(role)

    def close(self) -> None:
        for end in self._ends.values():
            end.close()
        self._ends.clear()


def ask_candidate(
    candidate: Process, question: bytes, until: float, device: Process | None, start: Callable[[], Process]
) -> bytes:
    """A candidate's answer. Its device hears it until then, and no longer; `start` gives the device where a candidate
    that has none asks for it."""

    def left() -> float:
        return max(until - time.monotonic(), 0.01)

    if device is not None:
        device.channel.send_raw(OPEN, timeout=left())
    candidate.channel.send_raw(question, timeout=left())
    while (answer := candidate.channel.receive_raw(left())) == ATTACH:
        if time.monotonic() > until:
            # Each time may be quick, and there may be no last one.
            raise TimedOut("no answer in time")
        if device is None:
            device = start()
            device.channel.send_raw(OPEN, timeout=left())
        candidate.channel.send_raw(pack(None), timeout=left())
    if device is not None:
        device.channel.send_raw(CLOSED, timeout=left())
    return answer


def _seconds(said: Any) -> float:
    """A time that an examiner sets; none where it is no number."""
    return float(said) if isinstance(said, int | float) and math.isfinite(said) else 0.0
