"""Votes, shuffles, matches and reductions among the lanes of a warp. Imports this package only."""

from __future__ import annotations

from typing import Any

import numpy as np

from grader.device.emulated.forms import Maker, type_of
from grader.device.emulated.operands import Operation
from grader.device.emulated.ptx import Instruction
from grader.device.emulated.transfers import REDUCTIONS


def _by_warp(lanes: Any) -> tuple[np.ndarray, np.ndarray]:
    """(warp of each lane, counted from the first; lane within its warp)."""
    wave = lanes.wave
    warp = wave.warp_of(lanes.threads)
    return warp - warp[0], (lanes.threads % wave.block_threads) % 32


def _table(lanes: Any, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """`values` by (warp, lane), which places hold an active lane, and each lane's place."""
    warp, lane = _by_warp(lanes)
    table = np.zeros((int(warp[-1]) + 1, 32), values.dtype)
    active = np.zeros(table.shape, bool)
    table[warp, lane] = values
    active[warp, lane] = True
    return table, active, warp, lane


def _vote(t: Any, i: Instruction) -> Operation:
    mode = next(p for p in i.parts if p in ("all", "any", "uni", "ballot"))
    a = t.get(i.operands[1], np.bool_)
    put = t.set(i.operands[0], np.uint32 if mode == "ballot" else np.bool_)

    def run(lanes: Any) -> None:
        table, active, warp, _ = _table(lanes, lanes.spread(a(lanes)))
        if mode == "ballot":
            put(lanes, _bits(table)[warp])
            return
        every, some = (table | ~active).all(axis=1), table.any(axis=1)
        answer = {"all": every, "any": some, "uni": every | ~some}[mode]
        put(lanes, answer[warp])

    return run


def _activemask(t: Any, i: Instruction) -> Operation:
    put = t.set(i.operands[0], np.uint32)

    def run(lanes: Any) -> None:
        _, active, warp, _ = _table(lanes, np.zeros(lanes.count, bool))
        put(lanes, _bits(active)[warp])

    return run


def _shfl(t: Any, i: Instruction) -> Operation:
    mode = next(p for p in i.parts if p in ("up", "down", "bfly", "idx"))
    operands = list(i.operands)
    predicate = None
    if len(operands) == 6:
        predicate = t.set(operands.pop(1), np.bool_)
    put, a = t.set(operands[0], np.uint32), t.get(operands[1], np.uint32)
    b, c = t.get(operands[2], np.uint32), t.get(operands[3], np.uint32)

    def run(lanes: Any) -> None:
        values = lanes.spread(a(lanes))
        table, active, warp, lane = _table(lanes, values)
        by, control = np.asarray(b(lanes)).astype(np.int64) & 31, np.asarray(c(lanes)).astype(np.int64)
        segment, clamp = control >> 8 & 31, control & 31
        highest = (lane & segment) | (clamp & ~segment)
        lowest = lane & segment
        source = {"up": lane - by, "down": lane + by, "bfly": lane ^ by, "idx": lowest | (by & ~segment)}[mode]
        good = source >= highest if mode == "up" else source <= highest
        source = np.where(good, source, lane)
        good = good & active[warp, source]
        put(lanes, np.where(good, table[warp, source], values))
        if predicate is not None:
            predicate(lanes, good)

    return run


def _bits(table: np.ndarray) -> np.ndarray:
    """Rows of 32 truth values as numbers."""
    return (table.astype(np.uint64) << np.arange(32, dtype=np.uint64)).sum(axis=1, dtype=np.uint64).astype(np.uint32)


def _match(t: Any, i: Instruction) -> Operation:
    predicate = t.set(i.operands[1], np.bool_) if len(i.operands) == 4 else None
    a, put = t.get(i.operands[-2], type_of(i)), t.set(i.operands[0], np.uint32)
    if "any" in i.parts:

        def run(lanes: Any) -> None:
            table, active, warp, lane = _table(lanes, lanes.spread(a(lanes)))
            put(lanes, _bits((table[warp] == table[warp, lane][:, None]) & active[warp]))

        return run

    def run_all(lanes: Any) -> None:
        table, active, warp, lane = _table(lanes, lanes.spread(a(lanes)))
        equal = ((table[warp] == table[warp, lane][:, None]) | ~active[warp]).all(axis=1)
        put(lanes, np.where(equal, _bits(active)[warp], np.uint32(0)))
        if predicate is not None:
            predicate(lanes, equal)

    return run_all


def _redux(t: Any, i: Instruction) -> Operation:
    dtype = type_of(i)
    name = next(p for p in i.parts if p in REDUCTIONS)
    a, put, reduce = t.get(i.operands[1], dtype), t.set(i.operands[0], dtype), REDUCTIONS[name]
    info = np.iinfo(dtype)
    neutral = {"add": 0, "or": 0, "xor": 0, "and": info.max if info.min == 0 else -1, "min": info.max, "max": info.min}

    def run(lanes: Any) -> None:
        table, active, warp, _ = _table(lanes, lanes.spread(a(lanes)))
        put(lanes, reduce.reduce(np.where(active, table, dtype(neutral[name])), axis=1, dtype=dtype)[warp])

    return run


TABLE: dict[str, Maker] = {
    "vote": _vote,
    "activemask": _activemask,
    "shfl": _shfl,
    "match": _match,
    "redux": _redux,
}
