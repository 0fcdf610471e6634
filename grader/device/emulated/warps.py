"""Lanes of a warp that wait for each other at a warp operation, and what they then do together.

An operation completes when all lanes of the mask that have not exited have arrived at one of its kind with the same
mask. Imports nothing of ours but this package.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from grader.device.emulated import messages
from grader.device.emulated.lanes import Lanes
from grader.device.emulated.state import Stop
from grader.device.emulated.translate import Block
from grader.device.emulated.warp import WARP, Meeting

if TYPE_CHECKING:
    from grader.device.emulated.wave import Wave


@dataclass(frozen=True, eq=False)
class Arrival:
    """Lanes at a warp operation: their warps and masks, and what each brought."""

    index: np.ndarray
    block: Block
    key: np.ndarray
    brought: list[np.ndarray]

    def of(self, chosen: np.ndarray) -> Arrival:
        return Arrival(self.index[chosen], self.block, self.key[chosen], [values[chosen] for values in self.brought])


class Warps:
    """The warp operations of one wave's blocks."""

    def __init__(self, wave: Wave) -> None:
        self.wave = wave
        self.waiting: dict[tuple[str, ...], list[Arrival]] = {}
        if wave.program.exchanges:
            within = np.arange(wave.threads) % wave.block_threads
            self.lane = within % WARP
            #: Warps of the wave, by number, and for each the lanes that have not exited.
            self.warp = np.arange(wave.threads) // wave.block_threads * wave.state.warps_per_block + within // WARP
            self.alive = np.zeros(wave.blocks * wave.state.warps_per_block, np.int64)
            np.bitwise_or.at(self.alive, self.warp, 1 << self.lane)

    def __bool__(self) -> bool:
        """Does anybody wait?"""
        return bool(self.waiting)

    def arrive(self, block: Block, index: np.ndarray, brought: list[np.ndarray]) -> None:
        """Lanes come to the operation at the end of `block`, with their masks and inputs."""
        assert block.exchange is not None
        masks, *inputs = brought
        outside = (masks >> self.lane[index].astype(np.uint32)) & np.uint32(1) == 0
        if outside.any():
            thread, place = self.wave.where(int(self.wave.numbers[index[outside.argmax()]]))
            line = self.wave.line_of(block.site)
            self.wave.report(messages.not_in_mask(line, thread, place), block.site, int(outside.sum()))
            raise Stop
        key = self.warp[index] << 32 | masks.astype(np.int64)
        self.waiting.setdefault(block.exchange.kind, []).append(Arrival(index, block, key, inputs))
        self._complete(block.exchange.kind)

    def left(self, index: np.ndarray) -> None:
        """Lanes have exited: those who waited for them wait no more."""
        if not self.wave.program.exchanges:
            return
        np.bitwise_and.at(self.alive, self.warp[index], ~(1 << self.lane[index]))
        for kind in list(self.waiting):
            self._complete(kind)

    def _complete(self, kind: tuple[str, ...]) -> None:
        arrivals = self.waiting[kind]
        key = np.concatenate([arrival.key for arrival in arrivals])
        lane = np.concatenate([self.lane[arrival.index] for arrival in arrivals])
        if (key[1:] >= key[:-1]).all():
            first = np.r_[True, key[1:] != key[:-1]]
            keys, group = key[first], np.cumsum(first) - 1
        else:
            keys, group = np.unique(key, return_inverse=True)
        present = np.zeros(len(keys), np.int64)
        np.bitwise_or.at(present, group, 1 << lane)
        done = keys & 0xFFFFFFFF & self.alive[keys >> 32] & ~present == 0
        if not done.any():
            return
        free = done[group]
        if free.all():
            released = arrivals
            del self.waiting[kind]
        else:
            parts = np.split(free, np.cumsum([len(arrival.index) for arrival in arrivals])[:-1])
            released = [arrival.of(part) for arrival, part in zip(arrivals, parts, strict=True) if part.any()]
            kept = [arrival.of(~part) for arrival, part in zip(arrivals, parts, strict=True) if not part.all()]
            self.waiting[kind] = kept
            group, lane = (np.cumsum(done) - 1)[group[free]], lane[free]
        self._give(released, Meeting(group, lane, int(done.sum())))

    def _give(self, released: list[Arrival], meeting: Meeting) -> None:
        """The operation for all who met; each goes on behind the instruction it came to."""
        wave = self.wave
        exchange = released[0].block.exchange
        assert exchange is not None
        if exchange.orders:
            self._order(np.concatenate([arrival.index for arrival in released]), meeting)
        inputs = [np.concatenate(values) for values in zip(*(arrival.brought for arrival in released), strict=True)]
        outputs = exchange.compute(meeting, inputs)
        origins = self._origins(released, meeting)
        begin = 0
        for arrival in released:
            end = begin + len(arrival.index)
            everyone = len(arrival.index) == wave.threads
            lanes = Lanes(wave, None if everyone else arrival.index, len(arrival.index))
            own = arrival.block.exchange
            assert own is not None
            for put, values in zip(own.outputs, outputs, strict=False):
                put(lanes, values[begin:end])
            lanes.flush()
            if own.result is not None and (origins is not None or wave.undefined):
                wave.undefined.set(own.result, arrival.index, None if origins is None else origins[begin:end])
            wave.enter(arrival.block.following, arrival.index)
            begin = end

    def _origins(self, released: list[Arrival], meeting: Meeting) -> np.ndarray | None:
        """Where the undefined values come from that these lanes get; None where all are defined."""
        there = None if meeting.source is None else meeting.there[meeting.group, meeting.source]
        if not self.wave.undefined and (there is None or there.all()):
            return None
        given = []
        for arrival in released:
            assert arrival.block.exchange is not None
            came = self.wave.undefined.of(arrival.block.exchange.reads, arrival.index)
            given.append(np.zeros(len(arrival.index), np.int32) if came is None else came)
        origins = meeting.table(np.concatenate(given))
        if there is None:
            taken = origins.max(axis=1)[meeting.group]
        else:
            here = np.concatenate([np.full(len(a.index), a.block.site + 1, np.int32) for a in released])
            taken = np.where(there, origins[meeting.group, meeting.source], here)
        return taken if taken.any() else None

    def _order(self, index: np.ndarray, meeting: Meeting) -> None:
        wave = self.wave
        tick = wave.state.tick(0, 0)
        order = np.argsort(meeting.group, kind="stable")
        for group in np.split(index[order], np.flatnonzero(np.diff(meeting.group[order])) + 1):
            block, thread = divmod(int(wave.numbers[group[0]]), wave.block_threads)
            wave.state.order.warp_barrier(thread // WARP, block, group % wave.block_threads % WARP, tick)

    def stuck(self) -> None:
        """Nothing moves any more: if lanes wait here, their operation cannot complete."""
        waiting = sorted((arrival for all_ in self.waiting.values() for arrival in all_), key=lambda a: a.block.site)
        if not waiting:
            return
        first, wave = waiting[0], self.wave
        thread, block = wave.where(int(wave.numbers[first.index[0]]))
        others = [arrival.block.site for arrival in waiting if arrival.block.site != first.block.site]
        others += [site for site in wave.barriers.sites() if site != first.block.site]
        there = wave.line_of(others[0]) if others else None
        finding = messages.incomplete_exchange(wave.line_of(first.block.site), there, thread, block)
        wave.report(finding, first.block.site, sum(len(arrival.index) for arrival in waiting))
        raise Stop
