"""The operands of instructions as functions of lanes: registers, numbers, addresses, special registers.

Imports nothing of ours but this package.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from grader.device.emulated import calls, library, pointers
from grader.device.emulated.calls import Place
from grader.device.emulated.formats import FORMATS
from grader.device.emulated.ptx import Address, Immediate, Module, PtxError, Register, Symbol, Variable, Vector

if TYPE_CHECKING:
    from grader.device.emulated.lanes import Lanes

Operation = Callable[["Lanes"], None]
Getter = Callable[["Lanes"], Any]
#: Bytes of local memory that a thread may have on a GPU.
MAX_LOCAL = 512 << 10


class Operands:
    """Where a kernel's registers and variables lie, and how lanes read and write them."""

    def __init__(self, module: Module, linked: calls.Linked) -> None:
        function = linked.function
        self.module = module
        self.linked = linked
        self.function = function
        self.functions = pointers.addresses(module)
        self.numbers = {name: number for number, name in enumerate(function.registers)}
        self.types = [FORMATS[kind].storage for kind in function.registers.values()]
        variables = [*module.variables.values(), *function.variables.values()]
        self.shared, self.shared_size = _lay_out([v for v in variables if v.space == "shared"])
        local = [v for v in variables if v.space in ("local", "param")]
        framed = [v for v in local if linked.owners.get(v.name) in linked.recursive]
        self.local, fixed = _lay_out([v for v in local if v not in framed])
        frames, size = _lay_out(framed)
        #: What lies once on each level of the stack.
        self.framed = set(frames)
        first, self.frame_size = -(-fixed // 16) * 16, -(-size // 16) * 16
        self.local.update((name, first + place) for name, place in frames.items())
        self.local_size = first + calls.MAX_DEPTH * self.frame_size if framed else fixed
        if fixed + size > MAX_LOCAL:
            raise PtxError(f"{fixed + size} bytes of local memory; a thread has at most {MAX_LOCAL}")

    def place(self, name: str) -> Place:
        """Where a variable of local memory lies."""
        return Place(self.local[name], self.function.variables[name].size, name in self.framed)

    def get(self, operand: Any, dtype: Any) -> Getter:
        """A function that gives the operand's value for each lane, seen as `dtype`."""
        kind = np.dtype(dtype)
        if isinstance(operand, Register):
            number = self.numbers[operand.name]
            own = np.dtype(self.types[number])
            if own == kind:
                return lambda lanes: lanes.get(number)
            if own.itemsize == kind.itemsize:
                return lambda lanes: lanes.get(number).view(kind)
            if own.itemsize > kind.itemsize and own.kind in "iu":
                # A wider register gives its low bits.
                small = np.dtype(f"u{kind.itemsize}")
                return lambda lanes: lanes.get(number).astype(small).view(kind)
            raise ValueError(f"register {operand.name} is too narrow")
        if isinstance(operand, Immediate):
            value = self._constant(operand, kind)
            return lambda lanes: value
        if isinstance(operand, Vector) and operand.items and operand.items[0] == "!":
            inner = self.get(operand.items[1], np.bool_)
            return lambda lanes: ~inner(lanes)
        if isinstance(operand, Symbol):
            return self._symbol(operand, kind)
        raise ValueError(f"cannot use {operand}")

    def _constant(self, operand: Immediate, kind: np.dtype[Any]) -> Any:
        if kind.kind == "b":
            return np.bool_(operand.value != 0)
        if operand.kind == "int":
            bits = int(operand.value) & ((1 << 8 * kind.itemsize) - 1)
            if kind.kind == "f":
                return kind.type(operand.value)
            return np.dtype(f"u{kind.itemsize}").type(bits).view(kind)
        value = np.float32(operand.value) if operand.kind == "f32" else np.float64(operand.value)
        if kind.kind == "f":
            return value.astype(kind)
        return value.view(kind)

    def _symbol(self, operand: Symbol, kind: np.dtype[Any]) -> Getter:
        name = operand.name
        if name.startswith("%"):
            special = _special(name)
            return lambda lanes: special(lanes).astype(kind)
        if name == "WARP_SZ":
            warp = kind.type(32)
            return lambda lanes: warp
        if name in self.shared:
            value = np.dtype(f"u{kind.itemsize}").type(self.shared[name] + operand.offset).view(kind)
            return lambda lanes: value
        if name in self.local:
            value = np.dtype(f"u{kind.itemsize}").type(self.local[name] + operand.offset).view(kind)
            if name not in self.framed:
                return lambda lanes: value
            size = kind.type(self.frame_size)

            def framed(lanes: Lanes) -> Any:
                depth = lanes.wave.stack.depth
                return value + (depth if lanes.index is None else depth[lanes.index]).astype(kind) * size

            return framed
        if name in self.module.variables:
            offset = operand.offset
            return lambda lanes: np.uint64(lanes.wave.memory.symbols[name] + offset).view(kind)
        if name in self.functions:
            place = kind.type(self.functions[name])
            return lambda lanes: place
        raise PtxError(f"unknown symbol {name}")

    def set(self, operand: Any, dtype: Any) -> Callable[[Lanes, Any], None]:
        """A function that stores a value of `dtype` in the register."""
        if isinstance(operand, Symbol) and operand.name == "_":
            return lambda lanes, value: None
        if not isinstance(operand, Register):
            raise ValueError(f"{operand} is no register")
        number = self.numbers[operand.name]
        own, kind = np.dtype(self.types[number]), np.dtype(dtype)
        if own == kind:
            return lambda lanes, value: lanes.set(number, np.asarray(value, kind)[()])
        if own.itemsize == kind.itemsize:
            return lambda lanes, value: lanes.set(number, np.asarray(value, kind)[()].view(own))
        if own.itemsize > kind.itemsize:
            wide = np.dtype(f"{'i' if kind.kind == 'i' else 'u'}{own.itemsize}")
            raw = np.dtype(f"{'i' if kind.kind == 'i' else 'u'}{kind.itemsize}")
            return lambda lanes, value: lanes.set(number, np.asarray(value, kind)[()].view(raw).astype(wide).view(own))
        raise ValueError(f"register {operand.name} is too narrow")

    def address(self, operand: Any, space: str) -> Getter:
        if not isinstance(operand, Address):
            raise ValueError("an address was expected")
        if operand.base is None:
            fixed = np.uint64(operand.offset & 0xFFFFFFFFFFFFFFFF)
            return lambda lanes: fixed
        if isinstance(operand.base, Symbol):
            base = self._symbol(operand.base, np.dtype(np.uint64))
            if space == "" and (operand.base.name in self.shared or operand.base.name in self.local):
                raise ValueError("generic access by a name in a state space")
        else:
            number = self.numbers[operand.base.name]
            if np.dtype(self.types[number]).itemsize == 4:
                inner = self.get(operand.base, np.int32)

                def base(lanes: Lanes) -> Any:
                    return inner(lanes).astype(np.int64).view(np.uint64)
            else:
                base = self.get(operand.base, np.uint64)
        offset = np.uint64(operand.offset & 0xFFFFFFFFFFFFFFFF)
        if operand.offset == 0:
            return base
        return lambda lanes: base(lanes) + offset


def _lay_out(variables: list[Variable]) -> tuple[dict[str, int], int]:
    """(place of each variable, bytes in all)"""
    places: dict[str, int] = {}
    position = 0
    # The array without a size is placed last: it is sized at launch.
    for variable in sorted(variables, key=lambda v: v.size == 0):
        position = -(-position // variable.align) * variable.align
        places[variable.name] = position
        position += variable.size
    return places, position


def _special(name: str) -> Getter:
    """A special register, computed once for each wave."""

    def read(lanes: Lanes) -> Any:
        wave = lanes.wave
        value = wave.special.get(name)
        if value is None:
            value = wave.special[name] = _compute_special(wave, name)
        if name in ("%clock", "%clock64", "%globaltimer"):
            return np.uint64(wave.state.step * 100)
        return value if lanes.index is None or np.ndim(value) == 0 else value[lanes.index]

    if name.partition(".")[0] not in _SPECIAL:
        raise PtxError(f"unknown special register {name}")
    return read


_SPECIAL = {
    "%tid", "%ntid", "%ctaid", "%nctaid", "%laneid", "%warpid", "%nwarpid", "%smid", "%gridid", "%clock", "%clock64",
    "%globaltimer", "%lanemask_eq", "%lanemask_lt", "%lanemask_le", "%lanemask_gt", "%lanemask_ge",
    "%dynamic_smem_size", "%total_smem_size", *library.REGISTERS,
}  # fmt: skip


def _compute_special(wave: Any, name: str) -> Any:
    base, _, axis = name.partition(".")
    launch = wave.state.launch
    lane = (wave.numbers - wave.first_thread) % wave.block_threads
    which = "xyz".index(axis) if axis in ("x", "y", "z") else 0
    if base in ("%ntid", "%nctaid"):
        return np.uint32((launch.block if base == "%ntid" else launch.grid)[which])
    if base in ("%tid", "%ctaid"):
        shape = launch.block if base == "%tid" else launch.grid
        if shape[which] == 1:
            return np.uint32(0)
        number = lane if base == "%tid" else wave.numbers // wave.block_threads
        before = int(np.prod(shape[:which], dtype=np.int64))
        return (number // before % shape[which]).astype(np.uint32)
    own = (lane % 32).astype(np.uint32)
    if base == "%laneid":
        return own
    if base == "%warpid":
        return (lane // 32).astype(np.uint32)
    if base.startswith("%lanemask_"):
        bit = np.uint32(1) << own
        masks = {
            "eq": bit, "lt": bit - np.uint32(1), "le": bit | (bit - np.uint32(1)),
            "gt": ~(bit | (bit - np.uint32(1))), "ge": ~(bit - np.uint32(1)),
        }  # fmt: skip
        return masks[base[-2:]]
    if base == "%nwarpid":
        return np.uint32(-(-wave.block_threads // 32))
    if base in library.REGISTERS:
        half = 32 * library.REGISTERS.index(base)
        return np.uint32(wave.memory.symbols[library.WORKSPACE] >> half & 0xFFFFFFFF)
    if base == "%dynamic_smem_size":
        return np.uint32(launch.shared_bytes)
    if base == "%total_smem_size":
        return np.uint32(wave.shared_size)
    return np.uint32(0)
