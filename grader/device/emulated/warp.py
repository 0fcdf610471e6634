"""Votes, shuffles, matches and reductions: what the lanes of a mask do together. Imports this package only.

Source: NVIDIA, Parallel Thread Execution ISA: shfl.sync, vote.sync, match.sync, redux.sync, elect.sync, bar.warp.sync.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.device.emulated.forms import Maker, type_of
from grader.device.emulated.operands import Getter, Operation
from grader.device.emulated.ptx import Instruction
from grader.device.emulated.transfers import REDUCTIONS

WARP = 32


class Meeting:
    """Lanes that met, all of each group: the number of its group, and its place in the warp, for every lane."""

    def __init__(self, group: np.ndarray, lane: np.ndarray, groups: int) -> None:
        self.group, self.lane = group, lane
        self.there = np.zeros((groups, WARP), bool)
        self.there[group, lane] = True
        #: The lane from which each lane took its value, where it took one from another.
        self.source: np.ndarray | None = None

    def table(self, values: np.ndarray) -> np.ndarray:
        """`values` by group and lane, zero for those who are not there."""
        table = np.zeros(self.there.shape, values.dtype)
        table[self.group, self.lane] = values
        return table


Compute = Callable[[Meeting, list[np.ndarray]], Sequence[np.ndarray]]
Setter = Callable[[Any, Any], None]


@dataclass(frozen=True)
class Exchange:
    """A warp operation. Lanes meet where `kind`, warp and mask are the same, be it at different instructions.

    Each lane brings its mask and its `inputs`; `compute` gives a value for each of the `outputs`.
    """

    kind: tuple[str, ...]
    members: Getter
    inputs: tuple[Getter, ...] = ()
    outputs: tuple[Setter, ...] = ()
    compute: Compute = lambda meeting, values: ()
    #: The registers that are read, and the one that gets the value; for what is undefined.
    reads: tuple[int, ...] = ()
    result: int | None = None
    #: syncwarp: what lanes did before it, the others of the mask know behind it.
    orders: bool = False


def exchange(t: Any, i: Instruction) -> Exchange:
    """What instruction `i` does, by translator `t`. Raises ValueError or IndexError for what is not known."""
    return _EXCHANGES[i.parts[0]](t, i)


def is_exchange(i: Instruction) -> bool:
    return i.parts[0] in _EXCHANGES and "sync" in i.parts and (i.parts[0] != "bar" or "warp" in i.parts)


def _barrier(t: Any, i: Instruction) -> Exchange:
    if i.parts != ("bar", "warp", "sync"):
        raise ValueError("another barrier of a warp")
    return Exchange(i.parts, t.get(i.operands[0], np.uint32), orders=True)


def _vote(t: Any, i: Instruction) -> Exchange:
    mode = next(p for p in i.parts if p in ("all", "any", "uni", "ballot"))
    target, source, mask = i.operands

    def compute(meeting: Meeting, values: list[np.ndarray]) -> list[np.ndarray]:
        table = meeting.table(values[0])
        if mode == "ballot":
            return [_bits(table)[meeting.group]]
        every, some = np.all(table | ~meeting.there, axis=1), np.any(table, axis=1)
        answer: np.ndarray = {"all": every, "any": some, "uni": every | ~some}[mode]
        return [answer[meeting.group]]

    put = t.set(target, np.uint32 if mode == "ballot" else np.bool_)
    return Exchange(i.parts, t.get(mask, np.uint32), (t.get(source, np.bool_),), (put,), compute)


def _shuffle(t: Any, i: Instruction) -> Exchange:
    mode = next(p for p in i.parts if p in ("up", "down", "bfly", "idx"))
    *targets, a, b, c, mask = i.operands
    if not 1 <= len(targets) <= 2:
        raise ValueError("the number of operands")

    def compute(meeting: Meeting, given: list[np.ndarray]) -> list[np.ndarray]:
        values, lane = given[0], meeting.lane
        by, control = given[1].astype(np.int64) & 31, given[2].astype(np.int64)
        segment, clamp = control >> 8 & 31, control & 31
        lowest = lane & segment
        highest = lowest | (clamp & ~segment)
        source = {"up": lane - by, "down": lane + by, "bfly": lane ^ by, "idx": lowest | (by & ~segment)}[mode]
        good = source >= highest if mode == "up" else source <= highest
        meeting.source = np.where(good, source, lane)
        there = meeting.there[meeting.group, meeting.source]
        return [np.where(there, meeting.table(values)[meeting.group, meeting.source], values), good]

    puts = (t.set(targets[0], np.uint32), *(t.set(target, np.bool_) for target in targets[1:]))
    inputs = tuple(t.get(operand, np.uint32) for operand in (a, b, c))
    return Exchange(i.parts, t.get(mask, np.uint32), inputs, puts, compute)


def _match(t: Any, i: Instruction) -> Exchange:
    *targets, a, mask = i.operands
    everybody = "all" in i.parts
    if not 1 <= len(targets) <= 1 + everybody:
        raise ValueError("the number of operands")

    def compute(meeting: Meeting, values: list[np.ndarray]) -> list[np.ndarray]:
        table, group = meeting.table(values[0]), meeting.group
        equal = (table[group] == values[0][:, None]) & meeting.there[group]
        if not everybody:
            return [_bits(equal)]
        same = (equal | ~meeting.there[group]).all(axis=1)
        return [np.where(same, _bits(meeting.there)[group], np.uint32(0)), same]

    puts = (t.set(targets[0], np.uint32), *(t.set(target, np.bool_) for target in targets[1:]))
    return Exchange(i.parts, t.get(mask, np.uint32), (t.get(a, type_of(i)),), puts, compute)


def _reduce(t: Any, i: Instruction) -> Exchange:
    target, a, mask = i.operands
    dtype, name = type_of(i), next(p for p in i.parts if p in REDUCTIONS)
    reduce, info = REDUCTIONS[name], np.iinfo(dtype)
    neutral = {"add": 0, "or": 0, "xor": 0, "and": info.max if info.min == 0 else -1, "min": info.max, "max": info.min}

    def compute(meeting: Meeting, values: list[np.ndarray]) -> list[np.ndarray]:
        table = np.where(meeting.there, meeting.table(values[0]), dtype(neutral[name]))
        return [reduce.reduce(table, axis=1, dtype=dtype)[meeting.group]]

    return Exchange(i.parts, t.get(mask, np.uint32), (t.get(a, dtype),), (t.set(target, dtype),), compute)


def _elect(t: Any, i: Instruction) -> Exchange:
    """One lane of the mask, the same for all."""
    target, leads, mask = i.operands

    def compute(meeting: Meeting, values: list[np.ndarray]) -> list[np.ndarray]:
        leader = meeting.there.argmax(axis=1)[meeting.group]
        return [leader.astype(np.uint32), leader == meeting.lane]

    puts = (t.set(target, np.uint32), t.set(leads, np.bool_))
    return Exchange(i.parts, t.get(mask, np.uint32), (), puts, compute)


_EXCHANGES: dict[str, Callable[[Any, Instruction], Exchange]] = {
    "bar": _barrier,
    "vote": _vote,
    "shfl": _shuffle,
    "match": _match,
    "redux": _reduce,
    "elect": _elect,
}


def _bits(table: np.ndarray) -> np.ndarray:
    """Rows of 32 truth values as numbers."""
    return (table.astype(np.uint64) << np.arange(WARP, dtype=np.uint64)).sum(axis=1, dtype=np.uint64).astype(np.uint32)


def _activemask(t: Any, i: Instruction) -> Operation:
    put = t.set(i.operands[0], np.uint32)

    def run(lanes: Any) -> None:
        wave = lanes.wave
        warp = wave.warp_of(lanes.threads)
        there = np.zeros((int(warp[-1] - warp[0]) + 1, WARP), bool)
        there[warp - warp[0], lanes.threads % wave.block_threads % WARP] = True
        put(lanes, _bits(there)[warp - warp[0]])

    return run


TABLE: dict[str, Maker] = {"activemask": _activemask}
