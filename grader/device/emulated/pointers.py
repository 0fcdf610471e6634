"""Calls through pointers, as comparisons with the addresses of functions and direct calls.

Which functions may be meant: those whose address is taken anywhere in the module and whose parameters and results have
the sizes of the call's. Another address stops the kernel. Imports nothing of ours but this package.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from grader.device.emulated.memory import FUNCTION_WINDOW, address
from grader.device.emulated.ptx import (
    MAX_INSTRUCTIONS,
    Function,
    Immediate,
    Instruction,
    Module,
    Operand,
    PtxError,
    Register,
    Symbol,
    Vector,
)

#: The predicate of the comparisons, and what labels begin with. No name in PTX holds such a mark.
_OTHER, _LABEL = "%other@", "call@"


def addresses(module: Module) -> dict[str, int]:
    """The address of each function that can be called; the same in every launch of the module."""
    names = [function.name for function in module.functions.values() if not function.entry]
    return {name: address(FUNCTION_WINDOW, 16 * number) for number, name in enumerate(names)}


def direct(module: Module) -> Module:
    """The module without calls through pointers. Raises PtxError."""
    if not any(_through(i) for function in module.functions.values() for i in function.instructions):
        return module
    known = addresses(module)
    taken = {name: known[name] for name in known if name in _taken(module)}
    functions = {
        name: _written_out(module, function, taken) if any(map(_through, function.instructions)) else function
        for name, function in module.functions.items()
    }
    return replace(module, functions=functions)


def _through(instruction: Instruction) -> tuple[Vector | None, Register, Vector | None] | None:
    """(places of results, pointer, arguments) of a call through a pointer; None for anything else."""
    if instruction.parts[0] != "call":
        return None
    operands = list(instruction.operands)
    results = operands.pop(0) if operands and isinstance(operands[0], Vector) else None
    if not operands or not isinstance(operands[0], Register):
        return None
    arguments = next((operand for operand in operands[1:] if isinstance(operand, Vector)), None)
    return (results if isinstance(results, Vector) else None), operands[0], arguments


def _taken(module: Module) -> set[str]:
    names = {name for variable in module.variables.values() for _, name, _ in variable.references}
    for function in module.functions.values():
        for instruction in function.instructions:
            if instruction.parts[0] == "mov":
                names |= {operand.name for operand in instruction.operands if isinstance(operand, Symbol)}
    return names


def _written_out(module: Module, function: Function, taken: dict[str, int]) -> Function:
    found: list[Instruction] = []
    places: list[int] = []
    labels: dict[str, int] = {}
    for instruction in function.instructions:
        places.append(len(found))
        call = _through(instruction)
        if call is None:
            found.append(instruction)
            continue
        results, pointer, arguments = call
        given = _own_sizes(function, results, instruction.at), _own_sizes(function, arguments, instruction.at)
        end = f"{_LABEL}{len(labels)}"
        labels[end] = 0

        def add(name: str, *operands: Operand, guard: Any = None, like: Instruction = instruction) -> None:
            found.append(Instruction(tuple(name.split(".")), operands, guard, like.line, like.file, like.at))

        if instruction.guard is not None:
            register, negated = instruction.guard
            add("bra", Symbol(end), guard=(register, not negated))
        for name, place in taken.items():
            if _sizes(module.functions[name]) != given:
                continue
            following = f"{_LABEL}{len(labels)}"
            add("setp.ne.u64", Register(_OTHER), pointer, Immediate(place))
            add("bra", Symbol(following), guard=(Register(_OTHER), False))
            add("call", *(operand for operand in (results, Symbol(name), arguments) if operand is not None))
            add("bra", Symbol(end))
            labels[following] = len(found)
        add("trap")
        labels[end] = len(found)
        if len(found) > MAX_INSTRUCTIONS:
            raise PtxError(f"more than {MAX_INSTRUCTIONS} instructions", instruction.at)
    places.append(len(found))
    labels.update((name, places[number]) for name, number in function.labels.items())
    registers = {**function.registers, _OTHER: "pred"}
    return replace(function, instructions=found, labels=labels, registers=registers)


def _sizes(function: Function) -> tuple[list[int], list[int]]:
    return [one.size for one in function.returns], [one.size for one in function.parameters]


def _own_sizes(function: Function, items: Vector | None, at: int) -> list[int]:
    """Bytes of the caller's variables that these are."""
    names = [item.name if isinstance(item, Symbol) else "" for item in (items.items if items is not None else ())]
    if not all(name in function.variables for name in names):
        raise PtxError("a call through a pointer with other arguments than .param variables", at)
    return [function.variables[name].size for name in names]
