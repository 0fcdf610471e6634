"""From PTX instructions to operations on lanes, once for each kernel.

A basic block becomes a list of Python closures over NumPy functions. They hold register numbers of ours and
constants; no text of the PTX is ever executed. Imports nothing of ours but this package.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from grader.device.emulated import calls, instructions, library
from grader.device.emulated.access import Access
from grader.device.emulated.calls import CallSite
from grader.device.emulated.operands import Getter, Operands, Operation
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
    Vector,
)
from grader.device.emulated.undefined import Flow, flow_of
from grader.device.emulated.warp import Exchange, is_exchange

if TYPE_CHECKING:
    from grader.device.emulated.lanes import Lanes


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
    #: A barrier's number and, where it has one, its count of threads.
    barrier: tuple[Getter, ...] = ()
    guard: Callable[[Lanes], Any] | None = None
    length: int = 0
    #: What lanes of a warp do together.
    exchange: Exchange | None = None
    #: Its branch leads back over a strong read: a loop that may wait for another thread.
    spins: bool = False
    call: CallSite | None = None
    #: For what is undefined: where each operation's values go, and the registers that the end depends on.
    flows: list[Flow] = field(default_factory=list)
    reads: tuple[int, ...] = ()
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
    #: Are there warp operations?
    exchanges: bool = False
    #: Names of the module's variables that it may change.
    variables: frozenset[str] = frozenset()
    #: Does the whole grid meet?
    meets_grid: bool = False

    def zero(self, register: int) -> Any:
        return self.register_types[register](0)


def translate(module: Module, entry: str) -> Program:
    """Raises PtxError for what is malformed, Unsupported for what is unknown."""
    function = module.functions.get(entry)
    if function is None or not function.entry:
        known = ", ".join(f.name for f in module.entries()) or "none"
        raise PtxError(f"no kernel {entry}; the module has: {known}")
    return _Translator(module, calls.link(module, function)).program()


_SPACES = ("global", "shared", "local", "const", "param")
_STRONG = {"volatile", "relaxed", "acquire", "release", "acq_rel", "mmio"}
_TERMINATORS = {"bra", "ret", "exit", "trap", "bar", "barrier", "brkpt", "brx"}
#: What may stand in the opcode of a barrier of the block.
_BARRIER = {"sync", "arrive", "red", "cta", "aligned", "popc", "and", "or", "u32", "pred"}
_ARITHMETIC = {"add", "sub", "mul", "fma", "div", "sqrt", "rcp", "mad"}
#: pi / 2 ** 65: libdevice's float32 sine and cosine of a large angle multiply by it in float64.
_RANGE_REDUCTION = {float.fromhex("0x1.921fb54442d19p-64")}


class _Translator(Operands):
    def __init__(self, module: Module, linked: calls.Linked) -> None:
        super().__init__(module, linked)
        function = linked.function
        self.read = {
            self.numbers[o.name] for i in function.instructions for o in _sources(i) if isinstance(o, Register)
        }
        self.site = 0
        self.strong_reads: set[int] = set()
        #: Has an instruction of this block left a carry?
        self.carries = False

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
            exchanges=any(map(is_exchange, instructions)),
            variables=self._changed_variables(),
            meets_grid=library.meets_grid(function),
        )

    def _changed_variables(self) -> frozenset[str]:
        """Those that the kernel names, or whose address another one holds."""
        named = {
            symbol.name
            for instruction in self.function.instructions
            for operand in instruction.operands
            if isinstance(symbol := operand.base if isinstance(operand, Address) else operand, Symbol)
        }
        named |= {name for variable in self.module.variables.values() for _, name, _ in variable.references}
        return frozenset(n for n, v in self.module.variables.items() if v.space == "global" and n in named)

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
            # What a call takes and gives, or what lies in a thread's own memory, nobody has asked for.
            if name in ("ld", "st", "atom", "red") and not {"param", "local"} & set(instruction.parts):
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
            if self._is_end(instruction):
                starts.add(number + 1)
        # Behind a call and a reducing barrier stands a block without instructions that takes over the results.
        reducing = [n for n, i in enumerate(self.function.instructions) if _reduces(i)]
        after = [number + 1 for number in (*self.linked.calls, *reducing)]
        starts.update(after)
        return sorted(start for start in (*starts, *after) if start < len(self.function.instructions))

    def _return_to(self, number: int) -> Block:
        if number not in self.linked.calls:
            instruction = self.function.instructions[number]
            flow = replace(flow_of(instruction, self.numbers), reads=(), guard=None)
            return Block(self.site_of(number), [self._reduced(instruction)], flows=[flow])
        site = self._call_site(number)
        resume: Operation = lambda lanes: lanes.wave.stack.resume(site, lanes)  # noqa: E731
        return Block(self.site_of(number), [resume], flows=[Flow((), ())])

    def _reduced(self, instruction: Instruction) -> Operation:
        """What a reducing barrier leaves: of the lanes that met there, how many brought true, or did all, or one."""
        how = next(part for part in instruction.parts if part in ("popc", "and", "or"))
        put = self.set(instruction.operands[0], np.uint32 if how == "popc" else np.bool_)

        def run(lanes: Lanes) -> None:
            wave = lanes.wave
            true, met = (a if lanes.index is None else a[lanes.index] for a in (wave.barriers.tally, wave.barriers.met))
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
                operation = instructions.operation(self, instruction)
            except (AssertionError, LookupError, AttributeError, TypeError, ValueError, StopIteration) as error:
                if isinstance(error, PtxError):
                    raise
                raise Unsupported(instruction) from error
            if operation is not None:
                block.operations.append(self._guarded(instruction, operation))
                block.flows.append(flow_of(instruction, self.numbers))
        return block

    @staticmethod
    def _is_end(instruction: Instruction) -> bool:
        return instruction.parts[0] in _TERMINATORS or is_exchange(instruction)

    def _end(self, block: Block, instruction: Instruction, starts: list[int], number: int) -> None:
        if instruction.guard is not None:
            register, negated = instruction.guard
            guard = self.numbers[register.name]
            block.guard = (lambda lanes: ~lanes.get(guard)) if negated else (lambda lanes: lanes.get(guard))
            block.reads = (guard,)
        name = instruction.parts[0]
        if name == "bra":
            block.ends = "branch"
            block.target = self._target(instruction.operands[0], instruction, starts)
        elif name == "brx":
            where = instruction.operands[1]
            if not isinstance(where, Symbol):
                raise PtxError("an indexed branch without its list of labels", instruction.at)
            block.ends, block.chosen = "switch", self.get(instruction.operands[0], np.uint32)
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
        elif is_exchange(instruction):
            flow = flow_of(instruction, self.numbers)
            given = instructions.exchange(self, instruction)
            block.ends = "exchange"
            block.exchange = replace(given, reads=flow.reads, result=next(iter(flow.writes), None))
        else:
            self._barrier(block, instruction)

    def _barrier(self, block: Block, instruction: Instruction) -> None:
        if set(instruction.parts[1:]) - _BARRIER:
            raise Unsupported(instruction)
        block.ends = "barrier"
        block.arrives = "arrive" in instruction.parts
        operands = instruction.operands
        if _reduces(instruction):
            block.predicate, operands = self.get(operands[-1], np.bool_), operands[1:-1]
        if not 1 + block.arrives <= len(operands) <= 2:
            raise Unsupported(instruction)
        block.barrier = tuple(self.get(operand, np.uint32) for operand in operands)

    def _target(self, label: Any, instruction: Instruction, starts: list[int]) -> int:
        """The block to which a branch leads."""
        if not isinstance(label, Symbol):
            raise PtxError("a branch to something that is no label", instruction.at)
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
