"""Sums, products, quotients and roots of integers and floats. Imports this package only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from grader.device.emulated import alu, rounding
from grader.device.emulated.formats import Format
from grader.device.emulated.forms import Maker, binary, computing, format_of, mode_of, type_of, unary
from grader.device.emulated.operands import Operation
from grader.device.emulated.ptx import Instruction


def _rounded(name: str, count: int, integers: Callable[..., Any] | None = None) -> Maker:
    """A float operation that is rounded in the instruction's mode; .approx and .full round to nearest."""

    def make(t: Any, i: Instruction) -> Operation:
        kind, mode = format_of(i), mode_of(i)
        if not kind.floating:
            if integers is None:
                raise ValueError("a float type was expected")
            return computing(t, i, count, integers)
        return computing(t, i, count, _float_operation(kind, name, mode))

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
    mode = mode_of(i)
    return computing(t, i, 1, lambda a: rounding.operate("div", (np.ones_like(a), a), mode))


def _extreme(bigger: bool) -> Maker:
    """min and max: a number wins over NaN, and -0 is less than +0; with .NaN a NaN wins; .xorsign.abs."""

    def make(t: Any, i: Instruction) -> Operation:
        kind = format_of(i)
        if not kind.floating:
            return computing(t, i, 2, np.maximum if bigger else np.minimum)
        function: Callable[[Any, Any], Any] = alu.maximum if bigger else alu.minimum
        if "NaN" in i.parts:
            function = _with_nan(function)
        if "abs" in i.parts:
            function = _with_xorsign(function)
        return computing(t, i, len(i.operands) - 1, _of_three(function) if len(i.operands) == 4 else function)

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
        unsigned = np.dtype(f"u{np.dtype(type_of(i)).itemsize}").type
        return _with_carry(t, i, t.get(i.operands[1], unsigned), i.operands[2], unsigned, subtract=subtract)

    return make


def _with_carry(t: Any, i: Instruction, a: Any, second: Any, unsigned: Any, *, subtract: bool = False) -> Operation:
    """What `a` gives, and the `second` operand; .cc leaves a carry, addc, subc and madc take it up."""
    takes, leaves = i.parts[0] in ("addc", "subc", "madc"), "cc" in i.parts
    if takes and not t.carries:
        raise ValueError("no carry was left before in this block")
    t.carries = t.carries or leaves
    b, put = t.get(second, unsigned), t.set(i.operands[0], unsigned)

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
    kind = format_of(i)
    if kind.floating:
        return computing(
            t, i, 2, _difference(kind, mode_of(i)) if subtract else _float_operation(kind, "add", mode_of(i))
        )
    if "sat" in i.parts:
        if kind.name != "s32":
            raise ValueError("saturation of another type than s32")
        return computing(t, i, 2, alu.saturating(subtract))
    return computing(t, i, 2, np.subtract if subtract else np.add)


def _mul(t: Any, i: Instruction) -> Operation:
    kind = format_of(i)
    if kind.floating:
        return computing(t, i, 2, _float_operation(kind, "mul", mode_of(i)))
    function, result = _product(i, kind.compute)
    return computing(t, i, 2, function, result)


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
    dtype = type_of(i)
    if np.dtype(dtype).kind == "f":
        return _fma(t, i)
    function, result = _product(i, dtype)
    a, b = t.get(i.operands[1], dtype), t.get(i.operands[2], dtype)
    if i.parts[0] != "madc" and "cc" not in i.parts:
        c, put = t.get(i.operands[3], result), t.set(i.operands[0], result)
        if "sat" in i.parts:
            return _saturating_mad(i, function, a, b, c, put)
        return lambda lanes: put(lanes, function(a(lanes), b(lanes)) + c(lanes))
    unsigned = np.dtype(f"u{np.dtype(result).itemsize}").type

    def product(lanes: Any) -> Any:
        return np.asarray(function(a(lanes), b(lanes))).view(unsigned)[()]

    return _with_carry(t, i, product, i.operands[3], unsigned)


def _saturating_mad(i: Instruction, function: Any, a: Any, b: Any, c: Any, put: Any) -> Operation:
    if type_of(i) is not np.int32 or "hi" not in i.parts:
        raise ValueError("saturation of another type than s32")
    add = alu.saturating(False)
    return lambda lanes: put(lanes, add(function(a(lanes), b(lanes)), c(lanes)))


def _fma(t: Any, i: Instruction) -> Operation:
    kind = format_of(i)
    return computing(t, i, 3, _float_operation(kind, "fma", mode_of(i)))


def _sad(t: Any, i: Instruction) -> Operation:
    unsigned = np.dtype(f"u{np.dtype(type_of(i)).itemsize}").type

    def run(a: Any, b: Any, c: Any) -> Any:
        return (alu.absolute_difference(a, b).view(unsigned) + c.view(unsigned)).view(a.dtype)

    return computing(t, i, 3, run)


def _dot(t: Any, i: Instruction) -> Operation:
    """dp4a, and dp2a: two products of 16-bit halves with two of the bytes."""
    signed = [part == "s32" for part in i.parts[-2:]]
    a, b = t.get(i.operands[1], np.uint32), t.get(i.operands[2], np.uint32)
    result = np.int32 if any(signed) else np.uint32
    c, put = t.get(i.operands[3], result), t.set(i.operands[0], result)
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


TABLE: dict[str, Maker] = {
    **{name: unary(function) for name, function in alu.UNARY.items() if name not in ("popc", "clz")},
    **{name: binary(function) for name, function in alu.BINARY.items() if name not in ("div", "min", "max")},
    "sqrt": _rounded("sqrt", 1),
    "rcp": _reciprocal,
    "div": _rounded("div", 2, alu.divide),
    "min": _extreme(False),
    "max": _extreme(True),
    "add": _carrying(False),
    "addc": _carrying(False),
    "sub": _carrying(True),
    "subc": _carrying(True),
    "mul": _mul,
    "mul24": _mul,
    "mad": _mad,
    "madc": _mad,
    "mad24": _mad,
    "fma": _fma,
    "sad": _sad,
    "dp4a": _dot,
    "dp2a": _dot,
}
