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


def test_processes_end_one_after_the_other_the_last_one_first(tmp_path: Path) -> None:
    """Were the thread that started them to end before, the kernel would tell all of them at once, and then we again."""
    script = """
import signal, time
told = []
signal.signal(signal.SIGTERM, lambda *_: told.append(time.monotonic()))
print("ready", flush=True)
while not told:
    time.sleep(0.01)
time.sleep(0.3)
print(told[0], time.monotonic(), flush=True)
"""
    first, last = (
        Process(f"child-{number}", [sys.executable, "-c", script], dict(os.environ), tmp_path / f"{number}.log")
        for number in range(2)
    )
    with Supervisor([first, last]):
        assert wait_until(lambda: "ready" in first.tail() and "ready" in last.tail(), WAIT)
    told, _ = map(float, first.tail().splitlines()[-1].split())
    _, ended = map(float, last.tail().splitlines()[-1].split())
    assert told >= ended


def test_a_second_signal_while_the_first_is_handled_changes_nothing() -> None:
    script = """
import os, signal
from campus.processes import Stop
stop = Stop()
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
    os.kill(os.getpid(), number)
print(stop.asked)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "True\n")


def test_a_process_that_must_be_killed_says_first_where_it_stood(tmp_path: Path) -> None:
    script = """
import signal
from campus.processes import dump_stacks_on_signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
dump_stacks_on_signal()
def stuck_here():
    print("deaf", flush=True)
    while True:
        signal.pause()
stuck_here()
"""
    stuck = Process(
        "stuck",
        [sys.executable, "-c", script],
        dict(os.environ),
        tmp_path / "log",
        stop_seconds=0.2,
        dumps_stacks=True,
    )
    with Supervisor([stuck]):
        assert wait_until(lambda: "deaf" in stuck.tail(), WAIT)
    assert stuck.process is not None
    assert stuck.process.returncode == -signal.SIGKILL
    assert "in stuck_here" in stuck.tail()


def test_a_converter_ends_with_a_worker_that_is_killed() -> None:
    script = """
import signal
from multiprocessing import resource_tracker
from grader.records.convert import Converter
converter = Converter()
try:
    converter.run({})
except KeyError:
    pass
print(*converter._pool._processes, resource_tracker._resource_tracker._pid, flush=True)
signal.pause()
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        children = [int(word) for word in worker.stdout.readline().split()]
        assert len(children) == 2
        assert all(_alive(child) for child in children)
        worker.kill()
    assert wait_until(lambda: not any(_alive(child) for child in children), WAIT)


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
