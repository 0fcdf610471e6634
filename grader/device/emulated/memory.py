"""The emulated GPU's memory: windows of addresses, bytes, and a shadow that remembers who touched what.

An address is a window's number and an offset in it. Each pointer parameter has a window of its own, so an access is
judged by the argument it came through, even where two arguments share a buffer. Imports nothing of ours but the
interface.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.device.interface import Launch, Pointer

WINDOW_BITS = 40
#: A buffer begins in the middle of its window, so that offsets below zero stay in it.
MIDDLE = 1 << (WINDOW_BITS - 1)
_OFFSET = np.uint64((1 << WINDOW_BITS) - 1)
#: Window numbers above those of parameters and module variables.
SHARED_WINDOW, LOCAL_WINDOW = 1 << 16, (1 << 16) + 1
GLOBAL, SHARED, LOCAL = 0, 1, 2

_ALIGN = 256


def address(window: int, offset: int) -> int:
    """The generic address of a byte."""
    return ((window << WINDOW_BITS) + MIDDLE + offset) & 0xFFFFFFFFFFFFFFFF


@dataclass
class Window:
    """`start` is where offset 0 lies in global memory; `begin` and `end` bound what may be touched."""

    start: int
    begin: int
    end: int
    argument: int | None
    constant: bool = False


class Memory:
    """Bytes of one launch. Global memory is one array; shared and local memory are arrays of one wave of blocks."""

    def __init__(self, launch: Launch, constants: dict[str, Any], granule: int) -> None:
        self.granule = granule
        self.buffer_starts: list[int] = []
        position = _ALIGN
        for buffer in launch.buffers:
            self.buffer_starts.append(position)
            position += -(-buffer.nbytes // _ALIGN) * _ALIGN + _ALIGN
        self.windows: list[Window] = [Window(0, 0, 0, None)]
        self.parameters: list[int | bytes] = []
        for index, parameter in enumerate(launch.parameters):
            if isinstance(parameter, Pointer):
                start = self.buffer_starts[parameter.buffer]
                self.parameters.append(address(len(self.windows), parameter.offset))
                self.windows.append(Window(start, parameter.begin, parameter.end, index))
            else:
                self.parameters.append(parameter)
        self.symbols: dict[str, int] = {}
        places: list[tuple[int, bytes]] = []
        for name, variable in constants.items():
            self.symbols[name] = address(len(self.windows), 0)
            self.windows.append(Window(position, 0, variable.size, None, variable.space == "const"))
            places.append((position, variable.initial or bytes(variable.size)))
            position += -(-variable.size // _ALIGN) * _ALIGN + _ALIGN
        self.bytes = np.zeros(position, np.uint8)
        cells = position // granule
        self.initialised = np.zeros(cells, bool)
        for index, (start, buffer) in enumerate(zip(self.buffer_starts, launch.buffers, strict=True)):
            self.bytes[start : start + buffer.nbytes] = buffer
            written = launch.initialised[index] if launch.initialised else True
            self.initialised[start // granule : -(-(start + buffer.nbytes) // granule)] = written
        for start, data in places:
            self.bytes[start : start + len(data)] = np.frombuffer(data, np.uint8)
            self.initialised[start // granule : -(-(start + len(data)) // granule)] = True
        for name, variable in constants.items():
            start = self.windows[self.symbols[name] >> WINDOW_BITS].start
            for offset, other, added in variable.references:
                at = start + offset
                self.bytes[at : at + 8] = np.frombuffer((self.symbols[other] + added).to_bytes(8, "little"), np.uint8)
        self.start = np.array([w.start for w in self.windows], np.int64)
        self.begin = np.array([w.begin for w in self.windows], np.int64)
        self.end = np.array([w.end for w in self.windows], np.int64)

    def results(self, launch: Launch) -> list[np.ndarray]:
        """The buffers as they are now."""
        return [
            self.bytes[start : start + buffer.nbytes].copy()
            for start, buffer in zip(self.buffer_starts, launch.buffers, strict=True)
        ]

    def resolve(self, addresses: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """For generic addresses of global memory: position, may it be touched, window, offset from its start."""
        window = (addresses >> np.uint64(WINDOW_BITS)).astype(np.int64)
        offset = (addresses & _OFFSET).astype(np.int64) - MIDDLE
        known = (window > 0) & (window < len(self.windows))
        window = np.where(known, window, 0)
        good = known & (offset >= self.begin[window]) & (offset + size <= self.end[window])
        good &= (offset + self.start[window]) % size == 0
        return self.start[window] + offset, good, window, offset


class Shadow:
    """For every cell: the last write, and the last two reads by different threads.

    A record is (thread, step, instruction, strong). A step counts executed basic blocks, so that an order can be
    read off two records and the steps at which barriers completed.
    """

    def __init__(self, cells: int) -> None:
        self.write_thread = np.full(cells, -1, np.int32)
        self.write_step = np.zeros(cells, np.int32)
        self.write_site = np.zeros(cells, np.int32)
        self.write_strong = np.zeros(cells, bool)
        self.read_thread = np.full((2, cells), -1, np.int32)
        self.read_step = np.zeros((2, cells), np.int32)
        self.read_site = np.zeros((2, cells), np.int32)
