"""One instruction's accesses to memory by many lanes: bounds, order between threads, traffic, and the bytes themselves.

Two accesses to a cell conflict if one of them writes, unless both are strong in a scope that covers both threads; a
conflict that `grader.device.emulated.order` does not order is a race. Imports nothing of ours but this package.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from grader.device.emulated import library, messages
from grader.device.emulated.memory import (
    GLOBAL,
    LOCAL,
    LOCAL_WINDOW,
    MIDDLE,
    SHARED,
    SHARED_WINDOW,
    THREADS,
    WINDOW_BITS,
    History,
)
from grader.device.emulated.order import NARROW, THREAD_BITS, WIDE
from grader.device.emulated.trace import Verb

if TYPE_CHECKING:
    from grader.device.emulated.lanes import Lanes
    from grader.device.emulated.wave import Wave

#: Bytes of a shared-memory bank row, and of a bank.
_ROW, _BANK = 128, 4


class Access:
    """A load, store or atomic instruction. `site` is its index in the kernel, for its source line.

    `strength` is 0 for a plain access, else `NARROW` (for its block) or `WIDE`.
    """

    def __init__(self, space: str, dtype: Any, site: int, line: int | None, strength: int) -> None:
        self.space = space
        self.dtype = np.dtype(dtype)
        self.size = self.dtype.itemsize
        self.site = site
        self.line = line
        self.strength = strength
        #: Elements that a thread moves at once; a vector's parts are accessed one after the other.
        self.vector = 1

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
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """(byte positions in the space's array, which lanes may access: None for all); reports the others."""
        wave = lanes.wave
        if space == GLOBAL:
            position, good, window, offset = wave.memory.resolve(addresses, self.size)
            if good is None or good.all():
                return position, None
            assert window is not None
            assert offset is not None
            self._out_of_bounds(wave, threads, good, window, offset, write)
            return position, good
        offset = self.offsets(addresses)
        limit = wave.shared_size if space == SHARED else wave.local_size
        bad = (offset < 0) | (offset > limit - self.size)
        if self.size > 1:
            bad |= (offset & (self.size - 1)) != 0
        if bad.any():
            self._outside_block(wave, threads, ~bad, offset, limit, write, space)
        if space == SHARED:
            position = wave.shared_base(lanes.index, threads) + offset
        else:
            position = (threads - wave.first_thread) * wave.local_stride + offset
        return position, ~bad if bad.any() else None

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

    def load(self, lanes: Lanes, addresses: Any, part: int = 0) -> np.ndarray:
        """Values of `dtype` for each lane; 0 where the access is not allowed. `part` is the place in a vector."""
        addresses, threads = lanes.spread(addresses), lanes.threads
        parts = self.split(lanes, addresses)
        if len(parts) == 1:
            return self._load(lanes, parts[0][0], addresses, threads, part)
        result = np.zeros(lanes.count, self.dtype)
        for space, chosen in parts:
            assert chosen is not None
            result[chosen] = self._load(lanes, space, addresses[chosen], threads[chosen], part)
        return result

    def _load(self, lanes: Lanes, space: int, addresses: np.ndarray, threads: np.ndarray, part: int) -> np.ndarray:
        wave = lanes.wave
        position, good = self.place(lanes, space, addresses, threads, write=False)
        memory = wave.bytes_of(space).view(self.dtype)
        if good is None:
            where = _span(position // self.size)
            values = memory[where].copy() if isinstance(where, slice) else memory[where]
        else:
            values = np.where(good, memory[np.where(good, position, 0) // self.size], self.dtype.type(0))
            position, threads = position[good], threads[good]
            where = _span(position // self.size)
        if len(position) == 0 or space == LOCAL:
            return values
        self._traffic(wave, space, position, threads, where, part, "reads")
        if wave.watch:
            tick = wave.state.tick(self.site, self.strength)
            distinct = isinstance(where, slice) or bool((where[1:] > where[:-1]).all())
            for cells in _cells(where, self.size // wave.granule):
                self._check_written(wave, space, cells, threads)
                self._check_read(wave, space, cells, threads, tick, distinct)
            if self.strength:
                wave.state.order.note_strong(
                    space, position, threads, reads=True, writes=False, wide=self.strength == WIDE
                )
        return values

    def store(self, lanes: Lanes, addresses: Any, values: Any, part: int = 0) -> None:
        addresses, threads = lanes.spread(addresses), lanes.threads
        values = lanes.spread(values)
        for space, chosen in self.split(lanes, addresses):
            if chosen is None:
                self._store(lanes, space, addresses, values, threads, part)
            else:
                self._store(lanes, space, addresses[chosen], values[chosen], threads[chosen], part)

    def _store(
        self,
        lanes: Lanes,
        space: int,
        addresses: np.ndarray,
        values: np.ndarray,
        threads: np.ndarray,
        part: int,
    ) -> None:
        wave = lanes.wave
        position, good = self.place(lanes, space, addresses, threads, write=True)
        if good is not None:
            position, values, threads = position[good], values[good], threads[good]
        if len(position) == 0:
            return
        memory = wave.bytes_of(space).view(self.dtype)
        where = _span(position // self.size)
        if space == LOCAL:
            memory[where] = values
            return
        self._traffic(wave, space, position, threads, where, part, "writes")
        if not wave.watch:
            memory[where] = values
            return
        before = memory[where].copy() if isinstance(where, slice) else memory[where]
        memory[where] = values
        tick = wave.state.tick(self.site, self.strength)
        distinct = isinstance(where, slice) or bool((where[1:] > where[:-1]).all())
        for cells in _cells(where, self.size // wave.granule):
            self._check_write(wave, space, cells, threads, tick, "write", distinct, (before, values, memory[where]))
            wave.initialised(space)[cells] = True
        if self.strength:
            wave.state.order.note_strong(space, position, threads, reads=False, writes=True, wide=self.strength == WIDE)

    def atomic(
        self,
        lanes: Lanes,
        addresses: Any,
        operate: Callable[[np.ndarray, np.ndarray], np.ndarray],
        values: np.ndarray,
        fast: Any,
        compares: bool = False,
    ) -> np.ndarray | None:
        """Read, `operate(old, which lanes)` and write, one lane after the other where they meet.

        `compares`: a lane writes only if it finds its value of `values`.
        Returns the old value of each lane; with `fast`, a NumPy ufunc, only the sums count and None is returned.
        """
        addresses, threads = lanes.spread(addresses), lanes.threads
        result = np.zeros(lanes.count, self.dtype)
        for space, chosen in self.split(lanes, addresses):
            which = np.arange(lanes.count) if chosen is None else chosen
            position, good = self.place(lanes, space, addresses[which], threads[which], write=True)
            if good is not None:
                position, which = position[good], which[good]
            if len(position) == 0:
                continue
            wave = lanes.wave
            wave.counters.atomics += len(position)
            wave.counters.global_atomics += len(position) if space == GLOBAL else 0
            order = wave.atomic_order(threads[which])
            position, which = position[order], which[order]
            self._trace(wave, space, position, threads[which], "updates")
            memory = wave.bytes_of(space).view(self.dtype)
            index = position // self.size
            if fast is not None:
                fast.at(memory, index, values[which])
            else:
                self._one_by_one(memory, index, which, operate, result)
            if space == GLOBAL and wave.memory.grid_barrier is not None and position[0] == wave.memory.grid_barrier:
                after = np.append(result[which[1:]], memory[index[:1]])
                self._arrive_at_grid(wave, threads[which], result[which] ^ after)
                continue
            if wave.watch and space != LOCAL:
                wrote = result[which] == values[which] if compares else True
                self._watch_atomic(wave, space, position, threads[which], wrote)
        return None if fast is not None else result

    def _arrive_at_grid(self, wave: Wave, threads: np.ndarray, changed: np.ndarray) -> None:
        """Threads add to the barrier of the whole grid; `changed` are the bits that each one changes."""
        tick = wave.state.tick(self.site, self.strength)
        wave.state.order.arrive_at_grid(threads, tick, bool((changed & library.PHASE != 0).any()))

    def _watch_atomic(
        self, wave: Wave, space: int, position: np.ndarray, threads: np.ndarray, wrote: np.ndarray | bool
    ) -> None:
        wave.touched(threads)
        tick = wave.state.tick(self.site, self.strength)
        for cells in _cells(position // self.size, self.size // wave.granule):
            self._check_written(wave, space, cells, threads)
            self._check_write(wave, space, cells, threads, tick, "atomic", False, None)
            wave.initialised(space)[cells] = True
        wave.state.order.note_strong(space, position, threads, reads=True, writes=wrote, wide=self.strength == WIDE)

    @staticmethod
    def _one_by_one(
        memory: np.ndarray,
        index: np.ndarray,
        which: np.ndarray,
        operate: Callable[[np.ndarray, np.ndarray], np.ndarray],
        result: np.ndarray,
    ) -> None:
        order = np.argsort(index, kind="stable")
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

    def _check_written(self, wave: Wave, space: int, cells: Any, threads: np.ndarray) -> None:
        written = wave.initialised(space)[cells]
        if not written.all():
            bad = np.flatnonzero(~written)
            thread, block = wave.where(int(threads[bad[0]]))
            wave.report(messages.uninitialised(self.line, thread, block, space == SHARED), self.site, len(bad))

    def _check_read(self, wave: Wave, space: int, cells: Any, threads: np.ndarray, tick: int, distinct: bool) -> None:
        shadow = wave.shadow(space)
        self._against(wave, space, shadow.writes, cells, threads, ("read", "write"), None)
        shadow.reads.note(cells, tick << THREAD_BITS | threads, distinct)

    def _check_write(
        self,
        wave: Wave,
        space: int,
        cells: Any,
        threads: np.ndarray,
        tick: int,
        mine: str,
        distinct: bool,
        values: tuple[np.ndarray, np.ndarray, np.ndarray] | None,
    ) -> None:
        """`values` of a plain write: what was there, what each lane wrote, and what is there now."""
        shadow = wave.shadow(space)
        self._against(wave, space, shadow.writes, cells, threads, (mine, "write"), values)
        self._against(wave, space, shadow.reads, cells, threads, (mine, "read"), None)
        records = tick << THREAD_BITS | threads
        if self.strength:
            shadow.writes.note(cells, records, distinct)
            if self.strength == NARROW and not distinct:
                winner = shadow.writes.last[cells]
                apart = (winner & THREADS) // wave.block_threads != threads // wave.block_threads
                if apart.any():
                    self._race(wave, space, apart, threads, winner, (mine, "write"))
            return
        shadow.writes.last[cells] = records
        if distinct:
            return
        winner = shadow.writes.last[cells]
        several = winner != records
        if several.any():
            assert values is not None
            stored = _equal_bits(values[2], values[1])
            self._same_value(wave, several & stored, threads)
            several &= ~stored
            if several.any():
                self._race(wave, space, several, threads, winner, (mine, "write"))

    def _against(
        self,
        wave: Wave,
        space: int,
        history: History,
        cells: Any,
        threads: np.ndarray,
        verbs: tuple[str, str],
        values: tuple[np.ndarray, np.ndarray, np.ndarray] | None,
    ) -> None:
        """Report conflicts with earlier accesses that nothing orders before this one."""
        state = wave.state
        for slot in history.slots():
            records = slot[cells]
            if not records.any():
                continue
            conflict = state.order.unordered(records, threads, own_block=space == SHARED)
            if conflict is not None and self.strength:
                strength = state.strengths(records >> THREAD_BITS)
                same_block = threads // wave.block_threads == (records & THREADS) // wave.block_threads
                both = (strength == WIDE) & (self.strength == WIDE) | (strength > 0) & same_block
                conflict &= ~both
            if conflict is None:
                continue
            if values is not None:
                same = conflict & _equal_bits(values[0], values[1])
                self._same_value(wave, same, threads)
                conflict &= ~same
            if conflict.any():
                self._race(wave, space, conflict, threads, records, verbs)

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
        records: np.ndarray,
        verbs: tuple[str, str],
    ) -> None:
        """One finding for each instruction on the other side."""
        bad = np.flatnonzero(conflict)
        sites = wave.state.sites_of(records[bad] >> THREAD_BITS)
        for site in np.unique(sites).tolist():
            at = bad[sites == site]
            me, other = int(threads[at[0]]), int(records[at[0]] & THREADS)
            thread, block = wave.where(me)
            same_block = me // wave.block_threads == other // wave.block_threads
            there = wave.line_of(site)
            finding = messages.race(self.line, there, thread, block, *verbs, space == SHARED, same_block)
            wave.report(finding, (self.site, site), len(at))

    # -- traffic

    def _traffic(
        self, wave: Wave, space: int, position: np.ndarray, threads: np.ndarray, where: Any, part: int, verb: Verb
    ) -> None:
        wave.touched(threads)
        if part:
            return
        if wave.state.trace is not None:
            self._trace(wave, space, position, threads, verb)
        in_row = (
            isinstance(where, slice) and self.vector == 1 and int(threads[-1]) - int(threads[0]) == len(threads) - 1
        )
        in_row = in_row and wave.block_threads % 32 == 0
        if space == GLOBAL:
            if in_row:
                self._sectors_in_row(wave, position, threads)
            else:
                self._sectors(wave, wave.warp_of(threads), position)
        elif in_row and self.size >= _BANK:
            first, last = int(threads[0]) // 32, int(threads[-1]) // 32
            wave.bank_use(self.site, 0, (last - first + 1) * self.size // _BANK)
        else:
            self._banks(wave, threads, position)

    def _trace(self, wave: Wave, space: int, position: np.ndarray, threads: np.ndarray, verb: Verb) -> None:
        trace = wave.state.trace
        if trace is None or space == LOCAL:
            return
        if space == SHARED:
            position = position - wave.shared_base(None, threads)
        trace.note_access(
            "shared" if space == SHARED else "global",
            verb,
            self.line,
            self.site,
            self.size * self.vector,
            threads,
            position,
        )

    def _sectors_in_row(self, wave: Wave, position: np.ndarray, threads: np.ndarray) -> None:
        """Neighbouring threads at neighbouring elements."""
        edges = np.r_[0, np.arange(32 - int(threads[0]) % 32, len(threads), 32), len(threads)]
        begin, end = position[edges[:-1]], position[edges[1:] - 1] + self.size
        self._moved(wave, int((((end - 1) >> 5) - (begin >> 5) + 1).sum()), int((-(-(end - begin) // 32)).sum()))

    def _sectors(self, wave: Wave, warp: np.ndarray, position: np.ndarray) -> None:
        if len(position) == 1:
            self._moved(wave, 1, 1)
            return
        key = (warp << 44) | position
        if not (key[1:] > key[:-1]).all():
            key = _sorted(key)
        sector = key >> 5
        sectors = 1 + int(np.count_nonzero(sector[1:] != sector[:-1]))
        owner = key >> 44
        edges = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1], True])
        self._moved(wave, sectors, int((-(-(np.diff(edges) * self.size * self.vector) // 32)).sum()))

    def _moved(self, wave: Wave, sectors: int, ideal: int) -> None:
        wave.counters.global_sectors += sectors
        wave.counters.ideal_sectors += ideal
        wave.traffic(self.site, sectors, ideal)

    def _banks(self, wave: Wave, threads: np.ndarray, position: np.ndarray) -> None:
        """Wide elements go in several turns: half a warp for 8 bytes, a quarter for 16."""
        unit = max(self.size * self.vector, _BANK)
        width = _ROW // unit
        lane = threads % wave.block_threads % 32
        turn = wave.warp_of(threads) * (32 // width) + lane // width if width < 32 else wave.warp_of(threads)
        word = (turn << 32) | (position // unit)
        if len(word) > 1 and not (word[1:] > word[:-1]).all():
            word = _sorted(word)
        owner = word >> 32
        edges = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1], True])
        extra = 0
        if (word[edges[1:] - 1] - word[edges[:-1]] >= width).any():
            bank = np.repeat(np.arange(len(edges) - 1), np.diff(edges)) * width + word % width
            hits = np.bincount(bank, minlength=(len(edges) - 1) * width).reshape(-1, width).max(axis=1)
            extra = int((hits - 1).sum())
        wave.counters.bank_conflicts += extra
        wave.bank_use(self.site, extra, len(edges) - 1)


def _span(index: np.ndarray) -> Any:
    """As a slice where the positions are in a row, which NumPy reads and writes far faster."""
    count = len(index)
    if count and int(index[-1]) - int(index[0]) == count - 1 and (count < 3 or (np.diff(index) == 1).all()):
        return slice(int(index[0]), int(index[0]) + count)
    return index


def _sorted(keys: np.ndarray) -> np.ndarray:
    """Each key once, in order; here sorting is faster than the hashing of `np.unique`."""
    if not (keys[1:] >= keys[:-1]).all():
        keys = np.sort(keys)
    return keys[np.r_[True, keys[1:] != keys[:-1]]]


def _cells(where: Any, parts: int) -> list[Any]:
    """Positions of elements as positions of shadow cells: one for each part of an element."""
    if parts == 1:
        return [where]
    if isinstance(where, slice):
        last = (where.stop - 1) * parts
        return [slice(where.start * parts + part, last + part + 1, parts) for part in range(parts)]
    return [where * parts + part for part in range(parts)]


def _equal_bits(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Equality of patterns, so that a NaN equals itself."""
    kind = np.dtype(f"u{a.dtype.itemsize}")
    return np.asarray(np.ascontiguousarray(a).view(kind) == np.ascontiguousarray(b).view(kind))
