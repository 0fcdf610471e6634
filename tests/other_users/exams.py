"""Each process of an exam has a user of its own; with `processes: true` a learner's code makes others that end with it.

Run by `tests/other_users/__main__.py`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.exam import scratch
from grader.exam.channel import ChannelError
from grader.exam.processes import ExamError, Process
from grader.exam.room import ExamLimits, ExamRoom
from grader.exam.verdict import Verdict
from grader.exam.walls import WallError, Walls, put_up
from grader.exam.watch import _of
from tests.notebooks import notebook, solution, test

OPTIONS = {"device": "emulated", "output_bytes": 1000, "language": "en", "processes": True}


@pytest.fixture(scope="module")
def room() -> Iterator[ExamRoom]:
    """Its folder is one that other users may pass through, as pytest's own are not."""
    limits = ExamLimits(cell_seconds=20, call_seconds=10, notebook_seconds=60, threads=24)
    with ExamRoom(limits, device="emulated") as opened:
        yield opened


@pytest.fixture
def candidate(room: ExamRoom) -> Iterator[Process]:
    assert room.processes._scratch is not None
    made = scratch.make(room.processes._scratch)
    process = room.processes.fork("candidate", made / "candidate", [], OPTIONS, processes=True)
    yield process
    if process.pidfd >= 0:
        process.end()
    scratch.remove(made)


def run(process: Process, code: str) -> Any:
    process.channel.send({"do": "run", "key": "0", "source": code})
    return process.channel.receive(30)


def running(room: ExamRoom) -> list[int]:
    user = room.processes._users.of("candidate", [])
    assert user is not None
    return [int(status["Pid"][0]) for status in _of(user) if status["State"][0] != "Z"]


def until(true: Callable[[], bool]) -> None:
    """What the kernel does after a kill takes it a moment, and it tells nobody."""
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def examine(room: ExamRoom, home: Path, learners: str, tested: str, processes: bool = True) -> Verdict:
    (home / "unit.ipynb").write_bytes(notebook(solution("a", ""), test("t", 1, tested)))
    submission = notebook(solution("a", learners), test("t", 1, tested))
    return room.examine(home, "unit", {"unit.ipynb": submission}, processes=processes)


def test_candidate_and_examiner_are_two_users(room: ExamRoom, tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o711)
    tested = "import os\nassert user() not in (0, os.getuid()) and os.getuid() != 0"
    assert examine(room, tmp_path, "import os\ndef user(): return os.getuid()", tested, processes=False).score == 1


POOLS = {
    "a pool": (
        "from multiprocessing import Pool\ndef f(n):\n    with Pool(2) as pool: return pool.map(abs, range(-n, 0))"
    ),
    "an executor": (
        "from concurrent.futures import ProcessPoolExecutor\n"
        "def f(n):\n    with ProcessPoolExecutor(2) as pool: return list(pool.map(abs, range(-n, 0)))"
    ),
    "a queue": (
        "import multiprocessing as mp\ndef put(queue, lock, i):\n    with lock: queue.put(i)\n"
        "def f(n):\n    queue, lock = mp.Queue(), mp.Lock()\n"
        "    made = [mp.Process(target=put, args=(queue, lock, i)) for i in range(1, n + 1)]\n"
        "    [one.start() for one in made]\n    got = sorted((queue.get() for _ in made), reverse=True)\n"
        "    [one.join() for one in made]\n    return got"
    ),
    "shared memory": (
        "import multiprocessing as mp\ndef add(total):\n    with total.get_lock(): total.value += 1\n"
        "def f(n):\n    total = mp.Value('i', 0)\n"
        "    made = [mp.Process(target=add, args=(total,)) for _ in range(n)]\n"
        "    [one.start() for one in made]; [one.join() for one in made]\n    return list(range(total.value, 0, -1))"
    ),
    "fork": (
        "import os\ndef f(n):\n    reading, writing = os.pipe()\n    if os.fork() == 0:\n"
        "        os.write(writing, bytes(range(n, 0, -1))); os._exit(0)\n    os.wait()\n"
        "    return list(os.read(reading, 100))"
    ),
}


@pytest.mark.parametrize("way", POOLS)
def test_processes_work_where_the_assignment_has_them(room: ExamRoom, tmp_path: Path, way: str) -> None:
    tested = "assert f(4) == [4, 3, 2, 1]"
    assert examine(room, tmp_path, POOLS[way], tested).score == 1
    assert running(room) == []


def test_elsewhere_they_do_not(room: ExamRoom, tmp_path: Path) -> None:
    verdict = examine(room, tmp_path, POOLS["fork"], "assert f(4) == [4, 3, 2, 1]", processes=False)
    assert verdict.score == 0


LINGERING = """
import os, signal, time
for _ in range(3):
    if os.fork() == 0:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if os.fork() == 0:
            while True:
                time.sleep(60)
        os._exit(0)
        """


@pytest.mark.parametrize("end", ["by the room", "by itself", "with the zygote"])
def test_all_end_with_it(room: ExamRoom, candidate: Process, end: str) -> None:
    run(candidate, LINGERING)
    until(lambda: len(running(room)) == 4)
    if end == "by the room":
        candidate.end()
        candidate.pidfd = -1
        assert running(room) == []
        return
    if end == "by itself":
        candidate.channel.send({"do": "run", "key": "0", "source": "os._exit(0)"})
    else:
        assert room.processes._zygote is not None
        room.processes._zygote.kill()
    with pytest.raises(ChannelError):
        candidate.channel.receive(30)
    until(lambda: running(room) == [])


def test_what_takes_too_much_ends_as_a_whole(room: ExamRoom, candidate: Process) -> None:
    bomb = "import os, time\nwhile True:\n    if os.fork() == 0:\n        while True: time.sleep(60)"
    with pytest.raises(ChannelError) as ended:
        run(candidate, bomb)
    assert "threads; at most 24" in candidate.why_gone(ended.value)
    until(lambda: running(room) == [])


def test_nothing_of_the_platform_is_in_reach_of_its_signals(candidate: Process) -> None:
    """Neither the room, nor the zygote, nor the keeper that is its parent."""
    said = run(
        candidate,
        f"import os\nfor pid in ({os.getpid()}, {os.getppid()}, os.getppid(), 1):\n"
        "    try: os.kill(pid, 0)\n    except PermissionError: print('refused')",
    )
    assert said["output"] == "refused\n" * 4


@pytest.mark.parametrize(
    "attempt",
    [
        "os.execv('/bin/true', ['true'])",
        "__import__('subprocess').run(['/bin/true'])",
        "__import__('ctypes').CDLL(None, use_errno=True).unshare(0x10000000) and os.kill(1, 0)",
        "os.setsid()",
        "__import__('socket').socket()",
        "__import__('multiprocessing.shared_memory').shared_memory.SharedMemory('x', True, 100)",
    ],
)
def test_the_other_walls_stand_around_all_of_them(candidate: Process, attempt: str) -> None:
    said = run(
        candidate,
        f"import os\nif os.fork() == 0:\n    try: {attempt}\n    except PermissionError: os._exit(7)\n    os._exit(0)\n"
        "print(os.waitstatus_to_exitcode(os.wait()[1]))",
    )
    assert said["output"] == "7\n"


def test_a_child_has_no_device(candidate: Process) -> None:
    said = run(
        candidate,
        "import os\nfrom numba import cuda\nif os.fork() == 0:\n    try: cuda.device_array(3)\n"
        "    except Exception as error: os._exit(7 if 'made by fork' in str(error) else 8)\n    os._exit(0)\n"
        "print(os.waitstatus_to_exitcode(os.wait()[1]))",
    )
    assert said["output"] == "7\n"


def test_without_a_user_to_itself_nothing_starts(
    room: ExamRoom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room.processes._users, "of", lambda role, paths: None)
    with pytest.raises(ExamError, match="started as root"):
        examine(room, tmp_path, POOLS["fork"], "assert f(4) == [4, 3, 2, 1]")
    with pytest.raises(WallError, match="a user of its own"):
        put_up(Walls(processes=True))
