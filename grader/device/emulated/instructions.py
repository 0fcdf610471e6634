"""The table of instructions: for each opcode a function that makes its operation. Imports this package only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from grader.device.emulated import alu
from grader.device.emulated.memory import SHARED_WINDOW, WINDOW_BITS
from grader.device.emulated.ptx import Address, Immediate, Instruction, PtxError, Register, Symbol, Vector
from grader.device.emulated.translate import Operation, generic_base

Maker = Callable[[Any, Instruction], Operation | None]


def _type(instruction: Instruction) -> Any:
    return alu.DTYPES[instruction.parts[-1]]


def _finish(instruction: Instruction) -> Callable[[Any], Any]:
    """.ftz and .sat of a float result."""
    flush, saturate = "ftz" in instruction.parts, "sat" in instruction.parts
    dtype = _type(instruction)
    if saturate and dtype in (np.float32, np.float64, np.float16):
        return lambda v: np.where(np.isnan(v), dtype(0), np.clip(v, dtype(0), dtype(1)))
    if flush and dtype is np.float32:
        return alu.flush
    return lambda v: v


def _operand_flush(instruction: Instruction) -> Callable[[Any], Any]:
    return alu.flush if "ftz" in instruction.parts and _type(instruction) is np.float32 else lambda v: v


def _unary(function: Callable[[Any], Any], result: Any = None) -> Maker:
    def make(t: Any, i: Instruction) -> Operation:
        dtype = _type(i)
        a, put, finish = t._get(i.operands[1], dtype), t._set(i.operands[0], result or dtype), _finish(i)
        before = _operand_flush(i)
        return lambda lanes: put(lanes, finish(function(before(a(lanes)))))

    return make


def _binary(function: Callable[[Any, Any], Any]) -> Maker:
    def make(t: Any, i: Instruction) -> Operation:
        dtype = _type(i)
        a, b = t._get(i.operands[1], dtype), t._get(i.operands[2], dtype)
        put, finish, before = t._set(i.operands[0], dtype), _finish(i), _operand_flush(i)
        if dtype in (np.int32, np.int16, np.int64) and "sat" in i.parts:
            raise ValueError("saturating integer arithmetic")
        return lambda lanes: put(lanes, finish(function(before(a(lanes)), before(b(lanes)))))

    return make


def _carrying(subtract: bool) -> Maker:
    """add, addc, sub, subc: with .cc they leave a carry, addc and subc take it up."""

    def make(t: Any, i: Instruction) -> Operation:
        dtype = _type(i)
        takes, leaves = i.parts[0] in ("addc", "subc"), "cc" in i.parts
        if not takes and not leaves:
            return _binary(np.subtract if subtract else np.add)(t, i)  # type: ignore[return-value]
        unsigned = np.dtype(f"u{np.dtype(dtype).itemsize}").type
        a, b, put = (
            t._get(i.operands[1], unsigned),
            t._get(i.operands[2], unsigned),
            t._set(i.operands[0], unsigned),
        )

        def run(lanes: Any) -> None:
            x, y = a(lanes), b(lanes)
            carry = unsigned(0) if not takes or lanes.carry is None else np.asarray(lanes.carry).astype(unsigned)[()]
            if subtract:
                value = x - y - carry
                out = (x < y) | ((x == y) & (carry != 0))
            else:
                value = x + y + carry
                out = (value < x) | ((value == x) & (carry != 0))
            if leaves:
                lanes.carry = out
            put(lanes, value)

        return run

    return make


def _mul(t: Any, i: Instruction) -> Operation:
    dtype = _type(i)
    a, b = t._get(i.operands[1], dtype), t._get(i.operands[2], dtype)
    function, result = _product(i, dtype)
    put, finish, before = t._set(i.operands[0], result), _finish(i), _operand_flush(i)
    return lambda lanes: put(lanes, finish(function(before(a(lanes)), before(b(lanes)))))


def _product(i: Instruction, dtype: Any) -> tuple[Callable[[Any, Any], Any], Any]:
    if "wide" in i.parts:
        return alu.multiply_wide, alu._WIDER[dtype]
    if "hi" in i.parts:
        return alu.multiply_high, dtype
    return np.multiply, dtype


def _mad(t: Any, i: Instruction) -> Operation:
    dtype = _type(i)
    if np.dtype(dtype).kind == "f":
        return _fma(t, i)
    function, result = _product(i, dtype)
    a, b = t._get(i.operands[1], dtype), t._get(i.operands[2], dtype)
    takes, leaves = i.parts[0] == "madc", "cc" in i.parts
    if not takes and not leaves:
        c, put = t._get(i.operands[3], result), t._set(i.operands[0], result)
        return lambda lanes: put(lanes, function(a(lanes), b(lanes)) + c(lanes))
    unsigned = np.dtype(f"u{np.dtype(result).itemsize}").type
    c, put = t._get(i.operands[3], unsigned), t._set(i.operands[0], unsigned)

    def run(lanes: Any) -> None:
        x, y = np.asarray(function(a(lanes), b(lanes))).view(unsigned)[()], c(lanes)
        carry = unsigned(0) if not takes or lanes.carry is None else np.asarray(lanes.carry).astype(unsigned)[()]
        value = x + y + carry
        if leaves:
            lanes.carry = (value < x) | ((value == x) & (carry != 0))
        put(lanes, value)

    return run


def _fma(t: Any, i: Instruction) -> Operation:
    dtype = _type(i)
    a, b, c = (t._get(o, dtype) for o in i.operands[1:4])
    put, finish, before = t._set(i.operands[0], dtype), _finish(i), _operand_flush(i)
    if "rm" in i.parts or "rp" in i.parts or "rz" in i.parts:
        return _directed_fma(i, a, b, c, put)
    return lambda lanes: put(lanes, finish(alu.fma(before(a(lanes)), before(b(lanes)), before(c(lanes)))))


def _directed_fma(i: Instruction, a: Any, b: Any, c: Any, put: Any) -> Operation:
    if _type(i) is not np.float32:
        raise ValueError("directed rounding of float64")
    modifiers = tuple(i.parts)

    def run(lanes: Any) -> None:
        exact = np.float64(a(lanes)) * np.float64(b(lanes)) + np.float64(c(lanes))
        put(lanes, alu._rounded_towards(exact, np.float32(exact), modifiers))

    return run


def _shift(function: Callable[[Any, Any], Any]) -> Maker:
    def make(t: Any, i: Instruction) -> Operation:
        dtype = _type(i)
        a, b, put = (
            t._get(i.operands[1], dtype),
            t._get(i.operands[2], np.uint32),
            t._set(i.operands[0], dtype),
        )
        return lambda lanes: put(lanes, function(a(lanes), b(lanes)))

    return make


def _funnel(t: Any, i: Instruction) -> Operation:
    a, b, c = (t._get(o, np.uint32) for o in i.operands[1:4])
    put, left, wrap = t._set(i.operands[0], np.uint32), "l" in i.parts, "wrap" in i.parts

    def run(lanes: Any) -> None:
        amount = c(lanes)
        amount = amount & np.uint32(31) if wrap else np.minimum(amount, np.uint32(32))
        both = (np.uint64(b(lanes)) << np.uint64(32)) | np.uint64(a(lanes))
        amount = np.uint64(amount)
        value = (both << amount) >> np.uint64(32) if left else both >> amount
        put(lanes, np.asarray(value).astype(np.uint32))

    return run


def _bfe(t: Any, i: Instruction) -> Operation:
    dtype = _type(i)
    a, put = t._get(i.operands[1], dtype), t._set(i.operands[0], dtype)
    start, length = t._get(i.operands[2], np.uint32), t._get(i.operands[3], np.uint32)
    return lambda lanes: put(lanes, alu.extract_field(a(lanes), start(lanes), length(lanes)))


def _bfi(t: Any, i: Instruction) -> Operation:
    dtype = _type(i)
    a, b, put = t._get(i.operands[1], dtype), t._get(i.operands[2], dtype), t._set(i.operands[0], dtype)
    start, length = t._get(i.operands[3], np.uint32), t._get(i.operands[4], np.uint32)
    return lambda lanes: put(lanes, alu.insert_field(a(lanes), b(lanes), start(lanes), length(lanes)))


def _prmt(t: Any, i: Instruction) -> Operation:
    a, b, c = (t._get(o, np.uint32) for o in i.operands[1:4])
    put = t._set(i.operands[0], np.uint32)
    return lambda lanes: put(lanes, alu.permute_bytes(a(lanes), b(lanes), c(lanes)))


def _lop3(t: Any, i: Instruction) -> Operation:
    a, b, c = (t._get(o, np.uint32) for o in i.operands[1:4])
    table = i.operands[4]
    if not isinstance(table, Immediate):
        raise ValueError("lop3 needs its table as a number")
    bits, put = int(table.value), t._set(i.operands[0], np.uint32)

    def run(lanes: Any) -> None:
        x, y, z = a(lanes), b(lanes), c(lanes)
        value = np.uint32(0)
        for case in range(8):
            if bits >> case & 1:
                value = value | ((x if case & 4 else ~x) & (y if case & 2 else ~y) & (z if case & 1 else ~z))
        put(lanes, value)

    return run


def _mov(t: Any, i: Instruction) -> Operation:
    dtype = _type(i)
    target, source = i.operands
    if isinstance(target, Vector):
        part = np.dtype(f"u{np.dtype(dtype).itemsize // len(target.items)}")
        puts = [t._set(item, part) for item in target.items]
        a, bits = t._get(source, np.dtype(f"u{np.dtype(dtype).itemsize}")), part.itemsize * 8

        def split(lanes: Any) -> None:
            value = a(lanes)
            for number, put in enumerate(puts):
                put(lanes, (value >> value.dtype.type(number * bits)).astype(part))

        return split
    if isinstance(source, Vector):
        whole = np.dtype(f"u{np.dtype(dtype).itemsize}").type
        part = np.dtype(f"u{np.dtype(dtype).itemsize // len(source.items)}")
        parts, put, bits = [t._get(o, part) for o in source.items], t._set(target, whole), part.itemsize * 8

        def join(lanes: Any) -> None:
            value = whole(0)
            for number, get in enumerate(parts):
                value = value | (get(lanes).astype(whole) << whole(number * bits))
            put(lanes, value)

        return join
    a, put = t._get(source, dtype), t._set(target, dtype)
    return lambda lanes: put(lanes, a(lanes))


def _selp(t: Any, i: Instruction) -> Operation:
    dtype = _type(i)
    a, b, p = t._get(i.operands[1], dtype), t._get(i.operands[2], dtype), t._get(i.operands[3], np.bool_)
    put = t._set(i.operands[0], dtype)
    return lambda lanes: put(lanes, np.where(p(lanes), a(lanes), b(lanes)))


def _setp(t: Any, i: Instruction) -> Operation:
    dtype = _type(i)
    compare = alu.COMPARISONS[i.parts[1]]
    combine = {"and": np.logical_and, "or": np.logical_or, "xor": np.logical_xor}.get(i.parts[2])
    before = _operand_flush(i)
    sources = i.operands[1:]
    second = None
    if len(i.operands) == 3 + (combine is not None) + 1:
        second, sources = t._set(i.operands[1], np.bool_), i.operands[2:]
    a, b, put = t._get(sources[0], dtype), t._get(sources[1], dtype), t._set(i.operands[0], np.bool_)
    c = t._get(sources[2], np.bool_) if combine is not None else None

    def run(lanes: Any) -> None:
        value = compare(before(a(lanes)), before(b(lanes)))
        other = np.logical_not(value)
        if combine is not None:
            assert c is not None
            value, other = combine(value, c(lanes)), combine(other, c(lanes))
        put(lanes, value)
        if second is not None:
            second(lanes, other)

    return run


def _set(t: Any, i: Instruction) -> Operation:
    dtype, result = _type(i), alu.DTYPES[i.parts[-2]]
    compare = alu.COMPARISONS[i.parts[1]]
    a, b, put = t._get(i.operands[1], dtype), t._get(i.operands[2], dtype), t._set(i.operands[0], result)
    true = result(1) if np.dtype(result).kind == "f" else np.array(-1).astype(result)[()]
    return lambda lanes: put(lanes, np.where(compare(a(lanes), b(lanes)), true, result(0)))


def _cvt(t: Any, i: Instruction) -> Operation:
    target, source = alu.DTYPES[i.parts[-2]], alu.DTYPES[i.parts[-1]]
    modifiers = tuple(i.parts[1:-2])
    if len(i.operands) != 2:
        raise ValueError("packed conversion")
    a, put = t._get(i.operands[1], source), t._set(i.operands[0], target)
    flush = "ftz" in modifiers and source is np.float32
    return lambda lanes: put(lanes, alu.convert(alu.flush(a(lanes)) if flush else a(lanes), target, modifiers))


def _cvta(t: Any, i: Instruction) -> Operation:
    space = next(p for p in i.parts if p in ("global", "shared", "local", "const", "param"))
    base = np.uint64(generic_base(space))
    a, put = t._get(i.operands[1], np.uint64), t._set(i.operands[0], np.uint64)
    if "to" in i.parts:
        return lambda lanes: put(lanes, a(lanes) - base)
    return lambda lanes: put(lanes, a(lanes) + base)


def _isspacep(t: Any, i: Instruction) -> Operation:
    space = i.parts[1]
    a, put = t._get(i.operands[1], np.uint64), t._set(i.operands[0], np.bool_)

    def run(lanes: Any) -> None:
        window = a(lanes) >> np.uint64(WINDOW_BITS)
        inside = {"shared": window == SHARED_WINDOW, "local": window == SHARED_WINDOW + 1}
        put(lanes, inside.get(space, window < SHARED_WINDOW))

    return run


# -- memory


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
    dtype = _type(i)
    access, space = t.access(i, dtype)
    where = t._address(i.operands[1], space)
    targets = i.operands[0].items if isinstance(i.operands[0], Vector) else (i.operands[0],)
    puts = [t._set(target, dtype) for target in targets]
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
    dtype = np.dtype(_type(i))
    place = i.operands[1]
    if not isinstance(place, Address) or not isinstance(place.base, Symbol):
        raise ValueError("a parameter was expected")
    names = [p.name for p in t.function.parameters]
    if place.base.name not in names:
        raise PtxError(f"unknown parameter {place.base.name}", i.at)
    number, offset = names.index(place.base.name), place.offset
    targets = i.operands[0].items if isinstance(i.operands[0], Vector) else (i.operands[0],)
    puts = [t._set(target, dtype) for target in targets]
    if offset < 0 or offset + dtype.itemsize * len(puts) > t.function.parameters[number].size:
        raise PtxError(f"read outside of parameter {place.base.name}", i.at)

    def run(lanes: Any) -> None:
        value = lanes.wave.memory.parameters[number]
        data = value.to_bytes(8, "little") if isinstance(value, int) else value
        for index, put in enumerate(puts):
            put(lanes, np.frombuffer(data, dtype, 1, offset + index * dtype.itemsize)[0])

    return run


def _st(t: Any, i: Instruction) -> Operation:
    dtype = _type(i)
    access, space = t.access(i, dtype)
    if space == "param":
        raise ValueError("parameters of calls")
    where = t._address(i.operands[0], space)
    sources = i.operands[1].items if isinstance(i.operands[1], Vector) else (i.operands[1],)
    values = [t._get(source, dtype) for source in sources]
    access.vector = len(values)
    if len(values) == 1:
        value = values[0]
        return lambda lanes: access.store(lanes, where(lanes), value(lanes))

    def run(lanes: Any) -> None:
        base = lanes.spread(where(lanes))
        for number, get in enumerate(values):
            access.store(lanes, base + np.uint64(number * access.size), get(lanes), number)

    return run


_FAST = {
    "add": np.add, "min": np.minimum, "max": np.maximum, "and": np.bitwise_and, "or": np.bitwise_or,
    "xor": np.bitwise_xor,
}  # fmt: skip


def _increase(old: Any, limit: Any) -> Any:
    return np.where(old >= limit, old.dtype.type(0), old + old.dtype.type(1))


def _decrease(old: Any, limit: Any) -> Any:
    return np.where((old == 0) | (old > limit), limit, old - old.dtype.type(1))


_ATOMIC: dict[str, Callable[[Any, Any], Any]] = {
    **{name: alu.BINARY[name] for name in ("add", "min", "max", "and", "or", "xor")},
    "exch": lambda old, new: new,
    "inc": _increase,
    "dec": _decrease,
}


def _atom(t: Any, i: Instruction) -> Operation:
    dtype = _type(i)
    reduction = i.parts[0] == "red"
    operands = i.operands if reduction else i.operands[1:]
    name = next(p for p in i.parts if p in _ATOMIC or p == "cas")
    access, space = t.access(i, dtype, strong=True)
    where = t._address(operands[0], space)
    value = t._get(operands[1], dtype)
    put = None if reduction else t._set(i.operands[0], dtype)
    target = i.operands[0]
    used = put is not None and isinstance(target, Register) and t.numbers[target.name] in t.read
    fast = _FAST.get(name) if not used and np.dtype(dtype) != np.float16 else None
    swap = t._get(operands[2], dtype) if name == "cas" else None
    operate = _ATOMIC.get(name)

    def run(lanes: Any) -> None:
        given = lanes.spread(value(lanes))
        if swap is not None:
            new = lanes.spread(swap(lanes))
            old = access.atomic(
                lanes, where(lanes), lambda o, which: np.where(o == given[which], new[which], o), given, None, True
            )
        else:
            assert operate is not None
            old = access.atomic(lanes, where(lanes), lambda o, which: operate(o, given[which]), given, fast)
        if put is not None and old is not None:
            put(lanes, old)

    return run


# -- between threads


def _membar(t: Any, i: Instruction) -> Operation:
    wide = "cta" not in i.parts
    return lambda lanes: lanes.wave.note_fence(lanes.threads, wide)


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
    a = t._get(i.operands[1], np.bool_)
    put = t._set(i.operands[0], np.uint32 if mode == "ballot" else np.bool_)

    def run(lanes: Any) -> None:
        table, active, warp, _ = _table(lanes, lanes.spread(a(lanes)))
        if mode == "ballot":
            bits = (table.astype(np.uint64) << np.arange(32, dtype=np.uint64)).sum(axis=1, dtype=np.uint64)
            put(lanes, bits.astype(np.uint32)[warp])
            return
        every, some = (table | ~active).all(axis=1), table.any(axis=1)
        answer = {"all": every, "any": some, "uni": every | ~some}[mode]
        put(lanes, answer[warp])

    return run


def _activemask(t: Any, i: Instruction) -> Operation:
    put = t._set(i.operands[0], np.uint32)

    def run(lanes: Any) -> None:
        _, active, warp, _ = _table(lanes, np.zeros(lanes.count, bool))
        bits = (active.astype(np.uint64) << np.arange(32, dtype=np.uint64)).sum(axis=1, dtype=np.uint64)
        put(lanes, bits.astype(np.uint32)[warp])

    return run


def _shfl(t: Any, i: Instruction) -> Operation:
    mode = next(p for p in i.parts if p in ("up", "down", "bfly", "idx"))
    operands = list(i.operands)
    predicate = None
    if len(operands) == 6:
        predicate = t._set(operands.pop(1), np.bool_)
    put, a = t._set(operands[0], np.uint32), t._get(operands[1], np.uint32)
    b, c = t._get(operands[2], np.uint32), t._get(operands[3], np.uint32)

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


def _match(t: Any, i: Instruction) -> Operation:
    if "any" not in i.parts:
        raise ValueError("match.all")
    dtype = alu.DTYPES[i.parts[-1]]
    a, put = t._get(i.operands[1], dtype), t._set(i.operands[0], np.uint32)

    def run(lanes: Any) -> None:
        table, active, warp, lane = _table(lanes, lanes.spread(a(lanes)))
        equal = (table[warp] == table[warp, lane][:, None]) & active[warp]
        bits = (equal.astype(np.uint64) << np.arange(32, dtype=np.uint64)).sum(axis=1, dtype=np.uint64)
        put(lanes, bits.astype(np.uint32))

    return run


def _nothing(t: Any, i: Instruction) -> None:
    return None


TABLE: dict[str, Maker] = {
    **{name: _unary(function) for name, function in alu.UNARY.items() if name not in ("popc", "clz")},
    "popc": _unary(alu.population, np.uint32),
    "clz": _unary(alu.leading_zeros, np.uint32),
    **{name: _binary(function) for name, function in alu.BINARY.items() if name not in ("add", "sub")},
    "add": _carrying(False),
    "addc": _carrying(False),
    "sub": _carrying(True),
    "subc": _carrying(True),
    "mul": _mul,
    "mad": _mad,
    "madc": _mad,
    "fma": _fma,
    "shl": _shift(alu.shift_left),
    "shr": _shift(alu.shift_right),
    "shf": _funnel,
    "bfe": _bfe,
    "bfi": _bfi,
    "prmt": _prmt,
    "lop3": _lop3,
    "mov": _mov,
    "selp": _selp,
    "setp": _setp,
    "set": _set,
    "cvt": _cvt,
    "cvta": _cvta,
    "isspacep": _isspacep,
    "ld": _fenced(_ld),
    "ldu": _ld,
    "st": _fenced(_st),
    "atom": _fenced(_atom),
    "red": _fenced(_atom),
    "membar": _membar,
    "fence": _membar,
    "vote": _vote,
    "activemask": _activemask,
    "shfl": _shfl,
    "match": _match,
    "nanosleep": _nothing,
    "prefetch": _nothing,
    "prefetchu": _nothing,
}
