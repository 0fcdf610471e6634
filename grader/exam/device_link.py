"""Device memory in an emulated exam: the bench owns it, and the candidate and the examiner ask for it.

The candidate's `numba.cuda` and `cupy` work over `LinkedHeap`, whose requests go straight to this exam's device bench
(`grader.exam.device_bench`), which takes them while the room has a question to the candidate open.
The examiner's `ExamMemory` puts inputs there and reads results, changed inputs and counts from there, so none of them
is the candidate's word.

What remains the candidate's word: which library an array is of (`cupy.asarray` makes one of the other without a copy),
the type and shape it announces for the bytes of a result (what `view` and `reshape` do), what it says of arrays on the
host, and which memory there is pinned.
Values are read once, when a call has returned and the bench takes no more requests; those that a thread of the
learner's sends later wait until the next call, so they cannot change what is read, and count there.
Imports this package's channel, and the heap's interface.
"""

from __future__ import annotations

import contextlib
import os
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.device.heap import Argument, HeapCounters, HeapError, Library, OutOfDeviceMemory, View
from grader.device.interface import Dim3, Faults, Finding
from grader.device.timeline import Place
from grader.exam.channel import Channel, ChannelError, Closed, NotPlain, TooLarge, decode, encode, pack

#: What a candidate sends to the room before its first request; the answer comes when its device is there.
ATTACH = pack({"device": None})
#: From the room to a bench, which answers neither: may the candidate ask from here on?
OPEN, CLOSED = pack({"candidate": "open"}), pack({"candidate": "closed"})
#: What a request may raise in the candidate, by name. Anything else becomes a RuntimeError.
RAISED: dict[str, type[Exception]] = {
    kind.__name__: kind
    for kind in (
        *(OutOfDeviceMemory, HeapError, np.linalg.LinAlgError, np.exceptions.AxisError),
        *(TypeError, ValueError, IndexError, ZeroDivisionError, OverflowError, NotImplementedError),
    )
}


def to_plain(value: Any) -> Any:
    """Views, arguments of kernels and plain values, for the channel. Raises NotPlain for anything else."""
    return encode(value, _special_to_plain)


def _special_to_plain(value: Any) -> Any:
    if isinstance(value, View):
        strides = [int(step) for step in value.strides]
        return {"~": "view", "v": [int(value.address), value.dtype, [int(size) for size in value.shape], strides]}
    if isinstance(value, Argument):
        return {"~": "argument", "v": [int(value.address), int(value.begin), int(value.end)]}
    for kind in (int, float, complex, str):
        # Classes of the learner's that are numbers, such as those of an IntEnum.
        if isinstance(value, kind):
            return encode(kind(value))  # type: ignore[arg-type]
    raise NotPlain(f"the device takes no {type(value).__name__}")


def from_plain(value: Any) -> Any:
    """Inverse of `to_plain`. Raises ChannelError for anything malformed."""
    return decode(value, _special_from_plain)


def _special_from_plain(value: dict[str, Any]) -> View | Argument:
    content = value["v"]
    if value["~"] == "argument":
        address, begin, end = _integers(content)
        return Argument(address, begin, end)
    if value["~"] == "view":
        address, dtype, shape, strides = content
        (place,), sizes = _integers([address]), _integers(shape)
        if type(dtype) is not str or len(dtype) > 40 or min(sizes, default=0) < 0:
            raise ChannelError("not a view")
        return View(place, dtype, sizes, _integers(strides))
    raise ChannelError("unknown value")


def _integers(values: Any) -> tuple[int, ...]:
    if type(values) is not list or any(type(value) is not int for value in values):
        raise ChannelError("not integers")
    return tuple(values)


class RemoteHeap(ABC):
    """A heap that lies in a device bench, as the front ends of this process have it (see `grader.device.heap.Heap`)."""

    def __init__(self) -> None:
        # Arrays end anywhere, also while a request is under way: their memory goes back with the next request.
        self._freed: deque[int] = deque()
        self.place = Place()
        self._counted_before = HeapCounters()
        self._compute_capability: tuple[int, int] | None = None

    @abstractmethod
    def _exchange(self, name: str, plain: list[Any]) -> dict[str, Any]:
        """The bench's reply to a request with these plain arguments."""

    def _request(self, name: str, plain: list[Any]) -> dict[str, Any]:
        freed = [self._freed.popleft() for _ in range(len(self._freed))]
        request = {"do": name, "with": plain, "freed": freed}
        if self.place.stream or self.place.pinned:
            request["on"] = [self.place.stream, self.place.pinned]
        return request

    def _ask(self, name: str, *arguments: Any) -> Any:
        reply = self._exchange(name, [to_plain(argument) for argument in arguments])
        if "value" not in reply:
            raise RAISED.get(str(reply.get("raised")), RuntimeError)(reply.get("text", "the device is gone"))
        return from_plain(reply["value"])

    @property
    def compute_capability(self) -> tuple[int, int]:
        if self._compute_capability is None:
            self._compute_capability = self._ask("compute_capability")
        return self._compute_capability

    def alloc(self, nbytes: int) -> int:
        return int(self._ask("alloc", nbytes))

    def free(self, handle: int) -> None:
        self._freed.append(handle)

    def locate(self, address: int) -> tuple[int, int]:
        handle, length = self._ask("locate", address)
        return handle, length

    def write(self, address: int, data: bytes | memoryview) -> None:
        self._ask("write", address, bytes(data))

    def read(self, address: int, nbytes: int) -> bytes:
        content: bytes = self._ask("read", address, nbytes)
        return content

    def copy(self, target: int, source: int, nbytes: int) -> None:
        self._ask("copy", target, source, nbytes)

    def fill(self, address: int, byte: int, nbytes: int) -> None:
        self._ask("fill", address, byte, nbytes)

    def launch(
        self,
        ptx: str,
        entry: str,
        grid: Dim3,
        block: Dim3,
        arguments: tuple[Argument | bytes, ...],
        shared_bytes: int = 0,
        variables: tuple[tuple[str, int, int], ...] = (),
    ) -> tuple[Finding, ...]:
        findings = self._ask("launch", ptx, entry, grid, block, arguments, shared_bytes, variables)
        return tuple(map(Finding.from_plain, findings))

    def printed(self) -> str:
        text: str = self._ask("printed")
        return text

    def operate(
        self, name: str, operands: tuple[Any, ...], options: Mapping[str, Any] | None = None, out: View | None = None
    ) -> tuple[View, ...]:
        views: tuple[View, ...] = self._ask("operate", name, tuple(operands), dict(options or {}), out)
        return views

    def record(self) -> int:
        return int(self._ask("record"))

    def wait(self, event: int) -> None:
        self._ask("wait", event)

    def synchronise(self, event: int | None = None) -> tuple[Finding, ...]:
        return tuple(map(Finding.from_plain, self._ask("synchronise", event)))

    def _counted(self) -> HeapCounters:
        return HeapCounters(**self._ask("counters"))

    def counters(self) -> HeapCounters:
        now, before = self._counted().as_dict(), self._counted_before.as_dict()
        return HeapCounters(**{name: now[name] - before[name] for name in now})

    def reset_counters(self) -> None:
        """For this process; the examiner's counts go on."""
        self._counted_before = self._counted()

    def memory_info(self) -> tuple[int, int]:
        free, total = self._ask("memory_info")
        return free, total


class LinkedHeap(RemoteHeap):
    """The heap as a candidate has it.

    It answers while a question of the examiner's is answered; a thread that goes on afterwards gets a HeapError.
    `link` leads to the bench, if there is one, and `channel` to the room, which starts it. Whoever speaks on either
    holds `speaking`.
    """

    def __init__(self, channel: Channel, link: Channel | None, speaking: threading.RLock) -> None:
        super().__init__()
        self._channel = channel
        self._link = link
        self._speaking = speaking
        self._attached = False
        # Questions that are being answered: a test's function that learner code calls may ask anew.
        self._questions = 0
        self._asking = False
        self._process = os.getpid()

    @contextlib.contextmanager
    def answering(self) -> Iterator[None]:
        """While a question is answered; at its end a request that is under way is waited for."""
        with self._speaking:
            self._questions += 1
        try:
            yield
        finally:
            with self._speaking:
                self._questions -= 1

    def _exchange(self, name: str, plain: list[Any]) -> dict[str, Any]:
        if os.getpid() != self._process:
            raise HeapError("a process made by fork has no device; use it in the process that runs the notebook")
        if self._link is None:
            raise HeapError("this process has no device")
        with self._speaking:
            if not self._questions:
                raise HeapError("the device answers only while a cell or a call runs, and this one is over")
            if self._asking:
                raise HeapError("the device is asked while it answers")
            self._asking = True
            try:
                self._attach()
                self._link.send(self._request(name, plain))
                # An exception that a signal brings in here leaves an answer behind: the link stays unusable then.
                reply: dict[str, Any] = self._link.receive()
            except TooLarge as error:
                self._asking = False
                raise HeapError(f"too much for one request to the device: {error}") from None
            except Closed:
                # Its arrays are gone with the bench.
                os._exit(1)
            self._asking = False
        return reply

    def _attach(self) -> None:
        if not self._attached:
            self._channel.send_raw(ATTACH)
            self._channel.receive()
            self._attached = True


class ExaminerHeap(RemoteHeap):
    """The heap of test cells; `ask` takes a request to the examiner's own bench and gives its answer."""

    def __init__(self, ask: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        super().__init__()
        self._send = ask

    def _exchange(self, name: str, plain: list[Any]) -> dict[str, Any]:
        return self._send({"heap": self._request(name, plain)})


@dataclass(frozen=True)
class Placed:
    """An array in the bench's memory, on its way to the candidate or back."""

    view: View
    library: Library

    def plain(self) -> dict[str, Any]:
        return {"~": "device", "v": to_plain(self.view), "k": self.library}

    @classmethod
    def from_plain(cls, value: dict[str, Any]) -> Placed:
        """Raises ChannelError for anything malformed."""
        view = from_plain(value["v"])
        if not isinstance(view, View):
            raise ChannelError("not a view")
        return cls(view, "cupy" if value.get("k") == "cupy" else "numba")


class ExamMemory:
    """A bench's memory as the examiner has it; nothing done here is counted.

    `ask` takes a request to the device bench and gives its answer, `largest` bounds the bytes of one. All raise
    ChannelError for what the bench refuses: views where there is no memory of this exam, and more than it holds.
    """

    def __init__(self, ask: Callable[[dict[str, Any]], dict[str, Any]], largest: int) -> None:
        self._send = ask
        self._largest = largest
        self._counted = HeapCounters().seen()
        self._faults = Faults()
        #: May the candidate have asked its device for something since it was last read?
        self.asked = False

    def _ask(self, request: dict[str, Any]) -> Any:
        reply = self._send(request)
        if "value" not in reply:
            raise ChannelError(str(reply.get("text"))[:500])
        return from_plain(reply["value"])

    def place(self, arrays: Sequence[np.ndarray]) -> list[View]:
        """Copies of `arrays` in device memory. They stay, whatever the candidate does, until they are let go; from
        then on they belong to the candidate. Arrays in Fortran's order keep it."""
        turned = [array.flags.fnc for array in arrays]
        plain = [encode(array.T if turn else array) for array, turn in zip(arrays, turned, strict=True)]
        views: list[View] = self._ask({"exam": "place", "arrays": plain})
        return [view.transposed if turn else view for view, turn in zip(views, turned, strict=True)]

    def put(self, placed: Sequence[Placed], contents: Sequence[np.ndarray]) -> None:
        """Write each array's content into the memory where it lies."""
        for one, content in zip(placed, contents, strict=True):
            self._ask({"exam": "put", "view": to_plain(one.view), "array": encode(content)})

    def read(self, placed: Sequence[Placed], *, let_go: bool = False) -> list[np.ndarray]:
        """What lies there now. `let_go` then lets go of everything that was placed."""
        groups: list[list[Placed]] = [[]]
        for one in placed:
            if groups[-1] and sum(other.view.nbytes for other in groups[-1]) + one.view.nbytes > self._largest:
                groups.append([])
            groups[-1].append(one)
        arrays: list[np.ndarray] = []
        for number, group in enumerate(groups, 1):
            views = [to_plain(one.view) for one in group]
            last = number == len(groups)
            answer = self._ask({"exam": "read", "views": views, "let_go": let_go and last})
            arrays += [
                np.asfortranarray(array) if one.view.fortran else array
                for one, array in zip(group, answer["arrays"], strict=True)
            ]
            self._counted = answer["counted"]
            self._note(answer["found"])
        self.asked = False
        return arrays

    def _note(self, found: Any) -> None:
        try:
            self._faults.add(map(Finding.from_plain, found))
        except (KeyError, TypeError) as error:
            raise ChannelError("not findings") from error

    def counted(self) -> dict[str, int]:
        """`HeapCounters.seen` since the candidate's beginning."""
        if self.asked:
            self.read(())
        return self._counted

    def faults(self) -> tuple[Finding, ...]:
        """Errors of the candidate's kernels since this was asked the last time."""
        if self.asked:
            self.read(())
        return self._faults.taken()
