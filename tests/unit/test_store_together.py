"""What several threads want at the same time is done in one go, and each hears of its own."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from campus.processes import wait_until
from grader.store.together import Together


@dataclass
class Room:
    """Notes each run and its thread; a run goes on as soon as it is let."""

    held: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    runs: list[list[str]] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.together: Together[str, str] = Together(
            self.run, key=lambda item: item[0], own_fault=(ValueError,), most=4
        )
        self.pool = ThreadPoolExecutor(16)

    def run(self, items: Sequence[str]) -> list[str | Exception]:
        self.runs.append(list(items))
        self.threads.append(threading.get_ident())
        assert self.held.acquire(timeout=60)
        if len(items) > 1 and "bad" in items:
            raise ValueError("all of it failed")
        return [LookupError(item) if item in ("bad", "refused") else item.upper() for item in items]

    def send(self, item: str) -> Future[tuple[str, int]]:
        """Returns when it is being run, or waits for it."""
        before = len(self.together._waiting), len(self.runs)
        sent = self.pool.submit(lambda: (self.together(item), threading.get_ident()))
        assert wait_until(lambda: (len(self.together._waiting), len(self.runs)) != before, 60)
        return sent

    def let(self, runs: int = 1) -> None:
        for _ in range(runs):
            self.held.release()


@pytest.fixture
def room() -> Any:
    here = Room()
    yield here
    here.pool.shutdown()


def test_what_comes_during_a_run_is_done_together_in_the_next_one(room):
    sent = [room.send(item) for item in ("a", "b", "c", "d")]
    room.let(2)
    assert [one.result(60)[0] for one in sent] == ["A", "B", "C", "D"]
    assert room.runs == [["a"], ["b", "c", "d"]]


def test_each_run_is_on_the_thread_of_its_first_who_is_not_kept_by_the_next(room):
    first, second, third = (room.send(item) for item in ("a", "b", "c"))
    room.let()
    # The second run is still held.
    assert first.result(60) == ("A", room.threads[0])
    assert wait_until(lambda: len(room.runs) == 2, 60)
    assert not second.done()
    room.let()
    assert second.result(60) == ("B", room.threads[1])
    assert third.result(60)[0] == "C"


def test_no_run_is_larger_than_it_may_be(room):
    sent = [room.send(item) for item in "abcdefg"]
    room.let(3)
    assert [one.result(60)[0] for one in sent] == list("ABCDEFG")
    assert [len(run) for run in room.runs] == [1, 4, 2]


def test_things_of_one_key_go_into_different_runs_in_their_order(room):
    sent = [room.send(item) for item in ("x", "a1", "a2", "b1", "a3")]
    room.let(4)
    assert [one.result(60)[0] for one in sent] == ["X", "A1", "A2", "B1", "A3"]
    assert room.runs == [["x"], ["a1", "b1"], ["a2"], ["a3"]]


def test_a_refusal_is_for_its_own_caller_alone(room):
    sent = [room.send(item) for item in ("x", "a", "refused", "c")]
    room.let(2)
    with pytest.raises(LookupError, match="refused"):
        sent[2].result(60)
    assert [sent[number].result(60)[0] for number in (1, 3)] == ["A", "C"]
    assert len(room.runs) == 2


def test_nobody_fails_for_anothers_sake(room, caplog):
    sent = [room.send(item) for item in ("x", "a", "bad", "c")]
    room.let(5)
    with pytest.raises(LookupError, match="bad"):
        sent[2].result(60)
    assert [sent[number].result(60)[0] for number in (1, 3)] == ["A", "C"]
    assert room.runs == [["x"], ["a", "bad", "c"], ["a"], ["bad"], ["c"]]
    assert "all of it failed" in caplog.text


def test_what_fails_for_all_is_not_tried_for_each(room):
    def broken(items: Sequence[str]) -> list[str | Exception]:
        room.runs.append(list(items))
        assert room.held.acquire(timeout=60)
        raise OSError("the disk is full")

    room.together._run = broken
    sent = [room.send(item) for item in ("x", "a", "b")]
    room.let(2)
    for one in sent:
        with pytest.raises(OSError, match="full"):
            one.result(60)
    assert room.runs == [["x"], ["a", "b"]]


def test_a_thread_that_is_ended_in_its_run_leaves_nobody_waiting(room):
    def ended(items: Sequence[str]) -> list[str | Exception]:
        room.runs.append(list(items))
        assert room.held.acquire(timeout=60)
        if "b" in items:
            raise SystemExit("the thread is to end")
        return list(items)

    room.together._run = ended
    sent = [room.send(item) for item in ("a", "b", "c")]
    room.let(2)
    assert sent[0].result(60)[0] == "a"
    for one in sent[1:]:
        with pytest.raises(SystemExit):
            one.result(60)
    room.let()
    assert room.send("d").result(60)[0] == "d"
