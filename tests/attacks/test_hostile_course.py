"""What a course's own tests may try against the platform and against other courses: nothing of it works.

The examiner runs them, walled. The same code in a process without walls shows that each attempt is a real one.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from grader.exam.room import ExamLimits, ExamRoom
from tests.notebooks import notebook, solution, test

#: Names a test cell finds: `platform`, the data folder, and `source`, its own assignment.
ATTEMPTS = {
    "the store": "open(f'{platform}/store.sqlite', 'rb')",
    "secrets": "open(f'{platform}/secrets/runtime.json')",
    "a gradebook": "open(f'{platform}/courses/other/gradebook.db', 'r+b')",
    "another course": "open(f'{platform}/courses/other/source/unit/unit.ipynb')",
    "another assignment of the course": "open(f'{source}/../next/unit.ipynb')",
    "what courses there are": "os.listdir(f'{platform}/courses')",
    "its own tests, to change them": "open(f'{source}/unit.ipynb', 'r+')",
    "a file beside its own tests": "open(f'{source}/new.py', 'x')",
    "the exam's other folders": "os.listdir('..')",
    "a file in them": "open('../planted', 'w')",
    "a file anywhere": "open(f'{platform}/planted', 'w')",
    "modes of the store": "os.chmod(f'{platform}/store.sqlite', 0o666)",
    "times of the store": "os.utime(f'{platform}/store.sqlite', (1, 1))",
    "emptying the store": "os.truncate(f'{platform}/store.sqlite', 0)",
    "removing a gradebook": "os.unlink(f'{platform}/courses/other/gradebook.db')",
    "which processes there are": "os.listdir('/proc')",
    "another process": "open(f'/proc/{os.getppid()}/cmdline')",
    "a local socket": "socket.socket(socket.AF_UNIX)",
    "the network": "socket.socket(socket.AF_INET)",
    "a process": "os._exit(0) if os.fork() == 0 else os.wait()",
    "a program": "subprocess.run(['/bin/true'], check=True)",
    "a signal": "os.kill(os.getppid(), 0)",
}  # fmt: skip

_CELL = """
import os, socket, subprocess
def works(attempt):
    try:
        eval(attempt)
    except OSError:
        return False
    return True
working = [attempt for attempt in {attempts!r} if works(attempt)]
"""


@pytest.fixture
def platform(tmp_path: Path) -> Path:
    """A data folder with the places of a real one; the assignment that is examined is courses/mine/source/unit."""
    files = (
        *("store.sqlite", "secrets/runtime.json", "courses/other/gradebook.db", "courses/other/source/unit/unit.ipynb"),
        *("courses/mine/source/next/unit.ipynb", "courses/mine/source/unit/unit.ipynb"),
    )
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("kept")
    return tmp_path


def test_a_test_cell_reaches_nothing_of_the_platform(platform: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    source = platform / "courses/mine/source/unit"
    places = f"platform, source = {str(platform)!r}, {str(source)!r}\n"
    cell = places + _CELL.format(attempts=list(ATTEMPTS.values())) + "assert working == [], working"
    (source / "unit.ipynb").write_bytes(notebook(solution("a", ""), test("t", 1, cell)))
    before = {path: (path.read_bytes(), path.stat().st_mode) for path in platform.rglob("*") if path.is_file()}
    with ExamRoom(ExamLimits(), device="emulated", scratch=tmp_path_factory.mktemp("room")) as room:
        verdict = room.examine(source, "unit", {"unit.ipynb": notebook(solution("a", ""))})
    assert verdict.score == 1, verdict.cells[0].findings
    after = {path: (path.read_bytes(), path.stat().st_mode) for path in platform.rglob("*") if path.is_file()}
    assert after == before


def test_each_attempt_works_where_there_are_no_walls(platform: Path) -> None:
    places = {"platform": str(platform), "source": str(platform / "courses/mine/source/unit")}
    cell = f"globals().update({places!r})\n" + _CELL.format(attempts=list(ATTEMPTS.values()))
    folder = platform / "exam" / "examiner"
    folder.mkdir(parents=True)
    said = subprocess.run(
        [sys.executable, "-c", cell + "print(*working, sep=os.linesep)"],
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.splitlines() == list(ATTEMPTS.values())
