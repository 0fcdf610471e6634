"""`cupy.cuda` of the stand-in: one device, streams whose work is done at once, events on the wall clock.

Imports `grader.device` only.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from grader.device.frontends.cupy_standin.core import MemoryPointer, OutOfMemoryError, allocate, heap

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
        heap().synchronise()

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


class Stream:
    """`cupy.cuda.Stream`: what is put on it is done when the call returns, so every order that it asks for holds."""

    null: Stream

    def __init__(self, null: bool = False, non_blocking: bool = False, ptds: bool = False) -> None:
        self.ptr = 0 if null else id(self)

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *error: Any) -> None:
        """The streams do not differ."""

    def use(self) -> Stream:
        return self

    def synchronize(self) -> None:
        heap().synchronise()

    @property
    def done(self) -> bool:
        return True

    def record(self, event: Event | None = None) -> Event:
        event = event or Event()
        event.record(self)
        return event

    def wait_event(self, event: Event) -> None:
        """What an event stands for is done already."""


Stream.null = Stream(null=True)


class Event:
    """`cupy.cuda.Event` on the wall clock of the host; its times say nothing about a GPU."""

    def __init__(self, block: bool = False, disable_timing: bool = False, interprocess: bool = False) -> None:
        self._at: float | None = None

    def record(self, stream: Stream | None = None) -> None:
        self._at = time.perf_counter()

    def synchronize(self) -> None:
        heap().synchronise()

    @property
    def done(self) -> bool:
        return True

    @property
    def at(self) -> float:
        if self._at is None:
            raise RuntimeError("the event was not recorded")
        return self._at


def get_elapsed_time(start_event: Event, end_event: Event) -> float:
    """Milliseconds between two events."""
    return 1000.0 * (end_event.at - start_event.at)


def get_current_stream() -> Stream:
    return Stream.null


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
    """Host memory, which is as good as pinned here."""
    return memoryview(bytearray(size))


def set_allocator(allocator: Any = None) -> None:
    """Arrays lie in the device's heap, whatever hands out memory."""


def empty_pinned(shape: Any, dtype: Any = float, order: Any = "C") -> np.ndarray:
    """`cupyx.empty_pinned`: a NumPy array."""
    return np.empty(shape, dtype, order)


def zeros_pinned(shape: Any, dtype: Any = float, order: Any = "C") -> np.ndarray:
    """`cupyx.zeros_pinned`: a NumPy array."""
    return np.zeros(shape, dtype, order)


class BenchmarkResult:
    """What `cupyx.profiler.benchmark` gives: seconds of each run, on the wall clock of the emulator."""

    def __init__(self, name: str, times: np.ndarray) -> None:
        self.name = name
        self.cpu_times = times
        self.gpu_times = times.reshape(1, -1)

    def to_str(self, show_gpu: bool = False) -> str:
        mean, least, most = (1e6 * float(f(self.cpu_times)) for f in (np.mean, np.min, np.max))
        return (
            f"{self.name:<20}: {mean:9.3f} us (min: {least:9.3f} / max: {most:9.3f}) on the emulated GPU: "
            "says nothing about a GPU"
        )

    def __str__(self) -> str:
        return self.to_str(show_gpu=True)

    __repr__ = __str__


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
    times: list[float] = []
    while len(times) < min(n_repeat, 20) and sum(times) <= max_duration:
        begin = time.perf_counter()
        func(*args, **(kwargs or {}))
        heap().synchronise()
        times.append(time.perf_counter() - begin)
    return BenchmarkResult(str(name or getattr(func, "__name__", "kernel")), np.array(times))


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
    "deviceSynchronize": lambda: heap().synchronise(),
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
