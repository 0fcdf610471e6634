"""A modelled clock of the emulated GPU: when work on streams would begin and end on a made-up device.

The emulator does all work at once; this says what of it could have run at the same time. The device has one engine for
kernels and array operations, which run one after the other, and one engine for copies in each direction. A copy from or
to pinned memory is asynchronous. One from or to pageable memory waits until the device is idle, and the host waits for
it. The host takes no time to hand out work. The figures below make copies and kernels of small examples take times of
one order; they are those of no GPU, and nothing here is a measure of one. Times are whole nanoseconds.
Imports the interface only.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from grader.device.interface import Finding

#: The model: nanoseconds before a kernel and a copy begin, bytes per nanosecond of memory and bus, and instructions of
#: threads per nanosecond.
LAUNCH = 2_000
COPY = 2_000
MEMORY = 40
BUS = 2
INSTRUCTIONS = 500
#: So many streams may have work under way, and so many accesses of memory are kept to compare with.
MOST_STREAMS = 1024
_KEPT = 256
#: So many conflicts are kept until somebody asks.
_CONFLICTS = 16

Engine = Literal["kernels", "to-device", "to-host"]
_ENGINES: dict[str, dict[Engine, str]] = {
    "en": {"kernels": "Work", "to-device": "A copy to the device", "to-host": "A copy to the host"},
    "de": {"kernels": "Arbeit", "to-device": "Eine Kopie auf das Gerät", "to-host": "Eine Kopie auf den Host"},
}


@dataclass(frozen=True)
class Access:
    """Bytes of device memory that work reads, or writes; `dense` where it touches all of them."""

    begin: int
    end: int
    writes: bool
    dense: bool = True

    def meets(self, other: Access) -> bool:
        """Do the two touch common bytes, or may they, and does one of them write?"""
        return self.begin < other.end and other.begin < self.end and (self.writes or other.writes)


class Place(threading.local):
    """On which stream this thread's requests go, and whether host memory in them is pinned.

    A stream is a number: 0 is the null stream, an odd one does not wait for it (CUDA's non-blocking streams).
    """

    stream: int = 0
    pinned: bool = False

    @contextlib.contextmanager
    def on(self, stream: int | None = None, *, pinned: bool = False) -> Iterator[None]:
        before = self.stream, self.pinned
        self.stream, self.pinned = before[0] if stream is None else stream, pinned
        try:
            yield
        finally:
            self.stream, self.pinned = before


class Timeline:
    """What streams, engines and the host have behind them. `busy` sums the time of all work, one after the other, and
    `span` is the time in which it was done."""

    def __init__(self) -> None:
        self.busy = 0
        self.span = 0
        self._host = 0
        #: When the work on a stream ends, of those where this lies ahead of the host.
        self._streams: dict[int, int] = {}
        self._engines: dict[Engine, int] = {"kernels": 0, "to-device": 0, "to-host": 0}
        self._accesses: deque[tuple[int, int, Access]] = deque(maxlen=_KEPT)
        self._conflicts: list[Finding] = []

    @property
    def end(self) -> int:
        """When all work is done."""
        return max(self._host, *self._engines.values(), *self._streams.values())

    def admits(self, stream: int) -> bool:
        """Is there room for work on it?"""
        return stream == 0 or stream in self._streams or len(self._streams) < MOST_STREAMS

    def ready(self, stream: int) -> int:
        """When what has been put on a stream is done: an event recorded now stands for that."""
        own = self._streams.get(stream, 0)
        if stream == 0:
            own = max((end for number, end in self._streams.items() if number % 2 == 0), default=0)
        elif stream % 2 == 0:
            own = max(own, self._streams.get(0, 0))
        return max(self._host, own)

    def wait(self, stream: int, event: int) -> None:
        """What is put on the stream from here on begins after the event, a time that `ready` gave."""
        if event > self.ready(stream):
            self._streams[stream] = event

    def synchronise(self, until: int | None = None) -> None:
        """The host waits until then, or for all work."""
        self._host = self.end if until is None else max(self._host, until)
        self._streams = {number: end for number, end in self._streams.items() if end > self._host}

    def compute(self, stream: int, nbytes: int, instructions: int, accesses: Iterable[Access]) -> None:
        """A kernel or an array operation that moves so many bytes and executes so many instructions."""
        self._run(stream, "kernels", LAUNCH + max(_over(nbytes, MEMORY), _over(instructions, INSTRUCTIONS)), accesses)

    def transfer(self, place: Place, engine: Engine, nbytes: int, accesses: Iterable[Access]) -> None:
        """A copy over the bus."""
        if not place.pinned:
            self.synchronise()
        self._run(place.stream, engine, COPY + _over(nbytes, BUS), accesses)
        if not place.pinned:
            self.synchronise()

    def conflicts(self) -> tuple[Finding, ...]:
        """Work that met memory which another stream was still at, since this was asked the last time."""
        found, self._conflicts = self._conflicts, []
        return tuple(found)

    def _run(self, stream: int, engine: Engine, nanoseconds: int, accesses: Iterable[Access]) -> None:
        begin = self.ready(stream)
        accesses = [access for access in accesses if access.begin < access.end]
        # Work that meets memory too early waits, so that nobody is faster by leaving an order out.
        met = self._met(stream, begin, accesses)
        free = max((end for end, _ in met), default=0)
        if any(certain for _, certain in met) and len(self._conflicts) < _CONFLICTS:
            self._conflicts.append(_conflict(engine))
        end = max(begin, self._engines[engine], free) + nanoseconds
        before = self.end
        self._streams[stream] = self._engines[engine] = end
        self._accesses.extend((stream, end, access) for access in accesses)
        self.busy += nanoseconds
        self.span += self.end - before

    def _met(self, stream: int, begin: int, accesses: list[Access]) -> list[tuple[int, bool]]:
        """Accesses of other streams that go on after `begin` and meet these: when they end, and is it certain?"""
        if self._streams.keys() <= {stream}:
            return []
        return [
            (end, kept.dense and mine.dense)
            for other, end, kept in self._accesses
            if other != stream and end > begin
            for mine in accesses
            if kept.meets(mine)
        ]


def _over(amount: int, rate: int) -> int:
    return -(-amount // rate)


def _conflict(engine: Engine) -> Finding:
    return Finding(
        "stream-race",
        {
            "en": f"{_ENGINES['en'][engine]} on one stream meets memory that another stream is still at, one of them "
            "writes, and nothing orders them. Record an event behind the first and let the second stream wait for it.",
            "de": f"{_ENGINES['de'][engine]} auf einem Stream trifft auf Speicher, an dem ein anderer Stream noch ist; "
            "eines von beiden schreibt, und nichts ordnet sie. Nimm hinter dem ersten ein Event auf und lass den "
            "zweiten Stream darauf warten.",
        },
    )
