"""`cupy.cuda` of the stand-in: one device, streams and events on the heap's modelled timeline.

Results are there when a call returns, whatever stream it was put on.
Imports `grader.device` only.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import threading
import time
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np

from grader.device.frontends import pinned
from grader.device.frontends.cupy_standin.core import (
    MemoryPointer,
    OutOfMemoryError,
    allocate,
    heap,
    on,
    shape_of,
    synchronise,
)

DEVICE_NAME = "Lehrwerk emulated GPU"


class Device:
    """`cupy.cuda.Device`."""

    def __init__(self, device: int | None = None) -> None:
        self.id = int(device or 0)
        if self.id != 0:
            raise ValueError(f"there is one device, number 0, and not {self.id}")

    def __enter__(self) -> Device:
        return self

    def __exit__(self, *error: Any) -> None:
        """The one device stays current."""

    def use(self) -> None:
        """The one device is always in use."""

    def synchronize(self) -> None:
        synchronise()

    @property
    def compute_capability(self) -> str:
        return "".join(map(str, heap().compute_capability))

    @property
    def mem_info(self) -> tuple[int, int]:
        return heap().memory_info()

    @property
    def attributes(self) -> dict[str, int]:
        return {"MaxThreadsPerBlock": 1024, "MultiProcessorCount": 4, "WarpSize": 32, "MaxSharedMemoryPerBlock": 49152}

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Device)

    def __hash__(self) -> int:
        return 0

    def __int__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return f"<CUDA Device 0: {DEVICE_NAME}>"


#: Numbers of streams: those that wait for the null stream are even (`grader.device.timeline.Place`).
_numbers = itertools.count(1 << 32, 2)


class Stream:
    """`cupy.cuda.Stream`."""

    null: Stream
    ptds: Stream

    def __init__(self, null: bool = False, non_blocking: bool = False, ptds: bool = False) -> None:
        self.ptr = 0 if null else 2 if ptds else next(_numbers) + bool(non_blocking)
        self._before = threading.local()
        _streams[self.ptr] = self

    def __enter__(self) -> Stream:
        self._before.streams = [*getattr(self._before, "streams", []), heap().place.stream]
        return self.use()

    def __exit__(self, *error: Any) -> None:
        heap().place.stream = self._before.streams.pop()

    def use(self) -> Stream:
        """It is the thread's current stream from here on."""
        heap().place.stream = self.ptr
        return self

    def synchronize(self) -> None:
        with on(self):
            event = heap().record()
        synchronise(event)

    @property
    def done(self) -> bool:
        return True

    def record(self, event: Event | None = None) -> Event:
        event = event or Event()
        event.record(self)
        return event

    def wait_event(self, event: Event) -> None:
        """An event that was not recorded is done."""
        if event.at is not None:
            with on(self):
                heap().wait(event.at)


_streams: weakref.WeakValueDictionary[int, Stream] = weakref.WeakValueDictionary()
Stream.null = Stream(null=True)
Stream.ptds = Stream(ptds=True)


class Event:
    """`cupy.cuda.Event`: a time of the modelled timeline, `at`, in nanoseconds."""

    def __init__(self, block: bool = False, disable_timing: bool = False, interprocess: bool = False) -> None:
        self.at: int | None = None

    def record(self, stream: Stream | None = None) -> None:
        with on(stream):
            self.at = heap().record()

    def synchronize(self) -> None:
        synchronise(self.at or 0)

    @property
    def done(self) -> bool:
        return True


def get_elapsed_time(start_event: Event, end_event: Event) -> float:
    """Modelled milliseconds between two events."""
    if start_event.at is None or end_event.at is None:
        raise RuntimeError("the event was not recorded")
    return 1e-6 * (end_event.at - start_event.at)


def get_current_stream() -> Stream:
    return _streams.get(heap().place.stream, Stream.null)


def is_available() -> bool:
    return True


class MemoryPool:
    """`cupy.cuda.MemoryPool`: there is no pool; used and total are what arrays hold."""

    def __init__(self, allocator: Any = None) -> None:
        self._limit: int | None = None

    def malloc(self, size: int) -> MemoryPointer:
        """Memory for `cupy.ndarray(shape, dtype, memptr)`."""
        return allocate((int(size),), np.dtype(np.uint8)).data

    def set_limit(self, size: int | None = None, fraction: float | None = None) -> None:
        total = heap().memory_info()[1]
        self._limit = int(total * fraction) if size is None and fraction is not None else int(size or 0) or None

    def used_bytes(self) -> int:
        free, total = heap().memory_info()
        return total - free

    def total_bytes(self) -> int:
        return self.used_bytes()

    def free_bytes(self) -> int:
        return 0

    def n_free_blocks(self) -> int:
        return 0

    def free_all_blocks(self, stream: Any = None) -> None:
        """Memory goes back with the array that held it."""

    def get_limit(self) -> int:
        return self._limit or heap().memory_info()[1]


def alloc_pinned_memory(size: int) -> memoryview:
    """Host memory that counts as pinned."""
    return pinned.memory(int(size)).data


def set_allocator(allocator: Any = None) -> None:
    """Arrays lie in the device's heap, whatever hands out memory."""


def zeros_pinned(shape: Any, dtype: Any = float, order: Any = "C") -> np.ndarray:
    """`cupyx.zeros_pinned` and `cupyx.empty_pinned`: a NumPy array in pinned memory."""
    kind, sizes = np.dtype(dtype), shape_of(shape)
    memory = pinned.memory(math.prod(sizes) * kind.itemsize)
    return memory.view(kind).reshape(sizes, order=order)


class BenchmarkResult:
    """What `cupyx.profiler.benchmark` gives, in seconds of each run: the host's on the emulator's wall clock, the
    device's on the modelled timeline."""

    def __init__(self, name: str, cpu_times: np.ndarray, gpu_times: np.ndarray) -> None:
        self.name = name
        self.cpu_times = cpu_times
        self.gpu_times = gpu_times.reshape(1, -1)

    def to_str(self, show_gpu: bool = False) -> str:
        parts = [f"{self.name:<20}:", _times("CPU", self.cpu_times)]
        parts += [_times("GPU-0", self.gpu_times), "modelled on the emulated GPU: no measure of any GPU"] * show_gpu
        return " ".join(parts)

    def __str__(self) -> str:
        return self.to_str(show_gpu=True)

    __repr__ = __str__


def _times(name: str, times: np.ndarray) -> str:
    mean, least, most = (1e6 * float(f(times)) for f in (np.mean, np.min, np.max))
    return f"{name}: {mean:9.3f} us (min: {least:9.3f} / max: {most:9.3f})"


def benchmark(
    func: Any,
    args: tuple[Any, ...] = (),
    kwargs: dict[str, Any] | None = None,
    n_repeat: int = 10000,
    *,
    name: str | None = None,
    n_warmup: int = 10,
    max_duration: float = float("inf"),
    devices: Any = None,
) -> BenchmarkResult:
    """`cupyx.profiler.benchmark`, of at most 20 runs: more would take long and say no more."""
    for _ in range(min(n_warmup, 1)):
        func(*args, **(kwargs or {}))
    host: list[float] = []
    modelled: list[float] = []
    while len(host) < min(n_repeat, 20) and sum(host) <= max_duration:
        synchronise()
        start, begin = heap().record(), time.perf_counter()
        func(*args, **(kwargs or {}))
        host.append(time.perf_counter() - begin)
        modelled.append(1e-9 * (heap().record() - start))
    synchronise()
    return BenchmarkResult(str(name or getattr(func, "__name__", "kernel")), np.array(host), np.array(modelled))


@contextlib.contextmanager
def _range(message: str = "", *args: Any, **options: Any) -> Iterator[None]:
    yield


def _nothing(*args: Any, **options: Any) -> None:
    """There is no profiler."""


def _properties(device: int) -> dict[str, Any]:
    Device(device)
    return {
        "name": DEVICE_NAME.encode(),
        "major": heap().compute_capability[0],
        "minor": heap().compute_capability[1],
        "totalGlobalMem": heap().memory_info()[1],
        "multiProcessorCount": 4,
        "maxThreadsPerBlock": 1024,
        "warpSize": 32,
        "sharedMemPerBlock": 48 << 10,
    }


#: Ranges for a profiler, which there is none.
NVTX: dict[str, Any] = {"RangePush": _nothing, "RangePop": _nothing, "Mark": _nothing}
PROFILER: dict[str, Any] = {"benchmark": benchmark, "time_range": _range, "profile": _range}
RUNTIME: dict[str, Any] = {
    "getDeviceCount": lambda: 1,
    "getDevice": lambda: 0,
    "getDeviceProperties": _properties,
    "deviceSynchronize": synchronise,
    "memGetInfo": lambda: heap().memory_info(),
    "runtimeGetVersion": lambda: 12090,
    "driverGetVersion": lambda: 12090,
}
CUDA: dict[str, Any] = {
    "Device": Device,
    "Stream": Stream,
    "Event": Event,
    "MemoryPool": MemoryPool,
    "MemoryPointer": MemoryPointer,
    "PinnedMemoryPool": MemoryPool,
    "alloc_pinned_memory": alloc_pinned_memory,
    "set_allocator": set_allocator,
    "set_pinned_memory_allocator": set_allocator,
    "get_elapsed_time": get_elapsed_time,
    "get_current_stream": get_current_stream,
    "is_available": is_available,
}
MEMORY: dict[str, Any] = {"OutOfMemoryError": OutOfMemoryError, "MemoryPointer": MemoryPointer}
