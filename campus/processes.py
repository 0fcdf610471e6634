"""The processes of a Lehrwerk on one machine, started together and started again when one dies.

Hub, proxy, portal and workers are siblings: killing one leaves the others at work, as in a cluster.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from grader.process import end_with_parent

log = logging.getLogger("lehrwerk")

#: A process that dies at once is started again after a growing pause, in seconds.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0
#: A process that ran this long counts as having worked, in seconds.
_WORKED = 30.0


#: Makes a process that asked for it write the stacks of its threads into its log.
_DUMP = signal.SIGUSR1
#: What that may take, in seconds.
_DUMP_SECONDS = 2.0


class Stop:
    """True once SIGINT or SIGTERM has come, which it handles from its making on.

    A mere flag: a handler that took a lock, as an event's does, would wait for ever where a second signal comes while
    the first is handled.
    """

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def _ask(self, *_: object) -> None:
        self.asked = True


def dump_stacks_on_signal() -> None:
    """Called in a process that is started with `dumps_stacks`."""
    faulthandler.register(_DUMP, all_threads=True)


@dataclass
class Process:
    """One process to keep running. `stop_seconds` is what it gets between SIGTERM and SIGKILL; one that `dumps_stacks`
    writes into its log, before it is killed, where it stood."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log_file: Path
    stop_seconds: float = 15.0
    dumps_stacks: bool = False
    pause: float = field(default=_FIRST_PAUSE, init=False)
    started: float = field(default=0.0, init=False)
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        self.started = time.monotonic()
        with self.log_file.open("ab") as output:
            # A session of its own, so that Ctrl-C reaches the supervisor alone, which then ends all in order.
            self.process = subprocess.Popen(
                self.command,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=end_with_parent,
            )
        log.info("%s started, process %d", self.name, self.process.pid)

    def tail(self, lines: int = 12) -> str:
        """The end of its log, for an error message."""
        try:
            text = self.log_file.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(text.splitlines()[-lines:])


class Supervisor:
    """Keeps processes running until told to stop. Usable as a context manager."""

    def __init__(self, processes: list[Process]) -> None:
        self.processes = processes
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Supervisor:
        # The parent-death signal follows the thread that forked, so one thread starts and ends all of them.
        thread = threading.Thread(target=self._run, name="supervisor", daemon=True)
        thread.start()
        self._threads.append(thread)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        try:
            self._keep_running()
        finally:
            for process in reversed(self.processes):
                _stop(process)

    def _keep_running(self) -> None:
        for process in self.processes:
            process.start()
        while not self._stopping.wait(0.2):
            for process in self.processes:
                assert process.process is not None
                if process.process.poll() is None:
                    continue
                lived = time.monotonic() - process.started
                process.pause = _FIRST_PAUSE if lived > _WORKED else min(process.pause * 2, _LONGEST_PAUSE)
                log.warning("%s ended with status %s; starting it again", process.name, process.process.returncode)
                if self._stopping.wait(process.pause):
                    return
                process.start()

    def process(self, name: str) -> Process:
        return next(process for process in self.processes if process.name == name)


def _stop(process: Process) -> None:
    child = process.process
    if child is None or child.poll() is not None:
        return
    child.terminate()
    try:
        child.wait(process.stop_seconds)
    except subprocess.TimeoutExpired:
        log.warning("%s did not end within %s s; killing it", process.name, process.stop_seconds)
        if process.dumps_stacks:
            child.send_signal(_DUMP)
            with suppress(subprocess.TimeoutExpired):
                child.wait(_DUMP_SECONDS)
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def wait_until(ready: Callable[[], bool], seconds: float, step: float = 0.05) -> bool:
    """Ask until `ready` says yes; False after `seconds`."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            return False
        time.sleep(step)
    return True


def python(*arguments: str) -> list[str]:
    """A command line for this installation's interpreter."""
    return [sys.executable, *arguments]
