"""Loads, stores, atomics and fences. Imports this package only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from grader.device.emulated import alu
from grader.device.emulated.formats import Format
from grader.device.emulated.forms import Maker, format_of, type_of
from grader.device.emulated.operands import Operation
from grader.device.emulated.ptx import Address, Instruction, PtxError, Register, Symbol, Vector


def _membar(t: Any, i: Instruction) -> Operation:
    wide = "cta" not in i.parts
    return lambda lanes: lanes.wave.note_fence(lanes.threads, wide)


def _fenced(make: Maker) -> Maker:
    """.acquire is a fence behind a read, .release one before a write."""

    def ordered(t: Any, i: Instruction) -> Operation | None:
        operation = make(t, i)
        modifiers = set(i.parts)
        before, after = modifiers & {"release", "acq_rel"}, modifiers & {"acquire", "acq_rel"}
        if operation is None or not (before or after):
            return operation
        fence = _membar(t, i)

        def run(lanes: Any) -> None:
            if before:
                fence(lanes)
            operation(lanes)
            if after:
                fence(lanes)

        return run

    return ordered


def _ld(t: Any, i: Instruction) -> Operation:
    if "param" in i.parts:
        return _ld_param(t, i)
    dtype = type_of(i)
    access, space = t.access(i, dtype)
    where = t.address(i.operands[1], space)
    targets = i.operands[0].items if isinstance(i.operands[0], Vector) else (i.operands[0],)
    puts = [t.set(target, dtype) for target in targets]
    access.vector = len(puts)
    if len(puts) == 1:
        put = puts[0]
        return lambda lanes: put(lanes, access.load(lanes, where(lanes)))

    def run(lanes: Any) -> None:
        base = lanes.spread(where(lanes))
        for number, put in enumerate(puts):
            put(lanes, access.load(lanes, base + np.uint64(number * access.size), number))

    return run


def _ld_param(t: Any, i: Instruction) -> Operation:
    dtype = np.dtype(type_of(i))
    place = i.operands[1]
    if not isinstance(place, Address) or not isinstance(place.base, Symbol):
        raise ValueError("a parameter was expected")
    if place.base.name in t.local:
        return _param_access(t, i, place)
    names = [p.name for p in t.function.parameters]
    if place.base.name not in names:
        raise PtxError(f"unknown parameter {place.base.name}", i.at)
    number, offset = names.index(place.base.name), place.offset
    targets = i.operands[0].items if isinstance(i.operands[0], Vector) else (i.operands[0],)
    puts = [t.set(target, dtype) for target in targets]
    if offset < 0 or offset + dtype.itemsize * len(puts) > t.function.parameters[number].size:
        raise PtxError(f"read outside of parameter {place.base.name}", i.at)

    def run(lanes: Any) -> None:
        value = lanes.wave.memory.parameters[number]
        data = value.to_bytes(8, "little") if isinstance(value, int) else value
        for index, put in enumerate(puts):
            put(lanes, np.frombuffer(data, dtype, 1, offset + index * dtype.itemsize)[0])

    return run


def _param_access(t: Any, i: Instruction, place: Any) -> Operation:
    """A parameter or result of a call: bytes of local memory that only calls and these instructions touch."""
    dtype = np.dtype(type_of(i))
    start = t.place(place.base.name)
    stores = i.parts[0] == "st"
    values = i.operands[1] if stores else i.operands[0]
    items = values.items if isinstance(values, Vector) else (values,)
    if place.offset < 0 or place.offset + dtype.itemsize * len(items) > start.size:
        raise PtxError(f"access outside of parameter {place.base.name}", i.at)
    parts = [
        replace(start, offset=start.offset + place.offset + number * dtype.itemsize, size=dtype.itemsize)
        for number in range(len(items))
    ]
    accessors = [t.get(item, dtype) if stores else t.set(item, dtype) for item in items]

    def run(lanes: Any) -> None:
        wave = lanes.wave
        index = np.arange(wave.threads) if lanes.index is None else lanes.index
        for part, accessor in zip(parts, accessors, strict=True):
            where = wave.stack.positions(part, index, 0)
            if stores:
                raw = np.ascontiguousarray(lanes.spread(accessor(lanes)))
                wave.local[where] = raw.view(np.uint8).reshape(where.shape)
            else:
                accessor(lanes, np.ascontiguousarray(wave.local[where]).view(dtype)[:, 0])

    return run


def _st(t: Any, i: Instruction) -> Operation:
    dtype = type_of(i)
    access, space = t.access(i, dtype)
    if space == "param":
        return _param_access(t, i, i.operands[0])
    where = t.address(i.operands[0], space)
    sources = i.operands[1].items if isinstance(i.operands[1], Vector) else (i.operands[1],)
    values = [t.get(source, dtype) for source in sources]
    access.vector = len(values)
    if len(values) == 1:
        value = values[0]
        return lambda lanes: access.store(lanes, where(lanes), value(lanes))

    def run(lanes: Any) -> None:
        base = lanes.spread(where(lanes))
        for number, get in enumerate(values):
            access.store(lanes, base + np.uint64(number * access.size), get(lanes), number)

    return run


REDUCTIONS = {
    "add": np.add, "min": np.minimum, "max": np.maximum, "and": np.bitwise_and, "or": np.bitwise_or,
    "xor": np.bitwise_xor,
}  # fmt: skip


def _increase(old: Any, limit: Any) -> Any:
    return np.where(old >= limit, old.dtype.type(0), old + old.dtype.type(1))


def _decrease(old: Any, limit: Any) -> Any:
    return np.where((old == 0) | (old > limit), limit, old - old.dtype.type(1))


def _exchange(old: Any, new: Any) -> Any:
    return new


ATOMIC: dict[str, Callable[[Any, Any], Any]] = {
    "add": np.add,
    **{name: alu.BINARY[name] for name in ("min", "max", "and", "or", "xor")},
    "exch": _exchange,
    "inc": _increase,
    "dec": _decrease,
}


def _atom(t: Any, i: Instruction) -> Operation:
    kind, reduction = format_of(i), i.parts[0] == "red"
    operands = i.operands if reduction else i.operands[1:]
    (name,) = (p for p in i.parts if p in ATOMIC or p == "cas")
    if len(operands) != 2 + (name == "cas") or ((kind.packed or kind.brain) and name != "add"):
        raise ValueError("the number of operands or their type")
    access, space = t.access(i, kind.storage, strong=True)
    where = t.address(operands[0], space)
    if isinstance(operands[1], Vector):
        return _atom_vector(t, i, access, where)
    value = t.get(operands[1], kind.storage)
    put = None if reduction else t.set(i.operands[0], kind.storage)
    target = i.operands[0]
    used = put is not None and isinstance(target, Register) and t.numbers[target.name] in t.read
    fast = REDUCTIONS.get(name) if not used and kind.name in _FAST_TYPES else None
    swap = t.get(operands[2], kind.storage) if name == "cas" else None
    operate = _atomic_operation(kind, name, space)

    def run(lanes: Any) -> None:
        given = lanes.spread(value(lanes))
        if swap is not None:
            new = lanes.spread(swap(lanes))
            old = access.atomic(
                lanes, where(lanes), lambda o, which: np.where(o == given[which], new[which], o), given, None, True
            )
        else:
            old = access.atomic(lanes, where(lanes), lambda o, which: operate(o, given[which]), given, fast)
        if put is not None and old is not None:
            put(lanes, old)

    return run


#: Types in which NumPy's own ufuncs do what a GPU does.
_FAST_TYPES = {"u32", "s32", "b32", "u64", "s64", "b64", "f64"}


def _atomic_operation(kind: Format, name: str, space: str) -> Callable[[Any, Any], Any]:
    operate = ATOMIC.get(name, _exchange)
    if kind.name == "f32" and space != "shared":
        # PTX ISA, atom: in global memory atom.add.f32 takes subnormal numbers for zero.
        return lambda old, given: alu.flush(operate(alu.flush(old), alu.flush(given)))
    if kind.packed or kind.brain:
        return lambda old, given: kind.encode(operate(kind.decode(old), kind.decode(given)))
    return operate


def _atom_vector(t: Any, i: Instruction, access: Any, where: Any) -> Operation:
    """atom.add.v2.f32 and the like: each element is atomic by itself."""
    kind, target, source = format_of(i), i.operands[0], i.operands[-1]
    values = [t.get(item, kind.storage) for item in source.items] if isinstance(source, Vector) else []
    puts = [t.set(item, kind.storage) for item in target.items] if isinstance(target, Vector) else []
    operate = _atomic_operation(kind, next(p for p in i.parts if p in ATOMIC), "global")

    def one(lanes: Any, addresses: Any, given: Any) -> Any:
        return access.atomic(lanes, addresses, lambda old, which: operate(old, given[which]), given, None)

    def run(lanes: Any) -> None:
        base = lanes.spread(where(lanes))
        found = [
            one(lanes, base + np.uint64(number * access.size), lanes.spread(get(lanes)))
            for number, get in enumerate(values)
        ]
        for put, old in zip(puts, found, strict=bool(puts)):
            put(lanes, old)

    return run


TABLE: dict[str, Maker] = {
    "ld": _fenced(_ld),
    "ldu": _ld,
    "st": _fenced(_st),
    "atom": _fenced(_atom),
    "red": _fenced(_atom),
    "membar": _membar,
    "fence": _membar,
}
