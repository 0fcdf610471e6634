"""From PTX instructions to operations on lanes, once for each kernel.

A basic block becomes a list of Python closures over NumPy functions. They hold register numbers of ours and
constants; no text of the PTX is ever executed. Imports nothing of ours but this package.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from grader.device.emulated import calls
from grader.device.emulated.access import Access
from grader.device.emulated.calls import CallSite, Place
from grader.device.emulated.formats import FORMATS
from grader.device.emulated.memory import LOCAL_WINDOW, SHARED_WINDOW, address
from grader.device.emulated.order import NARROW, WIDE
from grader.device.emulated.ptx import (
    SIZES,
    Address,
    Immediate,
    Instruction,
    Module,
    Parameter,
    PtxError,
    Register,
    Symbol,
    Variable,
    Vector,
)

if TYPE_CHECKING:
    from grader.device.emulated.machine import Lanes

Operation = Callable[["Lanes"], None]
Getter = Callable[["Lanes"], Any]


class Unsupported(Exception):
    """An instruction that the emulated GPU does not know."""

    def __init__(self, instruction: Instruction) -> None:
        super().__init__(instruction.opcode)
        self.instruction = instruction


@dataclass
class Block:
    """A basic block. `ends` says what its last instruction does to lanes for which `taken` says so."""

    site: int
    operations: list[Operation] = field(default_factory=list)
    ends: str = "fall"
    target: int = -1
    following: int = -1
    barrier: int = 0
    barrier_count: int | None = None
    guard: Callable[[Lanes], Any] | None = None
    length: int = 0
    #: Lanes of a warp barrier.
    members: Callable[[Lanes], Any] | None = None
    #: Its branch leads back over a strong read: a loop that may wait for another thread.
    spins: bool = False
    call: CallSite | None = None
    #: bar.arrive: the lanes are counted and go on.
    arrives: bool = False
    #: bar.red: what each lane brings to the count.
    predicate: Callable[[Lanes], Any] | None = None
    #: For an indexed branch: the index of each lane, and where each index leads.
    chosen: Callable[[Lanes], Any] | None = None
    targets: list[int] = field(default_factory=list)

    def taken(self, lanes: Lanes) -> Any:
        """None: all fall through; True: all lanes; else a mask."""
        if self.ends == "fall":
            return None
        if self.guard is None:
            return True
        value = self.guard(lanes)
        if np.ndim(value) == 0:
            return True if value else None
        if value.all():
            return True
        return value if value.any() else None


@dataclass
class Program:
    """A kernel, ready to run. `lines` maps an instruction's index to its source line."""

    entry: str
    parameters: list[Parameter]
    blocks: list[Block]
    lines: list[int | None]
    file: str | None
    register_count: int
    register_types: list[Any]
    shared_size: int
    local_size: int
    granule: int
    fences: bool
    warp_sync: bool
    barriers: bool
    float64_sites: list[int]
    #: Registers that live from one basic block to another.
    lasting: frozenset[int]
    #: The block in which the kernel begins; functions stand before it, so that lanes in a call go first.
    entry_block: int = 0
    calls: bool = False
    frame_size: int = 0
    #: Does a barrier count predicates?
    tallies: bool = False

    def zero(self, register: int) -> Any:
        return self.register_types[register](0)


def translate(module: Module, entry: str) -> Program:
    """Raises PtxError for what is malformed, Unsupported for what is unknown."""
    function = module.functions.get(entry)
    if function is None or not function.entry:
        known = ", ".join(f.name for f in module.entries()) or "none"
        raise PtxError(f"no kernel {entry}; the module has: {known}")
    return _Translator(module, calls.link(module, function)).program()


#: Bytes of local memory that a thread may have on a GPU.
MAX_LOCAL = 512 << 10
_SPACES = ("global", "shared", "local", "const", "param")
_STRONG = {"volatile", "relaxed", "acquire", "release", "acq_rel", "mmio"}
_TERMINATORS = {"bra", "ret", "exit", "trap", "bar", "barrier", "brkpt", "brx"}
#: What may stand in the opcode of a barrier of the block.
_BARRIER = {"sync", "arrive", "red", "cta", "aligned", "popc", "and", "or", "u32", "pred"}
_ARITHMETIC = {"add", "sub", "mul", "fma", "div", "sqrt", "rcp", "mad"}
#: pi / 2 ** 65: libdevice's float32 sine and cosine of a large angle multiply by it in float64.
_RANGE_REDUCTION = {float.fromhex("0x1.921fb54442d19p-64")}


class _Translator:
    def __init__(self, module: Module, linked: calls.Linked) -> None:
        function = linked.function
        self.module = module
        self.linked = linked
        self.function = function
        self.formals = {parameter.name for parameter in function.parameters}
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
        self.read = {
            self.numbers[o.name] for i in function.instructions for o in _sources(i) if isinstance(o, Register)
        }
        self.site = 0
        self.strong_reads: set[int] = set()
        #: Has an instruction of this block left a carry?
        self.carries = False

    def place(self, name: str) -> Place:
        """Where a variable of local memory lies."""
        return Place(self.local[name], self.function.variables[name].size, name in self.framed)

    def site_of(self, number: int) -> int:
        """An instruction's number with the kernel's first, as its text has it: what follows a barrier is greater."""
        start = self.linked.start
        return number - start if number >= start else number + len(self.function.instructions) - start

    def program(self) -> Program:
        function = self.function
        instructions = function.instructions
        starts = self._starts()
        blocks: list[Block] = []
        for number, start in enumerate(starts):
            end = starts[number + 1] if number + 1 < len(starts) else len(instructions)
            blocks.append(self._return_to(start - 1) if start == end else self._block(start, end, starts))
        for number, block in enumerate(blocks):
            block.following = number + 1
            if block.ends == "branch" and block.target <= number:
                end = starts[number + 1] if number + 1 < len(starts) else len(instructions)
                block.spins = any(self.site_of(n) in self.strong_reads for n in range(starts[block.target], end))
        # Running off the end is a return.
        blocks.append(Block(self.site_of(max(len(instructions) - 1, 0)), ends="exit"))
        ordered = [*instructions[self.linked.start :], *instructions[: self.linked.start]]
        opcodes = [i.parts for i in instructions]
        names = {p[0] for p in opcodes}
        file = next((i.file for i in instructions if i.file is not None), None)
        return Program(
            entry=function.name,
            parameters=function.parameters,
            blocks=blocks,
            lines=[i.line for i in ordered] or [None],
            file=self.module.files.get(file) if file is not None else None,
            register_count=len(self.types),
            register_types=self.types,
            shared_size=self.shared_size,
            local_size=self.local_size,
            granule=self._granule(),
            fences=bool(names & {"membar", "fence"})
            or any(_STRONG & {"acquire", "release", "acq_rel"} & set(p) for p in opcodes),
            warp_sync=any(p[:2] == ("bar", "warp") for p in opcodes),
            lasting=self._lasting(starts),
            barriers=any(block.ends == "barrier" for block in blocks),
            float64_sites=self._unintended_float64(),
            entry_block=_block_at(starts, self.linked.start, len(instructions)),
            calls=any(variable.space == "param" for variable in function.variables.values()),
            frame_size=self.frame_size,
            tallies=any(map(_reduces, instructions)),
        )

    def _granule(self) -> int:
        """Bytes of a shadow cell: the smallest access of the kernel."""
        smallest = 8
        for instruction in self.function.instructions:
            if instruction.parts[0] in ("ld", "st", "atom", "red", "ldu") and "param" not in instruction.parts:
                smallest = min(smallest, SIZES.get(instruction.parts[-1], 1))
        return smallest

    def _unintended_float64(self) -> list[int]:
        """Arithmetic in float64 of a kernel that neither takes nor keeps one; not that of a range reduction."""
        function = self.function
        if any(parameter.type == "f64" for parameter in function.parameters):
            return []
        found = []
        for number, instruction in enumerate(function.instructions):
            name, kind = instruction.parts[0], instruction.parts[-1]
            if kind != "f64":
                continue
            if name in ("ld", "st", "atom", "red"):
                return []
            constants: set[float] = {o.value for o in instruction.operands if isinstance(o, Immediate)}
            if name in _ARITHMETIC and not constants & _RANGE_REDUCTION:
                found.append(self.site_of(number))
        return found

    def _lasting(self, starts: list[int]) -> frozenset[int]:
        """Registers that some block reads before it has written them for all its lanes."""
        found: set[int] = set()
        written: set[str] = set()
        begins = set(starts)
        for number, instruction in enumerate(self.function.instructions):
            if number in begins:
                written = set()
            target = instruction.operands[0] if instruction.operands else None
            first = isinstance(target, Register | Vector) and instruction.parts[0] not in ("st", "red", "bra", "brx")
            reads = instruction.operands[1:] if first else instruction.operands
            used = {r for operand in reads for r in _registers(operand)}
            results: set[str] = set(_registers(target)) if first else set()
            if instruction.guard is not None:
                used |= {instruction.guard[0].name} | results
            found.update(self.numbers[name] for name in used - written if name in self.numbers)
            if instruction.guard is None:
                written |= results
        return frozenset(found)

    def _starts(self) -> list[int]:
        starts = {0, *self.function.labels.values()}
        for number, instruction in enumerate(self.function.instructions):
            if instruction.parts[0] in _TERMINATORS:
                starts.add(number + 1)
        # Behind a call and a reducing barrier stands a block without instructions that takes over the results.
        reducing = [n for n, i in enumerate(self.function.instructions) if _reduces(i)]
        after = [number + 1 for number in (*self.linked.calls, *reducing)]
        starts.update(after)
        return sorted(start for start in (*starts, *after) if start < len(self.function.instructions))

    def _return_to(self, number: int) -> Block:
        if number not in self.linked.calls:
            return Block(self.site_of(number), [self._reduced(self.function.instructions[number])])
        site = self._call_site(number)
        return Block(self.site_of(number), [lambda lanes: lanes.wave.stack.resume(site, lanes)])

    def _reduced(self, instruction: Instruction) -> Operation:
        """What a reducing barrier leaves: of the lanes that met there, how many brought true, or did all, or one."""
        how = next(part for part in instruction.parts if part in ("popc", "and", "or"))
        put = self._set(instruction.operands[0], np.uint32 if how == "popc" else np.bool_)

        def run(lanes: Lanes) -> None:
            wave = lanes.wave
            true, met = (a if lanes.index is None else a[lanes.index] for a in (wave.tally, wave.met))
            put(lanes, {"popc": true.astype(np.uint32), "and": true == met, "or": true > 0}[how])

        return run

    def _call_site(self, number: int) -> CallSite:
        call = self.linked.calls[number]
        recursive = self.linked.recursive
        saves = call.caller in recursive and call.target in recursive
        names = self.linked.registers[call.caller] if saves else []
        arguments, results = (
            [(self.place(source), self.place(target)) for source, target in pairs]
            for pairs in (call.arguments, call.results)
        )
        return CallSite(arguments, results, [self.numbers[name] for name in names])

    def _block(self, start: int, end: int, starts: list[int]) -> Block:
        block = Block(site=self.site_of(max(end - 1, start)), length=end - start)
        self.carries = False
        for number in range(start, end):
            instruction = self.function.instructions[number]
            self.site = self.site_of(number)
            try:
                if number == end - 1 and (number in self.linked.calls or self._is_end(instruction)):
                    self._end(block, instruction, starts, number)
                    continue
                operation = self._operation(instruction)
            except (IndexError, KeyError, AttributeError, TypeError, ValueError, StopIteration) as error:
                if isinstance(error, PtxError):
                    raise
                raise Unsupported(instruction) from error
            if operation is not None:
                block.operations.append(self._guarded(instruction, operation))
        return block

    @staticmethod
    def _is_end(instruction: Instruction) -> bool:
        return instruction.parts[0] in _TERMINATORS

    def _end(self, block: Block, instruction: Instruction, starts: list[int], number: int) -> None:
        if instruction.guard is not None:
            register, negated = instruction.guard
            guard = self.numbers[register.name]
            block.guard = (lambda lanes: ~lanes.get(guard)) if negated else (lambda lanes: lanes.get(guard))
        name = instruction.parts[0]
        if name == "bra":
            block.ends = "branch"
            block.target = self._target(instruction.operands[0], instruction, starts)
        elif name == "brx":
            where = instruction.operands[1]
            assert isinstance(where, Symbol)
            block.ends, block.chosen = "switch", self._get(instruction.operands[0], np.uint32)
            labels = self.function.branch_targets[where.name]
            block.targets = [self._target(Symbol(label), instruction, starts) for label in labels]
        elif number in self.linked.calls:
            block.ends, block.call = "call", self._call_site(number)
            start = self.linked.starts[self.linked.calls[number].target]
            block.target = _block_at(starts, start, len(self.function.instructions))
        elif instruction.parts == ("ret", "call"):
            block.ends = "return"
        elif name in ("ret", "exit"):
            block.ends = "exit"
        elif name in ("trap", "brkpt"):
            block.ends = "trap"
        elif instruction.parts[:2] == ("bar", "warp"):
            block.ends = "warp barrier"
            block.members = self._get(instruction.operands[0], np.uint32)
        else:
            self._barrier(block, instruction)

    def _barrier(self, block: Block, instruction: Instruction) -> None:
        if set(instruction.parts[1:]) - _BARRIER:
            raise Unsupported(instruction)
        block.ends = "barrier"
        block.arrives = "arrive" in instruction.parts
        operands = instruction.operands
        if _reduces(instruction):
            block.predicate, operands = self._get(operands[-1], np.bool_), operands[1:-1]
        counts = [o.value for o in operands if isinstance(o, Immediate)]
        if len(counts) != len(operands) or not 1 + block.arrives <= len(counts) <= 2:
            raise Unsupported(instruction)
        block.barrier = int(counts[0])
        block.barrier_count = int(counts[1]) if len(counts) > 1 else None

    def _target(self, label: Any, instruction: Instruction, starts: list[int]) -> int:
        """The block to which a branch leads."""
        assert isinstance(label, Symbol)
        if label.name not in self.function.labels:
            raise PtxError(f"unknown label {label.name}", instruction.at)
        return _block_at(starts, self.function.labels[label.name], len(self.function.instructions))

    def _guarded(self, instruction: Instruction, operation: Operation) -> Operation:
        if instruction.guard is None:
            return operation
        register, negated = instruction.guard
        number = self.numbers[register.name]

        def guarded(lanes: Lanes) -> None:
            mask = lanes.get(number)
            mask = ~mask if negated else mask
            if np.ndim(mask) == 0:
                if mask:
                    operation(lanes)
                return
            if mask.all():
                operation(lanes)
            elif mask.any():
                part = lanes.subset(mask)
                operation(part)
                lanes.merge(part, mask)

        return guarded

    # -- operands

    def _get(self, operand: Any, dtype: Any) -> Getter:
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
            inner = self._get(operand.items[1], np.bool_)
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
        raise PtxError(f"unknown symbol {name}")

    def _set(self, operand: Any, dtype: Any) -> Callable[[Lanes, Any], None]:
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

    def _address(self, operand: Any, space: str) -> Getter:
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
                inner = self._get(operand.base, np.int32)

                def base(lanes: Lanes) -> Any:
                    return inner(lanes).astype(np.int64).view(np.uint64)
            else:
                base = self._get(operand.base, np.uint64)
        offset = np.uint64(operand.offset & 0xFFFFFFFFFFFFFFFF)
        if operand.offset == 0:
            return base
        return lambda lanes: base(lanes) + offset

    # -- instructions

    def _operation(self, instruction: Instruction) -> Operation | None:
        from grader.device.emulated.instructions import operation

        return operation(self, instruction)

    def access(self, instruction: Instruction, dtype: Any, strong: bool = False) -> tuple[Access, str]:
        space = next((p for p in instruction.parts if p in _SPACES), "")
        strong = strong or bool(_STRONG & set(instruction.parts))
        if strong and instruction.parts[0] in ("ld", "atom"):
            self.strong_reads.add(self.site)
        return Access(space, dtype, self.site, instruction.line, _scope(instruction) if strong else 0), space


def _scope(instruction: Instruction) -> int:
    return NARROW if "cta" in instruction.parts else WIDE


def _registers(operand: Any) -> list[str]:
    """Names of the registers in an operand."""
    if isinstance(operand, Register):
        return [operand.name]
    if isinstance(operand, Address):
        return _registers(operand.base)
    if isinstance(operand, Vector):
        return [name for item in operand.items for name in _registers(item)]
    return []


def _reduces(instruction: Instruction) -> bool:
    return instruction.parts[0] in ("bar", "barrier") and "red" in instruction.parts


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


def _block_at(starts: list[int], instruction: int, count: int) -> int:
    """The block that begins with this instruction; behind the last one stands the block that ends the kernel."""
    return len(starts) if instruction >= count else bisect.bisect_right(starts, instruction) - 1


def _sources(instruction: Instruction) -> list[Any]:
    """Operands that are read, and the registers in addresses and vectors."""
    found: list[Any] = []
    operands = instruction.operands if instruction.parts[0] in ("st", "red", "bra") else instruction.operands[1:]
    for operand in operands:
        if isinstance(operand, Address):
            found.append(operand.base)
        elif isinstance(operand, Vector):
            found.extend(operand.items)
        else:
            found.append(operand)
    if instruction.guard is not None:
        found.append(instruction.guard[0])
    return found


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
    "%dynamic_smem_size", "%total_smem_size",
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
    if base == "%dynamic_smem_size":
        return np.uint32(launch.shared_bytes)
    if base == "%total_smem_size":
        return np.uint32(wave.shared_size)
    return np.uint32(0)


def generic_base(space: str) -> int:
    """What cvta adds to an address in a state space."""
    return {"shared": address(SHARED_WINDOW, 0), "local": address(LOCAL_WINDOW, 0)}.get(space, 0)
