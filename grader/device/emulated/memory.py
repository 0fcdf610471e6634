"""The emulated GPU's memory: windows of addresses, bytes, and a shadow that remembers who touched what.

An address is a window's number and an offset in it. Each pointer parameter has a window of its own, so an access is
judged by the argument it came through, even where two arguments share a buffer. Imports nothing of ours but the
interface and this package.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.device.emulated import library
from grader.device.interface import Launch, Pointer, Span

WINDOW_BITS = 40
#: A buffer begins in the middle of its window, so that offsets below zero stay in it.
MIDDLE = 1 << (WINDOW_BITS - 1)
_OFFSET = np.uint64((1 << WINDOW_BITS) - 1)
#: Window numbers above those of parameters and module variables.
SHARED_WINDOW, LOCAL_WINDOW, FUNCTION_WINDOW = 1 << 16, (1 << 16) + 1, (1 << 16) + 2
GLOBAL, SHARED, LOCAL = 0, 1, 2
#: The thread in a record.
THREADS = (1 << 32) - 1

_ALIGN = 256


def address(window: int, offset: int) -> int:
    """The generic address of a byte."""
    return ((window << WINDOW_BITS) + MIDDLE + offset) & 0xFFFFFFFFFFFFFFFF


def generic_base(space: str) -> int:
    """What cvta adds to an address in a state space."""
    return {"shared": address(SHARED_WINDOW, 0), "local": address(LOCAL_WINDOW, 0)}.get(space, 0)


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

    def __init__(
        self, launch: Launch, constants: dict[str, Any], functions: dict[str, int], granule: int, aside: int = 0
    ) -> None:
        """`functions` are addresses by name. So many windows lie `aside`: an address of another launch meets them."""
        self.granule = granule
        self.buffer_starts: list[int] = []
        position = _ALIGN
        for buffer in launch.buffers:
            self.buffer_starts.append(position)
            position += -(-buffer.nbytes // _ALIGN) * _ALIGN + _ALIGN
        # Variables come first: their addresses are the same in each launch of the module.
        self.windows: list[Window] = [Window(0, 0, 0, None)]
        self.symbols: dict[str, int] = {}
        places: list[tuple[int, bytes]] = []
        for name, variable in constants.items():
            self.symbols[name] = address(len(self.windows), 0)
            self.windows.append(Window(position, 0, variable.size, None, variable.space == "const"))
            places.append((position, launch.variables.get(name) or variable.initial or bytes(variable.size)))
            position += -(-variable.size // _ALIGN) * _ALIGN + _ALIGN
        self.windows += [Window(0, 0, 0, None)] * aside
        self.parameters: list[int | bytes] = []
        for index, parameter in enumerate(launch.parameters):
            if isinstance(parameter, Pointer):
                start = self.buffer_starts[parameter.buffer]
                self.parameters.append(address(len(self.windows), parameter.offset))
                self.windows.append(Window(start, parameter.begin, parameter.end, index))
            else:
                self.parameters.append(parameter)
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
            for offset, other, added in () if name in launch.variables else variable.references:
                at = start + offset
                there = functions[other] if other in functions else self.symbols[other]
                self.bytes[at : at + 8] = np.frombuffer(((there + added) % (1 << 64)).to_bytes(8, "little"), np.uint8)
        #: Where the barrier of the whole grid lies in `bytes`.
        self.grid_barrier: int | None = None
        if library.WORKSPACE in self.symbols:
            window = self.windows[self.symbols[library.WORKSPACE] >> WINDOW_BITS]
            self.grid_barrier = window.start + library.BARRIER
        self.start = np.array([w.start for w in self.windows], np.int64)
        self.begin = np.array([w.begin for w in self.windows], np.int64)
        self.end = np.array([w.end for w in self.windows], np.int64)

    def results(self, launch: Launch) -> list[np.ndarray]:
        """The buffers as they are now."""
        return [
            self.bytes[start : start + buffer.nbytes].copy()
            for start, buffer in zip(self.buffer_starts, launch.buffers, strict=True)
        ]

    def touched(self, launch: Launch, shadow: Shadow) -> list[tuple[Span, Span]]:
        """For each buffer the bytes that were read, and those that were written."""
        size = self.granule
        return [
            (_span(shadow.reads.last[cells], size), _span(shadow.writes.last[cells], size))
            for cells in (
                slice(start // size, -(-(start + buffer.nbytes) // size))
                for start, buffer in zip(self.buffer_starts, launch.buffers, strict=True)
            )
        ]

    def variables(self, names: Iterable[str]) -> dict[str, bytes]:
        """The module's variables of these names as they are now."""
        windows = {name: self.windows[self.symbols[name] >> WINDOW_BITS] for name in names}
        return {name: self.bytes[w.start : w.start + w.end].tobytes() for name, w in windows.items()}

    def resolve(
        self, addresses: np.ndarray, size: int
    ) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None, np.ndarray | None]:
        """For generic addresses of global memory: position, may it be touched, window, offset from its start.

        Where all may be touched only the positions are given.
        """
        low, high = int(addresses.min()), int(addresses.max())
        only = low >> WINDOW_BITS
        if only == high >> WINDOW_BITS and 0 < only < len(self.windows):
            base = (only << WINDOW_BITS) + MIDDLE
            begin, end = self.windows[only].begin, self.windows[only].end
            position = addresses.view(np.int64) + (self.windows[only].start - base)
            if begin <= low - base and high - base + size <= end and not (position & (size - 1)).any():
                return position, None, None, None
        window = (addresses >> np.uint64(WINDOW_BITS)).astype(np.int64)
        offset = (addresses & _OFFSET).astype(np.int64) - MIDDLE
        known = (window > 0) & (window < len(self.windows))
        window = np.where(known, window, 0)
        good = known & (offset >= self.begin[window]) & (offset + size <= self.end[window])
        good &= (offset + self.start[window]) % size == 0
        return self.start[window] + offset, good, window, offset


def _span(records: np.ndarray, size: int) -> Span:
    """Where there are records, in cells of so many bytes."""
    count = int(np.count_nonzero(records))
    if count in (0, len(records)):
        return 0, count * size, True
    there = records != 0
    first, behind = int(there.argmax()), len(there) - int(there[::-1].argmax())
    return first * size, behind * size, count == behind - first


class History:
    """For every cell the last access, and the last by another thread, another warp, another block than that one.

    Records are those of `grader.device.emulated.order`; 0 is none. `groups` say, finest first, which threads belong
    together; a slot for each is made when it is first needed.
    """

    def __init__(self, cells: int, groups: tuple[Callable[[np.ndarray], np.ndarray], ...]) -> None:
        self.last = np.zeros(cells, np.int64)
        self.groups = groups
        self.others: list[np.ndarray | None] = [None] * len(groups)

    def slots(self) -> list[np.ndarray]:
        return [self.last, *(slot for slot in self.others if slot is not None)]

    def note(self, cells: Any, records: np.ndarray, distinct: bool) -> None:
        """Remember accesses; `cells` is a slice or positions, `distinct` says that no cell comes twice."""
        before = self.last[cells]
        if before.any():
            self._displace(cells, before, records)
        self.last[cells] = records
        if not distinct:
            if len(cells) > 2 and (cells == cells[0]).all() and (records[1:] > records[:-1]).all():
                # One place for all: of lanes in order these two are as far from the last as any.
                cells, records = cells[[0, -2, -1]], records[[0, -2, -1]]
            winner = self.last[cells]
            self._displace(cells, np.where(winner != records, records, 0), winner)

    def _displace(self, cells: Any, old: np.ndarray, new: np.ndarray) -> None:
        moved = np.flatnonzero((old != 0) & ((old ^ new) & THREADS != 0))
        if not len(moved):
            return
        cells = np.arange(cells.start, cells.stop, cells.step)[moved] if isinstance(cells, slice) else cells[moved]
        old, new = old[moved], new[moved]
        for number, group in enumerate(self.groups):
            apart = group(old & THREADS) != group(new & THREADS)
            slot = self.others[number]
            if slot is None:
                if not apart.any():
                    return
                slot = self.others[number] = np.zeros(len(self.last), np.int64)
            slot[cells[apart]] = old[apart]


class Shadow:
    """Who wrote and who read every cell."""

    def __init__(self, cells: int, groups: tuple[Callable[[np.ndarray], np.ndarray], ...]) -> None:
        self.writes = History(cells, groups)
        self.reads = History(cells, groups)
