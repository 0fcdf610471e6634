"""Arithmetic as a GPU does it, on whole arrays of lanes.

Every function takes and returns NumPy arrays (or scalars) of the instruction's own type. Imports nothing of ours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Lane = Any  # a NumPy array of one dtype, or a NumPy scalar of it

DTYPES: dict[str, type[np.generic]] = {
    "pred": np.bool_,
    "b8": np.uint8, "u8": np.uint8, "s8": np.int8,
    "b16": np.uint16, "u16": np.uint16, "s16": np.int16, "f16": np.float16,
    "b32": np.uint32, "u32": np.uint32, "s32": np.int32, "f32": np.float32,
    "b64": np.uint64, "u64": np.uint64, "s64": np.int64, "f64": np.float64,
}  # fmt: skip

_WIDER: dict[Any, Any] = {
    np.int16: np.int32, np.uint16: np.uint32, np.int32: np.int64, np.uint32: np.uint64,
}  # fmt: skip


def bits_of(dtype: Any) -> int:
    return np.dtype(dtype).itemsize * 8


def multiply_high(a: Lane, b: Lane) -> Lane:
    """The upper half of an integer product."""
    dtype = a.dtype
    if dtype.itemsize < 8:
        wide = _WIDER[dtype.type]
        return ((wide(a) * wide(b)) >> wide(dtype.itemsize * 8)).astype(dtype)
    signed = dtype.kind == "i"
    x, y = np.asarray(a).view(np.uint64), np.asarray(b).view(np.uint64)
    mask, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    x0, x1, y0, y1 = x & mask, x >> half, y & mask, y >> half
    middle = x1 * y0 + ((x0 * y0) >> half)
    other = x0 * y1 + (middle & mask)
    high = x1 * y1 + (middle >> half) + (other >> half)
    if signed:
        high = high - np.where(np.asarray(a) < 0, y, np.uint64(0)) - np.where(np.asarray(b) < 0, x, np.uint64(0))
    return high.view(dtype)


def multiply_wide(a: Lane, b: Lane) -> Lane:
    wide = _WIDER[a.dtype.type]
    return wide(a) * wide(b)


def divide(a: Lane, b: Lane) -> Lane:
    """Integers truncate towards zero, and a division by zero gives all ones, as NVIDIA's GPUs do."""
    if a.dtype.kind == "f":
        return a / b
    zero = b == 0
    safe = np.where(zero, b.dtype.type(1), b)
    quotient = a // safe
    if a.dtype.kind == "i":
        quotient = quotient + (((a % safe) != 0) & ((a < 0) != (safe < 0))).astype(a.dtype)
    return np.where(zero, np.array(-1).astype(a.dtype), quotient)


def remainder(a: Lane, b: Lane) -> Lane:
    zero = b == 0
    safe = np.where(zero, b.dtype.type(1), b)
    return np.where(zero, a, a - divide(a, safe) * safe)


def shift_left(a: Lane, b: Lane) -> Lane:
    """`b` is unsigned 32-bit; amounts from the width on give 0."""
    width = bits_of(a.dtype)
    amount = np.minimum(b, np.uint32(width - 1)).astype(a.dtype)
    return np.where(b >= width, a.dtype.type(0), a << amount)


def shift_right(a: Lane, b: Lane) -> Lane:
    """Arithmetic for signed types; amounts from the width on give the sign or 0."""
    width = bits_of(a.dtype)
    amount = np.minimum(b, np.uint32(width - 1)).astype(a.dtype)
    shifted = a >> amount
    if a.dtype.kind == "i":
        return shifted
    return np.where(b >= width, a.dtype.type(0), shifted)


def minimum(a: Lane, b: Lane) -> Lane:
    """For floats the operand that is a number wins over NaN."""
    return np.fmin(a, b) if a.dtype.kind == "f" else np.minimum(a, b)


def maximum(a: Lane, b: Lane) -> Lane:
    return np.fmax(a, b) if a.dtype.kind == "f" else np.maximum(a, b)


def population(a: Lane) -> Lane:
    return np.bitwise_count(a).astype(np.uint32)


def leading_zeros(a: Lane) -> Lane:
    width = bits_of(a.dtype)
    value, count = np.asarray(a).astype(np.uint64), np.zeros(np.shape(a), np.uint32)
    for step in (32, 16, 8, 4, 2, 1):
        if step >= width:
            continue
        empty = (value >> np.uint64(width - step)) == 0
        count = count + np.where(empty, np.uint32(step), np.uint32(0))
        value = np.where(empty, value << np.uint64(step), value)
        if width < 64:
            value = value & np.uint64((1 << width) - 1)
    return np.where(np.asarray(a) == 0, np.uint32(width), count)


def reverse_bits(a: Lane) -> Lane:
    width = bits_of(a.dtype)
    value, result = np.asarray(a), np.zeros_like(a)
    one = a.dtype.type(1)
    for position in range(width):
        result = result | (((value >> a.dtype.type(position)) & one) << a.dtype.type(width - 1 - position))
    return result


def extract_field(a: Lane, start: Lane, length: Lane) -> Lane:
    """bfe: `length` bits of `a` from `start` on, sign-extended for signed types."""
    width = bits_of(a.dtype)
    unsigned = np.dtype(f"u{a.dtype.itemsize}").type
    start, length = start & np.uint32(255), length & np.uint32(255)
    value = shift_right(np.asarray(a).view(unsigned), start)
    mask = np.where(
        length >= width,
        ~unsigned(0),
        (unsigned(1) << np.minimum(length, np.uint32(width - 1)).astype(unsigned)) - unsigned(1),
    )
    field = value & mask
    if a.dtype.kind == "i":
        top = np.minimum(start + length - np.uint32(1), np.uint32(width - 1))
        sign = (shift_right(np.asarray(a).view(unsigned), top) & unsigned(1)) != 0
        field = np.where(sign & (length > 0), field | ~mask, field)
    return np.asarray(field).view(a.dtype)


def insert_field(a: Lane, b: Lane, start: Lane, length: Lane) -> Lane:
    """bfi: `b` with `length` bits of `a` put in at `start`."""
    width = bits_of(a.dtype)
    kind = a.dtype.type
    start, length = start & np.uint32(255), length & np.uint32(255)
    ones = np.where(
        length >= width,
        ~kind(0),
        (kind(1) << np.minimum(length, np.uint32(width - 1)).astype(kind)) - kind(1),
    )
    mask = shift_left(ones, start)
    return (b & ~mask) | (shift_left(a, start) & mask)


def permute_bytes(a: Lane, b: Lane, selector: Lane) -> Lane:
    """prmt in its default mode."""
    pool = np.uint64(a) | (np.uint64(b) << np.uint64(32))
    result = np.zeros(np.broadcast_shapes(np.shape(a), np.shape(b), np.shape(selector)), np.uint32)
    for position in range(4):
        choice = (selector >> np.uint32(4 * position)) & np.uint32(15)
        byte = (pool >> (np.uint64(8) * np.uint64(choice & np.uint32(7)))).astype(np.uint32) & np.uint32(255)
        sign = np.where(byte & np.uint32(128), np.uint32(255), np.uint32(0))
        result = result | (np.where(choice & np.uint32(8), sign, byte) << np.uint32(8 * position))
    return result


ROUND: dict[str, Callable[[Lane], Lane]] = {
    "rni": np.rint, "rzi": np.trunc, "rmi": np.floor, "rpi": np.ceil,
}  # fmt: skip


def saturate(a: Lane) -> Lane:
    """.sat of a float: into [0, 1], NaN to +0."""
    zero, one = a.dtype.type(0), a.dtype.type(1)
    return np.where(a > zero, np.minimum(a, one), zero)


def rectify(a: Lane) -> Lane:
    """.relu: negative values become +0; NaN stays."""
    return np.where((a > 0) | np.isnan(a), a, a.dtype.type(0))


def flush(a: Lane) -> Lane:
    """.ftz: subnormal numbers become zero of the same sign."""
    return np.where(np.abs(a) < np.finfo(a.dtype).tiny, np.copysign(a.dtype.type(0), a), a)


def saturating(subtract: bool) -> Callable[[Lane, Lane], Lane]:
    """add.sat.s32 and sub.sat.s32: into the range of the type."""

    def run(a: Lane, b: Lane) -> Lane:
        wide = np.int64(a) - np.int64(b) if subtract else np.int64(a) + np.int64(b)
        return np.clip(wide, -(1 << 31), (1 << 31) - 1).astype(np.int32)

    return run


def absolute_difference(a: Lane, b: Lane) -> Lane:
    return np.where(a > b, a - b, b - a)


def last_bit(a: Lane) -> Lane:
    """bfind: place of the highest bit that differs from the sign; all ones where there is none."""
    unsigned = np.dtype(f"u{a.dtype.itemsize}").type
    value = np.asarray(a).view(unsigned)
    if a.dtype.kind == "i":
        value = np.where(a < 0, ~value, value)
    return np.uint32(bits_of(a.dtype) - 1) - leading_zeros(np.asarray(value)[()])


COMPARISONS: dict[str, Callable[[Lane, Lane], Lane]] = {
    "eq": np.equal,
    "ne": lambda a, b: (a != b) & ~unordered(a, b),
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "lo": np.less,
    "ls": np.less_equal,
    "hi": np.greater,
    "hs": np.greater_equal,
    "equ": lambda a, b: (a == b) | unordered(a, b),
    "neu": np.not_equal,
    "ltu": lambda a, b: (a < b) | unordered(a, b),
    "leu": lambda a, b: (a <= b) | unordered(a, b),
    "gtu": lambda a, b: (a > b) | unordered(a, b),
    "geu": lambda a, b: (a >= b) | unordered(a, b),
    "num": lambda a, b: ~unordered(a, b),
    "nan": lambda a, b: unordered(a, b),
}


def unordered(a: Lane, b: Lane) -> Lane:
    if a.dtype.kind != "f":
        return np.False_
    return np.isnan(a) | np.isnan(b)


def approximate(function: Callable[[Lane], Lane]) -> Callable[[Lane], Lane]:
    """A function computed in float64 and rounded to the operand's type."""
    return lambda a: function(np.float64(a)).astype(a.dtype)


UNARY: dict[str, Callable[[Lane], Lane]] = {
    "neg": np.negative,
    "abs": np.abs,
    "not": np.invert,
    "cnot": lambda a: (a == 0).astype(a.dtype),
    "rsqrt": approximate(lambda a: 1.0 / np.sqrt(a)),
    "sin": approximate(np.sin),
    "cos": approximate(np.cos),
    "lg2": approximate(np.log2),
    "ex2": approximate(np.exp2),
    "tanh": approximate(np.tanh),
    "popc": population,
    "clz": leading_zeros,
    "brev": reverse_bits,
}

BINARY: dict[str, Callable[[Lane, Lane], Lane]] = {
    "div": divide,
    "rem": remainder,
    "min": minimum,
    "max": maximum,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "copysign": lambda a, b: np.copysign(b, a),
}
