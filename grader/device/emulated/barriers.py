"""Barriers of blocks: who waits where, when they complete, and what is wrong about it.

Imports nothing of ours but this package.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from grader.device.emulated import messages
from grader.device.emulated.order import THREAD_BITS, WARP
from grader.device.emulated.state import Stop
from grader.device.emulated.translate import Block

if TYPE_CHECKING:
    from grader.device.emulated.wave import Wave


@dataclass(frozen=True, eq=False)
class Arrival:
    """Lanes at a block barrier: which, at which block's end, and when."""

    index: np.ndarray
    block: Block
    tick: int
    #: As many threads complete the barrier; None for all of the block.
    count: int | None


#: Barriers that a block has.
BARRIERS = 16


class Barriers:
    """The barriers of one wave's blocks."""

    def __init__(self, wave: Wave) -> None:
        self.wave = wave
        self.state = wave.state
        self.waiting: dict[int, list[Arrival]] = {}
        if wave.program.tallies:
            self.votes = np.zeros(wave.threads, bool)
            # Of the threads that met at a thread's last barrier: how many voted yes, and how many there were.
            self.tally = np.zeros(wave.threads, np.int64)
            self.met = np.zeros(wave.threads, np.int64)

    def __bool__(self) -> bool:
        """Does anybody wait?"""
        return bool(self.waiting)

    def arrive(self, block: Block, index: np.ndarray, brought: list[np.ndarray]) -> None:
        """Lanes come to the barrier at the end of `block`, each with the number and, it may be, the count it names."""
        self.wave.counters.barriers += len(index)
        tick = self.state.tick(block.site, 0)
        if all((values == values[0]).all() for values in brought):
            # As nearly always: all lanes name the same barrier.
            brought = [values[:1] for values in brought]
        numbers, counts = brought[0], brought[1] if len(brought) > 1 else np.zeros(len(brought[0]), np.uint32)
        bad = (numbers >= BARRIERS) | (counts % WARP != 0)
        if bad.any():
            thread, place = self.wave.where(int(self.wave.numbers[index[bad.argmax()]]))
            self.wave.report(messages.no_such_barrier(self.wave.line_of(block.site), thread, place), block.site)
            raise Stop
        if block.arrives:
            self.wave.enter(block.following, index)
        keys = numbers.astype(np.int64) << 32 | counts
        for key in np.unique(keys).tolist():
            barrier, count = key >> 32, (key & 0xFFFFFFFF) or None
            lanes = index if len(keys) == 1 else index[keys == key]
            self.waiting.setdefault(barrier, []).append(Arrival(lanes, block, tick, count))
            self.complete(barrier)

    def left(self) -> None:
        """Threads have exited: those who waited for them wait no more."""
        for barrier in list(self.waiting):
            self.complete(barrier)

    def complete(self, barrier: int) -> None:
        """Release the blocks in which everybody who is alive, or as many as the barrier counts, has arrived."""
        arrivals = self.waiting[barrier]
        arrived = np.zeros(self.wave.blocks, np.int64)
        needed = self.wave.alive.copy()
        for arrival in arrivals:
            owner = arrival.index // self.wave.block_threads
            arrived += np.bincount(owner, minlength=self.wave.blocks)
            # A count of the whole block is met by those who are left, a smaller one by as many as it says.
            if arrival.count is not None and arrival.count < self.wave.block_threads:
                needed[owner] = arrival.count
        done = (arrived > 0) & (arrived >= needed)
        if not done.any():
            return
        released, kept = [], []
        for arrival in arrivals:
            free = done[arrival.index // self.wave.block_threads]
            if free.all():
                released.append(arrival)
                continue
            kept.append(replace(arrival, index=arrival.index[~free]))
            if free.any():
                released.append(replace(arrival, index=arrival.index[free]))
        self._judge(released, done)
        if self.wave.program.tallies:
            self._count_votes(np.concatenate([arrival.index for arrival in released]))
        self._order(released, done, arrived)
        if kept:
            self.waiting[barrier] = kept
        else:
            del self.waiting[barrier]
        for arrival in released:
            if not arrival.block.arrives:
                self.wave.enter(arrival.block.following, arrival.index)

    def _order(self, released: list[Arrival], done: np.ndarray, arrived: np.ndarray) -> None:
        order, tick = self.state.order, self.state.tick(released[0].block.site, 0)
        whole = done & (arrived == self.wave.alive) if not any(a.block.arrives for a in released) else done & False
        waiting = np.concatenate([a.index for a in released])
        everybody = whole[waiting // self.wave.block_threads]
        if everybody.any():
            order.whole_barrier(self.wave.numbers[waiting[everybody]], tick)
        for block in np.flatnonzero(done & ~whole):
            parts: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
            when = []
            for arrival in released:
                own = arrival.index[arrival.index // self.wave.block_threads == block]
                parts[arrival.block.arrives].append(self.wave.numbers[own])
                if arrival.block.arrives:
                    when.append(np.full(len(own), arrival.tick << THREAD_BITS))
            empty = np.zeros(0, np.int64)
            order.barrier(
                int(block) + self.wave.first_block,
                np.concatenate([empty, *parts[0]]),
                np.concatenate([empty, *parts[1]]),
                np.concatenate([empty, *when]),
                tick,
            )

    def _count_votes(self, index: np.ndarray) -> None:
        block = index // self.wave.block_threads
        self.tally[index] = np.bincount(block, self.votes[index], self.wave.blocks).astype(np.int64)[block]
        self.met[index] = np.bincount(block, minlength=self.wave.blocks)[block]

    def _judge(self, released: list[Arrival], done: np.ndarray) -> None:
        """Findings about a barrier that completes in the blocks `done`."""
        index = np.concatenate([arrival.index for arrival in released])
        site = np.concatenate([np.full(len(arrival.index), arrival.block.site) for arrival in released])
        if (site != site[0]).any():
            warp = self.wave.warp_of(self.wave.numbers[index])
            order = np.lexsort((site, warp))
            split = np.flatnonzero((warp[order][1:] == warp[order][:-1]) & (site[order][1:] != site[order][:-1]))
            if len(split):
                here, there = order[split[0]], order[split[0] + 1]
                self._divergent(int(site[here]), int(site[there]), int(index[here]), len(split))
        if not (done & (self.wave.alive < self.wave.block_threads)).any():
            return
        joined = self.state.order.joined[self.wave.numbers] >> THREAD_BITS
        skipped = self.wave.gone & np.repeat(done, self.wave.block_threads)
        skipped &= (self.wave.last_touch > joined) & (self.wave.last_touch > self.wave.last_parting)
        if skipped.any():
            self._divergent(int(site[0]), None, int(index[0]), int(skipped.sum()))

    def _divergent(self, site: int, other: int | None, lane: int, count: int) -> None:
        thread, block = self.wave.where(int(self.wave.numbers[lane]))
        line = self.wave.line_of(site)
        there = None if other is None else self.wave.line_of(other)
        self.wave.report(messages.divergent_barrier(line, there, thread, block), site, count)

    def sites(self) -> list[int]:
        """Where threads wait."""
        return [arrival.block.site for arrivals in self.waiting.values() for arrival in arrivals]

    def stuck(self) -> None:
        """Threads wait at barriers that cannot complete."""
        waiting = [(a.index, a.block.site) for arrivals in self.waiting.values() for a in arrivals]
        waiting.sort(key=lambda entry: entry[1])
        index, site = waiting[0]
        others = [there for _, there in waiting if there != site]
        self._divergent(site, others[0] if others else None, int(index[0]), len(index))
        raise Stop
