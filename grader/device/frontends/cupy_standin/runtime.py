"""`cupy.cuda` of the stand-in: one device, streams whose work is done at once, events on the wall clock.

Imports `grader.device` only.
"""

from __future__ import annotations

import time
from typing import Any

from grader.device.frontends.cupy_standin.core import MemoryPointer, OutOfMemoryError, heap

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
        return heap().memory_info()[1]


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
    "get_elapsed_time": get_elapsed_time,
    "get_current_stream": get_current_stream,
    "is_available": is_available,
}
MEMORY: dict[str, Any] = {"OutOfMemoryError": OutOfMemoryError, "MemoryPointer": MemoryPointer}
