"""The PTX reader: text to modules, functions and instructions.

It is also the gate in front of a GPU: a directive it does not know, a symbol that is not defined in the module,
or text that is not PTX is refused. Nothing of the text is ever executed as Python. Imports nothing of the project.

Source: NVIDIA, Parallel Thread Execution ISA.
"""

from __future__ import annotations

import re
import struct
from collections import OrderedDict
from dataclasses import dataclass, field, replace

#: A module larger than this is refused before it is read, in characters.
MAX_TEXT = 8_000_000
MAX_INSTRUCTIONS = 200_000
MAX_REGISTERS = 1_000_000
MAX_REGISTER_NAME = 200
#: A variable with initial values, in bytes.
MAX_INITIAL = 16_000_000

SIZES = {
    **{f"{kind}{bits}": bits // 8 for kind in "bus" for bits in (8, 16, 32, 64)},
    "f16": 2,
    "f16x2": 4,
    "bf16": 2,
    "bf16x2": 4,
    "f32": 4,
    "f64": 8,
    "pred": 1,
}


class PtxError(ValueError):
    """The text is not PTX that this reader knows. `line` is 1-based in the PTX text, or None."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message if line is None else f"PTX line {line}: {message}")
        self.line = line


@dataclass(frozen=True)
class Register:
    name: str


@dataclass(frozen=True)
class Immediate:
    """`bits` is the value as an unsigned 64-bit pattern of an integer, or of the float kind in `kind`."""

    value: int | float
    kind: str = "int"


@dataclass(frozen=True)
class Symbol:
    """The address of a variable, or a label, or a special register (name begins with %)."""

    name: str
    offset: int = 0


@dataclass(frozen=True)
class Address:
    """[base + offset]"""

    base: Register | Symbol | None
    offset: int


@dataclass(frozen=True)
class Vector:
    items: tuple[object, ...]


Operand = Register | Immediate | Symbol | Address | Vector


@dataclass(frozen=True)
class Instruction:
    """`parts` is the opcode split at its dots. `line` is the source line (.loc), `at` the line in the PTX; two
    instructions that differ in these only are equal."""

    parts: tuple[str, ...]
    operands: tuple[Operand, ...]
    guard: tuple[Register, bool] | None
    line: int | None = field(compare=False)
    file: int | None = field(compare=False)
    at: int = field(compare=False)
    #: Hints to the caches, which change no value, with their places in the opcode.
    hints: tuple[tuple[int, str], ...] = ()
    #: Are the first two operands written as a pair, `p|q`?
    paired: bool = False

    @property
    def opcode(self) -> str:
        return ".".join(self.parts)


@dataclass(frozen=True)
class Variable:
    """A named place in memory. `size` in bytes; 0 for an `.extern .shared` array, sized at launch.

    `references` are addresses among the initial values: (offset, name of a variable, number added to its address).
    `type` is that of its elements; a variable that is no `array` has one.
    """

    name: str
    space: str
    size: int
    align: int
    initial: bytes | None = None
    external: bool = False
    references: tuple[tuple[int, str, int], ...] = ()
    type: str = "b8"
    array: bool = True


@dataclass(frozen=True)
class Parameter:
    """`align` is 0 where none is written. A parameter that is no `array` is a scalar of its type."""

    name: str
    type: str
    size: int
    align: int = 0
    array: bool = False


@dataclass
class Function:
    name: str
    entry: bool
    parameters: list[Parameter]
    registers: dict[str, str] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    instructions: list[Instruction] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)
    returns: list[Parameter] = field(default_factory=list)
    #: Lists of labels, for indexed branches.
    branch_targets: dict[str, list[str]] = field(default_factory=dict)
    #: What is promised about launches, such as .maxntid, with its numbers.
    promises: dict[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass
class Module:
    target: str
    variables: dict[str, Variable]
    functions: dict[str, Function]
    files: dict[int, str]
    version: str = ""

    def entries(self) -> list[Function]:
        return [function for function in self.functions.values() if function.entry]


_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r]+|//[^\n]*|/\*.*?\*/)
  | (?P<newline>\n)
  | (?P<string>"[^"\n]*")
  | (?P<float>0[fF][0-9a-fA-F]{8}|0[dD][0-9a-fA-F]{16})
  | (?P<version>\d+\.\d+)
  | (?P<number>-?(?:0[xX][0-9a-fA-F]+|\d+)U?)
  | (?P<directive>\.[A-Za-z_][\w]*)
  | (?P<name>[%$_A-Za-z][\w$]*(?:\.[A-Za-z_:0-9]+)*)
  | (?P<mark>[{}()\[\],;:=<>@!+|-])
    """,
    re.VERBOSE | re.DOTALL,
)

_IGNORED_STATEMENTS = {".pragma", ".noreturn"}
_LINKAGE = {".visible", ".extern", ".weak", ".common"}
_CACHE_HINTS = {
    *(f"L1::{how}" for how in ("evict_normal", "evict_unchanged", "evict_first", "evict_last", "no_allocate")),
    *(f"L2::{size}B" for size in (64, 128, 256)),
}
_STATE_SPACES = {".global", ".shared", ".const", ".local"}
_PERFORMANCE = {
    ".maxntid",
    ".reqntid",
    ".minnctapersm",
    ".maxnctapersm",
    ".maxnreg",
    ".explicitcluster",
    ".reqnctapercluster",
}


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    position, line = 0, 1
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise PtxError(f"cannot read {text[position : position + 20]!r}", line)
        kind = match.lastgroup or ""
        if kind == "newline":
            line += 1
        elif kind == "space":
            line += match.group().count("\n")
        else:
            found.append(_Token(kind, match.group(), line))
        position = match.end()
    return found


_cache: OrderedDict[str, Module] = OrderedDict()


def parse(text: str) -> Module:
    """Read a module. Raises PtxError; the same text is read once."""
    if text in _cache:
        _cache.move_to_end(text)
        return _cache[text]
    if len(text) > MAX_TEXT:
        raise PtxError(f"module of {len(text)} characters; at most {MAX_TEXT}")
    try:
        module = _Reader(_tokens(text)).module()
    except (IndexError, RecursionError, OverflowError, struct.error) as error:
        raise PtxError("the text ends too early or is malformed") from error
    _cache[text] = module
    while len(_cache) > 64:
        _cache.popitem(last=False)
    return module


class _Reader:
    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.modules_variables: dict[str, Variable] = {}
        self.functions: dict[str, Function] = {}
        self.files: dict[int, str] = {}

    # -- tokens

    def peek(self) -> str:
        return self.tokens[self.at].text if self.at < len(self.tokens) else ""

    def next(self) -> _Token:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def take(self, text: str) -> bool:
        if self.peek() == text:
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        token = self.next()
        if token.text != text:
            raise PtxError(f"expected {text!r}, found {token.text!r}", token.at)

    def name(self) -> str:
        token = self.next()
        if token.kind != "name":
            raise PtxError(f"expected a name, found {token.text!r}", token.at)
        return token.text

    def integer(self) -> int:
        token = self.next()
        if token.kind != "number":
            raise PtxError(f"expected a number, found {token.text!r}", token.at)
        return _integer(token)

    # -- module level

    def module(self) -> Module:
        target = version = ""
        while self.at < len(self.tokens):
            token = self.next()
            if token.text == ".version":
                version = self.next().text
            elif token.text == ".target":
                target = self.next().text
                while self.take(","):
                    self.next()
            elif token.text == ".address_size":
                if self.integer() != 64:
                    raise PtxError("only .address_size 64 is known", token.at)
            elif token.text == ".file":
                self._file()
            elif token.text == ".section":
                self._section()
            elif token.text in _LINKAGE or token.text in _STATE_SPACES or token.text in (".entry", ".func"):
                self.at -= 1
                self._definition()
            elif token.text in _IGNORED_STATEMENTS:
                self._skip_statement()
            elif token.text == ";":
                continue
            else:
                raise PtxError(f"unknown directive {token.text!r}", token.at)
        for variable in self.modules_variables.values():
            for _, name, _ in variable.references:
                known = self.modules_variables.get(name)
                if (known is None or known.space not in ("global", "const")) and name not in self.functions:
                    raise PtxError(f"{variable.name} holds the address of {name}, which is not in the module")
        return Module(target, self.modules_variables, self.functions, self.files, version)

    def _file(self) -> None:
        number = self.integer()
        token = self.next()
        self.files[number] = token.text.strip('"')
        while self.take(","):
            self.integer()

    def _section(self) -> None:
        """Debug data: read over, never used."""
        self.next()
        self.expect("{")
        depth = 1
        while depth:
            text = self.next().text
            depth += {"{": 1, "}": -1}.get(text, 0)

    def _skip_statement(self) -> None:
        while self.next().text != ";":
            pass

    def _definition(self) -> None:
        external = False
        while self.peek() in _LINKAGE:
            external |= self.next().text == ".extern"
        token = self.next()
        if token.text in _STATE_SPACES:
            variable = self._variable(token.text[1:], external)
            if external and variable.space != "shared":
                raise PtxError(f"external symbol {variable.name}: nothing is linked here", token.at)
            self.modules_variables[variable.name] = variable
        elif token.text in (".entry", ".func"):
            self._function(token.text == ".entry", external)
        else:
            raise PtxError(f"unknown directive {token.text!r}", token.at)

    def _variable(self, space: str, external: bool = False) -> Variable:
        align, kind = 1, ""
        vector = 1
        while self.tokens[self.at].kind == "directive":
            token = self.next()
            if token.text == ".align":
                align = self.integer()
            elif token.text in (".v2", ".v4"):
                vector = int(token.text[2:])
            elif token.text == ".attribute":
                self._skip_parentheses()
            elif token.text[1:] in SIZES:
                kind = token.text[1:]
            else:
                raise PtxError(f"unknown type {token.text!r}", token.at)
        token = self.next()
        if token.kind != "name" or not kind:
            raise PtxError(f"expected a variable, found {token.text!r}", token.at)
        name, count = token.text, vector
        array = self.peek() == "["
        while self.take("["):
            count = 0 if self.peek() == "]" else count * self.integer()
            self.expect("]")
        references: list[tuple[int, str, int]] = []
        initial = self._initial(SIZES[kind], references, 0) if self.take("=") else None
        self.expect(";")
        size = count * SIZES[kind]
        if initial is not None:
            size = size or len(initial)
        if not 0 <= size <= (MAX_INITIAL if initial is not None else 1 << 32) or not 0 < align <= 4096:
            raise PtxError(f"variable {name} of {size} bytes, aligned to {align}", token.at)
        if initial is not None:
            initial = initial.ljust(size, b"\0")[:size]
        align = max(align, SIZES[kind] * vector)
        return Variable(name, space, size, align, initial, external, tuple(references), kind, array or vector > 1)

    def _skip_parentheses(self) -> None:
        self.expect("(")
        while self.next().text != ")":
            pass

    def _initial(self, size: int, references: list[tuple[int, str, int]], at: int) -> bytes:
        """The bytes of an initial value that begins `at` bytes into its variable."""
        if not self.take("{"):
            return self._initial_item(size, references, at)
        found = b""
        while not self.take("}"):
            found += self._initial(size, references, at + len(found))
            self.take(",")
        return found

    def _initial_item(self, size: int, references: list[tuple[int, str, int]], at: int) -> bytes:
        token = self.next()
        if token.kind == "float":
            return _float_bits(token.text)
        if token.kind == "name":
            generic = token.text == "generic" and self.take("(")
            name = self.name() if generic else token.text
            added = self.integer() if self.take("+") else 0
            if generic:
                self.expect(")")
                added += self.integer() if self.take("+") else 0
            if size != 8:
                raise PtxError(f"the address of {name} in {size} bytes", token.at)
            references.append((at, name, added))
            return bytes(8)
        if token.kind != "number":
            raise PtxError(f"initial value {token.text!r} is not a number", token.at)
        value = _integer(token)
        return (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")

    # -- functions

    def _function(self, entry: bool, external: bool) -> None:
        at = self.tokens[self.at].at
        returns = self._parameters() if self.peek() == "(" else []
        name = self.name()
        parameters = self._parameters() if self.peek() == "(" else []
        promises: dict[str, tuple[int, ...]] = {}
        while self.peek() in _PERFORMANCE or self.peek() == ".noreturn":
            promise, numbers = self.next().text, list[int]()
            while self.tokens[self.at].kind == "number":
                numbers.append(self.integer())
                self.take(",")
            promises[promise] = tuple(numbers)
        if self.take(";"):
            return
        if external:
            raise PtxError(f"external function {name}: nothing is linked here", at)
        function = Function(name, entry, parameters, returns=returns, promises=promises)
        if name in self.functions:
            raise PtxError(f"{name} is defined twice", at)
        self.expect("{")
        _Body(self, function).read()
        self.functions[name] = function

    def _parameters(self) -> list[Parameter]:
        self.expect("(")
        found = []
        while not self.take(")"):
            self.expect(".param")
            kind, count, align = "", 1, 0
            while self.tokens[self.at].kind == "directive":
                token = self.next()
                if token.text == ".align":
                    align = self.integer()
                elif token.text in (".b8", ".reg"):
                    kind = kind or "b8"
                elif token.text == ".ptr":
                    while self.peek() in (".global", ".shared", ".const", ".local", ".align"):
                        if self.next().text == ".align":
                            self.integer()
                elif token.text[1:] in SIZES:
                    kind = token.text[1:]
                else:
                    raise PtxError(f"unknown parameter type {token.text!r}", token.at)
            name = self.name()
            array = self.take("[")
            if array:
                count = self.integer()
                self.expect("]")
            if not kind:
                raise PtxError(f"parameter {name} has no type")
            found.append(Parameter(name, kind, SIZES[kind] * count, align, array))
            self.take(",")
        return found


class _Body:
    """Reads one function's statements. Names of an inner scope get a mark, since they may come again in another."""

    def __init__(self, reader: _Reader, function: Function) -> None:
        self.reader = reader
        self.function = function
        self.line: int | None = None
        self.file: int | None = None
        self.scopes: list[dict[str, str]] = [{}]
        self.opened = 0
        #: The file of the function, and for places of inlined code where it was taken in.
        self.home: int | None = None
        self.inlined: dict[tuple[int, int, int], tuple[int, int, int]] = {}

    def read(self) -> None:
        reader, function = self.reader, self.function
        while True:
            token = reader.next()
            if token.text == "{":
                self.opened += 1
                self.scopes.append({})
            elif token.text == "}":
                self.scopes.pop()
                if not self.scopes:
                    break
            elif token.text == ".loc":
                self._location()
            elif token.text == ".reg":
                self._registers()
            elif token.text in (".local", ".shared", ".param"):
                variable = reader._variable(token.text[1:])
                name = self._declare(variable.name)
                if name in function.variables:
                    raise PtxError(f"{variable.name} is declared twice", token.at)
                function.variables[name] = replace(variable, name=name)
            elif token.text in _IGNORED_STATEMENTS:
                reader._skip_statement()
            elif token.text == ";":
                continue
            elif token.kind == "name" and reader.peek() == ":":
                reader.next()
                self._label(token)
            elif token.kind == "name" or token.text == "@":
                reader.at -= 1
                function.instructions.append(self._instruction())
                if len(function.instructions) > MAX_INSTRUCTIONS:
                    raise PtxError(f"more than {MAX_INSTRUCTIONS} instructions")
            else:
                raise PtxError(f"unknown directive {token.text!r}", token.at)

    def _declare(self, name: str) -> str:
        """The name under which the function knows what this scope calls `name`."""
        own = name if len(self.scopes) == 1 else f"{name}@{self.opened}"
        self.scopes[-1][name] = own
        return own

    def _own(self, name: str) -> str:
        return next((scope[name] for scope in reversed(self.scopes) if name in scope), name)

    def _label(self, token: _Token) -> None:
        reader, function = self.reader, self.function
        if reader.take(".branchtargets"):
            function.branch_targets[token.text] = [reader.name()]
            while reader.take(","):
                function.branch_targets[token.text].append(reader.name())
            reader.expect(";")
        elif reader.take(".callprototype"):
            reader._skip_statement()
        elif token.text in function.labels:
            raise PtxError(f"the label {token.text} stands twice", token.at)
        else:
            function.labels[token.text] = len(function.instructions)

    def _location(self) -> None:
        reader = self.reader
        here = file, line, _ = reader.integer(), reader.integer(), reader.integer()
        self.inlined.pop(here, None)
        while reader.take(","):
            name = reader.name()
            if name == "function_name":
                reader.next()
                if reader.take("+"):
                    reader.integer()
            elif name.startswith("inlined_at"):
                self.inlined[here] = reader.integer(), reader.integer(), reader.integer()
        # What was inlined from another file counts where the kernel's own file took it in.
        if self.home is None:
            self.home = file
        seen = set()
        while here[0] != self.home and here in self.inlined and here not in seen:
            seen.add(here)
            here = self.inlined[here]
        # Line 0 marks code that belongs to no source line; it keeps the line before it.
        if line:
            self.file, self.line, _ = here

    def _registers(self) -> None:
        reader = self.reader
        token = reader.next()
        kind = token.text[1:]
        if kind not in SIZES:
            raise PtxError(f"unknown register type {token.text!r}", token.at)
        while True:
            name = reader.name()
            if reader.take("<"):
                count = reader.integer()
                reader.expect(">")
                if not 0 <= count <= MAX_REGISTERS - len(self.function.registers) or len(name) > MAX_REGISTER_NAME:
                    raise PtxError(f"{count} registers {name[:40]}", token.at)
                if len(self.scopes) > 1:
                    raise PtxError(f"numbered registers {name} in an inner scope", token.at)
                self.function.registers.update((f"{name}{i}", kind) for i in range(count))
            else:
                self.function.registers[self._declare(name)] = kind
            if not reader.take(","):
                break
        reader.expect(";")

    def _instruction(self) -> Instruction:
        reader = self.reader
        guard = None
        if reader.take("@"):
            negated = reader.take("!")
            guard = (self._register(reader.name()), negated)
        token = reader.next()
        parts = [*token.text.split(".")]
        while reader.peek().startswith(".") and reader.tokens[reader.at].kind == "directive":
            parts.append(reader.next().text[1:])
        hints = tuple((place, part) for place, part in enumerate(parts) if part in _CACHE_HINTS)
        parts = [part for part in parts if part not in _CACHE_HINTS]
        if "::" in ".".join(parts) or reader.peek() == ":":
            raise PtxError(f"unknown instruction {token.text}", token.at)
        operands: list[Operand] = []
        paired = False
        while reader.peek() != ";":
            operands.append(self._operand())
            if len(operands) == 1 and reader.take("|"):
                paired = True
                operands.append(self._operand())
            if not reader.take(",") and reader.peek() != ";":
                raise PtxError(f"unexpected {reader.peek()!r} in {token.text}", token.at)
        reader.next()
        return Instruction(
            tuple(parts), tuple(operands), guard, self.line, self.file, token.at, hints=hints, paired=paired
        )

    def _register(self, name: str) -> Register:
        name = self._own(name)
        if name not in self.function.registers:
            raise PtxError(f"unknown register {name}")
        return Register(name)

    def _operand(self) -> Operand:
        reader = self.reader
        token = reader.next()
        if token.text in ("{", "("):
            items: list[object] = []
            while not reader.take("}" if token.text == "{" else ")"):
                items.append(self._operand())
                reader.take(",")
            return Vector(tuple(items))
        if token.text == "[":
            return self._address()
        if token.kind == "number":
            return Immediate(_integer(token))
        if token.kind == "float":
            bits = _float_bits(token.text)
            return Immediate(
                struct.unpack("<f" if len(bits) == 4 else "<d", bits)[0], "f32" if len(bits) == 4 else "f64"
            )
        if token.text == "!":
            # A negated predicate operand, as in setp's third source.
            return Vector(("!", self._register(reader.name())))
        if token.kind == "name":
            return self._named(token)
        raise PtxError(f"unexpected {token.text!r}", token.at)

    def _named(self, token: _Token) -> Operand:
        name = self._own(token.text)
        if name in self.function.registers:
            return Register(name)
        if token.text == "_":
            return Symbol("_")
        offset = 0
        if self.reader.take("+"):
            offset = self.reader.integer()
        return Symbol(name, offset)

    def _address(self) -> Address:
        reader = self.reader
        token = reader.next()
        base: Register | Symbol | None
        if token.kind == "number":
            base, offset = None, _integer(token)
        elif (name := self._own(token.text)) in self.function.registers:
            base, offset = Register(name), 0
        else:
            base, offset = Symbol(name), 0
        if reader.take("+") or reader.tokens[reader.at].kind == "number":
            offset = reader.integer()
        reader.expect("]")
        return Address(base, offset)


def _integer(token: _Token) -> int:
    """A decimal, octal or hexadecimal number."""
    text = token.text.rstrip("U")
    octal = text.lstrip("-").startswith("0") and text.lstrip("-0").isdigit()
    try:
        return int(text, 8 if octal else 0)
    except ValueError:  # an 8 or 9 in an octal number, or more digits than Python reads
        raise PtxError(f"cannot read the number {token.text[:40]!r}", token.at) from None


def _float_bits(text: str) -> bytes:
    return bytes.fromhex(text[2:])[::-1]
