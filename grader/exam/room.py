"""The exam room: starts examiner, candidate and bench for each submission, keeps the clocks, and writes the verdict.

Trusted. Runs no foreign code and believes neither examiner nor candidate more than it must: the verdict holds the
cells and maxima of the paper that the room laid out itself. Imports this package.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field

from grader.exam import messages, paper, walls
from grader.exam.channel import Channel, ChannelError, Closed, TimedOut, unpack
from grader.exam.paper import Paper, SubmissionError
from grader.exam.verdict import CellVerdict, ExamFinding, Verdict

__all__ = ["ExamError", "ExamLimits", "ExamRoom", "SubmissionError"]

log = logging.getLogger("lehrwerk.exam")

#: Users that exams run as where the room was started as root and Python is readable to everybody.
_USERS = {"examiner": 61011, "candidate": 61012, "bench": 61013}
_START_SECONDS = 120.0


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
    message_bytes: int = Field(default=256 << 20, gt=0)


class Process:
    """A child of the zygote. Followed and ended by its pidfd, so that a reused number is never hit."""

    def __init__(self, pidfd: int, channel: Channel) -> None:
        self.pidfd = pidfd
        self.channel = channel

    def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        select.select([self.pidfd], [], [], 10)
        os.close(self.pidfd)
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
        self._own_scratch: tempfile.TemporaryDirectory[str] | None = None
        self._zygote: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def __enter__(self) -> ExamRoom:
        missing = walls.missing_walls()
        if missing:
            raise ExamError("exams refuse to run: " + "; ".join(missing))
        if self._scratch is None:
            self._own_scratch = tempfile.TemporaryDirectory()
            self._scratch = Path(self._own_scratch.name)
        self._scratch.mkdir(parents=True, exist_ok=True)
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()
        if self._own_scratch is not None:
            self._own_scratch.cleanup()

    # -- the zygote

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        self._zygote = subprocess.Popen(
            [sys.executable, "-I", "-m", "grader.exam.zygote", str(theirs.fileno())],
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "NUMBA_CUDA_LOW_OCCUPANCY_WARNINGS": "0"},
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()
        ours.settimeout(_START_SECONDS)
        if ours.recv(6) != b"ready\n":
            raise ExamError("the exam's zygote did not start")
        self._control = ours

    def _stop(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._zygote is not None:
            self._zygote.kill()
            self._zygote.wait()
            self._zygote = None

    def _fork(self, role: str, folder: Path, read: list[Path], options: dict[str, Any]) -> Process:
        ours, theirs = socket.socketpair()
        limits = self.limits
        request = {
            "role": role,
            "folder": str(folder),
            "read": [str(path) for path in read],
            "memory": limits.memory_bytes,
            "file_size": limits.file_bytes,
            "cpu_seconds": int(limits.notebook_seconds) + 60,
            "message_bytes": limits.message_bytes,
            "user": _USERS[role] if _readable_by_everybody() and os.geteuid() == 0 else None,
            "environment": {"HOME": str(folder), "TMPDIR": str(folder), "LANG": "C.UTF-8", "MPLBACKEND": "agg",
                            "NUMBA_CUDA_LOW_OCCUPANCY_WARNINGS": "0", "NUMBA_CUDA_WARN_ON_IMPLICIT_COPY": "0"},
            "options": options,
        }  # fmt: skip
        folder.mkdir(parents=True, exist_ok=True)
        if request["user"] is not None:
            os.chown(folder, _USERS[role], _USERS[role])
        for attempt in (1, 2):
            try:
                assert self._control is not None
                socket.send_fds(self._control, [json.dumps(request).encode()], [theirs.fileno()])
                _, descriptors, _, _ = socket.recv_fds(self._control, 64, 1)
                theirs.close()
                return Process(descriptors[0], Channel(ours.detach(), limits.message_bytes))
            except (OSError, IndexError) as error:
                if attempt == 2:
                    raise ExamError(f"the exam's zygote is gone: {error}") from error
                self._stop()
                self._start()
        raise AssertionError

    # -- exams

    def examine(
        self,
        source: Path,
        assignment: str,
        files: dict[str, bytes],
        *,
        given: Path | None = None,
        language: str = "en",
        seed: int | Mapping[str, int] | None = None,
    ) -> Verdict:
        """The verdict on a submission.

        `source` is the instructor's folder of the assignment, `files` are the submitted ones by relative name, and
        `given` is the folder that learners got. `seed` is for all checks, or by grade id. Raises SubmissionError for
        what cannot be examined, ExamError for a failure of ours.
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
                laid.findings = [messages.missing_notebook(notebook.name)]
            papers.append(laid)
        deadline = time.monotonic() + self.limits.notebook_seconds
        cells: list[CellVerdict] = []
        seeds: dict[str, int] = {}
        for laid in papers:
            found, drawn = self._notebook(source, laid, files, given, language, seed, deadline)
            cells += found
            seeds |= drawn
        digest = hashlib.sha256()
        for name in sorted(files):
            digest.update(f"{len(name)}:{name}:{len(files[name])}:".encode() + files[name])
        return Verdict(
            assignment=assignment,
            device=self.device,
            protection="full",
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
    ) -> tuple[list[CellVerdict], dict[str, int]]:
        assert self._scratch is not None
        folder = Path(tempfile.mkdtemp(dir=self._scratch))
        folder.chmod(0o711)
        exam = _Exam(self, folder, source, laid, files, given, language, seed, deadline)
        try:
            return exam.run()
        finally:
            exam.end()
            shutil.rmtree(folder, ignore_errors=True)


class _Exam:
    """One notebook: three processes and what passes between them."""

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
    ) -> None:
        self.room, self.folder, self.source, self.laid = room, folder, source.resolve(), laid
        self.files, self.given, self.deadline = files, given, deadline
        limits = room.limits
        self.options = {
            "language": language,
            "device": room.device,
            "seed": dict(seed) if isinstance(seed, Mapping) else seed,
            "source": str(self.source),
            "cell_seconds": limits.cell_seconds,
            "call_seconds": limits.call_seconds,
            "output_bytes": limits.output_bytes,
        }
        self.processes: dict[str, Process] = {}
        self.number = 0

    def end(self) -> None:
        for process in self.processes.values():
            process.end()
        self.processes.clear()

    def run(self) -> tuple[list[CellVerdict], dict[str, int]]:
        examiner = self.room._fork("examiner", self.folder / "examiner", [self.source], self.options)
        self.processes["examiner"] = examiner
        examiner.channel.send(
            {
                "cells": [
                    {
                        "kind": cell.kind,
                        "key": cell.key,
                        "source": cell.source,
                        "grade_id": cell.grade_id,
                        "max_score": cell.max_score,
                        "code": cell.code,
                        "learner": cell.learner,
                    }
                    for cell in self.laid.cells
                ],
                "missing": sorted(self.laid.missing),
            }
        )
        while True:
            left = self.deadline - time.monotonic()
            if left <= 0:
                return self._out_of_time(), {}
            try:
                request = examiner.channel.receive(left)
            except TimedOut:
                return self._out_of_time(), {}
            except ChannelError as error:
                raise ExamError(f"the examiner ended: {error}") from error
            if not isinstance(request, dict):
                raise ExamError("the examiner sent what is no request")
            if "results" in request:
                return self._verdicts(request["results"]), _seeds(request.get("seeds"))
            if "dead" in request:
                raise ExamError(f"the examiner ended: {request['dead']}")
            if "ask" in request:
                self._pass_on(examiner, request)

    def _pass_on(self, examiner: Process, request: dict[str, Any]) -> None:
        role = request["ask"]
        if role == "fresh":
            self._lose("candidate")
            examiner.channel.send({})
            return
        if role not in ("candidate", "bench"):
            raise ExamError(f"the examiner asked for {str(role)[:40]!r}")
        seconds = min(float(request["seconds"]), self.deadline - time.monotonic())
        process = self._process(role)
        try:
            process.channel.send(request["body"])
            reply = unpack(process.channel.receive_raw(max(seconds, 0.01)))
            if isinstance(reply, dict) and "dead" in reply:
                raise Closed(str(reply["dead"]))
            examiner.channel.send({"answer": reply})
        except TimedOut:
            self._lose(role)
            examiner.channel.send({"gone": "timeout"})
        except ChannelError as error:
            log.info("the %s ended: %s", role, error)
            self._lose(role)
            examiner.channel.send({"gone": str(error)[:500]})

    def _process(self, role: str) -> Process:
        if role not in self.processes:
            self.number += 1
            folder = self.folder / f"{role}-{self.number}"
            folder.mkdir()
            if role == "candidate":
                self._furnish(folder)
            self.processes[role] = self.room._fork(role, folder, [], self.options)
        return self.processes[role]

    def _lose(self, role: str) -> None:
        if role in self.processes:
            self.processes.pop(role).end()

    def _furnish(self, folder: Path) -> None:
        """The candidate's folder: what learners were given, then what they submitted beside it."""
        owner = _USERS["candidate"] if _readable_by_everybody() and os.geteuid() == 0 else None
        if self.given is not None and self.given.is_dir():
            for path in sorted(self.given.rglob("*")):
                if path.is_file() and not path.is_symlink() and path.suffix != ".ipynb":
                    _write(folder, str(path.relative_to(self.given)), path.read_bytes(), owner)
        for name, data in self.files.items():
            if not name.endswith(".ipynb") and not (folder / name).exists():
                _write(folder, name, data, owner)

    def _verdicts(self, results: Any) -> list[CellVerdict]:
        """Only the paper's cells count, each once, within its maximum."""
        graded = [cell for cell in self.laid.cells if cell.kind != "run"]
        found = {str(result["grade_id"]): result for result in results}
        verdicts = []
        for cell in graded:
            result = found.get(cell.grade_id)
            if result is None:
                raise ExamError(f"the examiner gave no result for {cell.grade_id}")
            score = result["score"]
            if score is not None:
                score = min(max(float(score), 0.0), cell.max_score)
            verdicts.append(
                CellVerdict(
                    notebook=self.laid.notebook,
                    grade_id=cell.grade_id,
                    score=score,
                    max_score=cell.max_score,
                    outcome=result["outcome"],
                    findings=[ExamFinding.model_validate(finding) for finding in result["findings"]],
                )
            )
        return verdicts

    def _out_of_time(self) -> list[CellVerdict]:
        finding = messages.timeout(self.room.limits.notebook_seconds)
        return [
            CellVerdict(
                notebook=self.laid.notebook,
                grade_id=cell.grade_id,
                score=None if cell.kind == "manual" else 0.0,
                max_score=cell.max_score,
                outcome="manual" if cell.kind == "manual" else "timeout",
                findings=[] if cell.kind == "manual" else [finding],
            )
            for cell in self.laid.cells
            if cell.kind != "run"
        ]


def _seeds(given: Any) -> dict[str, int]:
    return {str(name): int(seed) for name, seed in (given or {}).items()}


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


def _readable_by_everybody() -> bool:
    """May another user read this Python? Else exams keep the user, without its capabilities."""
    for start in {sys.prefix, sys.base_prefix, str(Path(__file__).resolve().parents[1])}:
        path = Path(start)
        if any(not parent.stat().st_mode & 0o001 for parent in (path, *path.parents)):
            return False
    return True
