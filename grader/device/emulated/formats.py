"""How values of PTX's types lie in registers, and in which NumPy type they are computed.

NumPy has no bfloat16: such values are computed as float32 and rounded. Packed types hold two values, the first in the
low half; they are computed as arrays with one more axis. Imports nothing of ours but this package.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.device.emulated import alu, rounding

Lane = Any


@dataclass(frozen=True)
class Format:
    """`storage` is the NumPy type of the bits in a register, `compute` that of the values."""

    name: str
    storage: Any
    compute: Any
    packed: bool = False

    @property
    def brain(self) -> bool:
        return self.name.startswith("bf16")

    @property
    def floating(self) -> bool:
        return np.dtype(self.compute).kind == "f"

    def decode(self, bits: Lane) -> Lane:
        """Values from a register's bits."""
        if not self.packed and not self.brain:
            return bits
        if self.packed:
            half = np.uint16 if self.brain else self.compute
            array = np.ascontiguousarray(bits)
            bits = array.view(half).reshape(*array.shape[: np.ndim(bits)], 2)
        return brain_values(bits) if self.brain else bits

    def encode(self, values: Lane) -> Lane:
        """A register's bits from values of `compute`; for bfloat16 of float64, too."""
        if self.brain:
            values = brain_bits(values)
        if not self.packed:
            return values
        half = np.uint16 if self.brain else self.compute
        array = np.ascontiguousarray(values, dtype=half)
        return array.view(self.storage)[..., 0]


def brain_values(bits: Lane) -> Lane:
    """bfloat16 as float32."""
    return (np.asarray(bits).astype(np.uint32) << np.uint32(16)).view(np.float32)[()]


def brain_bits(values: Lane, mode: str = "rn") -> Lane:
    """float32 or float64 as bfloat16, rounded once. NaN becomes 0x7FFF."""
    exact = np.float64(values)
    single = exact.astype(np.float32)
    bits = np.asarray(single).view(np.uint32)
    back = single.astype(np.float64)
    inexact = (back != exact) & np.isfinite(exact) & np.isfinite(single)
    # float32 rounded to odd, so that the next rounding is the only one.
    towards = np.where((np.abs(back) > np.abs(exact)), np.uint32(0xFFFFFFFF), np.uint32(1))
    bits = np.where(inexact & ((bits & np.uint32(1)) == 0), bits + towards, bits)
    rounded = ((bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)).astype(np.uint16)
    if mode != "rn":
        low = (bits & np.uint32(0xFFFF)) != 0
        truncated = (bits >> np.uint32(16)).astype(np.uint16)
        negative = (bits >> np.uint32(31)) != 0
        away = {"rz": np.zeros_like(low), "rm": low & negative, "rp": low & ~negative}[mode]
        rounded = truncated + away.astype(np.uint16)
        # A finite number beyond the range is rounded to the largest one, unless the mode leads away from zero.
        over = np.isfinite(exact) & np.isinf(single) & ~{"rz": False, "rm": negative, "rp": ~negative}[mode]
        rounded = np.where(over, (negative.astype(np.uint16) << np.uint16(15)) | np.uint16(0x7F7F), rounded)
    return np.where(np.isnan(exact), np.uint16(0x7FFF), rounded)


FORMATS: dict[str, Format] = {
    **{name: Format(name, dtype, dtype) for name, dtype in alu.DTYPES.items() if name not in ("bf16", "f16x2")},
    "f16x2": Format("f16x2", np.uint32, np.float16, packed=True),
    "bf16": Format("bf16", np.uint16, np.float32),
    "bf16x2": Format("bf16x2", np.uint32, np.float32, packed=True),
    "u16x2": Format("u16x2", np.uint32, np.uint16, packed=True),
    "s16x2": Format("s16x2", np.uint32, np.int16, packed=True),
}


def convert(a: Lane, source: Format, target: Format, modifiers: tuple[str, ...]) -> Lane:
    """cvt of unpacked values: from the bits of `source` to the bits of `target`."""
    value = source.decode(a)
    if source.name == "f32" and "ftz" in modifiers:
        value = alu.flush(value)
    mode = next((m for m in modifiers if m in ("rn", "rz", "rm", "rp")), "rn")
    if not target.floating:
        return _to_integer(value, source, target, modifiers)
    whole = next((alu.ROUND[m] for m in modifiers if m in alu.ROUND), None)
    if not source.floating:
        if target.compute is np.float64:
            value = rounding.integer_to_float64(value, mode)
        else:
            value = rounding.from_integer(value)
    elif whole is not None:
        value = whole(value)
    if "sat" in modifiers:
        value = alu.saturate(value)
    if "relu" in modifiers:
        value = alu.rectify(value)
    if target.brain:
        return brain_bits(value, mode)
    result = value if value.dtype == target.compute else rounding.narrow(value, target.compute, mode)
    if np.dtype(target.compute).itemsize > value.dtype.itemsize:
        result = value.astype(target.compute)
    return alu.flush(result) if "ftz" in modifiers and target.name == "f32" else result


def _to_integer(value: Lane, source: Format, target: Format, modifiers: tuple[str, ...]) -> Lane:
    kind = np.dtype(target.compute)
    info = np.iinfo(kind)
    if not source.floating:
        if "sat" in modifiers:
            limits = np.iinfo(value.dtype)
            value = np.clip(value, max(info.min, limits.min), min(info.max, limits.max))
        return value.astype(kind)
    whole = next((alu.ROUND[m] for m in modifiers if m in alu.ROUND), np.trunc)(np.float64(value))
    result = np.clip(whole, float(info.min), float(info.max))
    # The largest 64-bit integers are no float64, so the clipped value itself would overflow.
    top = result >= float(info.max)
    number = np.where(top | np.isnan(whole), 0.0, result).astype(kind)
    number = np.where(top, kind.type(info.max), number)
    # PTX ISA, cvt: what NaN becomes depends on the types.
    wide = source.name == "f64" or kind.itemsize == 8
    nothing = (
        np.array(1 << (8 * kind.itemsize - 1), np.uint64).astype(f"u{kind.itemsize}").view(kind)[()]
        if wide
        else kind.type(0)
    )
    return np.where(np.isnan(whole), nothing, number)
