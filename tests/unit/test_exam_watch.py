"""The watcher kills what takes too much, and nothing else."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from grader.exam import scratch, watch
from grader.exam.watch import Caps, Watcher

PLENTY = Caps(folder_bytes=1 << 30, folder_files=10_000, threads=1000, memory_bytes=1 << 40)

#: Takes much, says so, and ends when it is told to.
_GREEDY = """
import os, sys, threading
os.chdir(sys.argv[1])
{take}
print("taken", flush=True)
sys.stdin.readline()
os._exit(7)
"""
GREEDY = {
    "disk": ("open('big', 'wb').write(bytes(3_000_000))", {"folder_bytes": 2_000_000}, "bytes in its folder"),
    "files": ("[open(str(n), 'w').close() for n in range(40)]", {"folder_files": 30}, "more than 30 files"),
    "depth": ("[(os.mkdir('d'), os.chdir('d')) for n in range(3000)]", {}, "deep in its folder"),
    "threads": (
        "[threading.Thread(target=threading.Event().wait, daemon=True).start() for n in range(40)]",
        {"threads": 30},
        "41 threads; at most 30",
    ),
    "memory": ("kept = b'x' * 200_000_000", {"memory_bytes": 150_000_000}, "bytes of memory; at most 150000000"),
}


@contextmanager
def greedy(folder: Path, take: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A process that has taken, and its pidfd. At the end it is told to end, where it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-c", _GREEDY.format(take=take), str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    pidfd = os.pidfd_open(process.pid)
    assert process.stdout is not None
    assert process.stdout.readline() == b"taken\n"
    yield process, pidfd
    process.communicate(b"\n")
    os.close(pidfd)


@pytest.mark.parametrize("what", GREEDY)
def test_who_takes_too_much_is_killed(tmp_path: Path, what: str) -> None:
    take, lower, reason = GREEDY[what]
    with greedy(tmp_path, take) as (process, pidfd), Watcher(replace(PLENTY, **lower)) as watcher:
        seen = watcher.add(process.pid, pidfd, tmp_path)
        assert select.select([pidfd], [], [], 30)[0]
        watcher.drop(seen)
    assert process.returncode == -9
    assert reason in str(seen.excess)
    assert not seen.ours
    # What is nested so deep, pytest cannot remove.
    scratch.remove(tmp_path)


@pytest.mark.parametrize("what", [what for what in GREEDY if what != "depth"])
def test_who_keeps_to_the_caps_is_left_alone(tmp_path: Path, what: str) -> None:
    with greedy(tmp_path, GREEDY[what][0]) as (process, pidfd):
        watcher = Watcher(PLENTY)
        seen = watcher.add(process.pid, pidfd, tmp_path)
        watcher._look(seen)
    assert seen.excess is None
    assert process.returncode == 7


def test_a_full_disk_is_nobodys_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "DISK_FLOOR", 1 << 62)
    with greedy(tmp_path, "") as (process, pidfd):
        watcher = Watcher(PLENTY)
        seen = watcher.add(process.pid, pidfd, tmp_path)
        watcher._look(seen)
    assert process.returncode == -9
    assert "free on the disk for exams" in str(seen.excess)
    assert seen.ours


def test_who_is_no_longer_watched_is_not_killed(tmp_path: Path) -> None:
    """Its pidfd's number may be another's by then."""
    with greedy(tmp_path, "") as (process, pidfd):
        watcher = Watcher(replace(PLENTY, threads=0))
        seen = watcher.add(process.pid, pidfd, tmp_path)
        watcher.drop(seen)
        watcher._look(seen)
    assert process.returncode == 7


def test_who_has_ended_is_passed_over(tmp_path: Path) -> None:
    with greedy(tmp_path, "") as (process, pidfd):
        held = os.dup(pidfd)
    watcher = Watcher(replace(PLENTY, threads=0))
    for folder in (tmp_path, tmp_path / "gone"):
        seen = watcher.add(process.pid, held, folder)
        watcher._look(seen)
        assert seen.excess is None
    os.close(held)


def test_nothing_runs_unwatched(tmp_path: Path) -> None:
    with greedy(tmp_path, "") as (process, pidfd):
        watcher = Watcher(PLENTY)
        seen = watcher.add(process.pid, pidfd, tmp_path / "gone")
        watcher._look(seen)
    assert process.returncode == -9
    assert "cannot be watched" in str(seen.excess)
    assert seen.ours
