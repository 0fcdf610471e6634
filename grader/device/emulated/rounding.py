"""Floating-point arithmetic rounded once, in each of PTX's rounding modes.

A mode is `rn` (nearest, ties to even), `rz` (towards zero), `rm` (down) or `rp` (up). An inexact value on its way to a
narrower type is kept as a float64 rounded to odd, which makes the second rounding harmless (Boldo and Melquiond,
Emulation of FMA and correctly rounded sums, 2008). Imports nothing of ours.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

Lane = Any  # a NumPy array of one dtype, or a NumPy scalar of it

#: Outside of these bounds the exact error of a float64 operation may itself underflow or overflow.
_TINY, _HUGE = 2.0**-900, 2.0**900


def two_sum(a: Lane, b: Lane) -> tuple[Lane, Lane]:
    """a + b as a rounded sum and its exact error (Knuth)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def _two_product(a: Lane, b: Lane) -> tuple[Lane, Lane]:
    """a * b as a rounded product and its exact error (Dekker)."""
    product = a * b
    a_high, a_low = _split(a)
    b_high, b_low = _split(b)
    error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return product, np.where(np.isfinite(error), error, 0.0)


def _split(a: Lane) -> tuple[Lane, Lane]:
    scaled = a * np.float64(134217729.0)
    high = scaled - (scaled - a)
    return high, a - high


def to_odd(total: Lane, error: Lane) -> Lane:
    """A float64 rounded to nearest and the sign of what it lacks, rounded to odd instead."""
    even = (np.asarray(total).view(np.int64) & 1) == 0
    fix = (error != 0) & even & np.isfinite(total)
    if not np.any(fix):
        return total
    return np.where(fix, np.nextafter(total, np.where(error > 0, np.inf, -np.inf)), total)


def _directed(value: Lane, lacking: Lane, mode: str) -> Lane:
    """From a value rounded to nearest and the sign of (exact - value) to the value in `mode`."""
    kind = value.dtype.type
    if mode == "rn":
        return value
    down = lacking < 0 if mode == "rm" else (lacking < 0) & (value > 0) if mode == "rz" else np.zeros((), bool)
    up = lacking > 0 if mode == "rp" else (lacking > 0) & (value < 0) if mode == "rz" else np.zeros((), bool)
    value = np.where(down, np.nextafter(value, kind(-np.inf)), value)
    return np.where(up, np.nextafter(value, kind(np.inf)), value)


def narrow(value: Lane, to: Any, mode: str) -> Lane:
    """A float in a narrower type."""
    rounded = np.asarray(value).astype(to)
    if mode == "rn":
        return rounded
    wide = rounded.astype(value.dtype)
    lacking = np.where(np.isfinite(value), np.sign(np.where(wide > value, -1.0, np.where(wide < value, 1.0, 0.0))), 0.0)
    return _directed(rounded, lacking, mode)


def from_integer(value: Lane) -> Lane:
    """An integer as a float64 rounded to odd."""
    if value.dtype.itemsize < 8:
        return value.astype(np.float64)
    high = (value >> value.dtype.type(32)).astype(np.float64) * 4294967296.0
    low = (value & value.dtype.type(0xFFFFFFFF)).astype(np.float64)
    return to_odd(*two_sum(high, low))


def integer_to_float64(value: Lane, mode: str) -> Lane:
    if value.dtype.itemsize < 8:
        return value.astype(np.float64)
    high = (value >> value.dtype.type(32)).astype(np.float64) * 4294967296.0
    low = (value & value.dtype.type(0xFFFFFFFF)).astype(np.float64)
    return _directed(*two_sum(high, low), mode)


# -- operations: each gives the value rounded to nearest in float64 and the sign of what it lacks


def _lacks_quotient(a: Lane, b: Lane) -> tuple[Lane, Lane]:
    quotient = a / b
    high, low = _two_product(quotient, b)
    return quotient, ((a - high) - low) * np.sign(b)


def _lacks_root(a: Lane) -> tuple[Lane, Lane]:
    root = np.sqrt(a)
    high, low = _two_product(root, root)
    return root, (a - high) - low


def _lacks_fma(a: Lane, b: Lane, c: Lane) -> tuple[Lane, Lane]:
    high, low = _two_product(a, b)
    middle, rest = two_sum(c, low)
    total, error = two_sum(high, middle)
    return two_sum(total, to_odd(*two_sum(rest, error)))


_LACKS: dict[str, Callable[..., tuple[Lane, Lane]]] = {
    "add": two_sum,
    "mul": _two_product,
    "div": _lacks_quotient,
    "sqrt": _lacks_root,
    "fma": _lacks_fma,
}
_FRACTIONS: dict[str, Callable[..., Fraction]] = {
    "add": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "sqrt": lambda a: a,
    "fma": lambda a, b, c: a * b + c,
}
_NEAREST: dict[str, Callable[..., Lane]] = {
    "add": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "sqrt": np.sqrt,
    "fma": lambda a, b, c: a * b + c,
}


def operate(name: str, operands: tuple[Lane, ...], mode: str = "rn") -> Lane:
    """`add`, `mul`, `div`, `sqrt` or `fma` of floats of one type, rounded once in `mode` to that type."""
    dtype = operands[0].dtype
    if mode == "rn" and name != "fma":
        return _NEAREST[name](*operands)
    if dtype == np.float64:
        return _operate64(name, operands, mode)
    return narrow(to_odd_float64(name, operands), dtype, mode)


def to_odd_float64(name: str, operands: tuple[Lane, ...]) -> Lane:
    """The operation on narrower floats as a float64 rounded to odd."""
    wide = tuple(np.float64(operand) for operand in operands)
    plain = _NEAREST[name](*wide)
    if name == "fma":
        # The product of two narrower floats is exact in float64.
        total, lacking = two_sum(wide[0] * wide[1], wide[2])
    else:
        total, lacking = _LACKS[name](*wide)
    usable = np.isfinite(lacking) & np.isfinite(total)
    return np.where(usable, to_odd(total, np.where(usable, lacking, 0.0)), plain)


def _operate64(name: str, operands: tuple[Lane, ...], mode: str) -> Lane:
    plain = _NEAREST[name](*operands)
    total, lacking = _LACKS[name](*operands)
    finite = np.ones(np.shape(plain), bool)
    zero = np.zeros(np.shape(plain), bool)
    extreme = ~(np.abs(plain) < _HUGE) | ~(np.abs(total) < _HUGE)
    for number, operand in enumerate(operands):
        size = np.abs(operand)
        finite &= np.isfinite(operand)
        extreme |= size > _HUGE
        if name != "fma" or number < 2:
            zero |= size == 0
            extreme |= (size < _TINY) & (size > 0)
    if name == "fma":
        product = np.abs(operands[0] * operands[1])
        extreme |= (product < _TINY) & ~zero
    elif name != "add":
        extreme |= (np.abs(plain) < _TINY) & ~zero
    usable = finite & np.isfinite(total) & np.isfinite(lacking)
    if name == "fma":
        # What lies under a zero sum is its sign, which the plain sum has right.
        result: Any = np.where(usable & (total != 0), _directed(total, np.where(usable, lacking, 0.0), mode), plain)
    else:
        result = np.where(usable, _directed(plain, np.where(usable, lacking, 0.0), mode), plain)
    if mode == "rm" and name in ("add", "fma"):
        result = _negative_zero(name, operands, result)
    special = extreme & finite & ~(zero if name in ("div", "sqrt") else np.zeros((), bool))
    if name == "sqrt":
        special = special & (operands[0] > 0)
    if np.any(special):
        result = np.array(result)
        for place in np.argwhere(special):
            at: Any = tuple(place)
            numbers = [Fraction(float(np.broadcast_to(o, result.shape)[at])) for o in operands]
            result[at] = _rounded(name, numbers, float(result[at]), mode)
        result = result[()]
    return result


def _negative_zero(name: str, operands: tuple[Lane, ...], result: Lane) -> Lane:
    """Rounding down, a sum of opposite numbers is -0."""
    a, b = operands if name == "add" else (operands[0] * operands[1], operands[2])
    return np.where((result == 0) & (np.signbit(a) != np.signbit(b)), -0.0, result)


def _rounded(name: str, numbers: list[Fraction], plain: float, mode: str) -> float:
    value = _FRACTIONS[name](*numbers)
    if value == 0:
        return plain
    try:
        nearest = plain if name == "sqrt" else float(value)
    except OverflowError:
        nearest = math.inf if value > 0 else -math.inf
    if nearest == 0:
        nearest = 0.0 if value > 0 else -0.0
    lacking = -np.sign(nearest) if math.isinf(nearest) else _compare(name, value, Fraction(nearest))
    if nearest == 0 and mode == "rz":
        return nearest
    return float(_directed(np.float64(nearest), np.float64(lacking), mode))


def _compare(name: str, value: Fraction, number: Fraction) -> int:
    """The sign of (exact - number); a root is compared by its square."""
    if name == "sqrt":
        number *= number
    return (value > number) - (value < number)
