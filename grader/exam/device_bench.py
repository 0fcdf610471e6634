"""The device bench: owns an exam's device memory, runs launches and operations on it, and counts.

Expendable and walled like the candidate, whose requests it takes from a closed list on a link of its own; it holds
inputs and what the candidate makes of them, and no expected value. Whatever a request provokes goes back to its sender
as an exception's name and text. A bench that dies takes its candidate along, since the candidate's arrays lie here.
Arrays and kernels of test cells have a bench to themselves, of which all this is true with the examiner in the
candidate's place; it may hold expected values, and nothing of a candidate ever comes there but plain data.
Imports this package's channel, and devices.
"""

from __future__ import annotations

import resource
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from grader.device.emulated import EmulatedDevice
from grader.device.heap import DEFAULT_CAPACITY, Argument, HeapError, LocalHeap, OutOfDeviceMemory, View
from grader.device.interface import DeviceError, Faults, Finding
from grader.exam.channel import Channel, decode, next_to_speak, unpack
from grader.exam.device_link import CLOSED, OPEN, RAISED, from_plain, to_plain

#: A launch holds its buffers several times over, so this share of the process's memory is the device's.
_SHARE = 4
_MOST_ALLOCATIONS = 1 << 16
#: So long may a request of the candidate's take to arrive, and its answer to be taken.
_CANDIDATE_SECONDS = 10.0


class DeviceBench:
    """Answers requests. `largest` bounds the bytes of one copy."""

    def __init__(self, heap: LocalHeap, largest: int) -> None:
        self.heap = heap
        self.largest = largest
        self._faults = Faults()
        self._held: set[int] = set()
        self._ended: set[int] = set()
        #: What a front end may ask, with the types of the arguments.
        self._requests: dict[str, tuple[Callable[..., Any], tuple[type, ...]]] = {
            "compute_capability": (lambda: self.heap.compute_capability, ()),
            "alloc": (heap.alloc, (int,)),
            "locate": (heap.locate, (int,)),
            "write": (heap.write, (int, bytes)),
            "read": (self._read, (int, int)),
            "copy": (heap.copy, (int, int, int)),
            "fill": (heap.fill, (int, int, int)),
            "launch": (self._launch, (str, str, tuple, tuple, tuple, int, tuple)),
            "printed": (heap.printed, ()),
            "operate": (self._operate, (str, tuple, dict, object)),
            "synchronise": (self._synchronise, (object,)),
            "record": (heap.record, ()),
            "wait": (heap.wait, (int,)),
            "counters": (lambda: heap.counters().as_dict(), ()),
            "memory_info": (heap.memory_info, ()),
        }

    def answer(self, packed: bytes) -> dict[str, Any]:
        """The reply to a request of the examiner's or of its front ends: a value, or what it raised."""
        return self._reply(packed, self._examiner)

    def answer_candidate(self, packed: bytes) -> dict[str, Any]:
        """The reply to a request of the candidate's front ends."""
        return self._reply(packed, self._front_end)

    def _reply(self, packed: bytes, request: Callable[[Any], Any]) -> dict[str, Any]:
        try:
            return {"value": to_plain(request(unpack(packed)))}
        except MemoryError:
            return _raised(OutOfDeviceMemory("there is not enough device memory for this"))
        except Exception as error:  # whatever it is: its sender's fault, and its sender is told
            return _raised(error)

    # -- front ends

    def _front_end(self, request: dict[str, Any]) -> Any:
        for handle in request["freed"]:
            self._free(handle)
        function, types = self._requests.get(request["do"], (None, ()))
        if function is None:
            raise HeapError("the device knows no such request")
        arguments = [from_plain(argument) for argument in request["with"]]
        if len(arguments) != len(types) or not all(
            kind is object or type(argument) is kind for argument, kind in zip(arguments, types, strict=True)
        ):
            raise HeapError(f"the device does not take {request['do']} with these arguments")
        with self.heap.place.on(**_place(request.get("on"))):
            return function(*arguments)

    def _free(self, handle: Any) -> None:
        if handle in self._held:
            self._ended.add(handle)
            return
        try:
            self.heap.free(handle)
        except HeapError:
            # Nobody waits for this answer, and nothing was freed.
            return

    def _read(self, address: int, nbytes: int) -> bytes:
        self._check_size(nbytes)
        return self.heap.read(address, nbytes)

    def _check_size(self, nbytes: int) -> None:
        if nbytes > self.largest:
            raise HeapError(f"a copy of {nbytes} bytes; in an exam the device takes at most {self.largest} at once")

    def _launch(
        self,
        ptx: str,
        entry: str,
        grid: Any,
        block: Any,
        arguments: tuple[Any, ...],
        shared_bytes: int,
        variables: tuple[Any, ...],
    ) -> list[dict[str, Any]]:
        if any(len(shape) != 3 or any(type(size) is not int for size in shape) for shape in (grid, block)):
            raise HeapError("grid and block have three sizes")
        if not all(isinstance(argument, Argument | bytes) for argument in arguments):
            raise HeapError("a kernel takes arrays and numbers")
        if not all(type(item) is tuple and list(map(type, item)) == [str, int, int] for item in variables):
            raise HeapError("a variable has a name, an address and a length")
        try:
            findings = self.heap.launch(ptx, entry, grid, block, arguments, shared_bytes, variables)
        except DeviceError as error:
            raise HeapError(str(error)) from None
        return self._found(findings)

    def _found(self, findings: tuple[Finding, ...]) -> list[dict[str, Any]]:
        self._faults.add(findings)
        return [asdict(finding) for finding in findings]

    def _synchronise(self, event: Any) -> list[dict[str, Any]]:
        if event is not None and type(event) is not int:
            raise HeapError("an event is a time")
        return self._found(self.heap.synchronise(event))

    def _operate(self, name: str, operands: tuple[Any, ...], options: dict[Any, Any], out: Any) -> tuple[View, ...]:
        if not all(type(key) is str for key in options) or not (out is None or isinstance(out, View)):
            raise HeapError(f"the device does not take {name} with these options")
        return self.heap.operate(name, operands, options, out)

    # -- the examiner

    def _examiner(self, request: dict[str, Any]) -> Any:
        if "heap" in request:
            return self._front_end(request["heap"])
        if request["exam"] == "place":
            arrays = [decode(array) for array in request["arrays"]]
            self.heap.discount(sum(array.nbytes for array in arrays))
            views = [self.heap.keep(array) for array in arrays]
            self._held.update(view.address for view in views)
            return views
        if request["exam"] == "put":
            self.heap.put(from_plain(request["view"]), decode(request["array"]))
            return None
        if request["exam"] == "read":
            views = [from_plain(view) for view in request["views"]]
            self._check_size(sum(view.nbytes for view in views))
            arrays = [self.heap.array(view).copy() for view in views]
            if request["let_go"]:
                self._let_go()
            self._faults.add(self.heap.timeline.conflicts())
            found = [asdict(finding) for finding in self._faults.taken()]
            return {"arrays": arrays, "counted": self.heap.counters().seen(), "found": found}
        raise HeapError("the device bench knows no such request")

    def _let_go(self) -> None:
        ended, self._ended, self._held = self._ended, set(), set()
        for handle in ended:
            self.heap.free(handle)


def _place(given: Any) -> dict[str, Any]:
    """On which stream, and with pinned memory? Whether memory of the candidate's is pinned is its own word."""
    if given is None:
        return {}
    if type(given) is not list or list(map(type, given)) != [int, bool] or given[0] < 0:
        raise HeapError("a request goes on a stream, which is a number")
    return {"stream": given[0], "pinned": given[1]}


def _raised(error: Exception) -> dict[str, Any]:
    name = next((kind.__name__ for kind in type(error).__mro__ if kind.__name__ in RAISED), "RuntimeError")
    return {"raised": name, "text": str(error)[:2000]}


def serve(channel: Channel, options: dict[str, Any], link: Channel | None = None) -> None:
    """Answer until the other side is gone; `link` leads to the candidate, which is heard while the room lets it ask."""
    memory, _ = resource.getrlimit(resource.RLIMIT_AS)
    capacity = DEFAULT_CAPACITY if memory == resource.RLIM_INFINITY else memory // _SHARE
    device = EmulatedDevice(tuple(options["compute_capability"]))
    heap = LocalHeap(device, capacity=capacity, most=_MOST_ALLOCATIONS)
    bench = DeviceBench(heap, largest=channel.limit // 2)
    heard = [channel]
    while True:
        if (speaker := next_to_speak(heard)) is link:
            # A request that stops halfway must not keep the examiner waiting for long.
            speaker.send(bench.answer_candidate(speaker.receive_raw(_CANDIDATE_SECONDS)), _CANDIDATE_SECONDS)
        elif (packed := channel.receive_raw()) in (OPEN, CLOSED):
            heard = [channel] if link is None or packed == CLOSED else [channel, link]
        else:
            channel.send(bench.answer(packed))
