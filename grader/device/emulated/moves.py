"""Moves, comparisons, selections and conversions. Imports this package only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from grader.device.emulated import alu
from grader.device.emulated.formats import FORMATS, convert
from grader.device.emulated.forms import Maker, flush_of, format_of, type_of
from grader.device.emulated.memory import SHARED_WINDOW, WINDOW_BITS, generic_base
from grader.device.emulated.operands import Operation
from grader.device.emulated.ptx import Instruction, Vector


def _testp(t: Any, i: Instruction) -> Operation:
    dtype = type_of(i)
    a, put = t.get(i.operands[1], dtype), t.set(i.operands[0], np.bool_)
    tiny = np.finfo(dtype).tiny
    tests: dict[str, Callable[[Any], Any]] = {
        "finite": np.isfinite,
        "infinite": np.isinf,
        "number": lambda v: ~np.isnan(v),
        "notanumber": np.isnan,
        "normal": lambda v: np.isfinite(v) & (np.abs(v) >= tiny),
        "subnormal": lambda v: (v != 0) & (np.abs(v) < tiny),
    }
    test = tests[i.parts[1]]
    return lambda lanes: put(lanes, test(a(lanes)))


def _slct(t: Any, i: Instruction) -> Operation:
    kind, by = format_of(i, -2).storage, type_of(i)
    a, b, c = t.get(i.operands[1], kind), t.get(i.operands[2], kind), t.get(i.operands[3], by)
    put, flush = t.set(i.operands[0], kind), flush_of(i)
    return lambda lanes: put(lanes, np.where(flush(c(lanes)) >= 0, a(lanes), b(lanes)))


def _mov(t: Any, i: Instruction) -> Operation:
    dtype = type_of(i)
    target, source = i.operands
    if isinstance(target, Vector):
        part = np.dtype(f"u{np.dtype(dtype).itemsize // len(target.items)}")
        puts = [t.set(item, part) for item in target.items]
        a, bits = t.get(source, np.dtype(f"u{np.dtype(dtype).itemsize}")), part.itemsize * 8

        def split(lanes: Any) -> None:
            value = a(lanes)
            for number, put in enumerate(puts):
                put(lanes, (value >> value.dtype.type(number * bits)).astype(part))

        return split
    if isinstance(source, Vector):
        whole = np.dtype(f"u{np.dtype(dtype).itemsize}").type
        part = np.dtype(f"u{np.dtype(dtype).itemsize // len(source.items)}")
        parts, put, bits = [t.get(o, part) for o in source.items], t.set(target, whole), part.itemsize * 8

        def join(lanes: Any) -> None:
            value = whole(0)
            for number, get in enumerate(parts):
                value = value | (get(lanes).astype(whole) << whole(number * bits))
            put(lanes, value)

        return join
    a, put = t.get(source, dtype), t.set(target, dtype)
    return lambda lanes: put(lanes, a(lanes))


def _selp(t: Any, i: Instruction) -> Operation:
    dtype = type_of(i)
    a, b, p = t.get(i.operands[1], dtype), t.get(i.operands[2], dtype), t.get(i.operands[3], np.bool_)
    put = t.set(i.operands[0], dtype)
    return lambda lanes: put(lanes, np.where(p(lanes), a(lanes), b(lanes)))


COMBINE: dict[str, Callable[[Any, Any], Any]] = {
    "and": np.logical_and, "or": np.logical_or, "xor": np.logical_xor,
}  # fmt: skip


def _comparison(t: Any, i: Instruction, sources: Any) -> Callable[[Any], tuple[Any, Any]]:
    """A function that gives the comparison of setp or set and its opposite, each combined with the third source."""
    kind, compare, before = format_of(i), alu.COMPARISONS[i.parts[1]], flush_of(i)
    combine = next((COMBINE[p] for p in i.parts[2:3] if p in COMBINE), None)
    if len(sources) != 2 + (combine is not None):
        raise ValueError("the number of operands")
    if kind.compute is np.bool_:
        raise ValueError("a comparison of predicates")
    a, b = t.get(sources[0], kind.storage), t.get(sources[1], kind.storage)
    c = t.get(sources[2], np.bool_) if combine is not None else None

    def run(lanes: Any) -> tuple[Any, Any]:
        value = compare(before(kind.decode(a(lanes))), before(kind.decode(b(lanes))))
        other = np.logical_not(value)
        if combine is None or c is None:
            return value, other
        given = c(lanes)
        if kind.packed:
            given = np.asarray(given)[..., None]
        return combine(value, given), combine(other, given)

    return run


def _setp(t: Any, i: Instruction) -> Operation:
    combined = i.parts[2] in COMBINE
    count = len(i.operands) - 2 - combined
    targets = [t.set(operand, np.bool_) for operand in i.operands[:count]]
    compare = _comparison(t, i, i.operands[count:])
    if format_of(i).packed:
        first, second = targets

        def both(lanes: Any) -> None:
            value, _ = compare(lanes)
            first(lanes, value[..., 0])
            second(lanes, value[..., 1])

        return both
    put = targets[0]
    if count == 1:
        return lambda lanes: put(lanes, compare(lanes)[0])
    if count != 2:
        raise ValueError("the number of operands")
    other = targets[1]

    def run(lanes: Any) -> None:
        value, opposite = compare(lanes)
        put(lanes, value)
        other(lanes, opposite)

    return run


def _set(t: Any, i: Instruction) -> Operation:
    source, target = format_of(i), format_of(i, -2)
    compare, put = _comparison(t, i, i.operands[1:]), t.set(i.operands[0], target.storage)
    if target.floating:
        one, zero = target.compute(1), target.compute(0)
        return lambda lanes: put(lanes, target.encode(np.where(compare(lanes)[0], one, zero)))
    if source.packed:
        halves = FORMATS["u16x2"]
        return lambda lanes: put(
            lanes, halves.encode(np.where(compare(lanes)[0], np.uint16(0xFFFF), np.uint16(0))).view(target.storage)
        )
    true = np.array(-1).astype(target.compute)[()]
    return lambda lanes: put(lanes, np.where(compare(lanes)[0], true, target.compute(0)))


def _cvt(t: Any, i: Instruction) -> Operation:
    if i.parts[-2] == "tf32":
        return _cvt_tf32(t, i)
    target, source = format_of(i, -2), format_of(i)
    modifiers = tuple(i.parts[1:-2])
    sources = [t.get(operand, source.storage) for operand in i.operands[1:]]
    put = t.set(i.operands[0], target.storage)
    if source.packed or len(sources) != 1 + target.packed:
        raise ValueError("packed conversion")
    if not target.packed:
        (a,) = sources
        return lambda lanes: put(lanes, convert(a(lanes), source, target, modifiers))
    high, low = sources
    half = FORMATS[target.name.removesuffix("x2")]

    def pack(lanes: Any) -> None:
        values = np.broadcast_arrays(
            *(half.decode(convert(get(lanes), source, half, modifiers)) for get in (low, high))
        )
        put(lanes, target.encode(np.stack(values, axis=-1)))

    return pack


def _cvt_tf32(t: Any, i: Instruction) -> Operation:
    """To the nearest number of ten bits of mantissa, ties away from zero."""
    if i.parts[1:-2] != ("rna",):
        raise ValueError("another rounding to tf32")
    a, put = t.get(i.operands[1], np.uint32), t.set(i.operands[0], np.uint32)
    return lambda lanes: put(lanes, (a(lanes) + np.uint32(0x1000)) & np.uint32(0xFFFFE000))


def _cvta(t: Any, i: Instruction) -> Operation:
    space = next(p for p in i.parts if p in ("global", "shared", "local", "const", "param"))
    base = np.uint64(generic_base(space))
    a, put = t.get(i.operands[1], np.uint64), t.set(i.operands[0], np.uint64)
    if "to" in i.parts:
        return lambda lanes: put(lanes, a(lanes) - base)
    return lambda lanes: put(lanes, a(lanes) + base)


def _isspacep(t: Any, i: Instruction) -> Operation:
    space = i.parts[1]
    a, put = t.get(i.operands[1], np.uint64), t.set(i.operands[0], np.bool_)

    def run(lanes: Any) -> None:
        window = a(lanes) >> np.uint64(WINDOW_BITS)
        inside = {"shared": window == SHARED_WINDOW, "local": window == SHARED_WINDOW + 1}
        put(lanes, inside.get(space, window < SHARED_WINDOW))

    return run


TABLE: dict[str, Maker] = {
    "mov": _mov,
    "testp": _testp,
    "slct": _slct,
    "selp": _selp,
    "setp": _setp,
    "set": _set,
    "cvt": _cvt,
    "cvta": _cvta,
    "isspacep": _isspacep,
}
