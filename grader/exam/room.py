"""The exam room: starts examiner, candidate and bench for each submission, keeps the clocks, and writes the verdict.

Trusted. Runs no foreign code and believes neither examiner nor candidate more than it must: the verdict holds the
cells and maxima of the paper that the room laid out itself. Imports this package.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import itertools
import json
import logging
import math
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from grader.exam import device_link, messages, paper, scratch, walls, zygote
from grader.exam.channel import Channel, ChannelError, TimedOut, unpack
from grader.exam.marking import MAX_FINDINGS
from grader.exam.nbgrader_rules import MARKING
from grader.exam.paper import Cell, Paper, SubmissionError
from grader.exam.users import RoomUsers
from grader.exam.verdict import CellVerdict, ExamFinding, Outcome, Tests, Verdict
from grader.exam.watch import Caps, Watched, Watcher, disk_full

__all__ = ["ExamError", "ExamLimits", "ExamRoom", "SubmissionError"]

log = logging.getLogger("lehrwerk.exam")

_START_SECONDS = 120.0
#: The longest message of an examiner that the room reads itself, in bytes.
_REQUEST_BYTES = 8 << 20
#: An examiner that is busy by itself gets so much more than a cell's clock, in seconds.
_GRACE = 5.0
#: So many examiners are tried for one notebook.
_EXAMINERS = 8


class ExamError(RuntimeError):
    """A failure of ours, never the learner's: the submission is examined again."""


class ExamLimits(BaseModel):
    """Caps of one exam; sizes in bytes, times in seconds."""

    submission_bytes: int = Field(default=20_000_000, gt=0)
    notebook_seconds: float = Field(default=300.0, gt=0)
    cell_seconds: float = Field(default=60.0, gt=0)
    call_seconds: float = Field(default=30.0, gt=0)
    memory_bytes: int = Field(default=4 << 30, gt=0)
    output_bytes: int = Field(default=1_000_000, gt=0)
    file_bytes: int = Field(default=50_000_000, gt=0)
    folder_bytes: int = Field(default=500_000_000, gt=0)
    folder_files: int = Field(default=10_000, gt=0)
    threads: int = Field(default=512, gt=0)
    message_bytes: int = Field(default=256 << 20, gt=0)


class Process:
    """A child of the zygote. Followed and ended by its pidfd, so that a reused number is never hit."""

    def __init__(self, watcher: Watcher, pid: int, pidfd: int, channel: Channel, folder: Path) -> None:
        self.pid = pid
        self.pidfd = pidfd
        self.channel = channel
        self._watcher = watcher
        self._watched: Watched = watcher.add(pid, pidfd, folder)

    def why_gone(self, error: ChannelError) -> str:
        """Why its channel broke off with `error`. Raises ExamError where the machine is at fault."""
        if self._watched.ours:
            raise ExamError(str(self._watched.excess)) from error
        return self._watched.excess or str(error)

    @property
    def exceeded(self) -> bool:
        """Was it killed for taking too much?"""
        return self._watched.excess is not None

    def end(self) -> None:
        self._watcher.drop(self._watched)
        _kill(self.pidfd)
        os.close(self.channel.descriptor)


class ExamRoom:
    """Use as a context manager; the zygote inside stays warm between exams."""

    def __init__(
        self,
        limits: ExamLimits | None = None,
        device: Literal["auto", "emulated", "cuda"] = "auto",
        scratch: Path | None = None,
    ) -> None:
        self.limits = limits or ExamLimits()
        self.device = _chosen_device(device)
        self._scratch = scratch
        self._held = contextlib.ExitStack()
        self._zygote: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def __enter__(self) -> ExamRoom:
        missing = walls.missing_walls()
        if missing:
            raise ExamError("exams refuse to run: " + "; ".join(missing))
        limits = self.limits
        caps = Caps(limits.folder_bytes, limits.folder_files, limits.threads, limits.memory_bytes)
        with contextlib.ExitStack() as held:
            self._make_scratch(held)
            self._watcher = held.enter_context(Watcher(caps))
            try:
                self._users = held.enter_context(contextlib.closing(RoomUsers()))
            except OSError as error:
                raise ExamError(str(error)) from error
            held.callback(self._stop)
            self._start()
            self._held = held.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def check_disk(self) -> None:
        """Raises ExamError where the disk is too full for an exam, before anything of a submission lies on it."""
        assert self._scratch is not None
        if (full := disk_full(self._scratch)) is not None:
            raise ExamError(full)

    def _make_scratch(self, held: contextlib.ExitStack) -> None:
        if self._scratch is None:
            self._scratch = Path(tempfile.mkdtemp())
            self._scratch.chmod(0o711)
            held.callback(scratch.remove, self._scratch)
        _refuse_readable(self._scratch)
        self._scratch.mkdir(parents=True, exist_ok=True)
        scratch.sweep(self._scratch)

    # -- the zygote

    def _start(self) -> None:
        self._control, theirs = socket.socketpair()
        with theirs:
            self._zygote = subprocess.Popen(
                [sys.executable, "-I", "-m", "grader.exam.zygote", str(theirs.fileno())],
                env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "NUMBA_CUDA_LOW_OCCUPANCY_WARNINGS": "0"},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._control.settimeout(_START_SECONDS)
        try:
            ready = self._control.recv(6) == b"ready\n"
        except OSError as error:
            raise ExamError(f"the exam's zygote did not start: {error}") from error
        if not ready:
            raise ExamError("the exam's zygote did not start")

    def _stop(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._zygote is not None:
            self._zygote.kill()
            self._zygote.wait()
            self._zygote = None

    def _fork(
        self,
        role: str,
        folder: Path,
        read: list[Path],
        options: dict[str, Any],
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> Process:
        """A walled process that serves `role` from its own `folder`.

        Raises ExamError where it cannot be started or walled in: nothing foreign has run then.
        """
        limits = self.limits
        user = self._make_folder(role, folder, read)
        request = {
            "role": role,
            "folder": str(folder),
            "read": [str(path) for path in read],
            "memory": limits.memory_bytes,
            "file_size": limits.file_bytes,
            "cpu_seconds": int(limits.notebook_seconds) + 60,
            "message_bytes": limits.message_bytes,
            "user": user,
            "gpu": self.device != "emulated" and (role == "bench" or options.get("gpu", False)),
            "environment": {"HOME": str(folder), "TMPDIR": str(folder), "LANG": "C.UTF-8", "MPLBACKEND": "agg",
                            "NUMBA_CUDA_LOW_OCCUPANCY_WARNINGS": "0", "NUMBA_CUDA_WARN_ON_IMPLICIT_COPY": "0",
                            **environment},
            "options": options,
        }  # fmt: skip
        try:
            pid, pidfd, ours = self._ask_zygote(request)
        except OSError as error:
            log.warning("the exam's zygote is gone (%s) and is started anew", error)
            self._stop()
            self._start()
            try:
                pid, pidfd, ours = self._ask_zygote(request)
            except OSError as again:
                raise ExamError(f"the exam's zygote is gone: {again}") from again
        try:
            _await_walls(role, ours)
        except ExamError:
            _kill(pidfd)
            ours.close()
            raise
        return Process(self._watcher, pid, pidfd, Channel(ours.detach(), limits.message_bytes), folder)

    def _make_folder(self, role: str, folder: Path, read: list[Path]) -> int | None:
        """Make the folder of a process, for its user alone. Returns the user; None is the room's own."""
        folder.mkdir(mode=0o700, exist_ok=True)
        user = self._users.of(role, [folder.parent, *read])
        if user is not None:
            os.chown(folder, user, user)
        return user

    def _ask_zygote(self, request: dict[str, Any]) -> tuple[int, int, socket.socket]:
        """The new child's pid and pidfd, and our end of its channel. Raises OSError where the zygote is gone."""
        assert self._control is not None
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                socket.send_fds(self._control, [json.dumps(request).encode()], [theirs.fileno()])
                said, descriptors, _, _ = socket.recv_fds(self._control, 64, 1)
            if not descriptors:
                raise ConnectionResetError("it gave no process")
        except OSError:
            ours.close()
            raise
        return int(said), descriptors[0], ours

    # -- exams

    @contextlib.contextmanager
    def shell(self, files: dict[str, bytes]) -> Iterator[Callable[[str], str | None]]:
        """A walled process with `files` beside it that runs one source after the other, as a notebook's kernel does.

        Calling it gives the text of the source's last value, None where a notebook would show none. Raises ExamError
        where the source raises, or is too slow, or ends the process.
        """
        with self._folder() as folder, contextlib.ExitStack() as started:
            place = folder / "shell"
            owner = self._make_folder("candidate", place, [])
            for name, data in files.items():
                _write(place, name, data, owner)
            options = {"device": self.device, "output_bytes": self.limits.output_bytes}

            def start(role: str, where: Path) -> Process:
                forked = self._fork(role, where, [], options)
                started.callback(forked.end)
                return forked

            process = start("candidate", place)
            device = functools.cache(lambda: start("device", folder / "device"))
            numbers = itertools.count(1)

            def run(source: str) -> str | None:
                seconds = self.limits.cell_seconds
                try:
                    process.channel.send({"do": "test", "key": f"shell-{next(numbers)}", "source": source}, seconds)
                    reply = unpack(_answer(process, time.monotonic() + seconds, device)[0])
                except ChannelError as error:
                    raise ExamError(f"the process ended: {process.why_gone(error)}") from error
                if not isinstance(reply, dict) or reply.get("error"):
                    told = (reply.get("error") or {}) if isinstance(reply, dict) else {}
                    raise ExamError(f"{str(told.get('name'))[:80]}: {str(told.get('text'))[:400]}")
                return str(reply["shown"]) if "shown" in reply else None

            yield run

    @contextlib.contextmanager
    def _folder(self) -> Iterator[Path]:
        """A folder for one exam, removed at its end."""
        assert self._scratch is not None
        folder = scratch.make(self._scratch)
        try:
            yield folder
        finally:
            scratch.remove(folder)

    def examine(
        self,
        source: Path,
        assignment: str,
        files: dict[str, bytes],
        *,
        given: Path | None = None,
        language: str = "en",
        seed: int | Mapping[str, int] | None = None,
        tests: Tests = "examiner",
    ) -> Verdict:
        """The verdict on a submission.

        `source` is the instructor's folder of the assignment, `files` are the submitted ones by relative name, and
        `given` is the folder that learners got. `seed` is for all checks, or by grade id. `tests` says where test cells
        run: in the examiner, or inside the candidate. Raises SubmissionError for what cannot be examined, ExamError for
        a failure of ours.
        """
        notebooks = sorted(source.glob("*.ipynb"))
        if not notebooks:
            raise ExamError(f"{source} holds no notebook")
        if sum(map(len, files.values())) > self.limits.submission_bytes:
            size = self.limits.submission_bytes
            raise SubmissionError(
                {"en": f"The submission is larger than {size} bytes.", "de": f"Die Abgabe ist größer als {size} Byte."}
            )
        submitted = {name: data for name, data in files.items() if name.endswith(".ipynb") and "/" not in name}
        names = [notebook.name for notebook in notebooks]
        if len(names) == 1 and len(submitted) == 1:
            # One notebook for one notebook: its name is of no importance.
            submitted = {names[0]: next(iter(submitted.values()))}
        if not set(names) & set(submitted):
            raise SubmissionError(messages.no_notebook(names))
        papers = []
        for notebook in notebooks:
            instructor = paper.read_notebook(notebook.name, notebook.read_bytes())
            learner = (
                paper.read_notebook(notebook.name, submitted[notebook.name]) if notebook.name in submitted else None
            )
            handed_out = given / notebook.name if given is not None else None
            released = (
                paper.read_notebook(notebook.name, handed_out.read_bytes())
                if handed_out is not None and handed_out.is_file()
                else None
            )
            laid = paper.lay_out(notebook.stem, instructor, learner or {"cells": []}, released)
            if learner is None:
                laid.absent = True
                laid.findings = [messages.missing_notebook(notebook.name)]
            papers.append(laid)
        deadline = time.monotonic() + self.limits.notebook_seconds
        cells: list[CellVerdict] = []
        seeds: dict[str, int] = {}
        for laid in papers:
            if laid.absent:
                cells += _nothing(laid)
                continue
            found, drawn = self._notebook(source, laid, files, given, language, seed, deadline, tests)
            cells += found
            seeds |= drawn
        digest = hashlib.sha256()
        for name in sorted(files):
            digest.update(f"{len(name)}:{name}:{len(files[name])}:".encode() + files[name])
        return Verdict(
            assignment=assignment,
            device=self.device,
            protection="full" if tests == "examiner" else "in-process",
            cells=cells,
            findings=[finding for laid in papers for finding in laid.findings],
            versions={name: version(name) for name in ("numpy", "numba", "numba-cuda", "ipython")},
            seeds=seeds,
            submission_digest=digest.hexdigest(),
        )

    def _notebook(
        self,
        source: Path,
        laid: Paper,
        files: dict[str, bytes],
        given: Path | None,
        language: str,
        seed: int | Mapping[str, int] | None,
        deadline: float,
        tests: Tests,
    ) -> tuple[list[CellVerdict], dict[str, int]]:
        with self._folder() as folder:
            exam = _Exam(self, folder, source, laid, files, given, language, seed, deadline, tests)
            try:
                return exam.run()
            finally:
                exam.end()


class _Result(BaseModel):
    """What an examiner may say of a graded cell."""

    model_config = ConfigDict(extra="forbid")

    grade_id: str
    score: float | None = Field(allow_inf_nan=False)
    outcome: Outcome
    findings: list[ExamFinding] = Field(max_length=MAX_FINDINGS)
    protected: bool
    seed: int | None


class _ExaminerGone(Exception):
    """The examiner ended, or was busy for longer than a cell may take (`hung`)."""

    def __init__(self, hung: bool, why: str) -> None:
        super().__init__(why)
        self.hung = hung


class _Exam:
    """One notebook: its processes and what passes between them.

    The examiner speaks in small messages, of which the room reads each; a question for another process is followed by
    one that the room passes on unread, as it does with the answer.
    """

    def __init__(
        self,
        room: ExamRoom,
        folder: Path,
        source: Path,
        laid: Paper,
        files: dict[str, bytes],
        given: Path | None,
        language: str,
        seed: int | Mapping[str, int] | None,
        deadline: float,
        tests: Tests,
    ) -> None:
        self.tests = tests
        self.room, self.folder, self.source, self.laid = room, folder, source.resolve(), laid
        self.files, self.given, self.deadline = files, given, deadline
        limits = room.limits
        #: What every role may know, and what the examiner alone does.
        self.options = {
            "language": language,
            "device": room.device,
            "cell_seconds": limits.cell_seconds,
            "call_seconds": limits.call_seconds,
            "output_bytes": limits.output_bytes,
        }
        #: What only the examiner is told.
        drawn = dict(seed) if isinstance(seed, Mapping) else seed
        self.secrets = {"seed": drawn, "source": str(self.source), "tests": tests}
        self.processes: dict[str, Process] = {}
        self.number = 0
        self.results: dict[str, _Result] = {}
        #: The cell that the examiner is at, and its own time on it so far.
        self.cell = ""
        self.busy = 0.0

    def end(self) -> None:
        for process in self.processes.values():
            process.end()
        self.processes.clear()

    def run(self) -> tuple[list[CellVerdict], dict[str, int]]:
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
                self.end()
                # Once may be the machine's fault; twice is this test's with this submission.
                if gone.hung or self.cell in ended:
                    if not self.cell:
                        raise ExamError(f"the examiner ended: {gone}") from gone
                    leave_out.add(self.cell)
                    self._settle(gone.hung)
                ended.append(self.cell)
        late = self.deadline <= time.monotonic()
        return [self._verdict(cell, late) for cell in self.laid.cells if cell.kind != "run"], {
            grade_id: result.seed for grade_id, result in self.results.items() if result.seed is not None
        }

    def _settle(self, hung: bool) -> None:
        """The result of a test at which the examiner ended."""
        grade_id = next((c.grade_id for c in self.laid.cells if c.key == self.cell and c.kind == "test"), None)
        if grade_id is not None:
            finding = messages.test_hung(self.room.limits.cell_seconds) if hung else messages.not_examined()
            score, outcome = (0.0, "timeout") if hung else (None, "review")
            self.results[grade_id] = _Result.model_validate(
                {"grade_id": grade_id, "score": score, "outcome": outcome, "findings": [finding], "protected": True,
                 "seed": None}
            )  # fmt: skip

    def _conduct(self, leave_out: set[str]) -> None:
        """One examiner, to its end. Raises _ExaminerGone, and TimedOut at the end of the notebook's clock."""
        self.cell, self.busy = "", 0.0
        options = self.options | self.secrets
        examiner = self.room._fork("examiner", self.folder / f"examiner-{self.number}", [self.source], options)
        self.processes["examiner"] = examiner
        self.number += 1
        self._say(examiner, self._paper(leave_out))
        while True:
            said = self._hear(examiner)
            if "ask" in said:
                self._pass_on(examiner, said)
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

    def _say(self, examiner: Process, message: Any, raw: bytes | None = None) -> None:
        with self._examiners_clock() as seconds:
            examiner.channel.send(message, seconds)
        if raw is not None:
            with self._examiners_clock() as seconds:
                examiner.channel.send_raw(raw, seconds)

    @contextlib.contextmanager
    def _examiners_clock(self) -> Iterator[float]:
        """How long the examiner may take for a message; what it takes counts for the cell that it is at."""
        started = time.monotonic()
        left = self._left()
        allowed = max(self.room.limits.cell_seconds + _GRACE - self.busy, 0.0)
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
        if role not in ("candidate", "bench", "device", "test-device"):
            raise _ExaminerGone(False, f"it asked for {str(role)[:40]!r}")
        question = self._hear(examiner, raw=True)
        until = min(time.monotonic() + seconds, self.deadline)
        process = self._process(role)
        try:
            process.channel.send_raw(question, max(until - time.monotonic(), 0.01))
            device = functools.partial(self._process, "device") if role == "candidate" else None
            answer, requests = _answer(process, until, device)
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
            self._say(examiner, {"answer": True, "device_requests": requests}, answer)

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
            self.processes[role] = self.room._fork(role, folder, [], self.options, marking)
        return self.processes[role]

    def _together(self, role: str) -> list[Process]:
        """The processes that end with this one: a candidate and the bench that holds its arrays are one."""
        roles = ("candidate", "device") if role in ("candidate", "device") else (role,)
        return [self.processes[one] for one in roles if one in self.processes]

    def _lose(self, role: str) -> None:
        lost = self._together(role)
        self.processes = {name: one for name, one in self.processes.items() if one not in lost}
        for process in lost:
            process.end()

    def _furnish(self, folder: Path) -> None:
        """The candidate's folder: what learners were given, then what they submitted beside it.

        Tests inside the candidate find there what the instructor keeps beside the notebooks, too.
        """
        owner = self.room._make_folder("candidate", folder, [])
        places = [self.source] if self.tests == "in-process" else []
        places += [self.given] if self.given is not None and self.given.is_dir() else []
        for place in places:
            for path in sorted(place.rglob("*")):
                name = str(path.relative_to(place))
                plain = path.is_file() and not path.is_symlink() and path.suffix != ".ipynb"
                if plain and not (folder / name).exists():
                    _write(folder, name, path.read_bytes(), owner)
        for name, data in self.files.items():
            if not name.endswith(".ipynb") and not (folder / name).exists():
                _write(folder, name, data, owner)

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
                else [messages.timeout(self.room.limits.notebook_seconds) if late else messages.not_examined()],
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


def _nothing(laid: Paper) -> list[CellVerdict]:
    """A notebook that was not handed in has no points, and nothing that a person could mark."""
    return [
        CellVerdict(
            notebook=laid.notebook,
            grade_id=cell.grade_id,
            score=0.0,
            max_score=cell.max_score,
            outcome="missing",
            findings=laid.findings,
        )
        for cell in laid.cells
        if cell.kind != "run"
    ]


def _answer(process: Process, until: float, device: Callable[[], Process] | None) -> tuple[bytes, int]:
    """A process's answer, and how often it asked its device meanwhile; `device` gives the process that it asked."""
    for requests in itertools.count():
        if requests and time.monotonic() > until:
            # Each request may be quick, and there may be no last one.
            raise TimedOut("no answer in time")
        answer = process.channel.receive_raw(max(until - time.monotonic(), 0.01))
        if device is None or not device_link.is_request(answer):
            return answer, requests
        bench = device().channel
        bench.send_raw(answer, max(until - time.monotonic(), 0.01))
        done = bench.receive_raw(max(until - time.monotonic(), 0.01))
        process.channel.send_raw(done, max(until - time.monotonic(), 0.01))
    raise AssertionError


def _seconds(said: Any) -> float:
    """A time that an examiner sets; none where it is no number."""
    return float(said) if isinstance(said, int | float) and math.isfinite(said) else 0.0


def _write(folder: Path, name: str, data: bytes, owner: int | None) -> None:
    path = folder / name
    if Path(name).is_absolute() or ".." in Path(name).parts or not path.resolve().is_relative_to(folder.resolve()):
        raise SubmissionError(
            {
                "en": f"The file name {name!r} leaves its folder.",
                "de": f"Der Dateiname {name!r} verlässt seinen Ordner.",
            }
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    if owner is not None:
        for place in (path, *path.parents):
            if place == folder.parent:
                break
            os.chown(place, owner, owner)


def _chosen_device(device: str) -> str:
    if device == "emulated":
        return device
    try:
        from grader.device.cuda import available
    except ImportError:
        return "emulated"
    name = available()
    if name is None:
        if device == "cuda":
            raise ExamError("device cuda was asked for, and no GPU answers; see `lehrwerk doctor`")
        return "emulated"
    return f"cuda:{name}"


def _refuse_readable(folder: Path) -> None:
    """Walls let all foreign code read Python's installation, so nothing of ours may lie in it."""
    place = walls.readable_by_all_exams(folder)
    if place is not None:
        raise ExamError(
            f"exams refuse to run: {folder} lies in {place}, which learner code can read; move it elsewhere"
        )


def _await_walls(role: str, ours: socket.socket) -> None:
    """Until the child says that its walls stand. Raises ExamError where it says why not, or ends."""
    ours.settimeout(_START_SECONDS)
    try:
        if ours.recv(1) == zygote.WALLED:
            ours.settimeout(None)
            return
        reason = b"".join(iter(lambda: ours.recv(4096), b"")).decode("utf-8", "replace")
    except OSError as error:
        reason = str(error)
    raise ExamError(f"the {role} could not be walled in: {reason or 'it ended'}")


def _kill(pidfd: int) -> None:
    """End a process and wait for its end; closes the pidfd."""
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
    select.select([pidfd], [], [], 10)
    os.close(pidfd)
