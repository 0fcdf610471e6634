"""Calls of device functions: the functions that a kernel reaches become one, and each thread has a stack.

Parameters and results are bytes in local memory, at places of the function's own; a function that can reach itself has
them, its local arrays and its registers once for each level of the stack. Imports nothing of ours but this package.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from grader.device.emulated import library, pointers
from grader.device.emulated.ptx import (
    MAX_INSTRUCTIONS,
    Address,
    Function,
    Instruction,
    Module,
    Operand,
    PtxError,
    Register,
    Symbol,
    Variable,
    Vector,
)

if TYPE_CHECKING:
    from grader.device.emulated.wave import Wave

#: Calls within calls. A GPU's stack of 1 KiB for each thread is used up earlier.
MAX_DEPTH = 64
#: Functions that no module defines and the device has: how many parameters they take.
EXTERNAL = {"vprintf": 2, "__assertfail": 5}


@dataclass(frozen=True)
class Call:
    """`arguments` and `results` pair the names of variables: whose bytes go, and where they go."""

    target: str
    caller: str
    arguments: tuple[tuple[str, str], ...]
    results: tuple[tuple[str, str], ...]


@dataclass
class Linked:
    """A kernel behind the functions that it reaches. `start` is the kernel's first instruction."""

    function: Function
    start: int = 0
    #: Calls by the number of their instruction.
    calls: dict[int, Call] = field(default_factory=dict)
    starts: dict[str, int] = field(default_factory=dict)
    recursive: set[str] = field(default_factory=set)
    #: The function to which a variable belongs.
    owners: dict[str, str] = field(default_factory=dict)
    registers: dict[str, list[str]] = field(default_factory=dict)


def called(instruction: Instruction) -> tuple[str, tuple[Any, ...], tuple[Any, ...]]:
    """(name of the function, arguments, places of results) of a call."""
    operands = list(instruction.operands)
    results: tuple[Any, ...] = ()
    if operands and isinstance(operands[0], Vector):
        results = operands.pop(0).items  # type: ignore[union-attr]
    if not operands or not isinstance(operands[0], Symbol):
        raise PtxError("a call through a pointer is not known", instruction.at)
    arguments: tuple[Any, ...] = ()
    if len(operands) == 2 and isinstance(operands[1], Vector):
        arguments = operands[1].items
    elif len(operands) != 1:
        raise PtxError(f"malformed call of {operands[0].name}", instruction.at)
    if not all(isinstance(item, Symbol) for item in (*results, *arguments)):
        raise PtxError(f"call of {operands[0].name} with other arguments than .param variables", instruction.at)
    return operands[0].name, arguments, results


def link(module: Module, kernel: Function) -> Linked:
    """The kernel and what it calls as one function. Raises PtxError where a call leads nowhere or does not fit."""
    module, kernel = whole(module, kernel)
    edges = reached(module, kernel)
    if len(edges) == 1 and not any(i.parts[0] == "call" for i in kernel.instructions):
        return Linked(kernel, registers={kernel.name: list(kernel.registers)})
    linked = Linked(Function(kernel.name, True, kernel.parameters))
    linked.recursive = {name for name in edges if _reaches(edges, name, name)}
    functions = [module.functions[name] for name in edges if name != kernel.name]
    for function in [*functions, kernel]:
        _append(linked, module, function)
    linked.start = linked.starts[kernel.name]
    return linked


def whole(module: Module, kernel: Function) -> tuple[Module, Function]:
    """With calls through pointers written out, and with the functions that a GPU's linker would add."""
    module = pointers.direct(module)
    return _with_library(module, module.functions[kernel.name])


def _with_library(module: Module, kernel: Function) -> tuple[Module, Function]:
    """Where a function is called that the device's library has, one of its own for that call, on the caller's line."""
    known = library.functions()
    functions = dict(module.functions)
    for function in module.functions.values():
        instructions = list(function.instructions)
        for number, instruction in enumerate(instructions):
            if instruction.parts[0] != "call":
                continue
            name = next((o.name for o in instruction.operands if isinstance(o, Symbol)), "")
            if name not in known or name in module.functions:
                continue
            own = f"{name}#{len(functions)}"
            moved = [replace(i, line=instruction.line, file=instruction.file) for i in known[name].instructions]
            functions[own] = replace(known[name], name=own, instructions=moved)
            operands = tuple(replace(o, name=own) if o == Symbol(name) else o for o in instruction.operands)
            instructions[number] = replace(instruction, operands=operands)
        if instructions != function.instructions:
            functions[function.name] = replace(function, instructions=instructions)
    return replace(module, functions=functions), functions[kernel.name]


def reached(module: Module, kernel: Function) -> dict[str, set[str]]:
    """The functions that a kernel reaches, itself first, each with those that it calls. Raises PtxError."""
    edges: dict[str, set[str]] = {}
    waiting = [kernel]
    while waiting:
        function = waiting.pop()
        if function.name in edges:
            continue
        names = edges[function.name] = set[str]()
        for instruction in function.instructions:
            if instruction.parts[0] != "call":
                continue
            name = called(instruction)[0]
            if name in module.functions and not module.functions[name].entry:
                names.add(name)
                waiting.append(module.functions[name])
            elif name in ("malloc", "free"):
                raise PtxError(f"{name} in a kernel is not known: allocate memory before the launch", instruction.at)
            elif name not in EXTERNAL:
                raise PtxError(f"call of {name}, which is no function here", instruction.at)
    return edges


def _reaches(edges: dict[str, set[str]], start: str, end: str) -> bool:
    seen: set[str] = set()
    waiting = [*edges[start]]
    while waiting:
        name = waiting.pop()
        if name == end:
            return True
        if name not in seen:
            seen.add(name)
            waiting.extend(edges[name])
    return False


def _append(linked: Linked, module: Module, function: Function) -> None:
    """Put a function's instructions behind the others, with names that no other function has."""
    whole, kernel = linked.function, function.entry
    mark = "" if kernel else f"{function.name}@"
    formals = [] if kernel else [*function.parameters, *function.returns]
    local = {*function.variables, *function.labels, *function.branch_targets, *(p.name for p in formals)}
    base = linked.starts[function.name] = len(whole.instructions)
    if base + len(function.instructions) > MAX_INSTRUCTIONS:
        raise PtxError(f"more than {MAX_INSTRUCTIONS} instructions")

    def own(operand: Any) -> Any:
        if isinstance(operand, Register):
            return Register(mark + operand.name)
        if isinstance(operand, Symbol):
            return replace(operand, name=mark + operand.name) if operand.name in local else operand
        if isinstance(operand, Address):
            return replace(operand, base=own(operand.base))
        if isinstance(operand, Vector):
            return Vector(tuple(own(item) for item in operand.items))
        return operand

    linked.registers[function.name] = [mark + name for name in function.registers]
    whole.registers.update((mark + name, kind) for name, kind in function.registers.items())
    variables = [*function.variables.values(), *(Variable(p.name, "param", p.size, 16) for p in formals)]
    for variable in variables:
        whole.variables[mark + variable.name] = replace(variable, name=mark + variable.name)
        linked.owners[mark + variable.name] = function.name
    whole.labels.update((mark + name, base + number) for name, number in function.labels.items())
    for name, targets in function.branch_targets.items():
        whole.branch_targets[mark + name] = [mark + target for target in targets]
    for instruction in function.instructions:
        operands: tuple[Operand, ...] = tuple(own(operand) for operand in instruction.operands)
        moved = replace(
            instruction,
            operands=operands,
            guard=instruction.guard and (own(instruction.guard[0]), instruction.guard[1]),
        )
        if not kernel and instruction.parts[0] == "ret":
            moved = replace(moved, parts=("ret", "call"))
        if instruction.parts[0] == "call" and called(instruction)[0] in module.functions:
            linked.calls[len(whole.instructions)] = _call(module, function, moved)
        whole.instructions.append(moved)
    if not kernel:
        last = function.instructions[-1] if function.instructions else None
        line, file, at = (last.line, last.file, last.at) if last else (None, None, 0)
        whole.instructions.append(Instruction(("ret", "call"), (), None, line, file, at))


def _call(module: Module, caller: Function, instruction: Instruction) -> Call:
    name, arguments, results = called(instruction)
    target = module.functions[name]
    mark = "" if caller.entry else f"{caller.name}@"
    for given, wanted in ((arguments, target.parameters), (results, target.returns)):
        sizes = [
            caller.variables[item.name.removeprefix(mark)].size
            if item.name.removeprefix(mark) in caller.variables
            else None
            for item in given
        ]
        if sizes != [parameter.size for parameter in wanted]:
            raise PtxError(f"call of {name} with parameters or results of other sizes", instruction.at)
    return Call(
        name,
        caller.name,
        tuple((a.name, f"{name}@{p.name}") for a, p in zip(arguments, target.parameters, strict=True)),
        tuple((f"{name}@{p.name}", r.name) for p, r in zip(target.returns, results, strict=True)),
    )


@dataclass(frozen=True)
class Place:
    """Bytes of local memory; with `framed`, on each level of the stack its own."""

    offset: int
    size: int
    framed: bool


@dataclass
class CallSite:
    """A call as the machine does it. `saved` are the registers that a recursive call would overwrite."""

    arguments: list[tuple[Place, Place]]
    results: list[tuple[Place, Place]]
    saved: list[int]


class StackOverflow(Exception):
    """A thread of `lane` calls functions more than `MAX_DEPTH` deep."""

    def __init__(self, lane: int) -> None:
        super().__init__()
        self.lane = lane


class Stack:
    """The calls that are under way in a wave: for each level where each lane goes on, and registers put aside."""

    def __init__(self, wave: Wave) -> None:
        self.wave = wave
        self.depth = np.zeros(wave.threads, np.int64)
        self.returns = np.full((MAX_DEPTH, wave.threads), -1, np.int32)
        self.saved: dict[tuple[int, int], np.ndarray] = {}

    def positions(self, place: Place, index: np.ndarray, level: int) -> np.ndarray:
        """Where the bytes of `place` lie for these lanes, (lanes, size)."""
        wave = self.wave
        frame = (self.depth[index] + level) * wave.program.frame_size if place.framed else 0
        first = index * wave.local_stride + place.offset + frame
        return np.asarray(first)[:, None] + np.arange(place.size)

    def _copy(self, pair: tuple[Place, Place], index: np.ndarray, levels: tuple[int, int]) -> None:
        source, target = (self.positions(place, index, level) for place, level in zip(pair, levels, strict=True))
        self.wave.local[target] = self.wave.local[source]

    def enter(self, site: CallSite, following: int, index: np.ndarray) -> None:
        """The lanes `index` call; they go on at block `following`. Raises `StackOverflow`."""
        depth = self.depth[index]
        if depth.max() + 1 >= MAX_DEPTH:
            raise StackOverflow(int(index[depth.argmax()]))
        for pair in site.arguments:
            self._copy(pair, index, (0, 1))
        wave = self.wave
        for level in np.unique(depth) if site.saved else ():
            lanes = index[depth == level]
            for register in site.saved:
                value = wave.registers[register]
                if value is None:
                    value = wave.program.zero(register)
                kept = self.saved.get((int(level), register))
                if kept is None:
                    kept = self.saved[int(level), register] = np.zeros(wave.threads, np.asarray(value).dtype)
                kept[lanes] = value[lanes] if np.ndim(value) else value
        self.returns[depth, index] = following
        self.depth[index] = depth + 1

    def leave(self, index: np.ndarray) -> list[tuple[int, np.ndarray]]:
        """The lanes return: (block, the lanes that go on there)."""
        self.depth[index] -= 1
        targets = self.returns[self.depth[index], index]
        return [(int(target), index[targets == target]) for target in np.unique(targets)]

    def resume(self, site: CallSite, lanes: Any) -> None:
        """What a call leaves for its caller: registers as they were, and the results."""
        index = np.arange(self.wave.threads) if lanes.index is None else lanes.index
        for pair in site.results:
            self._copy(pair, index, (1, 0))
        depth = self.depth[index]
        for register in site.saved:
            value = np.zeros(len(index), lanes.wave.program.register_types[register])
            for level in np.unique(depth):
                here = depth == level
                value[here] = self.saved[int(level), register][index[here]]
            lanes.set(register, value)
