"""The memory of a device and everything that is done with it: the one door of all front ends.

Only plain data crosses `Heap`: integers, bytes, names, and `View`s that say where an array lies. So a heap can live in
this process (`LocalHeap`, on NumPy) or behind a channel in another one, and the front ends do not notice.
An address is an integer as a GPU's driver would hand it out; a handle is the address of an allocation's first byte.
Each request goes on the stream that `Heap.place` names, and takes its place on a modelled timeline.
Imports the interface and the timeline.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import operator
from bisect import bisect_right, insort
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

import numpy as np

from grader.device.interface import Device, Dim3, Finding, Launch, LaunchResult, Pointer
from grader.device.timeline import Access, Place, Timeline

#: The libraries whose arrays lie in a heap.
Library = Literal["cupy", "numba"]
#: Where the first allocation lies, how far apart they lie at least, and the alignment, as on a GPU.
FIRST_ADDRESS = 0x7F00_0000_0000
GAP = 512
#: What fresh memory holds: NaN as a float, -1 as an integer, so that reading it before writing is seen.
FRESH = 0xFF
DEFAULT_CAPACITY = 4 << 30
DEFAULT_ALLOCATIONS = 1 << 20
#: What kernels print and nobody asks for is kept so far, in characters.
MAX_PRINTED = 1 << 20
#: What elements of device arrays may be: no objects, no text, no records.
ELEMENTS = "biufcmM"
#: Bytes that memory moves at once.
SECTOR = 32
#: So many numbers travel with an operation as parameters do with a kernel; more of them are a copy to the device.
PARAMETERS = 64


class HeapError(RuntimeError):
    """A request that the heap cannot meet: an unknown address, a range outside its allocation, an unknown operation."""


class OutOfDeviceMemory(HeapError):
    """The device's memory is used up; allocations of ended arrays may still be waiting to be freed."""


@dataclass(frozen=True)
class View:
    """An array in the heap: `address` of its first element, NumPy's `dtype` string, shape, strides in bytes.

    `begin` and `end` are the addresses that bound what may be touched through it.
    """

    address: int
    dtype: str
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        """Bytes of its elements."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize

    @property
    def extent(self) -> tuple[int, int]:
        """Addresses of the first byte and behind the last byte of the view."""
        low = high = 0
        if 0 in self.shape:
            return self.address, self.address
        for length, stride in zip(self.shape, self.strides, strict=True):
            reach = (length - 1) * stride
            low, high = low + min(reach, 0), high + max(reach, 0)
        return self.address + low, self.address + high + np.dtype(self.dtype).itemsize

    def access(self, *, writes: bool) -> Access:
        begin, end = self.extent
        return Access(begin, end, writes, end - begin == self.nbytes)

    @property
    def transposed(self) -> View:
        return View(self.address, self.dtype, self.shape[::-1], self.strides[::-1])

    @property
    def fortran(self) -> bool:
        """Does it lie in Fortran's order, first index fastest?"""
        steps = itertools.accumulate(self.shape[:-1], operator.mul, initial=np.dtype(self.dtype).itemsize)
        return len(self.shape) > 1 and self.strides == tuple(steps)


@dataclass(frozen=True)
class Argument:
    """A pointer among a kernel's arguments: where it points, and the addresses the kernel may touch through it."""

    address: int
    begin: int
    end: int


@dataclass
class HeapCounters:
    """What went over the bus and what ran. Operations are array operations of the CuPy stand-in.

    `busy` and `makespan` are modelled nanoseconds (`grader.device.timeline`): the time of all work one after the other,
    and the time in which it was done. `peak_bytes` is by how much the memory in use grew at most, from one time that
    the counts were taken to the next, summed.
    """

    host_to_device: int = 0
    host_to_device_bytes: int = 0
    device_to_host: int = 0
    device_to_host_bytes: int = 0
    launches: int = 0
    operations: int = 0
    allocations: int = 0
    synchronisations: int = 0
    busy: int = 0
    makespan: int = 0
    peak_bytes: int = 0

    def as_dict(self) -> dict[str, int]:
        return asdict(self)

    def seen(self) -> dict[str, int]:
        """Work started and data moved, under the names that checks use: those of `grader.checks.FunctionTrace`."""
        return {
            "launches": self.launches + self.operations,
            "to_device": self.host_to_device_bytes,
            "to_host": self.device_to_host_bytes,
            "copies_to_device": self.host_to_device,
            "copies_to_host": self.device_to_host,
            "synchronisations": self.synchronisations,
            "busy": self.busy,
            "makespan": self.makespan,
            "peak_bytes": self.peak_bytes,
        }


class Heap(Protocol):
    """What front ends may ask of device memory. All arguments and results are plain data."""

    #: Where the requests of a thread go on the timeline.
    place: Place

    @property
    def compute_capability(self) -> tuple[int, int]: ...

    def alloc(self, nbytes: int) -> int:
        """A new allocation's address; its content counts as never written. Raises `OutOfDeviceMemory`."""
        ...

    def free(self, handle: int) -> None: ...

    def locate(self, address: int) -> tuple[int, int]:
        """(handle, length in bytes) of the allocation that holds `address`. Raises `HeapError`."""
        ...

    def write(self, address: int, data: bytes | memoryview) -> None:
        """A copy from host to device, counted."""
        ...

    def read(self, address: int, nbytes: int) -> bytes:
        """A copy from device to host, counted."""
        ...

    def copy(self, target: int, source: int, nbytes: int) -> None:
        """A copy within the device."""
        ...

    def fill(self, address: int, byte: int, nbytes: int) -> None: ...

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
        """Run a kernel on the heap's arrays and return what the device saw.

        `variables` are those of the module that lie in the heap: name, address, length in bytes. The heap keeps the
        others from launch to launch of one module. Raises `HeapError` where a kernel changes one of them by its name
        that is among its arguments, too.
        """
        ...

    def printed(self) -> str:
        """What kernels have printed since this was asked the last time."""
        ...

    def operate(
        self, name: str, operands: tuple[Any, ...], options: Mapping[str, Any] | None = None, out: View | None = None
    ) -> tuple[View, ...]:
        """An array operation by its name: views and plain scalars in, new arrays out (or into `out`)."""
        ...

    def record(self) -> int:
        """The modelled time at which what the stream has been given is done, in nanoseconds: an event."""
        ...

    def wait(self, event: int) -> None:
        """The stream's further work begins after that time. Raises `HeapError` for a time that no work reaches."""
        ...

    def synchronise(self, event: int | None = None) -> tuple[Finding, ...]:
        """The host waits for an event, or for all work. Gives what was unordered among streams so far."""
        ...

    def counters(self) -> HeapCounters:
        """The counts since the beginning or the last `reset_counters`, as a copy; the host waits for all work."""
        ...

    def reset_counters(self) -> None: ...

    def memory_info(self) -> tuple[int, int]:
        """(free, total) in bytes."""
        ...


def _numbers(value: Any) -> int:
    """How many numbers a plain operand or option holds. Raises HeapError for what is neither plain nor a number."""
    if isinstance(value, (tuple, list)):
        return sum(map(_numbers, value))
    if value is None or isinstance(value, (bool, int, float, complex, str, np.generic)):
        return 1
    raise HeapError(f"an operation of the device takes no {type(value).__name__}")


def _span(address: int, nbytes: int, *, writes: bool = False) -> list[Access]:
    return [Access(address, address + nbytes, writes)]


class _Allocation:
    __slots__ = ("bytes", "written")

    def __init__(self, nbytes: int) -> None:
        self.bytes = np.full(nbytes, FRESH, np.uint8)
        self.written = False


class LocalHeap:
    """A heap in this process: NumPy arrays for memory, `device` for kernels.

    `capacity` is in bytes, `most` bounds how many allocations there may be at a time. `races=False` and a `step_limit`
    are handed on to each launch. Requests may be hostile: what does not fit is refused, and changes nothing.
    """

    def __init__(
        self,
        device: Device,
        *,
        capacity: int = DEFAULT_CAPACITY,
        most: int = DEFAULT_ALLOCATIONS,
        seed: int = 0,
        races: bool = True,
        step_limit: int = 200_000_000,
    ) -> None:
        self.device = device
        self.capacity = capacity
        self.most = most
        self.seed = seed
        self.races = races
        self.step_limit = step_limit
        self.last: LaunchResult | None = None
        #: The warp of the next launches that is recorded, by its number in the grid.
        self.trace: int | None = None
        self._printed = ""
        self._next = FIRST_ADDRESS
        self._starts: list[int] = []
        self._allocations: dict[int, _Allocation] = {}
        self._used = 0
        #: Variables of modules as launches left them, by the text's digest.
        self._variables: dict[bytes, dict[str, bytes]] = {}
        self._counters = HeapCounters()
        self.place = Place()
        self.timeline = Timeline()
        #: Bytes in use when the counts were last taken, and the most since then.
        self._base = self._peak = 0

    @property
    def compute_capability(self) -> tuple[int, int]:
        return self.device.compute_capability

    # -- memory

    def alloc(self, nbytes: int) -> int:
        self._room(nbytes)
        handle = self._next
        self._next += -(-max(nbytes, 1) // GAP) * GAP + GAP
        self._allocations[handle] = _Allocation(nbytes)
        insort(self._starts, handle)
        return handle

    def _room(self, nbytes: int) -> int:
        """`nbytes`, taken and counted. Raises where there is no room for them."""
        if nbytes < 0:
            raise HeapError(f"an allocation of {nbytes} bytes: the size must not be negative")
        if self._used + nbytes > self.capacity:
            free = self.capacity - self._used
            raise OutOfDeviceMemory(
                f"{nbytes} bytes asked for, {free} of {self.capacity} bytes of device memory are free"
            )
        if len(self._allocations) >= self.most:
            raise OutOfDeviceMemory(f"there are {self.most} arrays on the device, and no room for another")
        self._used += nbytes
        self._peak = max(self._peak, self._used)
        self._counters.allocations += 1
        return nbytes

    def alloc_shared(self, nbytes: int, memory: np.ndarray | None = None) -> int:
        """An allocation that this process reaches under the same address, as mapped and managed memory.

        `memory` are the bytes, zeros of its own where it is None. What the host writes there counts as written, and no
        copy is counted.
        """
        allocation = _Allocation(self._room(nbytes))
        allocation.bytes = np.zeros(nbytes, np.uint8) if memory is None else memory
        allocation.written = True
        handle = int(allocation.bytes.ctypes.data)
        place = bisect_right(self._starts, handle)
        before = self._starts[place - 1 : place]
        behind = self._starts[place : place + 1]
        if any(start + len(self._allocations[start].bytes) >= handle for start in before) or any(
            handle + nbytes >= start for start in behind
        ):
            raise OutOfDeviceMemory(f"no room at address {handle:#x} for {nbytes} bytes that host and device share")
        self._allocations[handle] = allocation
        self._starts.insert(place, handle)
        return handle

    def free(self, handle: int) -> None:
        allocation = self._allocations.pop(handle, None)
        if allocation is None:
            raise HeapError(f"no allocation begins at address {handle:#x}: it was freed before, or never made")
        self._starts.remove(handle)
        nbytes = len(allocation.bytes)
        self._used -= nbytes
        if self._peak == self._base:
            # Nothing was taken since the count: a candidate's heap says late what was let go before it.
            self._base = self._peak = self._base - nbytes

    def locate(self, address: int) -> tuple[int, int]:
        place = bisect_right(self._starts, address) - 1
        if place >= 0:
            handle = self._starts[place]
            length = len(self._allocations[handle].bytes)
            if address <= handle + length:
                return handle, length
        raise HeapError(f"address {address:#x} belongs to no array of the device")

    def _range(self, address: int, nbytes: int) -> tuple[_Allocation, slice]:
        handle, length = self.locate(address)
        offset = address - handle
        if nbytes < 0 or offset + nbytes > length:
            raise HeapError(f"{nbytes} bytes from byte {offset} of an allocation of {length} bytes")
        return self._allocations[handle], slice(offset, offset + nbytes)

    def write(self, address: int, data: bytes | memoryview) -> None:
        raw = np.frombuffer(data, np.uint8)
        allocation, where = self._range(address, len(raw))
        self._admit()
        allocation.bytes[where] = raw
        allocation.written = True
        self._counters.host_to_device += 1
        self._counters.host_to_device_bytes += len(raw)
        self.timeline.transfer(self.place, "to-device", len(raw), _span(address, len(raw), writes=True))

    def read(self, address: int, nbytes: int) -> bytes:
        allocation, where = self._range(address, nbytes)
        self._admit()
        self._counters.device_to_host += 1
        self._counters.device_to_host_bytes += nbytes
        self.timeline.transfer(self.place, "to-host", nbytes, _span(address, nbytes))
        return allocation.bytes[where].tobytes()

    def copy(self, target: int, source: int, nbytes: int) -> None:
        origin, where = self._range(source, nbytes)
        allocation, there = self._range(target, nbytes)
        self._admit()
        allocation.bytes[there] = origin.bytes[where].copy()
        allocation.written = allocation.written or origin.written
        self._compute(2 * nbytes, 0, [*_span(source, nbytes), *_span(target, nbytes, writes=True)])

    def fill(self, address: int, byte: int, nbytes: int) -> None:
        allocation, where = self._range(address, nbytes)
        self._admit()
        allocation.bytes[where] = byte & 0xFF
        allocation.written = True
        self._compute(nbytes, 0, _span(address, nbytes, writes=True))

    # -- the timeline

    def _admit(self) -> None:
        """Raises where the request's stream is one too many."""
        if not self.timeline.admits(self.place.stream):
            raise HeapError("too many streams have work under way: synchronise, and use streams again")

    def _compute(self, nbytes: int, instructions: int, accesses: Iterable[Access]) -> None:
        self.timeline.compute(self.place.stream, nbytes, instructions, accesses)

    def record(self) -> int:
        return self.timeline.ready(self.place.stream)

    def wait(self, event: int) -> None:
        self._reached(event)
        self._admit()
        self.timeline.wait(self.place.stream, event)

    def _reached(self, event: int) -> None:
        if not 0 <= event <= self.timeline.end:
            raise HeapError("no work of the device reaches that time: it is none of an event")

    def synchronise(self, event: int | None = None) -> tuple[Finding, ...]:
        if event is not None:
            self._reached(event)
        self._counters.synchronisations += 1
        self.timeline.synchronise(event)
        return self.timeline.conflicts()

    # -- kernels

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
        self._admit()
        handles: list[int] = []
        parameters: list[Pointer | bytes] = []
        for argument in arguments:
            if isinstance(argument, bytes):
                parameters.append(argument)
                continue
            if argument.address == 0:
                # An array without elements has no memory; nothing may be touched through it.
                parameters.append(bytes(8))
                continue
            handle, length = self.locate(argument.address)
            begin, end = argument.begin - handle, argument.end - handle
            if not 0 <= begin <= end <= length:
                raise HeapError(f"bytes {begin} to {end} lie outside the allocation of {length} bytes")
            if handle not in handles:
                handles.append(handle)
            parameters.append(Pointer(handles.index(handle), argument.address - handle, begin, end))
        allocations = [self._allocations[handle] for handle in handles]
        held = {name: self._range(address, nbytes) for name, address, nbytes in variables}
        module = hashlib.sha256(ptx.encode()).digest()
        kept = self._variables.get(module, {})
        result = self.device.launch(
            Launch(
                ptx=ptx,
                entry=entry,
                grid=grid,
                block=block,
                parameters=tuple(parameters),
                buffers=tuple(allocation.bytes for allocation in allocations),
                initialised=tuple(allocation.written for allocation in allocations),
                shared_bytes=shared_bytes,
                seed=self.seed,
                races=self.races,
                step_limit=self.step_limit,
                variables=kept | {name: at.bytes[where].tobytes() for name, (at, where) in held.items()},
                trace=self.trace,
            )
        )
        changed = held.keys() & result.variables.keys()
        for name in changed:
            if held[name][0] in allocations:
                raise HeapError(f"the kernel changes {name} by its name and has its address as an argument: pass none")
        own = {name: data for name, data in result.variables.items() if name not in held}
        if new := own.keys() - kept.keys():
            self._room(sum(len(own[name]) for name in new))
        if own:
            self._variables[module] = kept | own
        for name in changed:
            allocation, where = held[name]
            allocation.bytes[where] = np.frombuffer(result.variables[name], np.uint8)
        for allocation, left in zip(allocations, result.buffers, strict=True):
            allocation.bytes[:] = left
            # Which bytes a kernel wrote is not handed out: from here on the heap is silent about them.
            allocation.written = True
        self.last = result
        self._counters.launches += 1
        self._printed = (self._printed + result.printed)[:MAX_PRINTED]
        counters = result.counters
        touched = [
            Access(handle + begin, handle + end, writes, dense)
            for handle, spans in zip(handles, result.touched, strict=False)
            for writes, (begin, end, dense) in zip((False, True), spans, strict=True)
        ]
        self._compute(SECTOR * counters.global_sectors, counters.thread_instructions, touched)
        return (*result.findings, *self.timeline.conflicts())

    def printed(self) -> str:
        text, self._printed = self._printed, ""
        return text

    # -- array operations

    def array(self, view: View) -> np.ndarray:
        """The memory behind `view` as a NumPy array that shares it. For this process's own use.

        Raises `HeapError` where the view reaches outside its allocation or its elements are no numbers.
        """
        dtype = np.dtype(view.dtype)
        if dtype.kind not in ELEMENTS:
            raise HeapError(f"device arrays hold no {dtype}")
        if 0 in view.shape:
            return np.empty(view.shape, dtype)
        begin, end = view.extent
        allocation, where = self._range(begin, end - begin)
        return np.ndarray(
            view.shape, dtype, allocation.bytes.data, offset=where.start + view.address - begin, strides=view.strides
        )

    def keep(self, content: Any) -> View:
        """A new array with this content; no copy over the bus, and not counted as one."""
        array = np.asarray(content)
        if array.dtype.kind not in ELEMENTS:
            raise HeapError(f"device arrays hold no {array.dtype}")
        # Contiguous in C's order, also where NumPy kept another: that is what new arrays are.
        array = np.ascontiguousarray(array).reshape(array.shape)
        address = self.alloc(array.nbytes)
        allocation = self._allocations[address]
        allocation.bytes[:] = array.reshape(-1).view(np.uint8)
        allocation.written = True
        return View(address, array.dtype.str, array.shape, array.strides)

    def put(self, view: View, content: Any) -> None:
        """Write this content into the memory behind `view`; no copy over the bus, and not counted as one."""
        target = self.array(view)
        target[...] = content
        if target.size:
            self._allocations[self.locate(view.address)[0]].written = True

    def operate(
        self, name: str, operands: tuple[Any, ...], options: Mapping[str, Any] | None = None, out: View | None = None
    ) -> tuple[View, ...]:
        from grader.device.operations import OPERATIONS

        function: Callable[..., Any] | None = OPERATIONS.get(name)
        if function is None:
            raise HeapError(f"the device knows no operation named {name}")
        arrays = [self.array(item) if isinstance(item, View) else item for item in operands]
        self._admit()
        self._counters.operations += 1
        plain = [item for item in operands if not isinstance(item, View)]
        numbers = sum(map(_numbers, [*plain, *(options or {}).values()]))
        if numbers > PARAMETERS:
            self._counters.host_to_device += 1
            self._counters.host_to_device_bytes += 8 * numbers
        with np.errstate(all="ignore"):
            result = function(*arrays, **(options or {}))
        made: tuple[View, ...] = ()
        changed: tuple[View, ...] = () if out is None else (out,)
        if out is not None:
            self.put(out, result)
        elif result is None:
            changed = tuple(item for item in operands[:1] if isinstance(item, View))
            for item in changed:
                if item.address and 0 not in item.shape:
                    self._allocations[self.locate(item.address)[0]].written = True
        else:
            made = tuple(self.keep(part) for part in (result if isinstance(result, (tuple, list)) else (result,)))
        read = [item for item in operands if isinstance(item, View)]
        accesses = [view.access(writes=False) for view in read]
        accesses += [view.access(writes=True) for view in (*changed, *made)]
        self._compute(sum(view.nbytes for view in (*read, *changed, *made)), 0, accesses)
        return changed if out is not None else made

    def counters(self) -> HeapCounters:
        self.timeline.synchronise()
        self._counters.busy, self._counters.makespan = self.timeline.busy, self.timeline.span
        self._counters.peak_bytes += self._peak - self._base
        self._base = self._peak = self._used
        return HeapCounters(**asdict(self._counters))

    def reset_counters(self) -> None:
        self._counters = HeapCounters()
        self.timeline.busy = self.timeline.span = 0

    def discount(self, nbytes: int) -> None:
        """So much memory will be taken for somebody else than the one whose peak is counted."""
        self._base, self._peak = self._base + nbytes, self._peak + nbytes

    def memory_info(self) -> tuple[int, int]:
        return self.capacity - self._used, self.capacity
