"""Values that are undefined because a lane took them from one that gave none, followed until they have an effect.

A shuffle may read from a lane that is not in its mask or has exited, as long as nobody uses what it gets: so such a
value goes through registers in silence, and is reported where it decides about a branch, an address or what is stored.
It is not followed through local memory and calls. Imports nothing of ours but this package.

Source: NVIDIA, Parallel Thread Execution ISA, shfl.sync.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from grader.device.emulated import messages
from grader.device.emulated.ptx import Address, Instruction, Register, Vector

if TYPE_CHECKING:
    from grader.device.emulated.lanes import Lanes
    from grader.device.emulated.translate import Block
    from grader.device.emulated.wave import Wave


@dataclass(frozen=True)
class Flow:
    """Registers that an instruction reads and writes; does something outside of registers depend on what it reads?"""

    reads: tuple[int, ...]
    writes: tuple[int, ...]
    effect: bool = False
    guard: tuple[int, bool] | None = None
    #: selp: which operand is taken; its predicate, the registers where it holds, and those where not.
    selects: tuple[int, tuple[int, ...], tuple[int, ...]] | None = None


def flow_of(instruction: Instruction, numbers: dict[str, int]) -> Flow:
    """`numbers` are the registers' numbers by name."""

    def registers(*operands: Any) -> tuple[int, ...]:
        return tuple(number for operand in operands for number in _registers(operand, numbers))

    name, operands = instruction.parts[0], instruction.operands
    memory = name in ("ld", "ldu", "st", "atom", "red")
    apart = bool({"local", "param"} & set(instruction.parts))
    written = 0 if name in ("st", "red") else 1
    if name == "setp":
        written = len(operands) - 2 - (instruction.parts[2] in ("and", "or", "xor"))
    guard = None
    if instruction.guard is not None:
        register, negated = instruction.guard
        guard = numbers[register.name], negated
    selects = None
    if name == "selp":
        (predicate,) = registers(operands[3]) or (-1,)
        if predicate >= 0:
            selects = predicate, registers(operands[1]), registers(operands[2])
    reads = () if memory and apart else registers(*operands[written:])
    return Flow(reads, registers(*operands[:written]), memory and not apart, guard, selects)


def _registers(operand: Any, numbers: dict[str, int]) -> list[int]:
    if isinstance(operand, Register):
        return [numbers[operand.name]]
    if isinstance(operand, Address):
        return _registers(operand.base, numbers)
    if isinstance(operand, Vector):
        return [number for item in operand.items for number in _registers(item, numbers)]
    return []


class Undefined:
    """For registers of a wave's threads, where the undefined value in them came from: a site and one, 0 for none."""

    def __init__(self, wave: Wave) -> None:
        self.wave = wave
        self.origins: dict[int, np.ndarray] = {}

    def __bool__(self) -> bool:
        return bool(self.origins)

    def of(self, registers: tuple[int, ...], index: np.ndarray) -> np.ndarray | None:
        """The origin for each of these lanes; None where all is defined."""
        found = None
        for register in registers:
            if register in self.origins:
                here = self.origins[register][index]
                found = here if found is None else np.maximum(found, here)
        return found if found is not None and found.any() else None

    def set(self, register: int, index: np.ndarray, origins: np.ndarray | None) -> None:
        if origins is None:
            known = self.origins.get(register)
            if known is not None:
                known[index] = 0
                if not known.any():
                    del self.origins[register]
            return
        if register not in self.origins:
            self.origins[register] = np.zeros(self.wave.threads, np.int32)
        self.origins[register][index] = origins

    def follow(self, block: Block, lanes: Lanes, index: np.ndarray) -> None:
        """Run the operations of `block`, and take along what is undefined."""
        for operation, flow in zip(block.operations, block.flows, strict=True):
            came = self.of(flow.reads, index)
            here = index
            if came is not None and flow.selects is not None:
                came = self._selected(flow.selects, lanes, index)
            if flow.guard is not None:
                register, negated = flow.guard
                self.used(self.of((register,), index), index)
                chosen = lanes.spread(lanes.get(register)) ^ negated
                here, came = index[chosen], None if came is None else came[chosen]
            operation(lanes)
            if flow.effect:
                self.used(came, here)
                came = None
            for register in flow.writes:
                self.set(register, here, came)
        self.used(self.of(block.reads, index), index)

    def _selected(self, selects: tuple[int, tuple[int, ...], tuple[int, ...]], lanes: Lanes, index: Any) -> Any:
        predicate, yes, no = selects
        first, second, by = (self.of(registers, index) for registers in (yes, no, (predicate,)))
        chosen = lanes.spread(lanes.get(predicate))
        came = np.where(chosen, 0 if first is None else first, 0 if second is None else second)
        came = came if by is None else np.maximum(came, by)
        return came.astype(np.int32) if came.any() else None

    def used(self, origins: np.ndarray | None, index: np.ndarray) -> None:
        """What these lanes read has an effect."""
        if origins is None:
            return
        wave = self.wave
        for origin in np.unique(origins[origins > 0]).tolist():
            lanes = index[origins == origin]
            thread, block = wave.where(int(wave.numbers[lanes[0]]))
            wave.report(messages.no_lane_gave(wave.line_of(origin - 1), thread, block), ("taken", origin), len(lanes))
