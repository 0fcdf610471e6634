"""Shifts, fields, permutations and searches of bits. Imports this package only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from grader.device.emulated import alu
from grader.device.emulated.forms import Maker, type_of, unary
from grader.device.emulated.operands import Operation
from grader.device.emulated.ptx import Immediate, Instruction


def _bfind(t: Any, i: Instruction) -> Operation:
    dtype = type_of(i)
    a, put, shift = t.get(i.operands[1], dtype), t.set(i.operands[0], np.uint32), "shiftamt" in i.parts
    width, none = alu.bits_of(dtype), np.uint32(0xFFFFFFFF)

    def run(lanes: Any) -> None:
        place = alu.last_bit(a(lanes))
        put(lanes, np.where(place == none, none, np.uint32(width - 1) - place) if shift else place)

    return run


def _fns(t: Any, i: Instruction) -> Operation:
    """The place of the n-th set bit from a base on, upwards or downwards."""
    mask, base, offset = (
        t.get(i.operands[1], np.uint32),
        t.get(i.operands[2], np.uint32),
        t.get(i.operands[3], np.int32),
    )
    put = t.set(i.operands[0], np.uint32)

    def run(lanes: Any) -> None:
        m, b, n = (lanes.spread(get(lanes)) for get in (mask, base, offset))
        place = np.arange(32)
        bits = (m[:, None] >> place.astype(np.uint32)) & np.uint32(1) != 0
        up = bits & (place >= b[:, None])
        down = (bits & (place <= b[:, None]))[:, ::-1]
        found_up = up & (np.cumsum(up, axis=1) == n[:, None])
        found_down = (down & (np.cumsum(down, axis=1) == -n[:, None]))[:, ::-1]
        exactly = bits & (place == b[:, None])
        found = np.where((n > 0)[:, None], found_up, np.where((n < 0)[:, None], found_down, exactly))
        put(lanes, np.where(found.any(axis=1), found.argmax(axis=1), 0xFFFFFFFF).astype(np.uint32))

    return run


def _bmsk(t: Any, i: Instruction) -> Operation:
    a, b, put = t.get(i.operands[1], np.uint32), t.get(i.operands[2], np.uint32), t.set(i.operands[0], np.uint32)
    wrap = "wrap" in i.parts
    full = np.uint32(0xFFFFFFFF)

    def run(lanes: Any) -> None:
        start, length = a(lanes), b(lanes)
        if wrap:
            start, length = start & np.uint32(31), length & np.uint32(31)
        ones = np.where(length >= 32, full, (np.uint32(1) << np.minimum(length, np.uint32(31))) - np.uint32(1))
        put(lanes, alu.shift_left(np.asarray(ones)[()], start))

    return run


def _szext(t: Any, i: Instruction) -> Operation:
    dtype = type_of(i)
    a, b, put = t.get(i.operands[1], dtype), t.get(i.operands[2], np.uint32), t.set(i.operands[0], dtype)
    wrap = "wrap" in i.parts

    def run(lanes: Any) -> None:
        length = b(lanes)
        length = length & np.uint32(31) if wrap else length
        put(lanes, np.where(length >= 32, a(lanes), alu.extract_field(a(lanes), np.uint32(0), length)))

    return run


def _shift(function: Callable[[Any, Any], Any]) -> Maker:
    def make(t: Any, i: Instruction) -> Operation:
        dtype = type_of(i)
        a, b, put = (
            t.get(i.operands[1], dtype),
            t.get(i.operands[2], np.uint32),
            t.set(i.operands[0], dtype),
        )
        return lambda lanes: put(lanes, function(a(lanes), b(lanes)))

    return make


def _funnel(t: Any, i: Instruction) -> Operation:
    a, b, c = (t.get(o, np.uint32) for o in i.operands[1:4])
    put, left, wrap = t.set(i.operands[0], np.uint32), "l" in i.parts, "wrap" in i.parts

    def run(lanes: Any) -> None:
        amount = c(lanes)
        amount = amount & np.uint32(31) if wrap else np.minimum(amount, np.uint32(32))
        both = (np.uint64(b(lanes)) << np.uint64(32)) | np.uint64(a(lanes))
        amount = np.uint64(amount)
        value = (both << amount) >> np.uint64(32) if left else both >> amount
        put(lanes, np.asarray(value).astype(np.uint32))

    return run


def _bfe(t: Any, i: Instruction) -> Operation:
    dtype = type_of(i)
    a, put = t.get(i.operands[1], dtype), t.set(i.operands[0], dtype)
    start, length = t.get(i.operands[2], np.uint32), t.get(i.operands[3], np.uint32)
    return lambda lanes: put(lanes, alu.extract_field(a(lanes), start(lanes), length(lanes)))


def _bfi(t: Any, i: Instruction) -> Operation:
    dtype = type_of(i)
    a, b, put = t.get(i.operands[1], dtype), t.get(i.operands[2], dtype), t.set(i.operands[0], dtype)
    start, length = t.get(i.operands[3], np.uint32), t.get(i.operands[4], np.uint32)
    return lambda lanes: put(lanes, alu.insert_field(a(lanes), b(lanes), start(lanes), length(lanes)))


#: The modes of prmt: which of the eight bytes comes to place k, where the selector's low bits are n.
PERMUTATIONS: dict[str, Callable[[int, int], int]] = {
    "f4e": lambda n, k: n + k,
    "b4e": lambda n, k: (n - k) % 8,
    "rc8": lambda n, k: n,
    "ecl": lambda n, k: max(n, k),
    "ecr": lambda n, k: min(n, k),
    "rc16": lambda n, k: n % 2 * 2 + k % 2,
}


def _prmt(t: Any, i: Instruction) -> Operation:
    a, b, c = (t.get(o, np.uint32) for o in i.operands[1:4])
    put = t.set(i.operands[0], np.uint32)
    if i.parts[-1] not in PERMUTATIONS:
        return lambda lanes: put(lanes, alu.permute_bytes(a(lanes), b(lanes), c(lanes)))
    chosen = PERMUTATIONS[i.parts[-1]]
    selectors = np.array([sum(chosen(n, k) << 4 * k for k in range(4)) for n in range(4)], np.uint32)
    return lambda lanes: put(lanes, alu.permute_bytes(a(lanes), b(lanes), selectors[c(lanes) & np.uint32(3)]))


def _lop3(t: Any, i: Instruction) -> Operation:
    a, b, c = (t.get(o, np.uint32) for o in i.operands[1:4])
    table = i.operands[4]
    if not isinstance(table, Immediate):
        raise ValueError("lop3 needs its table as a number")
    bits, put = int(table.value), t.set(i.operands[0], np.uint32)

    def run(lanes: Any) -> None:
        x, y, z = a(lanes), b(lanes), c(lanes)
        value = np.uint32(0)
        for case in range(8):
            if bits >> case & 1:
                value = value | ((x if case & 4 else ~x) & (y if case & 2 else ~y) & (z if case & 1 else ~z))
        put(lanes, value)

    return run


TABLE: dict[str, Maker] = {
    "popc": unary(alu.population, np.uint32),
    "clz": unary(alu.leading_zeros, np.uint32),
    "bfind": _bfind,
    "fns": _fns,
    "bmsk": _bmsk,
    "szext": _szext,
    "shl": _shift(alu.shift_left),
    "shr": _shift(alu.shift_right),
    "shf": _funnel,
    "bfe": _bfe,
    "bfi": _bfi,
    "prmt": _prmt,
    "lop3": _lop3,
}
