"""One instruction's accesses to memory by many lanes: bounds, order between threads, traffic, and the bytes themselves.

Happens-before, as far as it is decided: program order; a completed block barrier; a warp barrier for its lanes; and
fence, strong operation, strong operation of the other side. Where a fence makes an order possible that cannot be
followed further, nothing is said. Imports nothing of ours but this package.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from grader.device.emulated import messages
from grader.device.emulated.memory import (
    GLOBAL,
    LOCAL,
    LOCAL_WINDOW,
    MIDDLE,
    SHARED,
    SHARED_WINDOW,
    WINDOW_BITS,
    Shadow,
)

if TYPE_CHECKING:
    from grader.device.emulated.machine import Lanes, Wave

_NONE = np.zeros(0, np.int64)


class Access:
    """A load, store or atomic instruction. `site` is its index in the kernel, for its source line."""

    def __init__(self, space: str, dtype: Any, site: int, line: int | None, strong: bool) -> None:
        self.space = space
        self.dtype = np.dtype(dtype)
        self.size = self.dtype.itemsize
        self.site = site
        self.line = line
        self.strong = strong

    # -- addresses

    def split(self, lanes: Lanes, addresses: np.ndarray) -> list[tuple[int, np.ndarray | None]]:
        """(space, lanes of it) for these addresses; None means all lanes."""
        if self.space in ("global", "const"):
            return [(GLOBAL, None)]
        if self.space == "shared":
            return [(SHARED, None)]
        if self.space == "local":
            return [(LOCAL, None)]
        window = addresses >> np.uint64(WINDOW_BITS)
        shared, local = window == SHARED_WINDOW, window == LOCAL_WINDOW
        if not (shared.any() or local.any()):
            return [(GLOBAL, None)]
        parts = [(SHARED, shared), (LOCAL, local), (GLOBAL, ~(shared | local))]
        return [(space, np.flatnonzero(mask)) for space, mask in parts if mask.any()]

    def offsets(self, addresses: np.ndarray) -> np.ndarray:
        """Offsets in shared or local memory, of plain or generic addresses."""
        if self.space in ("shared", "local"):
            return addresses.astype(np.int64)
        return (addresses & np.uint64((1 << WINDOW_BITS) - 1)).astype(np.int64) - MIDDLE

    def place(
        self, lanes: Lanes, space: int, addresses: np.ndarray, threads: np.ndarray, write: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """(byte positions in the space's array, which lanes may access); reports the others."""
        wave = lanes.wave
        if space == GLOBAL:
            position, good, window, offset = wave.memory.resolve(addresses, self.size)
            if not good.all():
                self._out_of_bounds(wave, threads, good, window, offset, write)
            return position, good
        offset = self.offsets(addresses)
        limit = wave.shared_size if space == SHARED else wave.local_size
        good = (offset >= 0) & (offset + self.size <= limit) & (offset % self.size == 0)
        if not good.all():
            self._outside_block(wave, threads, good, offset, limit, write, space)
        if space == SHARED:
            return (threads // wave.block_threads - wave.first_block) * wave.shared_stride + offset, good
        return (threads - wave.first_thread) * wave.local_stride + offset, good

    def _out_of_bounds(
        self,
        wave: Wave,
        threads: np.ndarray,
        good: np.ndarray,
        window: np.ndarray,
        offset: np.ndarray,
        write: bool,
    ) -> None:
        bad = np.flatnonzero(~good)
        first = int(bad[0])
        memory = wave.memory
        at = int(window[first])
        index, length = None, 0
        if at:
            begin, end = int(memory.begin[at]), int(memory.end[at])
            index, length = (int(offset[first]) - begin) // self.size, (end - begin) // self.size
        thread, block = wave.where(int(threads[first]))
        wave.report(
            messages.out_of_bounds(self.line, thread, block, write, index, length, "global"),
            self.site,
            len(bad),
        )

    def _outside_block(
        self,
        wave: Wave,
        threads: np.ndarray,
        good: np.ndarray,
        offset: np.ndarray,
        limit: int,
        write: bool,
        space: int,
    ) -> None:
        bad = np.flatnonzero(~good)
        thread, block = wave.where(int(threads[bad[0]]))
        finding = messages.out_of_bounds(
            self.line,
            thread,
            block,
            write,
            int(offset[bad[0]]) // self.size,
            limit // self.size,
            "shared" if space == SHARED else "local",
        )
        wave.report(finding, self.site, len(bad))

    # -- what the instruction does

    def load(self, lanes: Lanes, addresses: Any) -> np.ndarray:
        """Values of `dtype` for each lane; 0 where the access is not allowed."""
        addresses, threads = lanes.spread(addresses), lanes.threads
        parts = self.split(lanes, addresses)
        if len(parts) == 1:
            return self._load(lanes, parts[0][0], addresses, threads)
        result = np.zeros(lanes.count, self.dtype)
        for space, chosen in parts:
            assert chosen is not None
            result[chosen] = self._load(lanes, space, addresses[chosen], threads[chosen])
        return result

    def _load(self, lanes: Lanes, space: int, addresses: np.ndarray, threads: np.ndarray) -> np.ndarray:
        wave = lanes.wave
        position, good = self.place(lanes, space, addresses, threads, write=False)
        all_good = bool(good.all())
        if not all_good:
            position = np.where(good, position, 0)
        values = wave.bytes_of(space).view(self.dtype)[position // self.size]
        if not all_good:
            values = np.where(good, values, self.dtype.type(0))
            position, threads = position[good], threads[good]
        if len(position) == 0 or space == LOCAL:
            return values
        self._traffic(wave, space, position, threads)
        if wave.watch:
            for part in range(0, self.size, wave.granule):
                cells = (position + part) // wave.granule
                self._check_written(wave, space, cells, threads)
                self._check_read(wave, space, cells, threads, lanes.step)
        return values

    def store(self, lanes: Lanes, addresses: Any, values: Any) -> None:
        addresses, threads = lanes.spread(addresses), lanes.threads
        values = lanes.spread(values)
        for space, chosen in self.split(lanes, addresses):
            if chosen is None:
                self._store(lanes, space, addresses, values, threads)
            else:
                self._store(lanes, space, addresses[chosen], values[chosen], threads[chosen])

    def _store(self, lanes: Lanes, space: int, addresses: np.ndarray, values: np.ndarray, threads: np.ndarray) -> None:
        wave = lanes.wave
        position, good = self.place(lanes, space, addresses, threads, write=True)
        if not good.all():
            position, values, threads = position[good], values[good], threads[good]
        if len(position) == 0:
            return
        cells_of = wave.bytes_of(space).view(self.dtype)
        index = position // self.size
        if space == LOCAL:
            cells_of[index] = values
            return
        self._traffic(wave, space, position, threads)
        if wave.watch:
            same = _equal_bits(cells_of[index], values)
            cells_of[index] = values
            stored = _equal_bits(cells_of[index], values)
            for part in range(0, self.size, wave.granule):
                cells = (position + part) // wave.granule
                self._check_write(wave, space, cells, threads, lanes.step, "write", same, stored)
        else:
            cells_of[index] = values
        wave.initialised(space)[position // wave.granule] = True
        for part in range(wave.granule, self.size, wave.granule):
            wave.initialised(space)[(position + part) // wave.granule] = True

    def atomic(
        self,
        lanes: Lanes,
        addresses: Any,
        operate: Callable[[np.ndarray, np.ndarray], np.ndarray],
        values: np.ndarray,
        fast: Any,
    ) -> np.ndarray | None:
        """Read, `operate(old, which lanes)` and write, one lane after the other where they meet.

        Returns the old value of each lane; with `fast`, a NumPy ufunc, only the sums count and None is returned.
        """
        addresses, threads = lanes.spread(addresses), lanes.threads
        result = np.zeros(lanes.count, self.dtype)
        for space, chosen in self.split(lanes, addresses):
            which = np.arange(lanes.count) if chosen is None else chosen
            position, good = self.place(lanes, space, addresses[which], threads[which], write=True)
            position, which = position[good], which[good]
            if len(position) == 0:
                continue
            wave = lanes.wave
            wave.counters.atomics += len(position)
            if wave.watch and space != LOCAL:
                for part in range(0, self.size, wave.granule):
                    cells = (position + part) // wave.granule
                    self._check_written(wave, space, cells, threads[which])
                    self._check_write(wave, space, cells, threads[which], lanes.step, "atomic", None, None)
            wave.note_strong(threads[which], lanes.step)
            memory = wave.bytes_of(space).view(self.dtype)
            index = position // self.size
            if fast is not None:
                fast.at(memory, index, values[which])
            else:
                self._one_by_one(wave, memory, index, which, operate, result)
            if space != LOCAL:
                wave.initialised(space)[position // wave.granule] = True
        return None if fast is not None else result

    @staticmethod
    def _one_by_one(
        wave: Wave,
        memory: np.ndarray,
        index: np.ndarray,
        which: np.ndarray,
        operate: Callable[[np.ndarray, np.ndarray], np.ndarray],
        result: np.ndarray,
    ) -> None:
        order = wave.atomic_order(len(index))
        order = order[np.argsort(index[order], kind="stable")]
        index, which = index[order], which[order]
        first = np.flatnonzero(np.r_[True, index[1:] != index[:-1]])
        group = np.repeat(np.arange(len(first)), np.diff(np.r_[first, len(index)]))
        rank = np.arange(len(index)) - first[group]
        by_rank = np.argsort(rank, kind="stable")
        bounds = np.r_[0, np.cumsum(np.bincount(rank))]
        for turn in range(len(bounds) - 1):
            now = by_rank[bounds[turn] : bounds[turn + 1]]
            old = memory[index[now]]
            memory[index[now]] = operate(old, which[now])
            result[which[now]] = old

    # -- order between threads

    def _check_written(self, wave: Wave, space: int, cells: np.ndarray, threads: np.ndarray) -> None:
        written = wave.initialised(space)[cells]
        if not written.all():
            bad = np.flatnonzero(~written)
            thread, block = wave.where(int(threads[bad[0]]))
            wave.report(messages.uninitialised(self.line, thread, block, space == SHARED), self.site, len(bad))

    def _check_read(self, wave: Wave, space: int, cells: np.ndarray, threads: np.ndarray, step: int) -> None:
        shadow = wave.shadow(space)
        other = shadow.write_thread[cells]
        conflict = (other >= 0) & (other != threads)
        if self.strong:
            conflict &= ~shadow.write_strong[cells]
        if conflict.any():
            when = shadow.write_step[cells]
            conflict &= ~wave.ordered(other, when, threads)
            if conflict.any():
                self._race(wave, space, conflict, threads, other, shadow.write_site[cells], "read", "write")
        if self.strong:
            wave.note_strong(threads, step)
            return
        _note_read(shadow, cells, threads, step, self.site)

    def _check_write(
        self,
        wave: Wave,
        space: int,
        cells: np.ndarray,
        threads: np.ndarray,
        step: int,
        mine: str,
        same: np.ndarray | None,
        stored: np.ndarray | None,
    ) -> None:
        shadow = wave.shadow(space)
        strong = self.strong or mine == "atomic"
        other = shadow.write_thread[cells]
        conflict = (other >= 0) & (other != threads)
        if strong:
            conflict &= ~shadow.write_strong[cells]
        if conflict.any():
            conflict &= ~wave.ordered(other, shadow.write_step[cells], threads)
            if same is not None:
                self._same_value(wave, conflict & same, threads)
                conflict &= ~same
            if conflict.any():
                self._race(wave, space, conflict, threads, other, shadow.write_site[cells], mine, "write")
        for slot in (0, 1):
            reader = shadow.read_thread[slot][cells]
            conflict = (reader >= 0) & (reader != threads)
            if conflict.any():
                conflict &= ~wave.ordered(reader, shadow.read_step[slot][cells], threads)
                if conflict.any():
                    sites = shadow.read_site[slot][cells]
                    self._race(wave, space, conflict, threads, reader, sites, mine, "read")
        shadow.write_thread[cells] = threads
        shadow.write_step[cells] = step
        shadow.write_site[cells] = self.site
        shadow.write_strong[cells] = strong
        if strong:
            wave.note_strong(threads, step)
        if mine == "write" and not self.strong:
            winner = shadow.write_thread[cells]
            several = winner != threads
            if several.any():
                assert stored is not None
                self._same_value(wave, several & stored, threads)
                several &= ~stored
                if several.any():
                    sites = np.full(len(cells), self.site)
                    self._race(wave, space, several, threads, winner, sites, mine, "write")

    def _same_value(self, wave: Wave, lanes: np.ndarray, threads: np.ndarray) -> None:
        if lanes.any():
            bad = np.flatnonzero(lanes)
            thread, block = wave.where(int(threads[bad[0]]))
            wave.report(messages.same_value(self.line, thread, block), self.site, len(bad))

    def _race(
        self,
        wave: Wave,
        space: int,
        conflict: np.ndarray,
        threads: np.ndarray,
        other: np.ndarray,
        sites: np.ndarray,
        mine: str,
        theirs: str,
    ) -> None:
        bad = np.flatnonzero(conflict)
        first = int(bad[0])
        site = int(sites[first])
        thread, block = wave.where(int(threads[first]))
        same_block = int(threads[first]) // wave.block_threads == int(other[first]) // wave.block_threads
        finding = messages.race(self.line, wave.line_of(site), thread, block, mine, theirs, space == SHARED, same_block)
        wave.report(finding, (self.site, site), len(bad))

    # -- traffic

    def _traffic(self, wave: Wave, space: int, position: np.ndarray, threads: np.ndarray) -> None:
        wave.touched(threads, self.site)
        if not wave.count:
            return
        warp = wave.warp_of(threads)
        if space == GLOBAL:
            self._sectors(wave, warp, position)
        else:
            self._banks(wave, warp, position)

    def _sectors(self, wave: Wave, warp: np.ndarray, position: np.ndarray) -> None:
        key = (warp << 44) | position
        if len(key) > 1 and not (key[1:] > key[:-1]).all():
            key = np.unique(key)
        sector = key >> 5
        sectors = 1 + int(np.count_nonzero(sector[1:] != sector[:-1]))
        owner = key >> 44
        edges = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1], True])
        ideal = int((-(-(np.diff(edges) * self.size) // 32)).sum())
        wave.counters.global_sectors += sectors
        wave.counters.ideal_sectors += ideal
        wave.traffic(self.site, sectors, ideal)

    def _banks(self, wave: Wave, warp: np.ndarray, position: np.ndarray) -> None:
        word = np.unique((warp << 32) | (position >> 2))
        owner = word >> 32
        bank = (owner - owner[0]) * 32 + (word & 31)
        hits = np.bincount(bank)
        hits = np.pad(hits, (0, -len(hits) % 32)).reshape(-1, 32).max(axis=1)
        busy = hits[hits > 0]
        extra = int((busy - 1).sum())
        if extra:
            wave.counters.bank_conflicts += extra
        wave.bank_use(self.site, extra, len(busy))


def _note_read(shadow: Shadow, cells: np.ndarray, threads: np.ndarray, step: int, site: int) -> None:
    """Keep the last two reads of each cell by different threads."""
    before = shadow.read_thread[0][cells]
    move = (before >= 0) & (before != threads)
    if move.any():
        moved = cells[move]
        shadow.read_thread[1][moved] = before[move]
        shadow.read_step[1][moved] = shadow.read_step[0][moved]
        shadow.read_site[1][moved] = shadow.read_site[0][moved]
    shadow.read_thread[0][cells] = threads
    shadow.read_step[0][cells] = step
    shadow.read_site[0][cells] = site
    lost = shadow.read_thread[0][cells] != threads
    if lost.any():
        again = cells[lost]
        shadow.read_thread[1][again] = threads[lost]
        shadow.read_step[1][again] = step
        shadow.read_site[1][again] = site


def _equal_bits(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Equality of patterns, so that a NaN equals itself."""
    kind = np.dtype(f"u{a.dtype.itemsize}")
    return np.asarray(np.ascontiguousarray(a).view(kind) == np.ascontiguousarray(b).view(kind))
