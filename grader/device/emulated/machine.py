"""The lock-step machine: waves of blocks, groups of lanes at one program counter, barriers.

The lowest program counter goes first, which brings diverged lanes together again; a group that has gone round a loop
which may wait for others lets them go first, and one that has waited long goes before all, so that every runnable
thread moves after a bounded number of steps and a correct spin lock ends. Blocks start in index order, as many as a
GPU holds at once; where all that run wait for something, the next ones start beside them and they take turns.
A launch's seed decides about the order of groups, the size of waves and the order of lanes in atomics; 0 is index
order. Imports nothing of ours but this package.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import numpy as np

from grader.device.emulated import messages
from grader.device.emulated.calls import Stack, StackOverflow
from grader.device.emulated.memory import GLOBAL, SHARED, Memory, Shadow
from grader.device.emulated.order import THREAD_BITS, Order
from grader.device.emulated.printing import Printed
from grader.device.emulated.trace import Trace
from grader.device.emulated.translate import Block, Program
from grader.device.interface import Counters, Dim3, Finding, Launch

#: Threads of one wave; registers of a wave should stay in the processor's cache.
WAVE_THREADS = 1 << 16
#: A group that has waited this many steps goes first.
PATIENCE = 64
#: Steps that nothing but waiting loops made, after which other blocks get their turn.
TURN = 32
#: One group in so many is drawn where a seed decides.
DRAWN = 4
#: What a GPU of compute capability 9.0 with 132 multiprocessors holds at once.
MULTIPROCESSORS, RESIDENT_THREADS, RESIDENT_BLOCKS, RESIDENT_SHARED = 132, 2048, 32, 228 << 10
WARP = 32


@dataclass(frozen=True, eq=False)
class Arrival:
    """Lanes at a block barrier: which, at which block's end, and when."""

    index: np.ndarray
    block: Block
    tick: int


class Stop(Exception):
    """The launch ends here; the finding says why."""


class State:
    """What outlives a wave: findings, counters, memory, and when threads met."""

    def __init__(self, launch: Launch, program: Program, memory: Memory) -> None:
        self.launch = launch
        self.program = program
        self.memory = memory
        self.counters = Counters()
        self.printed = Printed()
        self.findings: dict[Any, Finding] = {}
        self.traffic: dict[int, tuple[int, int]] = {}
        self.banks: dict[int, tuple[int, int]] = {}
        self.float64: dict[int, int] = {}
        self.step = 0
        #: Places for lanes in the instructions that warps executed, and for each basic block those left empty.
        self.warp_slots = 0
        self.idle_slots = np.zeros(len(program.blocks), np.int64)
        #: Blocks that have started, and that have ended.
        self.started = self.ended = 0
        self.random = np.random.default_rng(launch.seed)
        threads, blocks = _volume(launch.block) * _volume(launch.grid), _volume(launch.grid)
        self.block_threads = _volume(launch.block)
        self.warps_per_block = -(-self.block_threads // WARP)
        self.shadow = Shadow(len(memory.bytes) // memory.granule, self.groups(GLOBAL)) if launch.races else None
        self.order = Order(threads, self.block_threads, program.fences and launch.races)
        self.ticks = 0
        self._accesses = np.zeros(1024, np.int32)
        self.resident_at_most = resident_blocks(launch, program)
        self.resident = min(blocks, self.resident_at_most)
        self.trace = None if launch.trace is None else Trace(launch.trace, self.block_threads)

    def groups(self, space: int) -> tuple[Callable[[np.ndarray], np.ndarray], ...]:
        """How far apart threads are, finest first, as far as it matters to the order of accesses."""

        def itself(threads: np.ndarray) -> np.ndarray:
            return threads

        def warp(threads: np.ndarray) -> np.ndarray:
            lane = threads % self.block_threads // WARP
            return np.asarray(threads // self.block_threads * self.warps_per_block + lane)

        def block(threads: np.ndarray) -> np.ndarray:
            return np.asarray(threads // self.block_threads)

        return (
            itself,
            *((warp,) if self.program.warp_sync or self.program.fences else ()),
            *((block,) if space == GLOBAL else ()),
        )

    def tick(self, site: int, strength: int) -> int:
        """The number of a new access or barrier."""
        self.ticks += 1
        if self.ticks == len(self._accesses):
            self._accesses = np.concatenate([self._accesses, np.zeros_like(self._accesses)])
        self._accesses[self.ticks] = site << 2 | strength
        return self.ticks

    def sites_of(self, ticks: np.ndarray) -> np.ndarray:
        return np.asarray(self._accesses[ticks] >> 2)

    def strengths(self, ticks: np.ndarray) -> np.ndarray:
        return np.asarray(self._accesses[ticks] & 3)

    def report(self, finding: Finding, key: Any, count: int = 1) -> None:
        """Keep the first of a kind at a place, and count the others."""
        key = (finding.kind, key)
        known = self.findings.get(key)
        if known is None:
            file = self.program.file
            self.findings[key] = replace(finding, count=count, file=file)
        else:
            self.findings[key] = replace(known, count=known.count + count)


def _volume(shape: Dim3) -> int:
    return shape[0] * shape[1] * shape[2]


class Lanes:
    """The lanes that execute a basic block together: their registers, read and written as arrays."""

    def __init__(self, wave: Wave, index: np.ndarray | None, count: int) -> None:
        self.wave = wave
        self.index = index
        self.count = count
        self.step = wave.state.step
        self.local: dict[int, Any] = {}
        self.written: set[int] = set()
        self.carry: Any = None

    @property
    def threads(self) -> np.ndarray:
        """Numbers of these threads in the whole grid."""
        numbers = self.wave.numbers
        return numbers if self.index is None else numbers[self.index]

    def get(self, register: int) -> Any:
        if register in self.local:
            return self.local[register]
        value = self.wave.registers[register]
        if value is None:
            value = self.wave.program.zero(register)
        elif self.index is not None and value.ndim:
            value = value[self.index]
        self.local[register] = value
        return value

    def set(self, register: int, value: Any) -> None:
        self.local[register] = value
        self.written.add(register)

    def spread(self, value: Any) -> np.ndarray:
        """As one value for each lane."""
        if np.ndim(value) == 0:
            return np.full(self.count, value)
        return np.asarray(value)

    def subset(self, mask: np.ndarray) -> Lanes:
        """Lanes for which `mask` is true, sharing what this block has computed so far."""
        chosen = np.flatnonzero(mask)
        part = Lanes(self.wave, chosen if self.index is None else self.index[chosen], len(chosen))
        part.local = {k: v[chosen] if np.ndim(v) else v for k, v in self.local.items()}
        part.carry = self.carry[chosen] if np.ndim(self.carry) else self.carry
        return part

    def merge(self, part: Lanes, mask: np.ndarray) -> None:
        """Take over what `part`, made by `subset(mask)`, has written."""
        for register in part.written:
            value = self.spread(self.get(register)).copy()
            value[mask] = part.local[register]
            self.set(register, value)

    def flush(self) -> None:
        """Write back to the wave's registers."""
        wave = self.wave
        for register in self.written & wave.program.lasting:
            value = self.local[register]
            if self.index is None:
                wave.registers[register] = value
                wave.owned[register] = False
                continue
            kept = wave.registers[register]
            if kept is None or np.ndim(kept) == 0:
                kept = np.full(wave.threads, wave.program.zero(register) if kept is None else kept)
            elif not wave.owned[register]:
                kept = kept.copy()
            kept[self.index] = value
            wave.registers[register] = kept
            wave.owned[register] = True
        self.written.clear()


class Wave:
    """As many blocks as are resident at once, from `first_block` on."""

    def __init__(self, state: State, first_block: int, blocks: int) -> None:
        launch = state.launch
        self.state = state
        self.program = state.program
        self.memory = state.memory
        self.counters = state.counters
        self.block_threads = _volume(launch.block)
        self.first_block = first_block
        self.blocks = blocks
        self.threads = blocks * self.block_threads
        self.first_thread = first_block * self.block_threads
        self.numbers = np.arange(self.first_thread, self.first_thread + self.threads, dtype=np.int64)
        self.registers: list[Any] = [None] * self.program.register_count
        self.owned = [False] * self.program.register_count
        self.granule = state.memory.granule
        self.watch = launch.races
        self.count = True
        self.shared_size = self.program.shared_size + launch.shared_bytes
        self.shared_stride = -(-max(self.shared_size, 16) // 128) * 128
        self.local_size = self.program.local_size
        self.local_stride = -(-max(self.local_size, 16) // 16) * 16
        self.shared = np.zeros(blocks * self.shared_stride if self.shared_size else 16, np.uint8)
        self.local = np.zeros(self.threads * self.local_stride if self.local_size else 16, np.uint8)
        cells = len(self.shared) // self.granule
        self.shared_written = np.zeros(cells, bool)
        self.shared_shadow = Shadow(cells, state.groups(SHARED)) if self.watch else None
        self._shared_base = (self.numbers - self.first_thread) // self.block_threads * self.shared_stride
        self.alive = np.full(blocks, self.block_threads)
        self.gone = np.zeros(self.threads, bool)
        #: Ticks at which a thread last touched memory, and last parted from others at a branch.
        self.last_touch = np.zeros(self.threads, np.int32)
        self.last_parting = np.zeros(self.threads, np.int32)
        self.steps = np.zeros(self.threads, np.int64)
        self.common_steps = 0
        self.counted_ended = 0
        self.special: dict[str, Any] = {}
        if self.program.tallies:
            self.votes = np.zeros(self.threads, bool)
            # Of the threads that met at a thread's last barrier: how many voted yes, and how many there were.
            self.tally = np.zeros(self.threads, np.int64)
            self.met = np.zeros(self.threads, np.int64)
        self._stack = Stack(self) if self.program.calls else None
        self.ready: dict[int, list[np.ndarray]] = {}
        self.since: dict[int, int] = {}
        self.idle: set[int] = set()
        self.spins = 0
        self.waiting: dict[int, list[Arrival]] = {}
        self.warps_waiting: list[tuple[np.ndarray, np.ndarray, int, int]] = []
        self._everyone = np.arange(self.threads)
        self._enter(self.program.entry_block, self._everyone)

    # -- what instructions ask

    @property
    def stack(self) -> Stack:
        assert self._stack is not None
        return self._stack

    def bytes_of(self, space: int) -> np.ndarray:
        return self.memory.bytes if space == GLOBAL else self.shared if space == SHARED else self.local

    def initialised(self, space: int) -> np.ndarray:
        return self.memory.initialised if space == GLOBAL else self.shared_written

    def shadow(self, space: int) -> Shadow:
        shadow = self.state.shadow if space == GLOBAL else self.shared_shadow
        assert shadow is not None
        return shadow

    def warp_of(self, threads: np.ndarray) -> np.ndarray:
        """Numbers of warps in the whole grid; a warp never spans two blocks."""
        block = threads // self.block_threads
        return np.asarray(block * self.state.warps_per_block + (threads - block * self.block_threads) // WARP)

    def where(self, thread: int) -> tuple[Dim3, Dim3]:
        """(thread index, block index) of a thread's number."""
        block, rest = divmod(thread, self.block_threads)
        return _index(rest, self.state.launch.block), _index(block, self.state.launch.grid)

    def line_of(self, site: int) -> int | None:
        return self.program.lines[site]

    def report(self, finding: Finding, key: Any, count: int = 1) -> None:
        self.state.report(finding, key, count)

    def shared_base(self, index: np.ndarray | None, threads: np.ndarray) -> np.ndarray:
        """Where the shared memory of each thread's block begins."""
        if index is None and len(threads) == self.threads:
            return self._shared_base
        return self._shared_base[threads - self.first_thread]

    def touched(self, threads: np.ndarray) -> None:
        if self.program.barriers:
            self.last_touch[self._lanes(threads)] = self.state.ticks + 1

    def _lanes(self, threads: np.ndarray) -> Any:
        return slice(None) if len(threads) == self.threads else threads - self.first_thread

    def traffic(self, site: int, sectors: int, ideal: int) -> None:
        known = self.state.traffic.get(site, (0, 0))
        self.state.traffic[site] = (known[0] + sectors, known[1] + ideal)

    def bank_use(self, site: int, extra: int, accesses: int) -> None:
        known = self.state.banks.get(site, (0, 0))
        self.state.banks[site] = (known[0] + extra, known[1] + accesses)

    def atomic_order(self, threads: np.ndarray) -> np.ndarray:
        """The order in which warps, and lanes of a warp, go in one atomic instruction; the launch's seed decides."""
        if self.state.launch.seed == 0:
            return np.arange(len(threads))
        warp = self.warp_of(threads - self.first_thread)
        turns = self.state.random.permutation(int(warp[-1]) + 1)
        return np.lexsort((self.state.random.permutation(len(threads)), turns[warp]))

    def note_fence(self, threads: np.ndarray, wide: bool) -> None:
        self.state.order.note_fence(threads, self.state.tick(0, 0), wide)

    # -- running

    def advance(self) -> bool:
        """Run until the blocks have ended (True), or until all that can go only wait for others (False)."""
        state = self.state
        self.spins = 0
        while self.ready or self.waiting or self.warps_waiting:
            if not self.ready:
                self._stuck()
            target = self._choose()
            index = self.ready.pop(target)
            del self.since[target]
            waits = target in self.idle
            self.idle.discard(target)
            together = index[0] if len(index) == 1 else self._together(index)
            self._execute(target, together, waits)
            if state.counters.thread_instructions > state.launch.step_limit:
                self._too_long(target, together)
            if self.spins > TURN and self.ready:
                return False
        return True

    def _together(self, groups: list[np.ndarray]) -> np.ndarray:
        """Lanes of several groups as one, in order."""
        if sum(len(group) for group in groups) == self.threads:
            return self._everyone
        present = np.zeros(self.threads, bool)
        for group in groups:
            present[group] = True
        return np.flatnonzero(present)

    def _choose(self) -> int:
        state = self.state
        if len(self.ready) == 1:
            target = next(iter(self.ready))
            self.spins = self.spins + 1 if self.idle else 0
            return target
        oldest = min(self.since, key=self.since.__getitem__)
        busy = [target for target in self.ready if target not in self.idle]
        self.spins = 0 if busy else self.spins + 1
        if not busy or state.step - self.since[oldest] > PATIENCE:
            return oldest
        if state.launch.seed and state.random.integers(DRAWN) == 0:
            return int(state.random.choice(sorted(busy)))
        return min(busy)

    def _enter(self, target: int, index: np.ndarray, idle: bool = False) -> None:
        if not len(index):
            return
        if target not in self.ready:
            self.ready[target] = []
            self.since[target] = self.state.step
            if idle:
                self.idle.add(target)
        elif not idle:
            self.idle.discard(target)
        self.ready[target].append(index)

    def _execute(self, target: int, index: np.ndarray, waits: bool) -> None:
        state = self.state
        block = self.program.blocks[target]
        state.step += 1
        state.counters.thread_instructions += block.length * len(index)
        everyone = len(index) == self.threads
        if everyone:
            self.common_steps += block.length
            state.warp_slots += block.length * self.blocks * state.warps_per_block * WARP
        else:
            self.steps[index] += block.length
            if not waits:
                warps = self.warp_of(index)
                slots = WARP * (1 + int(np.count_nonzero(warps[1:] != warps[:-1])))
                state.warp_slots += block.length * slots
                state.idle_slots[target] += block.length * (slots - len(index))
        if state.step % 1024 == 0 and int(self.steps[index].max()) + self.common_steps > state.launch.thread_step_limit:
            self._too_long(target, index)
        if state.trace is not None:
            state.trace.note_step(self.line_of(block.site), block.length, self.numbers[index])
        lanes = Lanes(self, None if everyone else index, len(index))
        for operation in block.operations:
            operation(lanes)
        taken = block.taken(lanes)
        members = block.members(lanes) if block.members is not None else None
        chosen = None if block.chosen is None else lanes.spread(block.chosen(lanes))
        if block.predicate is not None:
            self.votes[index] = lanes.spread(block.predicate(lanes))
        lanes.flush()
        if chosen is not None:
            self._switch(block, index, chosen, taken)
            return
        if taken is None:
            self._enter(block.following, index)
        elif taken is True:
            self._leave(block, index, members)
        else:
            if self.program.barriers:
                self.last_parting[index] = state.tick(block.site, 0)
            self._enter(block.following, index[~taken])
            if members is not None:
                members = np.broadcast_to(members, index.shape)[taken]
            self._leave(block, index[taken], members)

    def _leave(self, block: Block, index: np.ndarray, members: Any) -> None:
        """What the block's last instruction does to the lanes for which it acts."""
        if not len(index):
            return
        if block.ends == "branch":
            self._enter(block.target, index, idle=block.spins)
        elif block.ends == "exit":
            self._exit(index)
        elif block.ends == "call":
            self._call(block, index)
        elif block.ends == "return":
            for target, lanes in self.stack.leave(index):
                self._enter(target, lanes)
        elif block.ends == "trap":
            self.trap(block.site, index)
        elif block.ends == "warp barrier":
            self.warps_waiting.append((index, np.broadcast_to(members, index.shape), block.following, block.site))
            self._complete_warps()
        else:
            self._arrive(block, index)

    def trap(self, site: int, index: np.ndarray, said: str = "") -> NoReturn:
        """The lanes `index` of this wave stop the kernel; `said` is what an assertion says."""
        thread, place = self.where(int(self.numbers[index[0]]))
        self.report(messages.trap(self.line_of(site), thread, place, said), site, len(index))
        raise Stop

    def _switch(self, block: Block, index: np.ndarray, chosen: np.ndarray, taken: Any) -> None:
        """An indexed branch; `taken` as for other ends of blocks."""
        mask = np.zeros(len(index), bool) if taken is None else np.full(len(index), True) & taken
        self._enter(block.following, index[~mask])
        outside = mask & (chosen >= len(block.targets))
        if outside.any():
            self.trap(block.site, index[outside])
        for number in np.unique(chosen[mask]):
            self._enter(block.targets[number], index[mask & (chosen == number)])

    def _call(self, block: Block, index: np.ndarray) -> None:
        assert block.call is not None
        try:
            self.stack.enter(block.call, block.following, index)
        except StackOverflow as full:
            thread, place = self.where(int(self.numbers[full.lane]))
            self.report(messages.stack_overflow(self.line_of(block.site), thread, place), block.site)
            raise Stop from None
        self._enter(block.target, index)

    def _exit(self, index: np.ndarray) -> None:
        self.alive -= np.bincount(index // self.block_threads, minlength=self.blocks)
        self.gone[index] = True
        joined = self.state.order.joined[self.numbers[index]] >> THREAD_BITS
        if (self.last_touch[index] > joined).any():
            # What these threads touched no later barrier orders.
            for block in np.unique(index[self.last_touch[index] > joined] // self.block_threads):
                if self.alive[block]:
                    self.state.order.split(int(block) + self.first_block)
        for barrier in list(self.waiting):
            self._complete(barrier)
        if self.warps_waiting:
            self._complete_warps()

    # -- barriers

    def _arrive(self, block: Block, index: np.ndarray) -> None:
        self.counters.barriers += len(index)
        arrival = Arrival(index, block, self.state.tick(block.site, 0))
        self.waiting.setdefault(block.barrier, []).append(arrival)
        if block.arrives:
            self._enter(block.following, index)
        self._complete(block.barrier)

    def _complete(self, barrier: int) -> None:
        """Release the blocks in which everybody who is alive, or as many as the barrier counts, has arrived."""
        arrivals = self.waiting[barrier]
        arrived = np.zeros(self.blocks, np.int64)
        needed = self.alive.copy()
        for arrival in arrivals:
            owner = arrival.index // self.block_threads
            arrived += np.bincount(owner, minlength=self.blocks)
            if arrival.block.barrier_count is not None:
                needed[owner] = np.minimum(arrival.block.barrier_count, self.block_threads)
        exited = self.block_threads - self.alive
        counted = needed < self.block_threads
        needed = np.where(counted & (needed > self.alive), needed - exited, np.minimum(needed, self.alive))
        done = (arrived > 0) & (arrived >= needed)
        if not done.any():
            return
        released, kept = [], []
        for arrival in arrivals:
            free = done[arrival.index // self.block_threads]
            if free.all():
                released.append(arrival)
                continue
            kept.append(replace(arrival, index=arrival.index[~free]))
            if free.any():
                released.append(replace(arrival, index=arrival.index[free]))
        self._judge(released, done)
        if self.program.tallies:
            self._count_votes(np.concatenate([arrival.index for arrival in released]))
        self._order(released, done, arrived)
        if kept:
            self.waiting[barrier] = kept
        else:
            del self.waiting[barrier]
        for arrival in released:
            if not arrival.block.arrives:
                self._enter(arrival.block.following, arrival.index)

    def _order(self, released: list[Arrival], done: np.ndarray, arrived: np.ndarray) -> None:
        order, tick = self.state.order, self.state.tick(released[0].block.site, 0)
        whole = done & (arrived == self.alive) if not any(a.block.arrives for a in released) else done & False
        waiting = np.concatenate([a.index for a in released])
        everybody = whole[waiting // self.block_threads]
        if everybody.any():
            order.whole_barrier(self.numbers[waiting[everybody]], tick)
        for block in np.flatnonzero(done & ~whole):
            parts: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
            when = []
            for arrival in released:
                own = arrival.index[arrival.index // self.block_threads == block]
                parts[arrival.block.arrives].append(self.numbers[own])
                if arrival.block.arrives:
                    when.append(np.full(len(own), arrival.tick << THREAD_BITS))
            empty = np.zeros(0, np.int64)
            order.barrier(
                int(block) + self.first_block,
                np.concatenate([empty, *parts[0]]),
                np.concatenate([empty, *parts[1]]),
                np.concatenate([empty, *when]),
                tick,
            )

    def _complete_warps(self) -> None:
        """Release the warps in which all lanes of a barrier's mask that have not exited have arrived."""
        index = np.concatenate([entry[0] for entry in self.warps_waiting])
        mask = np.concatenate([entry[1] for entry in self.warps_waiting])
        entry = np.repeat(np.arange(len(self.warps_waiting)), [len(entry[0]) for entry in self.warps_waiting])
        lane = (index % self.block_threads % WARP).astype(np.int64)
        key = self.warp_of(self.numbers[index]) << 32 | mask.astype(np.int64)
        keys, which = np.unique(key, return_inverse=True)
        present = np.zeros(len(keys), np.int64)
        np.bitwise_or.at(present, which, 1 << lane)
        needed = (keys & 0xFFFFFFFF) & self._alive_lanes(keys >> 32)
        done = (needed & ~present) == 0
        if not done.any():
            return
        tick = self.state.tick(self.warps_waiting[0][3], 0)
        free = done[which]
        order = np.argsort(which[free], kind="stable")
        members, owner = index[free][order], which[free][order]
        for group in np.split(members, np.flatnonzero(np.diff(owner)) + 1):
            block, thread = divmod(int(self.numbers[group[0]]), self.block_threads)
            self.state.order.warp_barrier(thread // WARP, block, group % self.block_threads % WARP, tick)
        before, self.warps_waiting = self.warps_waiting, []
        for number, (lanes, masks, following, site) in enumerate(before):
            go = free[entry == number]
            self._enter(following, lanes[go])
            if not go.all():
                self.warps_waiting.append((lanes[~go], masks[~go], following, site))

    def _alive_lanes(self, warps: np.ndarray) -> np.ndarray:
        """Bits of the lanes of each warp that have not exited."""
        block, warp = warps // self.state.warps_per_block, warps % self.state.warps_per_block
        lane = warp[:, None] * WARP + np.arange(WARP)
        first = (block - self.first_block) * self.block_threads
        there = lane < self.block_threads
        alive = there & ~self.gone[np.where(there, first[:, None] + lane, 0)]
        return np.asarray((alive.astype(np.int64) << np.arange(WARP)).sum(axis=1))

    def _count_votes(self, index: np.ndarray) -> None:
        block = index // self.block_threads
        self.tally[index] = np.bincount(block, self.votes[index], self.blocks).astype(np.int64)[block]
        self.met[index] = np.bincount(block, minlength=self.blocks)[block]

    def _judge(self, released: list[Arrival], done: np.ndarray) -> None:
        """Findings about a barrier that completes in the blocks `done`."""
        index = np.concatenate([arrival.index for arrival in released])
        site = np.concatenate([np.full(len(arrival.index), arrival.block.site) for arrival in released])
        if (site != site[0]).any():
            warp = self.warp_of(self.numbers[index])
            order = np.lexsort((site, warp))
            split = np.flatnonzero((warp[order][1:] == warp[order][:-1]) & (site[order][1:] != site[order][:-1]))
            if len(split):
                here, there = order[split[0]], order[split[0] + 1]
                self._divergent(int(site[here]), int(site[there]), int(index[here]), len(split))
        if not (done & (self.alive < self.block_threads)).any():
            return
        joined = self.state.order.joined[self.numbers] >> THREAD_BITS
        skipped = self.gone & np.repeat(done, self.block_threads)
        skipped &= (self.last_touch > joined) & (self.last_touch > self.last_parting)
        if skipped.any():
            self._divergent(int(site[0]), None, int(index[0]), int(skipped.sum()))

    def _divergent(self, site: int, other: int | None, lane: int, count: int) -> None:
        thread, block = self.where(int(self.numbers[lane]))
        line = self.line_of(site)
        there = None if other is None else self.line_of(other)
        self.report(messages.divergent_barrier(line, there, thread, block), site, count)

    def _stuck(self) -> None:
        """Threads wait at barriers that cannot complete."""
        waiting = [(a.index, a.block.site) for arrivals in self.waiting.values() for a in arrivals]
        waiting += [(index, site) for index, _, _, site in self.warps_waiting]
        waiting.sort(key=lambda entry: entry[1])
        index, site = waiting[0]
        others = [there for _, there in waiting if there != site]
        self._divergent(site, others[0] if others else None, int(index[0]), len(index))
        raise Stop

    def _too_long(self, target: int, index: np.ndarray) -> None:
        lane = index[int(np.argmax(self.steps[index]))]
        thread, block = self.where(int(self.numbers[lane]))
        self.report(messages.step_limit(self.line_of(self.program.blocks[target].site), thread, block), "limit")
        raise Stop

    def stalled(self) -> None:
        """All blocks that a GPU holds wait, and others have not started."""
        state, target = self.state, min(self.ready)
        thread, block = self.where(int(self.numbers[self.ready[target][0][0]]))
        line, blocks = self.line_of(self.program.blocks[target].site), _volume(state.launch.grid)
        self.report(messages.not_resident(line, thread, block, state.resident, blocks), "limit")
        raise Stop


def _index(number: int, shape: Dim3) -> Dim3:
    return number % shape[0], number // shape[0] % shape[1], number // (shape[0] * shape[1])


def resident_blocks(launch: Launch, program: Program) -> int:
    """How many blocks of a launch a GPU holds at once, registers left aside."""
    threads = -(-_volume(launch.block) // WARP) * WARP
    shared = program.shared_size + launch.shared_bytes + 1024
    return MULTIPROCESSORS * max(1, min(RESIDENT_THREADS // threads, RESIDENT_BLOCKS, RESIDENT_SHARED // shared))


def run(state: State) -> None:
    """All blocks of the launch."""
    launch = state.launch
    blocks = _volume(launch.grid)
    at_once = max(
        1,
        min(
            WAVE_THREADS // state.block_threads,
            (64 << 20) // max(1, state.program.shared_size + launch.shared_bytes),
            (256 << 20) // max(1, state.program.local_size * state.block_threads),
        ),
    )
    waves: list[Wave] = []
    stalled = 0
    with np.errstate(all="ignore"):
        while waves or state.started < blocks:
            room = min(blocks - state.started, state.resident - (state.started - state.ended), at_once)
            if room > 0:
                size = int(state.random.integers(max(1, room // 2), room + 1)) if launch.seed else room
                waves.append(Wave(state, state.started, size))
                state.started += size
            step, before = state.step, state.ended
            for wave in list(waves):
                if wave.advance():
                    waves.remove(wave)
                    state.ended += wave.blocks - wave.counted_ended
            for wave in waves:
                # A block that has ended makes room for the next one.
                ended = int((wave.alive == 0).sum())
                state.ended += ended - wave.counted_ended
                wave.counted_ended = ended
            only_waiting = room <= 0 and state.ended == before and state.step - step <= (TURN + 2) * len(waves)
            stalled = stalled + 1 if only_waiting and state.started < blocks else 0
            if stalled > PATIENCE:
                waves[0].stalled()
