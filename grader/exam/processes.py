"""The processes of an exam room: a warm zygote, its walled children, their users, folders and caps.

Trusted. Imports this package.
"""

from __future__ import annotations

import contextlib
import functools
import json
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from grader.exam import keeper, scratch, walls, zygote
from grader.exam.channel import Channel, ChannelError
from grader.exam.limits import ExamLimits
from grader.exam.paper import SubmissionError
from grader.exam.users import RoomUsers
from grader.exam.watch import Caps, Watched, Watcher, disk_full

log = logging.getLogger("lehrwerk.exam")

_START_SECONDS = 120.0
_STOP_SECONDS = 1.0


class ExamError(RuntimeError):
    """A failure of ours, never the learner's: the submission is examined again."""


class Process:
    """A child of the zygote. Followed and ended by its pidfd, so that a reused number is never hit."""

    def __init__(self, watcher: Watcher, watched: Watched, role: str, ours: socket.socket, limit: int) -> None:
        self.role = role
        self.pid = watched.pid
        self.pidfd = watched.pidfd
        self._ours = ours
        self._limit = limit
        self._watcher = watcher
        self._watched = watched

    @functools.cached_property
    def channel(self) -> Channel:
        """Once its walls stand. Raises ExamError where they could not be put up: nothing foreign has run then."""
        _await_walls(self.role, self._ours)
        return Channel(self._ours.fileno(), self._limit)

    def why_gone(self, error: ChannelError) -> str:
        """Why its channel broke off with `error`. Raises ExamError where the machine is at fault."""
        if self._watched.ours:
            raise ExamError(str(self._watched.excess)) from error
        return self._watched.excess or str(error)

    @property
    def exceeded(self) -> bool:
        """Was it killed for taking too much?"""
        return self._watched.excess is not None

    def stop(self) -> None:
        """It runs no more until it may `go_on`; ending it is possible all the same. Returns once it stands still."""
        self._signal(signal.SIGSTOP)
        until = time.monotonic() + _STOP_SECONDS
        while self._state() not in "TtZX" and time.monotonic() < until:
            time.sleep(0.0002)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def _state(self) -> str:
        try:
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(") ")[2][0]
        except OSError:
            return "X"

    def kill(self) -> None:
        """Its end begins, and is to be waited for by `end`."""
        self._signal(self._watched.end)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, number)

    def end(self) -> None:
        self._watcher.drop(self._watched)
        self.kill()
        select.select([self.pidfd], [], [], 10)
        os.close(self.pidfd)
        self._ours.close()


def end_all(processes: Collection[Process]) -> None:
    """The kernel takes a while to take a process apart: all are killed before one is waited for."""
    for process in processes:
        process.kill()
    for process in processes:
        process.end()


class Processes:
    """Use as a context manager; the zygote inside stays warm between exams."""

    def __init__(self, limits: ExamLimits, device: str, scratch: Path | None) -> None:
        self.limits = limits
        self.device = device
        self._scratch = scratch
        self._held = contextlib.ExitStack()
        self._zygote: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def __enter__(self) -> Processes:
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

    @contextlib.contextmanager
    def folder(self) -> Iterator[Path]:
        """A folder for one exam, removed at its end."""
        assert self._scratch is not None
        folder = scratch.make(self._scratch)
        try:
            yield folder
        finally:
            scratch.remove(folder)

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

    def fork(
        self,
        role: str,
        folder: Path,
        read: list[Path],
        options: dict[str, Any],
        environment: Mapping[str, str] = MappingProxyType({}),
        processes: bool = False,
        link: socket.socket | None = None,
    ) -> Process:
        """A process that walls itself in and serves `role` from its own `folder`; with `processes` it may make others.

        `link` is its end of a connection with another one, and closed here.
        Raises ExamError where it cannot be started.
        """
        limits = self.limits
        user = self.make_folder(role, folder, read)
        if processes and user is None:
            raise ExamError(
                "an assignment with `processes: true` needs an exam room that is started as root, with Python and the"
                " exams' folder in reach of other users: only then have a learner's processes a user to themselves"
            )
        request = {
            "role": role,
            "folder": str(folder),
            "read": [str(path) for path in read],
            "memory": limits.memory_bytes,
            "file_size": limits.file_bytes,
            "cpu_seconds": int(limits.notebook_seconds) + 60,
            "message_bytes": limits.message_bytes,
            "user": user,
            "keeper": self._users.of("keeper", []) if processes else None,
            "gpu": self.device != "emulated" and (role in ("bench", "yardstick") or options.get("gpu", False)),
            "environment": {"HOME": str(folder), "TMPDIR": str(folder), "LANG": "C.UTF-8", "MPLBACKEND": "agg",
                            "NUMBA_CUDA_LOW_OCCUPANCY_WARNINGS": "0", "NUMBA_CUDA_WARN_ON_IMPLICIT_COPY": "0",
                            **environment},
            "options": options,
        }  # fmt: skip
        with link or contextlib.nullcontext():
            try:
                pid, pidfd, ours = self._ask_zygote(request, link)
            except OSError as error:
                log.warning("the exam's zygote is gone (%s) and is started anew", error)
                self._stop()
                self._start()
                try:
                    pid, pidfd, ours = self._ask_zygote(request, link)
                except OSError as again:
                    raise ExamError(f"the exam's zygote is gone: {again}") from again
        end = keeper.END if processes else signal.SIGKILL
        watched = self._watcher.add(pid, pidfd, folder, user if processes else None, end)
        process = Process(self._watcher, watched, role, ours, limits.message_bytes)
        if processes:
            # A keeper ends what runs as the candidate's user, so it must not be told to before its candidate does.
            try:
                _ = process.channel
            except ExamError:
                process.end()
                raise
        return process

    def make_folder(self, role: str, folder: Path, read: list[Path]) -> int | None:
        """Make the folder of a process, for its user alone. Returns the user; None is the room's own."""
        folder.mkdir(mode=0o700, exist_ok=True)
        user = self._users.of(role, [folder.parent, *read])
        if user is not None:
            os.chown(folder, user, user)
        return user

    def _ask_zygote(self, request: dict[str, Any], link: socket.socket | None) -> tuple[int, int, socket.socket]:
        """The new child's pid and pidfd, and our end of its channel. Raises OSError where the zygote is gone."""
        assert self._control is not None
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                descriptors = [end.fileno() for end in (theirs, link) if end is not None]
                socket.send_fds(self._control, [json.dumps(request).encode()], descriptors)
                said, descriptors, _, _ = socket.recv_fds(self._control, 64, 1)
            if not descriptors:
                raise ConnectionResetError("it gave no process")
        except OSError:
            ours.close()
            raise
        return int(said), descriptors[0], ours


def write_file(folder: Path, name: str, data: bytes, owner: int | None) -> None:
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
