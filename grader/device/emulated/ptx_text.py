"""The PTX writer: from a module that was read to a text for a GPU's driver.

Only a kernel and what it reaches is written, under names that are numbered here, without debug data, pragmas and
directives that the emulated GPU does not follow. So nothing that somebody chose freely, neither a name nor a string,
comes before the driver. Imports nothing of ours but this package.

Source: NVIDIA, Parallel Thread Execution ISA.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from grader.device.emulated import pointers
from grader.device.emulated.calls import EXTERNAL, reached, whole
from grader.device.emulated.library import REGISTERS
from grader.device.emulated.ptx import (
    MAX_TEXT,
    SIZES,
    Address,
    Function,
    Immediate,
    Instruction,
    Module,
    Operand,
    Parameter,
    PtxError,
    Register,
    Symbol,
    Variable,
    Vector,
)

#: The kernel's name in what is written.
ENTRY = "kernel"
_VERSION = re.compile(r"\d\.\d")
_TARGET = re.compile(r"sm_\d{2,3}[af]?")
_SPECIAL = re.compile(
    r"%(n?tid|n?ctaid)\.[xyz]|%(laneid|n?warpid|smid|gridid|clock|clock64|globaltimer|lanemask_(eq|lt|le|gt|ge)"
    r"|dynamic_smem_size|total_smem_size)"
)
#: Promises that change how a kernel is compiled, and nothing of what it does.
_PROMISES = (".maxntid", ".reqntid", ".minnctapersm", ".maxnreg")
_SIGNATURES = {
    "vprintf": ".extern .func (.param .b32 r0) vprintf (.param .b64 p0, .param .b64 p1);",
    "__assertfail": ".extern .func __assertfail "
    "(.param .b64 p0, .param .b64 p1, .param .b32 p2, .param .b64 p3, .param .b64 p4);",
}
assert set(_SIGNATURES) == set(EXTERNAL)


def canonical(module: Module, entry: str) -> Module:
    """The kernel `entry`, now named `ENTRY`, and what it reaches, with numbered names. Raises PtxError.

    `parse(text(canonical(module, entry)))` is equal to it, but for constants that are no number.
    """
    return renamed(module, entry)[0]


def renamed(module: Module, entry: str) -> tuple[Module, dict[str, str]]:
    """As `canonical`, with what the module's variables are called now, by their names before. Raises PtxError."""
    if not _VERSION.fullmatch(module.version) or not _TARGET.fullmatch(module.target):
        raise PtxError("a module begins with .version and .target")
    kernel = module.functions.get(entry)
    if kernel is None or not kernel.entry:
        raise PtxError(f"no kernel {entry}")
    addresses = pointers.addresses(module)
    module, kernel = whole(module, kernel)
    names = _Names(module, addresses, {name: f"f{number}" for number, name in enumerate(reached(module, kernel))})
    names.functions[entry] = ENTRY
    functions = {names.functions[name]: _Renaming(names, module.functions[name]).done() for name in names.functions}
    variables: dict[str, Variable] = {}
    while len(variables) < len(names.variables):
        # An initial value may be the address of a variable that was not met before.
        for old, new in list(names.variables.items()):
            variables.setdefault(new, _variable(module.variables[old], new, names))
    return Module(module.target, variables, functions, {}, module.version), names.variables


@dataclass
class _Names:
    """The module's own names: functions that are reached, and variables as they are met.

    The address of a function is the number that the emulated GPU has for it, which calls through pointers compare with.
    """

    module: Module
    addresses: dict[str, int]
    functions: dict[str, str]
    variables: dict[str, str] = field(default_factory=dict)

    def variable(self, name: str) -> str:
        if name not in self.module.variables:
            raise PtxError(f"unknown symbol {name}")
        return self.variables.setdefault(name, f"g{len(self.variables)}")


class _Renaming:
    """One function, with numbered names."""

    def __init__(self, names: _Names, function: Function) -> None:
        self.names = names
        self.function = function
        formals = [*function.parameters, *function.returns]
        self.formals = {one.name: f"p{number}" for number, one in enumerate(formals)}
        self.local: dict[str, str] = {}
        self.registers: dict[str, str] = {}
        self.kinds: dict[str, int] = {}

    def done(self) -> Function:
        function = self.function
        instructions = [self._instruction(instruction) for instruction in function.instructions]
        kinds = {new: function.registers[old] for old, new in self.registers.items()}
        used = {place for i in function.instructions for place in self._places(i)}
        if len(instructions) in used:
            # Running off the end is a return.
            instructions.append(Instruction(("ret",), (), None, None, None, 0))
        return Function(
            name=self.names.functions[function.name],
            entry=function.entry,
            parameters=[self._parameter(one) for one in function.parameters],
            # In the order in which they are written.
            registers={name: kinds[name] for kind in self.kinds for name in kinds if kinds[name] == kind},
            variables={
                new: replace(_variable(function.variables[old], new, self.names)) for old, new in self.local.items()
            },
            instructions=instructions,
            labels={_label(place): place for place in sorted(used)},
            returns=[self._parameter(one) for one in function.returns],
            branch_targets={
                f"T{i}": [_label(self._place(label)) for label in function.branch_targets[name]]
                for i, name in self._lists().items()
            },
            promises={name: numbers for name, numbers in function.promises.items() if name in _PROMISES},
        )

    def _parameter(self, one: Parameter) -> Parameter:
        align = one.align or SIZES[one.type]
        return replace(one, name=self.formals[one.name], align=_power_of_two(align))

    # -- labels

    def _place(self, label: str) -> int:
        if label not in self.function.labels:
            raise PtxError(f"unknown label {label}")
        return self.function.labels[label]

    def _lists(self) -> dict[int, str]:
        """The lists of labels that indexed branches use, by number."""
        used = [i.operands[1].name for i in self.function.instructions if _indexed(i)]  # type: ignore[union-attr]
        return dict(enumerate(dict.fromkeys(used)))

    def _places(self, i: Instruction) -> list[int]:
        """Where a branch may lead."""
        if i.parts[0] == "bra":
            return [self._place(_name(i.operands[0]))]
        if _indexed(i):
            return [self._place(label) for label in self._targets(_name(i.operands[1]))]
        return []

    def _targets(self, name: str) -> list[str]:
        if name not in self.function.branch_targets:
            raise PtxError(f"unknown list of labels {name}")
        return self.function.branch_targets[name]

    # -- instructions

    def _instruction(self, i: Instruction) -> Instruction:
        guard = None if i.guard is None else (self._register(i.guard[0]), i.guard[1])
        if i.parts[0] == "bra":
            operands: tuple[Operand, ...] = (Symbol(_label(self._place(_name(i.operands[0])))),)
        elif _indexed(i):
            number = next(n for n, name in self._lists().items() if name == _name(i.operands[1]))
            operands = (self._operand(i.operands[0]), Symbol(f"T{number}"))
        elif i.parts[0] == "call":
            operands = tuple(self._called(operand) for operand in i.operands)
        else:
            operands = tuple(self._operand(operand) for operand in i.operands)
        return Instruction(i.parts, operands, guard, None, None, 0, i.hints, i.paired)

    def _called(self, operand: Operand) -> Operand:
        if isinstance(operand, Symbol):
            return Symbol(operand.name if operand.name in EXTERNAL else self.names.functions[operand.name])
        return self._operand(operand)

    def _register(self, register: Register) -> Register:
        if register.name not in self.registers:
            kind = self.function.registers[register.name]
            number = self.kinds[kind] = self.kinds.get(kind, -1) + 1
            self.registers[register.name] = f"%{kind}_{number}"
        return Register(self.registers[register.name])

    def _operand(self, operand: Any) -> Any:
        if isinstance(operand, Register):
            return self._register(operand)
        if isinstance(operand, Symbol):
            if operand.name in self.names.addresses and not self._own(operand.name):
                return Immediate(self.names.addresses[operand.name] + operand.offset)
            return replace(operand, name=self._symbol(operand.name))
        if isinstance(operand, Address):
            return replace(operand, base=None if operand.base is None else self._operand(operand.base))
        if isinstance(operand, Vector):
            return Vector(tuple(item if item == "!" else self._operand(item) for item in operand.items))
        return operand

    def _own(self, name: str) -> bool:
        return name in self.function.variables or name in self.formals or name in self.names.module.variables

    def _symbol(self, name: str) -> str:
        """In the order in which the emulated GPU looks for it."""
        if name.startswith("%"):
            if not _SPECIAL.fullmatch(name) and name not in REGISTERS:
                raise PtxError(f"unknown special register {name}")
            return name
        if name in ("WARP_SZ", "_"):
            return name
        if name in self.function.variables:
            return self.local.setdefault(name, f"v{len(self.local)}")
        return self.formals.get(name) or self.names.variable(name)


def _variable(variable: Variable, name: str, names: _Names) -> Variable:
    align = _power_of_two(variable.align)
    data = None if variable.initial is None else bytearray(variable.initial)
    references = []
    for place, to, added in variable.references:
        if to in names.module.variables:
            references.append((place, names.variable(to), added))
        elif to not in names.addresses:
            raise PtxError(f"{variable.name} holds the address of {to}, which is a kernel")
        elif data is not None:
            data[place : place + 8] = ((names.addresses[to] + added) % (1 << 64)).to_bytes(8, "little")
    initial = None if data is None else bytes(data)
    return replace(variable, name=name, align=align, initial=initial, references=tuple(references))


def _power_of_two(align: int) -> int:
    if align < 1 or align & (align - 1):
        raise PtxError(f"alignment to {align} bytes")
    return align


def _indexed(i: Instruction) -> bool:
    return i.parts[0] == "brx"


def _name(operand: Operand) -> str:
    if not isinstance(operand, Symbol):
        raise PtxError("a branch leads to a label")
    return operand.name


def _label(place: int) -> str:
    return f"L{place}"


# -- text


def text(module: Module) -> str:
    """A module of `canonical` as PTX. Raises PtxError where it would be too long to be read again."""
    lines = [f".version {module.version}", f".target {module.target}", ".address_size 64"]
    lines += [_SIGNATURES[name] for name in sorted(_external(module))]
    order = _by_reference(module.variables)
    # The host finds only those by name that are visible.
    lines += [f"{'.visible ' if v.space in ('global', 'const') else ''}{_declared(v)}" for v in order]
    lines += [f"{_head(function)};" for function in module.functions.values() if not function.entry]
    for function in module.functions.values():
        lines += _function(function)
    written = "\n".join(lines) + "\n"
    if len(written) > MAX_TEXT:
        raise PtxError(f"module of {len(written)} characters; at most {MAX_TEXT}")
    return written


def _external(module: Module) -> set[str]:
    calls = (i for function in module.functions.values() for i in function.instructions if i.parts[0] == "call")
    return {o.name for call in calls for o in call.operands if isinstance(o, Symbol) and o.name in EXTERNAL}


def _by_reference(variables: dict[str, Variable]) -> list[Variable]:
    """Each variable behind those whose addresses it holds. Raises PtxError where they hold each other's."""
    found: list[Variable] = []
    waiting = dict(variables)
    while waiting:
        ready = [v for v in waiting.values() if not {to for _, to, _ in v.references} & set(waiting)]
        if not ready:
            raise PtxError("variables that hold each other's addresses")
        found += ready
        for variable in ready:
            del waiting[variable.name]
    return found


def _declared(variable: Variable) -> str:
    size = SIZES[variable.type]
    head = f".{variable.space} .align {variable.align} .{variable.type} {variable.name}"
    if variable.external:
        return f".extern {head}[];"
    if variable.array:
        head += f"[{variable.size // size}]"
    if variable.initial is None:
        return f"{head};"
    items = _initial(variable, size)
    return f"{head} = {{{', '.join(items)}}};" if variable.array else f"{head} = {items[0]};"


def _initial(variable: Variable, size: int) -> list[str]:
    """The values up to the last that is not 0."""
    data = variable.initial or b""
    references = {place: (name, added) for place, name, added in variable.references}
    last = max([len(data.rstrip(b"\0")), size, *(place + size for place in references)])
    items = []
    for place in range(0, last, size):
        if place in references:
            name, added = references[place]
            items.append(f"generic({name})+{added}" if added else f"generic({name})")
            continue
        value = int.from_bytes(data[place : place + size], "little")
        floats = {"f32": f"0f{value:08X}", "f64": f"0d{value:016X}"}
        items.append(floats.get(variable.type, str(value)))
    return items


def _head(function: Function) -> str:
    parameters = ", ".join(_parameter(one) for one in function.parameters)
    if function.entry:
        return f".visible .entry {function.name} ({parameters})"
    returns = ", ".join(_parameter(one) for one in function.returns)
    return f".func {f'({returns}) ' if function.returns else ''}{function.name} ({parameters})"


def _parameter(one: Parameter) -> str:
    extent = f"[{one.size // SIZES[one.type]}]" if one.array else ""
    return f".param .align {one.align} .{one.type} {one.name}{extent}"


def _function(function: Function) -> list[str]:
    promises = [f"{name} {', '.join(map(str, numbers))}" for name, numbers in function.promises.items()]
    lines = [" ".join([_head(function), *promises]), "{"]
    kinds: dict[str, int] = {}
    for kind in function.registers.values():
        kinds[kind] = kinds.get(kind, 0) + 1
    lines += [f".reg .{kind} %{kind}_<{count}>;" for kind, count in kinds.items()]
    lines += [_declared(variable) for variable in function.variables.values()]
    lines += [f"{name}: .branchtargets {', '.join(labels)};" for name, labels in function.branch_targets.items()]
    at = {place: name for name, place in function.labels.items()}
    for number, instruction in enumerate(function.instructions):
        if number in at:
            lines.append(f"{at[number]}:")
        lines.append(_statement(instruction))
    return [*lines, "}"]


def _statement(i: Instruction) -> str:
    parts = list(i.parts)
    for place, hint in i.hints:
        parts.insert(place, hint)
    guard = "" if i.guard is None else f"@{'!' if i.guard[1] else ''}{i.guard[0].name} "
    braces = "()" if i.parts[0] == "call" else "{}"
    operands = [_written(operand, braces) for operand in i.operands]
    if i.paired:
        operands[:2] = [f"{operands[0]}|{operands[1]}"]
    return f"{guard}{'.'.join(parts)} {', '.join(operands)};" if operands else f"{guard}{'.'.join(parts)};"


def _written(operand: Any, braces: str = "{}") -> str:
    if isinstance(operand, Register):
        return operand.name
    if isinstance(operand, Immediate):
        return _constant(operand)
    if isinstance(operand, Symbol):
        return f"{operand.name}+{operand.offset}" if operand.offset else operand.name
    if isinstance(operand, Address):
        if operand.base is None:
            return f"[{operand.offset}]"
        return f"[{operand.base.name}+{operand.offset}]" if operand.offset else f"[{operand.base.name}]"
    if operand.items and operand.items[0] == "!":
        return f"!{_written(operand.items[1])}"
    return f"{braces[0]}{_list(operand.items)}{braces[1]}"


def _list(items: Iterable[Any]) -> str:
    return ", ".join(_written(item) for item in items)


def _constant(operand: Immediate) -> str:
    if operand.kind == "int":
        return str(operand.value)
    code, letter = ("<f", "f") if operand.kind == "f32" else ("<d", "d")
    bits = struct.pack(code, operand.value)
    return f"0{letter}{bits[::-1].hex().upper()}"
