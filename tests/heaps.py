"""For tests: a heap that front ends work on, in this process and behind a channel."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from grader.device.emulated import EmulatedDevice
from grader.device.heap import Heap, LocalHeap
from grader.exam import device_bench
from grader.exam.channel import Channel, Closed
from grader.exam.device_link import LinkedHeap


@contextlib.contextmanager
def linked() -> Iterator[LinkedHeap]:
    """A candidate's heap, its bench served by a thread at the other end of a socket."""
    ours, theirs = socket.socketpair()
    largest = 64 << 20

    def serve() -> None:
        with contextlib.suppress(Closed):
            device_bench.serve(Channel(theirs.fileno(), largest), {})

    bench = threading.Thread(target=serve)
    bench.start()
    heap = LinkedHeap(Channel(ours.fileno(), largest), threading.RLock())
    try:
        yield heap
    finally:
        ours.close()
        bench.join()
        theirs.close()


@pytest.fixture(name="heap", params=["here", "behind a channel"])
def either_heap(request: pytest.FixtureRequest) -> Iterator[Heap]:
    if request.param == "here":
        yield LocalHeap(EmulatedDevice())
    else:
        with linked() as far, far.answering():
            yield far
