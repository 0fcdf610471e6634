"""Watches what walled processes take of disk, memory and threads, and kills one that takes too much.

The kernel's own limits are for one file, or for an address space, which CUDA cannot live with; control groups are not
ours to use in a pod. So one thread looks, several times a second. That is enough: between two looks a process can only
do so much harm, since each file is capped by RLIMIT_FSIZE, descriptors by RLIMIT_NOFILE, memory by RLIMIT_AS where
there is no CUDA, and since a killed process takes no more. Files that a process removed and still holds are not in its
folder; of them only the free space tells, and then nobody can say whose fault it is.

Imports this package's scratch folders.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.exam import scratch

#: Seconds between two looks, and at most this share of one core goes into looking.
_PAUSE, _SHARE = 0.1, 0.1
#: Where less is free on the folder's disk, in bytes, the exam is put off.
DISK_FLOOR = 256 << 20


@dataclass(frozen=True)
class Caps:
    """What one process may take; sizes in bytes."""

    folder_bytes: int
    folder_files: int
    threads: int
    memory_bytes: int


class Watched:
    """One process under watch. `excess` says for what it was ended; with `ours` the machine is at fault.

    Where it may make others, all of its `user` are watched with it, and `end` is the signal that ends them all.
    """

    def __init__(self, pid: int, pidfd: int, folder: Path, user: int | None, end: signal.Signals) -> None:
        self.pid, self.pidfd, self.folder, self.user, self.end = pid, pidfd, folder, user, end
        self.excess: str | None = None
        self.ours = False


class Watcher:
    """Use as a context manager: a thread that looks after all processes that were added."""

    def __init__(self, caps: Caps) -> None:
        self.caps = caps
        self._watched: list[Watched] = []
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="exam-watcher", daemon=True)

    def __enter__(self) -> Watcher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def add(
        self,
        pid: int,
        pidfd: int,
        folder: Path,
        user: int | None = None,
        end: signal.Signals = signal.SIGKILL,
    ) -> Watched:
        watched = Watched(pid, pidfd, folder, user, end)
        with self._changed:
            self._watched.append(watched)
            self._changed.notify()
        return watched

    def drop(self, watched: Watched) -> None:
        """Look no more; from then on the pidfd may be closed."""
        with self._changed:
            self._watched.remove(watched)

    def _run(self) -> None:
        pause = _PAUSE
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closing or self._watched)
                if self._changed.wait_for(lambda: self._closing, pause):
                    return
                watched = list(self._watched)
            begun = time.monotonic()
            for one in watched:
                self._look(one)
            pause = max(_PAUSE, (time.monotonic() - begun) / _SHARE)

    def _look(self, watched: Watched) -> None:
        excess = fault = None
        try:
            all_ = [_status(watched.pid)] if watched.user is None else list(_of(watched.user))
            excess = _take_too_much(all_, self.caps) or _fills(watched.folder, self.caps)
            fault = None if excess else disk_full(watched.folder)
        except OSError as error:
            # So it is when the process has just ended; one that still runs must not run unwatched.
            fault = f"an exam's process cannot be watched: {error}"
        if excess or fault:
            with self._changed:
                # Dropped meanwhile, its pidfd may be closed and the number given to another.
                if watched in self._watched and not _ended(watched.pidfd):
                    watched.excess, watched.ours = excess or fault, excess is None
                    with contextlib.suppress(ProcessLookupError):
                        signal.pidfd_send_signal(watched.pidfd, watched.end)


def _ended(pidfd: int) -> bool:
    return bool(select.select([pidfd], [], [], 0)[0])


#: What a process says of itself in /proc.
_Status = dict[str, list[str]]


def _status(pid: int) -> _Status:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.split() for name, _, value in (line.partition(":") for line in lines)}


def _of(user: int) -> Iterator[_Status]:
    """All processes of a user's, by what runs: their folders in /proc are root's, since none may be dumped."""
    for name in filter(str.isdecimal, os.listdir("/proc")):
        # One that has just ended.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            status = _status(int(name))
            if int(status["Uid"][0]) == user:
                yield status


def _take_too_much(all_: list[_Status], caps: Caps) -> str | None:
    """Memory that they share with the zygote counts as well; what several share counts once."""
    threads = sum(int(one["Threads"][0]) for one in all_)
    if threads > caps.threads:
        return f"{threads} threads; at most {caps.threads}"
    # A process that just ended has no memory.
    memory = sum(int(one["VmRSS"][0]) * 1024 for one in all_ if "VmRSS" in one)
    if memory > caps.memory_bytes and len(all_) > 1:
        memory = sum(_share(int(one["Pid"][0])) for one in all_)
    if memory > caps.memory_bytes:
        return f"{memory} bytes of memory; at most {caps.memory_bytes}"
    return None


def _share(pid: int) -> int:
    """Bytes of a process's memory, of shared pages its part. Slow: the kernel walks through all of them."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def _fills(folder: Path, caps: Caps) -> str | None:
    try:
        size = scratch.measure(folder, caps.folder_files)
    except scratch.TooMany as error:
        return f"{error} in its folder"
    return f"{size} bytes in its folder; at most {caps.folder_bytes}" if size > caps.folder_bytes else None


def disk_full(folder: Path) -> str | None:
    disk = os.statvfs(folder)
    free = disk.f_bavail * disk.f_frsize
    if free < DISK_FLOOR:
        return f"{free} bytes free on the disk for exams, {DISK_FLOOR} are needed; make room there"
    return None
