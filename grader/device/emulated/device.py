"""`EmulatedDevice`: one launch through the machine, and what it found. Imports nothing of ours but this package."""

from __future__ import annotations

from grader.device.emulated import library, machine, messages, pointers
from grader.device.emulated.gate import Gate, Refused
from grader.device.emulated.memory import Memory
from grader.device.emulated.ptx import Variable, parse
from grader.device.emulated.state import MULTIPROCESSORS, RESIDENT_THREADS, State, Stop, resident_blocks, volume
from grader.device.emulated.translate import Program, Unsupported
from grader.device.interface import Finding, Launch, LaunchResult

MAX_BLOCK_THREADS = 1024
MAX_BLOCK = (1024, 1024, 64)
MAX_GRID = (2**31 - 1, 65535, 65535)
MAX_STATIC_SHARED = 48 << 10
MAX_SHARED = 227 << 10
#: Variables of a module, in bytes.
MAX_VARIABLES = 256 << 20
#: A launch whose buffers exceed this is refused, in bytes.
MAX_MEMORY = 4 << 30

#: Below this share of useful traffic a line is worth a word of advice.
COALESCED = 0.5
#: Lanes of a warp in one bank, on average, from which on a line is worth a word of advice.
CONFLICTS = 2.0
#: Below this share of lanes at work, and from so many empty places on, divergence is worth a word of advice.
ACTIVE, EMPTY = 0.5, 1 << 20
#: Below this share of a multiprocessor's threads, in a launch of so many blocks that it is filled.
OCCUPANCY, FILLED = 0.25, MULTIPROCESSORS


class EmulatedDevice:
    """Executes PTX on NumPy. `compute_capability` is what device queries answer."""

    name = "emulated"

    def __init__(self, compute_capability: tuple[int, int] = (9, 0)) -> None:
        self.compute_capability = compute_capability
        self._gate = Gate()
        self._launches = 0

    def launch(self, launch: Launch) -> LaunchResult:
        """Run it to its end; every fault of the kernel is a finding. Buffers of the launch are not changed."""
        unchanged = LaunchResult([buffer.copy() for buffer in launch.buffers])
        impossible = _impossible(launch)
        if impossible is not None:
            unchanged.findings.append(impossible)
            return unchanged
        try:
            program = self._gate.program(launch)
        except Refused as error:
            unchanged.findings.append(error.finding)
            return unchanged
        too_much = _too_much_shared(program, launch) or _too_many_blocks(program, launch)
        if too_much is not None:
            unchanged.findings.append(too_much)
            return unchanged
        module = parse(launch.ptx)
        constants = {n: v for n, v in module.variables.items() if v.space in ("global", "const")}
        if program.meets_grid:
            size = library.WORKSPACE_BYTES
            constants[library.WORKSPACE] = Variable(library.WORKSPACE, "global", size, size)
        if sum(variable.size for variable in constants.values()) > MAX_VARIABLES:
            unchanged.findings.append(_too_large_variables())
            return unchanged
        aside = 0
        if program.variables:
            self._launches = (self._launches + 1) % 16
            aside = self._launches * 32
        memory = Memory(launch, constants, pointers.addresses(module), program.granule, aside)
        state = State(launch, program, memory)
        ended = True
        try:
            machine.run(state)
        except Stop:
            ended = False
        except Unsupported as error:
            instruction = error.instruction
            unchanged.findings.append(messages.unsupported(instruction.opcode, instruction.line))
            return unchanged
        if ended:
            _advise(state)
        state.counters.undecided_orders = state.order.undecided
        return LaunchResult(
            state.memory.results(launch),
            list(state.findings.values()),
            state.counters,
            printed=state.printed.text(),
            trace=state.trace,
            variables=state.memory.variables(program.variables),
            touched=[] if state.shadow is None else state.memory.touched(launch, state.shadow),
        )


def _impossible(launch: Launch) -> Finding | None:
    threads = launch.block[0] * launch.block[1] * launch.block[2]
    if any(size < 1 for size in (*launch.block, *launch.grid)):
        return messages.bad_launch(
            {
                "en": f"Grid {launch.grid} and block {launch.block}: every size must be at least 1.",
                "de": f"Gitter {launch.grid} und Block {launch.block}: Jede Größe muss mindestens 1 sein.",
            }
        )
    if threads > MAX_BLOCK_THREADS or any(b > m for b, m in zip(launch.block, MAX_BLOCK, strict=True)):
        return messages.bad_launch(
            {
                "en": f"A block of {threads} threads: a GPU takes at most {MAX_BLOCK_THREADS} in a block.",
                "de": f"Ein Block mit {threads} Threads: Eine GPU nimmt höchstens {MAX_BLOCK_THREADS} je Block.",
            }
        )
    if any(g > m for g, m in zip(launch.grid, MAX_GRID, strict=True)):
        return messages.bad_launch(
            {
                "en": f"Grid {launch.grid}: a GPU takes at most {MAX_GRID}.",
                "de": f"Gitter {launch.grid}: Eine GPU nimmt höchstens {MAX_GRID}.",
            }
        )
    size = sum(buffer.nbytes for buffer in launch.buffers)
    blocks = launch.grid[0] * launch.grid[1] * launch.grid[2]
    if size > MAX_MEMORY or blocks * threads > 1 << 30:
        return messages.bad_launch(
            {
                "en": f"{size} bytes and {blocks * threads} threads are more than the emulated GPU holds.",
                "de": f"{size} Byte und {blocks * threads} Threads sind mehr, als die emulierte GPU fasst.",
            }
        )
    return None


def _too_much_shared(program: Program, launch: Launch) -> Finding | None:
    size = program.shared_size + launch.shared_bytes
    if program.shared_size <= MAX_STATIC_SHARED and launch.shared_bytes >= 0 and size <= MAX_SHARED:
        return None
    return messages.bad_launch(
        {
            "en": f"The kernel asks for {size} bytes of shared memory; a block has at most {MAX_STATIC_SHARED} bytes "
            "of fixed size.",
            "de": f"Der Kernel verlangt {size} Byte Shared Memory; ein Block hat höchstens {MAX_STATIC_SHARED} Byte "
            "fester Größe.",
        }
    )


def _too_large_variables() -> Finding:
    return messages.bad_launch(
        {
            "en": f"The module's variables take more than {MAX_VARIABLES} bytes. Pass large arrays as arguments.",
            "de": f"Die Variablen des Moduls brauchen mehr als {MAX_VARIABLES} Byte. "
            "Übergib große Arrays als Argumente.",
        }
    )


def _too_many_blocks(program: Program, launch: Launch) -> Finding | None:
    """A grid that meets must be resident as a whole; a GPU refuses to launch another."""
    blocks, at_once = volume(launch.grid), resident_blocks(launch, program)
    return messages.grid_not_resident(at_once, blocks) if program.meets_grid and blocks > at_once else None


def _advise(state: State) -> None:
    """Advice that costs correctness nothing. Its thresholds are those of `docs/learn/findings.md`."""
    program = state.program
    state.counters.float64_instructions = len(program.float64_sites)
    for site in program.float64_sites[:1]:
        instructions = state.counters.thread_instructions
        state.report(messages.float64(program.lines[site], len(program.float64_sites), instructions), "float64")
    for line, (sectors, ideal) in _by_line(program, state.traffic).items():
        # A few sectors are no pattern.
        if sectors >= 64 and ideal / sectors < COALESCED:
            state.report(messages.uncoalesced(line, ideal / sectors, sectors, sectors - ideal), line)
    for line, (extra, accesses) in _by_line(program, state.banks).items():
        if accesses >= 8 and extra / accesses + 1 >= CONFLICTS:
            state.report(messages.bank_conflict(line, extra / accesses + 1, extra), line)
    empty = int(state.idle_slots.sum())
    if empty >= EMPTY and empty > (1 - ACTIVE) * state.warp_slots:
        line = program.lines[program.blocks[int(state.idle_slots.argmax())].site]
        state.report(messages.divergence(line, 1 - empty / state.warp_slots, empty), "divergence")
    each = state.resident_at_most // MULTIPROCESSORS
    share = each * state.block_threads / RESIDENT_THREADS
    if share < OCCUPANCY and state.started >= FILLED * each:
        state.report(messages.occupancy(share, each, program.shared_size + state.launch.shared_bytes), "occupancy")
    races = {finding.line for finding in state.findings.values() if finding.kind == "race"}
    for key, finding in list(state.findings.items()):
        if finding.kind == "same-value" and finding.line in races:
            del state.findings[key]


def _by_line(program: Program, sites: dict[int, tuple[int, int]]) -> dict[int | None, tuple[int, int]]:
    """Sums over the instructions of each source line; an unrolled loop is one line."""
    found: dict[int | None, tuple[int, int]] = {}
    for site, (first, second) in sites.items():
        line = program.lines[site]
        known = found.get(line, (0, 0))
        found[line] = (known[0] + first, known[1] + second)
    return found
