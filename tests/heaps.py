"""For tests: a heap that front ends work on, in this process and behind a channel."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from types import ModuleType

import pytest

from grader.device import frontends
from grader.device.emulated import EmulatedDevice
from grader.device.frontends import cupy_standin
from grader.device.frontends.report import Reporter
from grader.device.heap import Heap, LocalHeap
from grader.exam import device_bench
from grader.exam.channel import Channel, Closed
from grader.exam.device_link import OPEN, LinkedHeap

_LARGEST = 64 << 20


@contextlib.contextmanager
def served() -> Iterator[tuple[Channel, Channel]]:
    """The room's and a candidate's channel to a bench that a thread serves."""
    with contextlib.ExitStack() as sockets:
        (room, bench), (candidate, link) = (
            [sockets.enter_context(end) for end in socket.socketpair()] for _ in range(2)
        )

        def serve() -> None:
            with contextlib.suppress(Closed):
                options = {"compute_capability": (9, 0)}
                device_bench.serve(Channel(bench.fileno(), _LARGEST), options, Channel(link.fileno(), _LARGEST))

        serving = threading.Thread(target=serve)
        serving.start()
        try:
            yield Channel(room.fileno(), _LARGEST), Channel(candidate.fileno(), _LARGEST)
        finally:
            room.shutdown(socket.SHUT_RDWR)
            serving.join()


@contextlib.contextmanager
def linked() -> Iterator[LinkedHeap]:
    """A candidate's heap, and a bench that hears it."""
    ours, theirs = socket.socketpair()
    with served() as (room, link), ours, theirs:
        room.send_raw(OPEN)
        Channel(theirs.fileno(), _LARGEST).send(None)
        yield LinkedHeap(Channel(ours.fileno(), _LARGEST), link, threading.RLock())


@pytest.fixture(name="heap", params=["here", "behind a channel"])
def either_heap(request: pytest.FixtureRequest) -> Iterator[Heap]:
    if request.param == "here":
        yield LocalHeap(EmulatedDevice())
    else:
        with linked() as far, far.answering():
            yield far


@pytest.fixture(name="shown")
def said_of_kernels() -> list[str]:
    """What the CuPy stand-in says of kernels."""
    return []


@pytest.fixture(name="cp")
def cupy_standin_over(heap: Heap, shown: list[str]) -> Iterator[ModuleType]:
    yield cupy_standin.install(heap, reporter=Reporter(shown.append, "en"))
    cupy_standin.uninstall()


@pytest.fixture
def emulated() -> Iterator[None]:
    """Both front ends over a heap in this process."""
    frontends.install_emulated(LocalHeap(EmulatedDevice()), show=None)
    yield
    frontends.uninstall()
