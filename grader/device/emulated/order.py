"""What happened before what: block barriers, warp barriers, fences around strong accesses.

A record is `tick << 32 | thread`: the tick numbers executed access instructions and barriers of a launch, so that one
comparison says whether an access lies before a barrier. Exact for barriers and warp barriers; a chain of fences and
strong accesses is followed until `CHAIN` places. Beyond that nothing is said, and counted.
Imports nothing of ours.

Source: NVIDIA, Parallel Thread Execution ISA, memory consistency model (causality order).
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

import numpy as np

THREAD_BITS = 32
_THREAD = (1 << THREAD_BITS) - 1
WARP = 32
#: Places that a chain of releases is followed through.
CHAIN = 4096
#: Releases that are remembered in a launch.
RELEASES = 500_000

NARROW, WIDE = 1, 2
#: What a thread knows of other threads by strong reads: (chain, block of the reader, scope) to its length when read.
Knowledge = dict[tuple["Chain", int, bool], int]


@dataclass(eq=False)
class Chain:
    """Releases at one place, in their order, as far as each was followed by atomics only.

    `known` maps a thread, or what was known of its block, to [(position, tick at wide scope, at any scope)];
    `before` maps what releasing threads knew themselves to [(position, length)].
    """

    length: int = 0
    known: dict[int, list[tuple[int, int, int]]] = field(default_factory=dict)
    before: dict[tuple[Chain, int, bool], list[tuple[int, int]]] = field(default_factory=dict)

    def add(self, key: int, wide: int, narrow: int) -> None:
        entries = self.known.setdefault(key, [])
        if entries:
            wide, narrow = max(wide, entries[-1][1]), max(narrow, entries[-1][2])
        entries.append((self.length, wide, narrow))

    def tick(self, key: int, length: int, wide: bool) -> int:
        """The last tick of `key` among the first `length` releases."""
        entries = self.known.get(key)
        at = bisect_left(entries, (length,)) if entries else 0
        return entries[at - 1][1 if wide else 2] if entries and at else 0


class Order:
    """Happens-before between the threads of a launch. Ticks in its arrays are shifted like those of records."""

    def __init__(self, threads: int, block_threads: int, fences: bool) -> None:
        self.block_threads = block_threads
        self.blocks = threads // block_threads
        #: The last block barrier that a thread waited at, and the last at which it announced its accesses.
        #: An access's record is at least 1 << 32, and 0 is none, so 1 stands for no barrier yet.
        self.joined = np.ones(threads, np.int64)
        self.announced = np.ones(threads, np.int64)
        #: Set once a barrier was not everybody's: then `groups` (block to warps by warps) says who knows whom.
        self.partial = False
        self.groups: dict[int, np.ndarray] = {}
        #: For each warp that met a warp barrier: lanes by lanes.
        self.lanes: dict[int, np.ndarray] = {}
        self.undecided = 0
        #: When each block came to the barrier of the whole grid, and up to when the grid knows of each block.
        self.grid_arrived = np.zeros(self.blocks, np.int64)
        self.grid_known: np.ndarray | None = None
        self.grid_waits = False
        self.fences = fences
        if fences:
            self.fence = np.zeros((2, threads), np.int64)
            self.fence_joined = np.zeros((2, threads), np.int64)
            self.fence_announced = np.zeros(threads, np.int64)
            self.waits = np.zeros(threads, bool)
            self.knows = np.zeros(threads, bool)
            self.block_knows = np.zeros(self.blocks, bool)
            self.pending: dict[int, Knowledge] = {}
            self.knowledge: dict[int, Knowledge] = {}
            self.block_knowledge: dict[int, Knowledge] = {}
            self.chains: dict[tuple[int, int], Chain] = {}
            self.releases = 0

    # -- asked by accesses

    def unordered(self, records: np.ndarray, threads: np.ndarray, own_block: bool) -> np.ndarray | None:
        """Which accesses of other threads did not happen before what `threads` do now; None for none.

        `own_block`: all records are of the threads' own blocks, as in shared memory.
        """
        if own_block and not self.partial:
            late = records >= self.joined[threads]
            if not late.any():
                return None
            late &= (records & _THREAD) != threads
        else:
            late = (records != 0) & ((records & _THREAD) != threads)
        if self.grid_known is not None and late.any():
            late &= records >= self.grid_known[(records & _THREAD) // self.block_threads]
        if not late.any():
            return None
        chosen = np.flatnonzero(late)
        late[chosen] = ~self._before(records[chosen], threads[chosen])
        return late if late.any() else None

    def _before(self, records: np.ndarray, threads: np.ndarray) -> np.ndarray:
        others = records & _THREAD
        mine, theirs = threads // self.block_threads, others // self.block_threads
        before = (mine == theirs) & (records < self.joined[threads]) & (records < self.announced[others])
        if self.partial:
            for lane in np.flatnonzero(before):
                known = self.groups.get(int(mine[lane]))
                if known is not None:
                    here, there = self._warp(int(threads[lane])), self._warp(int(others[lane]))
                    before[lane] = records[lane] < known[here, there]
        if self.lanes:
            for lane in np.flatnonzero(~before & (mine == theirs)):
                before[lane] = self._in_warp(int(records[lane]), int(others[lane]), int(threads[lane]))
        if self.fences:
            for lane in np.flatnonzero(~before & (self.knows[threads] | self.block_knows[mine])):
                before[lane] = self._by_chain(int(records[lane]), int(others[lane]), int(threads[lane]))
        return before

    def _warp(self, thread: int) -> int:
        return thread % self.block_threads // WARP

    def _in_warp(self, record: int, other: int, thread: int) -> bool:
        block, lane = divmod(thread, self.block_threads)
        there, other_lane = divmod(other, self.block_threads)
        if lane // WARP != other_lane // WARP or block != there:
            return False
        known = self.lanes.get(block * 32 + lane // WARP)
        return known is not None and record < known[lane % WARP, other_lane % WARP]

    # -- barriers

    def barrier(self, block: int, waiting: np.ndarray, arrived: np.ndarray, when: np.ndarray, tick: int) -> None:
        """A barrier of `block` completed for some of its threads only: `arrived` did not wait, and came at `when`."""
        self.split(block)
        known = self.groups[block]
        now = tick << THREAD_BITS
        took_part = np.concatenate([waiting, arrived])
        warps = np.unique(took_part % self.block_threads // WARP)
        together = known[warps].max(axis=0)
        here = np.unique(waiting % self.block_threads // WARP)
        known[here] = np.maximum(known[here], together)
        for_waiting = known[here]
        for_waiting[:, here] = now
        known[here] = for_waiting
        for thread, came in zip(arrived, when, strict=True):
            known[here, self._warp(int(thread))] = np.maximum(known[here, self._warp(int(thread))], came)
        self.announced[arrived] = when
        self.joined[waiting] = self.announced[waiting] = now
        self._share(block, took_part)

    def arrive_at_grid(self, threads: np.ndarray, tick: int, complete: bool) -> None:
        """Threads came to the barrier of the whole grid, each for its block; with `complete` the last ones."""
        self.grid_arrived[threads // self.block_threads] = tick << THREAD_BITS
        self.grid_waits = not complete
        if complete:
            self.grid_known = self.grid_arrived.copy()

    def split(self, block: int) -> None:
        """From now on warps of this block may know different things."""
        self.partial = True
        if block not in self.groups:
            warps = -(-self.block_threads // WARP)
            first = block * self.block_threads
            everybody = int(self.joined[first : first + self.block_threads].max())
            self.groups[block] = np.full((warps, warps), everybody, np.int64)

    def whole_barrier(self, threads: np.ndarray, tick: int) -> None:
        """A barrier completed at which all threads of each block that had not exited waited."""
        now = tick << THREAD_BITS
        self.joined[threads] = self.announced[threads] = now
        if not (self.groups or self.fences):
            return
        for block in np.unique(threads // self.block_threads):
            if int(block) in self.groups:
                self.groups[int(block)][:] = now
            self._share(int(block), threads[threads // self.block_threads == block])

    def _share(self, block: int, threads: np.ndarray) -> None:
        """Who waited together knows together; a barrier also ends what a fence would: the wait for a flag."""
        if not self.fences:
            return
        self.fence_announced[threads] = self.fence[0][threads]
        merged: Knowledge = {}
        for thread in threads[self.waits[threads] | self.knows[threads]].tolist():
            _merge(merged, self.pending.pop(thread, {}))
            _merge(merged, self.knowledge.pop(thread, {}))
        self.waits[threads] = self.knows[threads] = False
        if merged:
            _merge(merged, self.block_knowledge.get(block, {}))
            self.block_knowledge[block] = merged
            self.block_knows[block] = True

    def warp_barrier(self, warp: int, block: int, lanes: np.ndarray, tick: int) -> None:
        """A warp barrier completed for these lanes of the block's warp."""
        key = block * 32 + warp
        known = self.lanes.get(key)
        if known is None:
            known = self.lanes[key] = np.zeros((WARP, WARP), np.int64)
        together = known[lanes].max(axis=0)
        together[lanes] = tick << THREAD_BITS
        known[lanes] = together
        if self.fences:
            first = block * self.block_threads + warp * WARP
            threads = (first + lanes).tolist()
            merged: Knowledge = {}
            for thread in threads:
                _merge(merged, self.knowledge.get(thread, {}))
            if merged:
                for thread in threads:
                    self.knowledge[thread] = merged
                    self.knows[thread] = True

    # -- fences and strong accesses

    def note_fence(self, threads: np.ndarray, tick: int, wide: bool) -> None:
        if not self.fences:
            return
        now = tick << THREAD_BITS
        for scope in (0, 1) if wide else (1,):
            self.fence[scope][threads] = now
            self.fence_joined[scope][threads] = self.joined[threads]
        for thread in threads[self.waits[threads]].tolist():
            known = dict(self.knowledge.get(thread, {}))
            _merge(known, {(c, b, w and wide): n for (c, b, w), n in self.pending.pop(thread).items()})
            self.knowledge[thread] = known
            self.knows[thread], self.waits[thread] = True, False

    def note_strong(
        self, space: int, cells: np.ndarray, threads: np.ndarray, *, reads: bool, writes: np.ndarray | bool, wide: bool
    ) -> None:
        """Strong accesses, in this order. A write that is no atomic (`reads` false) ends the chain at its place."""
        if not self.fences:
            return
        wrote = np.broadcast_to(np.asarray(writes), threads.shape)
        if not self.chains and not (wrote & (self.fence[1][threads] > 0)).any():
            return
        for cell, thread, write in zip(cells.tolist(), threads.tolist(), wrote.tolist(), strict=True):
            chain = self.chains.get((space, cell))
            if reads and chain is not None:
                pending = self.pending.setdefault(thread, {})
                pending[chain, thread // self.block_threads, wide] = chain.length
                self.waits[thread] = True
            if not write:
                continue
            if not reads and chain is not None:
                del self.chains[space, cell]
                chain = None
            if self.fence[1][thread]:
                if chain is None:
                    chain = self.chains[space, cell] = Chain()
                self._release(chain, thread, wide)

    def _release(self, chain: Chain, thread: int, wide: bool) -> None:
        self.releases += 1
        if self.releases > RELEASES:
            return
        block = thread // self.block_threads
        wide_fence = int(self.fence[0][thread]) if wide else 0
        chain.add(thread, wide_fence, int(self.fence[1][thread]))
        wide_joined = int(self.fence_joined[0][thread]) if wide else 0
        chain.add(-1 - block, wide_joined, int(self.fence_joined[1][thread]))
        joined = int(self.joined[thread])
        chain.add(-1 - self.blocks - block, joined if wide_fence else 0, joined)
        known = dict(self.knowledge.get(thread, {}))
        _merge(known, self.block_knowledge.get(block, {}))
        for key, length in known.items():
            if key[0] is not chain:
                entries = chain.before.setdefault(key, [])
                entries.append((chain.length, max(length, entries[-1][1] if entries else 0)))
        chain.length += 1

    def _by_chain(self, record: int, other: int, thread: int) -> bool:
        """Does `thread` know of the access of `other` by the flags it has read?"""
        if self.releases > RELEASES:
            self.undecided += 1
            return True
        there = other // self.block_threads
        mine = thread // self.block_threads
        waiting = [*self.knowledge.get(thread, {}).items(), *self.block_knowledge.get(mine, {}).items()]
        seen: dict[tuple[Chain, int, bool], int] = {}
        while waiting:
            key, length = waiting.pop()
            if seen.get(key, -1) >= length:
                continue
            seen[key] = length
            if len(seen) > CHAIN:
                self.undecided += 1
                return True
            chain, reader, wide = key
            same = reader == there
            if not (same or wide):
                continue
            if record < chain.tick(other, length, not same):
                return True
            if record < self.announced[other] and record < chain.tick(-1 - there, length, not same):
                return True
            # Everybody fenced, then all met, then one told: the barrier carries the fences of the others.
            met = chain.tick(-1 - self.blocks - there, length, not same)
            if record < met and record < self.fence_announced[other]:
                return True
            for further, entries in chain.before.items():
                at = bisect_left(entries, (length,))
                if at:
                    waiting.append((further, entries[at - 1][1]))
        return False


def _merge(into: Knowledge, more: Knowledge) -> None:
    for key, length in more.items():
        into[key] = max(into.get(key, 0), length)
