"""The supervisor of one machine: what it starts, starts again, and ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from campus.processes import Process, Supervisor, wait_until

WAIT = 20.0


def sleeper(folder: Path, name: str = "sleeper") -> Process:
    return Process(name, ["sleep", "1000"], dict(os.environ), folder / f"{name}.log", stop_seconds=5)


def pid(process: Process) -> int | None:
    return process.process.pid if process.process and process.process.poll() is None else None


def test_a_killed_process_is_started_again_and_all_end_with_the_supervisor(tmp_path: Path) -> None:
    one, two = sleeper(tmp_path, "one"), sleeper(tmp_path, "two")
    with Supervisor([one, two]):
        assert wait_until(lambda: bool(pid(one) and pid(two)), WAIT)
        first, neighbour = pid(one), pid(two)
        assert first is not None
        os.kill(first, signal.SIGKILL)
        assert wait_until(lambda: pid(one) not in (None, first), WAIT)
        assert pid(two) == neighbour
    assert pid(one) is None
    assert pid(two) is None


def test_a_process_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    stubborn = Process(
        "stubborn",
        [
            sys.executable,
            "-c",
            "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
            "print('deaf', flush=True)\nwhile True: signal.pause()",
        ],
        dict(os.environ),
        tmp_path / "log",
        stop_seconds=0.2,
    )
    with Supervisor([stubborn]):
        assert wait_until(lambda: "deaf" in stubborn.tail(), WAIT)
    assert stubborn.process is not None
    assert stubborn.process.returncode == -signal.SIGKILL


def test_children_end_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    script = f"""
import os, pathlib, signal
from campus.processes import Process, Supervisor, wait_until
child = Process("child", ["sleep", "1000"], dict(os.environ), pathlib.Path({str(tmp_path)!r}) / "log")
with Supervisor([child]):
    wait_until(lambda: child.process is not None, 20)
    print(child.process.pid, flush=True)
    signal.pause()
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert _alive(child)
        parent.kill()
    assert wait_until(lambda: not _alive(child), WAIT)


def _alive(process_id: int) -> bool:
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
