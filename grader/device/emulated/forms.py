"""What instructions have in common: their types and modifiers, and operations on operands of one type.

Imports this package only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grader.device.emulated import alu
from grader.device.emulated.formats import FORMATS, Format
from grader.device.emulated.operands import Operation
from grader.device.emulated.ptx import Instruction

Maker = Callable[[Any, Instruction], Operation | None]


def format_of(instruction: Instruction, place: int = -1) -> Format:
    return FORMATS[instruction.parts[place]]


def type_of(instruction: Instruction) -> Any:
    return format_of(instruction).storage


def mode_of(instruction: Instruction) -> str:
    """The rounding mode; nearest where none is written."""
    return next((m for m in instruction.parts if m in ("rn", "rz", "rm", "rp")), "rn")


def flush_of(instruction: Instruction) -> Callable[[Any], Any]:
    """What .ftz does to operands."""
    flushes = "ftz" in instruction.parts and format_of(instruction).name in ("f32", "f64")
    return alu.flush if flushes else same


def same(value: Any) -> Any:
    return value


def finish_of(instruction: Instruction) -> Callable[[Any], Any]:
    """.ftz, .sat and .relu of a float result."""
    steps = [] if flush_of(instruction) is same else [alu.flush]
    if format_of(instruction).floating and "sat" in instruction.parts:
        steps.append(alu.saturate)
    if "relu" in instruction.parts:
        steps.append(alu.rectify)
    if not steps:
        return same
    if len(steps) == 1:
        return steps[0]
    return lambda v: steps[1](steps[0](v))


def computing(t: Any, i: Instruction, count: int, function: Callable[..., Any], result: Any = None) -> Operation:
    """`function` of `count` operands and of one type, through the type's format."""
    kind, finish, before = format_of(i), finish_of(i), flush_of(i)
    sources = [t.get(operand, kind.storage) for operand in i.operands[1 : count + 1]]
    if len(i.operands) != count + 1:
        raise ValueError(f"{count} operands were expected")
    put = t.set(i.operands[0], result or kind.storage)
    plain = not (kind.brain or kind.packed)
    if plain and finish is same and before is same:
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


def unary(function: Callable[[Any], Any], result: Any = None) -> Maker:
    return lambda t, i: computing(t, i, 1, function, result)


def binary(function: Callable[[Any, Any], Any]) -> Maker:
    return lambda t, i: computing(t, i, 2, function)
