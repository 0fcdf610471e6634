"""The table of instructions: for each opcode a function that makes its operation. Imports this package only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from grader.device.emulated import alu, rounding
from grader.device.emulated.calls import EXTERNAL, called
from grader.device.emulated.formats import FORMATS, Format, convert
from grader.device.emulated.memory import SHARED_WINDOW, WINDOW_BITS
from grader.device.emulated.printing import print_lanes, text_at
from grader.device.emulated.ptx import Address, Immediate, Instruction, PtxError, Register, Symbol, Vector
from grader.device.emulated.translate import Operation, generic_base

Maker = Callable[[Any, Instruction], Operation | None]


def _format(instruction: Instruction, place: int = -1) -> Format:
    return FORMATS[instruction.parts[place]]


def _type(instruction: Instruction) -> Any:
    return _format(instruction).storage


def _mode(instruction: Instruction) -> str:
    """The rounding mode; nearest where none is written."""
    return next((m for m in instruction.parts if m in ("rn", "rz", "rm", "rp")), "rn")


def _flush(instruction: Instruction) -> Callable[[Any], Any]:
    """What .ftz does to operands."""
    flushes = "ftz" in instruction.parts and _format(instruction).name in ("f32", "f64")
    return alu.flush if flushes else _same


def _same(value: Any) -> Any:
    return value


def _finish(instruction: Instruction) -> Callable[[Any], Any]:
    """.ftz, .sat and .relu of a float result."""
    steps = [] if _flush(instruction) is _same else [alu.flush]
    if _format(instruction).floating and "sat" in instruction.parts:
        steps.append(alu.saturate)
    if "relu" in instruction.parts:
        steps.append(alu.rectify)
    if not steps:
        return _same
    if len(steps) == 1:
        return steps[0]
    return lambda v: steps[1](steps[0](v))


def _computing(t: Any, i: Instruction, count: int, function: Callable[..., Any], result: Any = None) -> Operation:
    """`function` of `count` operands and of one type, through the type's format."""
    kind, finish, before = _format(i), _finish(i), _flush(i)
    sources = [t._get(operand, kind.storage) for operand in i.operands[1 : count + 1]]
    if len(i.operands) != count + 1:
        raise ValueError(f"{count} operands were expected")
    put = t._set(i.operands[0], result or kind.storage)
    plain = not (kind.brain or kind.packed)
    if plain and finish is _same and before is _same:
        if count == 1:
            (a,) = sources
            return lambda lanes: put(lanes, function(a(lanes)))
        if count == 2:
            a, b = sources
            return lambda lanes: put(lanes, function(a(lanes), b(lanes)))
        a, b, c = sources
        return lambda lanes: put(lanes, function(a(lanes), b(lanes), c(lanes)))

    def run(lanes: Any) -> None:
        values = [before(kind.decode(source(lanes))) for source in sources]
        put(lanes, kind.encode(finish(function(*values))))

    return run


def _unary(function: Callable[[Any], Any], result: Any = None) -> Maker:
    return lambda t, i: _computing(t, i, 1, function, result)


def _binary(function: Callable[[Any, Any], Any]) -> Maker:
    return lambda t, i: _computing(t, i, 2, function)


def _rounded(name: str, count: int, integers: Callable[..., Any] | None = None) -> Maker:
    """A float operation that is rounded in the instruction's mode; .approx and .full round to nearest."""

    def make(t: Any, i: Instruction) -> Operation:
        kind, mode = _format(i), _mode(i)
        if not kind.floating:
            if integers is None:
                raise ValueError("a float type was expected")
            return _computing(t, i, count, integers)
        return _computing(t, i, count, _float_operation(kind, name, mode))

    return make


def _float_operation(kind: Format, name: str, mode: str) -> Callable[..., Any]:
    if kind.brain and name == "fma":
        if mode != "rn":
            raise ValueError("directed rounding of bfloat16")
        return lambda *operands: rounding.to_odd_float64(name, operands)
    return lambda *operands: rounding.operate(name, operands, mode)


def _difference(kind: Format, mode: str) -> Callable[[Any, Any], Any]:
    if mode == "rn":
        return np.subtract
    return lambda a, b: rounding.operate("add", (a, -b), mode)


def _reciprocal(t: Any, i: Instruction) -> Operation:
    mode = _mode(i)
    return _computing(t, i, 1, lambda a: rounding.operate("div", (np.ones_like(a), a), mode))


def _extreme(bigger: bool) -> Maker:
    """min and max: a number wins over NaN, and -0 is less than +0; with .NaN a NaN wins; .xorsign.abs."""

    def make(t: Any, i: Instruction) -> Operation:
        kind = _format(i)
        if not kind.floating:
            return _computing(t, i, 2, np.maximum if bigger else np.minimum)
        function: Callable[[Any, Any], Any] = alu.maximum if bigger else alu.minimum
        if "NaN" in i.parts:
            function = _with_nan(function)
        if "abs" in i.parts:
            function = _with_xorsign(function)
        return _computing(t, i, len(i.operands) - 1, _of_three(function) if len(i.operands) == 4 else function)

    return make


def _with_nan(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda a, b: np.where(alu.unordered(a, b), a.dtype.type(np.nan), function(a, b))


def _with_xorsign(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def run(a: Any, b: Any) -> Any:
        sign = np.where(np.signbit(a) ^ np.signbit(b), a.dtype.type(-1), a.dtype.type(1))
        return np.copysign(function(np.abs(a), np.abs(b)), sign)

    return run


def _of_three(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any, Any], Any]:
    return lambda a, b, c: function(function(a, b), c)


def _carrying(subtract: bool) -> Maker:
    """add, addc, sub, subc: with .cc they leave a carry, addc and subc take it up."""

    def make(t: Any, i: Instruction) -> Operation:
        if i.parts[0] not in ("addc", "subc") and "cc" not in i.parts:
            return _sum(t, i, subtract)
        unsigned = np.dtype(f"u{np.dtype(_type(i)).itemsize}").type
        return _with_carry(t, i, t._get(i.operands[1], unsigned), i.operands[2], unsigned, subtract=subtract)

    return make


def _with_carry(t: Any, i: Instruction, a: Any, second: Any, unsigned: Any, *, subtract: bool = False) -> Operation:
    """What `a` gives, and the `second` operand; .cc leaves a carry, addc, subc and madc take it up."""
    takes, leaves = i.parts[0] in ("addc", "subc", "madc"), "cc" in i.parts
    if takes and not t.carries:
        raise ValueError("no carry was left before in this block")
    t.carries = t.carries or leaves
    b, put = t._get(second, unsigned), t._set(i.operands[0], unsigned)

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


def _sum(t: Any, i: Instruction, subtract: bool) -> Operation:
    kind = _format(i)
    if kind.floating:
        return _computing(t, i, 2, _difference(kind, _mode(i)) if subtract else _float_operation(kind, "add", _mode(i)))
    if "sat" in i.parts:
        if kind.name != "s32":
            raise ValueError("saturation of another type than s32")
        return _computing(t, i, 2, alu.saturating(subtract))
    return _computing(t, i, 2, np.subtract if subtract else np.add)


def _mul(t: Any, i: Instruction) -> Operation:
    kind = _format(i)
    if kind.floating:
        return _computing(t, i, 2, _float_operation(kind, "mul", _mode(i)))
    function, result = _product(i, kind.compute)
    return _computing(t, i, 2, function, result)


def _product(i: Instruction, dtype: Any) -> tuple[Callable[[Any, Any], Any], Any]:
    if "wide" in i.parts:
        return alu.multiply_wide, alu._WIDER[dtype]
    if i.parts[0] in ("mul24", "mad24"):
        return _product_of_24_bits(dtype, "hi" in i.parts), dtype
    if "hi" in i.parts:
        return alu.multiply_high, dtype
    if "lo" not in i.parts:
        raise ValueError("which half of the product?")
    return np.multiply, dtype


def _product_of_24_bits(dtype: Any, high: bool) -> Callable[[Any, Any], Any]:
    def run(a: Any, b: Any) -> Any:
        x, y = (
            (np.int64(v) << np.int64(40)) >> np.int64(40) if dtype is np.int32 else np.int64(v) & 0xFFFFFF
            for v in (a, b)
        )
        product = x * y
        return (product >> np.int64(16) if high else product).astype(dtype)

    return run


def _mad(t: Any, i: Instruction) -> Operation:
    dtype = _type(i)
    if np.dtype(dtype).kind == "f":
        return _fma(t, i)
    function, result = _product(i, dtype)
    a, b = t._get(i.operands[1], dtype), t._get(i.operands[2], dtype)
    if i.parts[0] != "madc" and "cc" not in i.parts:
        c, put = t._get(i.operands[3], result), t._set(i.operands[0], result)
        if "sat" in i.parts:
            return _saturating_mad(i, function, a, b, c, put)
        return lambda lanes: put(lanes, function(a(lanes), b(lanes)) + c(lanes))
    unsigned = np.dtype(f"u{np.dtype(result).itemsize}").type

    def product(lanes: Any) -> Any:
        return np.asarray(function(a(lanes), b(lanes))).view(unsigned)[()]

    return _with_carry(t, i, product, i.operands[3], unsigned)


def _saturating_mad(i: Instruction, function: Any, a: Any, b: Any, c: Any, put: Any) -> Operation:
    if _type(i) is not np.int32 or "hi" not in i.parts:
        raise ValueError("saturation of another type than s32")
    add = alu.saturating(False)
    return lambda lanes: put(lanes, add(function(a(lanes), b(lanes)), c(lanes)))


def _fma(t: Any, i: Instruction) -> Operation:
    kind = _format(i)
    return _computing(t, i, 3, _float_operation(kind, "fma", _mode(i)))


def _sad(t: Any, i: Instruction) -> Operation:
    unsigned = np.dtype(f"u{np.dtype(_type(i)).itemsize}").type

    def run(a: Any, b: Any, c: Any) -> Any:
        return (alu.absolute_difference(a, b).view(unsigned) + c.view(unsigned)).view(a.dtype)

    return _computing(t, i, 3, run)


def _dot(t: Any, i: Instruction) -> Operation:
    """dp4a, and dp2a: two products of 16-bit halves with two of the bytes."""
    signed = [part == "s32" for part in i.parts[-2:]]
    a, b = t._get(i.operands[1], np.uint32), t._get(i.operands[2], np.uint32)
    result = np.int32 if any(signed) else np.uint32
    c, put = t._get(i.operands[3], result), t._set(i.operands[0], result)
    narrow = [np.int8 if s else np.uint8 for s in signed]
    first: np.dtype[Any]
    if i.parts[0] == "dp4a":
        first, width = np.dtype(narrow[0]), 4
    else:
        first, width = np.dtype(np.int16 if signed[0] else np.uint16), 2
    upper = "hi" in i.parts

    def run(lanes: Any) -> None:
        x, y, z = a(lanes), b(lanes), c(lanes)
        xs = np.ascontiguousarray(x).view(first).reshape(*np.shape(x), width).astype(np.int64)
        ys = np.ascontiguousarray(y).view(narrow[1]).reshape(*np.shape(y), 4).astype(np.int64)
        if width == 2:
            ys = ys[..., 2:] if upper else ys[..., :2]
        put(lanes, ((xs * ys).sum(axis=-1) + np.int64(z)).astype(result))

    return run


def _bfind(t: Any, i: Instruction) -> Operation:
    dtype = _type(i)
    a, put, shift = t._get(i.operands[1], dtype), t._set(i.operands[0], np.uint32), "shiftamt" in i.parts
    width, none = alu.bits_of(dtype), np.uint32(0xFFFFFFFF)

    def run(lanes: Any) -> None:
        place = alu.last_bit(a(lanes))
        put(lanes, np.where(place == none, none, np.uint32(width - 1) - place) if shift else place)

    return run


def _fns(t: Any, i: Instruction) -> Operation:
    """The place of the n-th set bit from a base on, upwards or downwards."""
    mask, base, offset = (
        t._get(i.operands[1], np.uint32),
        t._get(i.operands[2], np.uint32),
        t._get(i.operands[3], np.int32),
    )
    put = t._set(i.operands[0], np.uint32)

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
    a, b, put = t._get(i.operands[1], np.uint32), t._get(i.operands[2], np.uint32), t._set(i.operands[0], np.uint32)
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
    dtype = _type(i)
    a, b, put = t._get(i.operands[1], dtype), t._get(i.operands[2], np.uint32), t._set(i.operands[0], dtype)
    wrap = "wrap" in i.parts

    def run(lanes: Any) -> None:
        length = b(lanes)
        length = length & np.uint32(31) if wrap else length
        put(lanes, np.where(length >= 32, a(lanes), alu.extract_field(a(lanes), np.uint32(0), length)))

    return run


def _testp(t: Any, i: Instruction) -> Operation:
    dtype = _type(i)
    a, put = t._get(i.operands[1], dtype), t._set(i.operands[0], np.bool_)
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
    kind, by = _format(i, -2).storage, _type(i)
    a, b, c = t._get(i.operands[1], kind), t._get(i.operands[2], kind), t._get(i.operands[3], by)
    put, flush = t._set(i.operands[0], kind), _flush(i)
    return lambda lanes: put(lanes, np.where(flush(c(lanes)) >= 0, a(lanes), b(lanes)))


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


_COMBINE: dict[str, Callable[[Any, Any], Any]] = {
    "and": np.logical_and, "or": np.logical_or, "xor": np.logical_xor,
}  # fmt: skip


def _comparison(t: Any, i: Instruction, sources: Any) -> Callable[[Any], tuple[Any, Any]]:
    """A function that gives the comparison of setp or set and its opposite, each combined with the third source."""
    kind, compare, before = _format(i), alu.COMPARISONS[i.parts[1]], _flush(i)
    combine = next((_COMBINE[p] for p in i.parts[2:3] if p in _COMBINE), None)
    if len(sources) != 2 + (combine is not None):
        raise ValueError("the number of operands")
    if kind.compute is np.bool_:
        raise ValueError("a comparison of predicates")
    a, b = t._get(sources[0], kind.storage), t._get(sources[1], kind.storage)
    c = t._get(sources[2], np.bool_) if combine is not None else None

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
    combined = i.parts[2] in _COMBINE
    count = len(i.operands) - 2 - combined
    targets = [t._set(operand, np.bool_) for operand in i.operands[:count]]
    compare = _comparison(t, i, i.operands[count:])
    if _format(i).packed:
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
    source, target = _format(i), _format(i, -2)
    compare, put = _comparison(t, i, i.operands[1:]), t._set(i.operands[0], target.storage)
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
    target, source = _format(i, -2), _format(i)
    modifiers = tuple(i.parts[1:-2])
    sources = [t._get(operand, source.storage) for operand in i.operands[1:]]
    put = t._set(i.operands[0], target.storage)
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
    a, put = t._get(i.operands[1], np.uint32), t._set(i.operands[0], np.uint32)
    return lambda lanes: put(lanes, (a(lanes) + np.uint32(0x1000)) & np.uint32(0xFFFFE000))


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
    if place.base.name in t.local:
        return _param_access(t, i, place)
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


def _param_access(t: Any, i: Instruction, place: Any) -> Operation:
    """A parameter or result of a call: bytes of local memory that only calls and these instructions touch."""
    dtype = np.dtype(_type(i))
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
    accessors = [t._get(item, dtype) if stores else t._set(item, dtype) for item in items]

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
    dtype = _type(i)
    access, space = t.access(i, dtype)
    if space == "param":
        return _param_access(t, i, i.operands[0])
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


_SPACES = ("global", "shared", "local", "const", "param")
_FAST = {
    "add": np.add, "min": np.minimum, "max": np.maximum, "and": np.bitwise_and, "or": np.bitwise_or,
    "xor": np.bitwise_xor,
}  # fmt: skip


def _increase(old: Any, limit: Any) -> Any:
    return np.where(old >= limit, old.dtype.type(0), old + old.dtype.type(1))


def _decrease(old: Any, limit: Any) -> Any:
    return np.where((old == 0) | (old > limit), limit, old - old.dtype.type(1))


def _exchange(old: Any, new: Any) -> Any:
    return new


_ATOMIC: dict[str, Callable[[Any, Any], Any]] = {
    "add": np.add,
    **{name: alu.BINARY[name] for name in ("min", "max", "and", "or", "xor")},
    "exch": _exchange,
    "inc": _increase,
    "dec": _decrease,
}


def _atom(t: Any, i: Instruction) -> Operation:
    kind, reduction = _format(i), i.parts[0] == "red"
    operands = i.operands if reduction else i.operands[1:]
    (name,) = (p for p in i.parts if p in _ATOMIC or p == "cas")
    if len(operands) != 2 + (name == "cas") or ((kind.packed or kind.brain) and name != "add"):
        raise ValueError("the number of operands or their type")
    access, space = t.access(i, kind.storage, strong=True)
    where = t._address(operands[0], space)
    if isinstance(operands[1], Vector):
        return _atom_vector(t, i, access, where)
    value = t._get(operands[1], kind.storage)
    put = None if reduction else t._set(i.operands[0], kind.storage)
    target = i.operands[0]
    used = put is not None and isinstance(target, Register) and t.numbers[target.name] in t.read
    fast = _FAST.get(name) if not used and kind.name in _FAST_TYPES else None
    swap = t._get(operands[2], kind.storage) if name == "cas" else None
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
    operate = _ATOMIC.get(name, _exchange)
    if kind.name == "f32" and space != "shared":
        # PTX ISA, atom: in global memory atom.add.f32 takes subnormal numbers for zero.
        return lambda old, given: alu.flush(operate(alu.flush(old), alu.flush(given)))
    if kind.packed or kind.brain:
        return lambda old, given: kind.encode(operate(kind.decode(old), kind.decode(given)))
    return operate


def _atom_vector(t: Any, i: Instruction, access: Any, where: Any) -> Operation:
    """atom.add.v2.f32 and the like: each element is atomic by itself."""
    kind, target, source = _format(i), i.operands[0], i.operands[-1]
    values = [t._get(item, kind.storage) for item in source.items] if isinstance(source, Vector) else []
    puts = [t._set(item, kind.storage) for item in target.items] if isinstance(target, Vector) else []
    operate = _atomic_operation(kind, next(p for p in i.parts if p in _ATOMIC), "global")

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
            put(lanes, _bits(table)[warp])
            return
        every, some = (table | ~active).all(axis=1), table.any(axis=1)
        answer = {"all": every, "any": some, "uni": every | ~some}[mode]
        put(lanes, answer[warp])

    return run


def _activemask(t: Any, i: Instruction) -> Operation:
    put = t._set(i.operands[0], np.uint32)

    def run(lanes: Any) -> None:
        _, active, warp, _ = _table(lanes, np.zeros(lanes.count, bool))
        put(lanes, _bits(active)[warp])

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


def _bits(table: np.ndarray) -> np.ndarray:
    """Rows of 32 truth values as numbers."""
    return (table.astype(np.uint64) << np.arange(32, dtype=np.uint64)).sum(axis=1, dtype=np.uint64).astype(np.uint32)


def _match(t: Any, i: Instruction) -> Operation:
    predicate = t._set(i.operands[1], np.bool_) if len(i.operands) == 4 else None
    a, put = t._get(i.operands[-2], _type(i)), t._set(i.operands[0], np.uint32)
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
    dtype = _type(i)
    name = next(p for p in i.parts if p in _FAST)
    a, put, reduce = t._get(i.operands[1], dtype), t._set(i.operands[0], dtype), _FAST[name]
    info = np.iinfo(dtype)
    neutral = {"add": 0, "or": 0, "xor": 0, "and": info.max if info.min == 0 else -1, "min": info.max, "max": info.min}

    def run(lanes: Any) -> None:
        table, active, warp, _ = _table(lanes, lanes.spread(a(lanes)))
        put(lanes, reduce.reduce(np.where(active, table, dtype(neutral[name])), axis=1, dtype=dtype)[warp])

    return run


def _external(t: Any, i: Instruction) -> Operation:
    """A function that the device has: printf or the end of a failed assertion."""
    name, arguments, _ = called(i)
    if len(arguments) != EXTERNAL[name]:
        raise PtxError(f"call of {name} with {len(arguments)} arguments", i.at)
    places = [t.place(argument.name) for argument in arguments]
    site = t.site

    def run(lanes: Any) -> None:
        wave = lanes.wave
        index = np.arange(wave.threads) if lanes.index is None else lanes.index
        given = [
            np.ascontiguousarray(wave.local[wave.stack.positions(place, index, 0)]).view(f"u{place.size}")[:, 0]
            for place in places
        ]
        if name == "vprintf":
            print_lanes(wave, index, *given)
        else:
            wave.trap(site, index, text_at(wave, int(given[0][0]), int(index[0])))

    return run


def _nothing(t: Any, i: Instruction) -> None:
    return None


_TYPES = set(FORMATS) | {"tf32"}
_ROUNDINGS = {"rn", "rz", "rm", "rp"}
_FLOAT = _ROUNDINGS | {"ftz", "sat", "approx", "full"}
_WHERE = {
    *("global", "shared", "local", "const", "param", "cta", "cluster", "gpu", "sys", "weak", "relaxed", "acquire"),
    *("release", "acq_rel", "volatile", "mmio", "nc", "v2", "v4", "ca", "cg", "cs", "lu", "cv", "wb", "wt"),
}
#: What may stand between an opcode's first part and its types. Anything else is an instruction that is not known.
_MODIFIERS: dict[str, set[str]] = {
    opcode: allowed
    for opcodes, allowed in (
        ("fma", _FLOAT | {"relu"}),
        ("div sqrt rcp", _FLOAT),
        ("mul", _FLOAT | {"lo", "hi", "wide"}),
        ("mad madc", _FLOAT | {"lo", "hi", "wide", "cc"}),
        ("add sub addc subc", _FLOAT | {"cc"}),
        ("min max", {"ftz", "NaN", "xorsign", "abs"}),
        ("neg abs slct", {"ftz"}),
        ("rsqrt sin cos lg2 ex2 tanh", {"approx", "ftz"}),
        ("mul24 mad24 dp2a", {"lo", "hi"}),
        ("shf", {"l", "r", "clamp", "wrap"}),
        ("bmsk szext", {"clamp", "wrap"}),
        ("testp", {"finite", "infinite", "number", "notanumber", "normal", "subnormal"}),
        ("bfind", {"shiftamt"}),
        ("setp set", {*alu.COMPARISONS, *_COMBINE, "ftz"}),
        ("cvt", {*_ROUNDINGS, *alu.ROUND, "ftz", "sat", "relu", "rna"}),
        ("cvta", {"to", *_SPACES}),
        ("isspacep", set(_SPACES)),
        ("ld ldu st", _WHERE),
        ("atom red", {*_ATOMIC, "cas", "noftz"} | _WHERE),
        ("membar fence", {"cta", "gl", "sys", "gpu", "cluster", "sc", "acq_rel", "acquire", "release"}),
        ("bar", {"warp", "sync"}),
        ("call", {"uni"}),
        ("vote", {"sync", "all", "any", "uni", "ballot"}),
        ("shfl", {"sync", "up", "down", "bfly", "idx"}),
        ("match", {"sync", "any", "all"}),
        ("redux", {"sync", *_FAST}),
        ("prefetch", {"global", "local", "L1", "L2"}),
        ("prefetchu", {"L1"}),
    )
    for opcode in opcodes.split()
}


def operation(t: Any, i: Instruction) -> Operation | None:
    """What instruction `i` does, by translator `t`. Raises KeyError or ValueError for what is not known."""
    unknown = set(i.parts[1:]) - _TYPES - _MODIFIERS.get(i.parts[0], set())
    if unknown:
        raise ValueError(f"unknown {', '.join(sorted(unknown))}")
    return TABLE[i.parts[0]](t, i)


TABLE: dict[str, Maker] = {
    **{name: _unary(function) for name, function in alu.UNARY.items() if name not in ("popc", "clz")},
    "sqrt": _rounded("sqrt", 1),
    "rcp": _reciprocal,
    "div": _rounded("div", 2, alu.divide),
    "min": _extreme(False),
    "max": _extreme(True),
    "popc": _unary(alu.population, np.uint32),
    "clz": _unary(alu.leading_zeros, np.uint32),
    **{name: _binary(function) for name, function in alu.BINARY.items() if name not in ("div", "min", "max")},
    "add": _carrying(False),
    "addc": _carrying(False),
    "sub": _carrying(True),
    "subc": _carrying(True),
    "mul": _mul,
    "mul24": _mul,
    "mad24": _mad,
    "sad": _sad,
    "dp4a": _dot,
    "dp2a": _dot,
    "bfind": _bfind,
    "fns": _fns,
    "bmsk": _bmsk,
    "szext": _szext,
    "testp": _testp,
    "slct": _slct,
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
    "redux": _redux,
    "call": _external,
    "pmevent": _nothing,
    "nanosleep": _nothing,
    "prefetch": _nothing,
    "prefetchu": _nothing,
}
