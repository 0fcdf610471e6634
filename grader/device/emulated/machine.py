"""The lock-step machine: waves of blocks, groups of lanes at one program counter, barriers.

The lowest program counter goes first, which brings diverged lanes together again; a group that has waited long goes
before it, so that every runnable thread moves after a bounded number of steps and a correct spin lock ends.
Imports nothing of ours but this package.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NoReturn

import numpy as np

from grader.device.emulated import messages
from grader.device.emulated.calls import Stack, StackOverflow
from grader.device.emulated.memory import GLOBAL, SHARED, Memory, Shadow
from grader.device.emulated.printing import Printed
from grader.device.emulated.translate import Block, Program
from grader.device.interface import Counters, Dim3, Finding, Launch

#: Threads of one wave; registers of a wave should stay in the processor's cache.
WAVE_THREADS = 1 << 16
#: A group that has waited this many steps goes first.
PATIENCE = 64
#: Executed instructions of the machine, whatever their number of lanes. Bounds the time of narrow endless kernels.
ISSUE_LIMIT = 4_000_000
WARP = 32
#: Where a group goes that only arrived at a barrier and did not wait.
_NOWHERE = -1


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
        self.issues = 0
        self.random = np.random.default_rng(launch.seed)
        threads, blocks = _volume(launch.block) * _volume(launch.grid), _volume(launch.grid)
        self.shadow = Shadow(len(memory.bytes) // memory.granule) if launch.races else None
        # Steps at which something ordering happened; 0 means never, steps begin at 1.
        self.block_barrier = np.zeros(blocks, np.int32)
        self.warps_per_block = -(-_volume(launch.block) // WARP)
        self.warp_barrier = np.zeros(blocks * self.warps_per_block, np.int32) if program.warp_sync else None
        self.fences = program.fences
        if self.fences:
            self.fence = np.zeros(threads, np.int32)
            self.release = np.zeros(threads, np.int32)
            self.acquire = np.zeros(threads, np.int32)
            self.block_release = np.zeros(blocks, np.int32)
            self.block_acquire = np.zeros(blocks, np.int32)
            self.block_fence = np.zeros(blocks, np.int32)

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
        for register in self.written:
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
        self.shared_shadow = Shadow(cells) if self.watch else None
        self.alive = np.full(blocks, self.block_threads)
        self.last_site = np.full(self.threads, -1, np.int32)
        self.special: dict[str, Any] = {}
        if self.program.tallies:
            self.votes = np.zeros(self.threads, bool)
            # Of the threads that met at a thread's last barrier: how many voted yes, and how many there were.
            self.tally = np.zeros(self.threads, np.int64)
            self.met = np.zeros(self.threads, np.int64)
        self._stack = Stack(self) if self.program.calls else None
        self.ready: dict[int, list[np.ndarray]] = {}
        self.since: dict[int, int] = {}
        self.waiting: dict[int, list[tuple[np.ndarray, int, int]]] = {}

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

    def touched(self, threads: np.ndarray, site: int) -> None:
        lanes = threads - self.first_thread
        self.last_site[lanes] = np.maximum(self.last_site[lanes], site)

    def traffic(self, site: int, sectors: int, ideal: int) -> None:
        known = self.state.traffic.get(site, (0, 0))
        self.state.traffic[site] = (known[0] + sectors, known[1] + ideal)

    def bank_use(self, site: int, extra: int, accesses: int) -> None:
        known = self.state.banks.get(site, (0, 0))
        self.state.banks[site] = (known[0] + extra, known[1] + accesses)

    def atomic_order(self, count: int) -> np.ndarray:
        """The order in which lanes of one atomic instruction go; the launch's seed decides."""
        if self.state.launch.seed == 0:
            return np.arange(count)
        return self.state.random.permutation(count)

    def ordered(self, other: np.ndarray, when: np.ndarray, threads: np.ndarray) -> np.ndarray:
        """Did the access of `other` at step `when` happen before what `threads` do now?"""
        state = self.state
        mine, theirs = threads // self.block_threads, other // self.block_threads
        same = mine == theirs
        result = same & (when < state.block_barrier[mine])
        if state.warp_barrier is not None:
            warp = self.warp_of(threads)
            result |= (warp == self.warp_of(other)) & (when < state.warp_barrier[warp])
        if state.fences:
            other = np.maximum(other, 0)
            released = state.release[other]
            result |= (state.fence[other] >= when) & (released >= when) & (state.acquire[threads] >= released)
            theirs = np.maximum(theirs, 0)
            released = state.block_release[theirs]
            result |= (
                ~same
                & (state.block_fence[theirs] >= when)
                & (released >= when)
                & (state.block_acquire[mine] >= released)
            )
        return np.asarray(result)

    def note_strong(self, threads: np.ndarray, step: int) -> None:
        """An atomic, volatile, relaxed, acquire or release access."""
        state = self.state
        if state.fences:
            state.release[threads] = step
            state.acquire[threads] = step
            blocks = threads // self.block_threads
            state.block_release[blocks] = step
            state.block_acquire[blocks] = step

    def note_fence(self, threads: np.ndarray, step: int) -> None:
        self.state.fence[threads] = step
        self.state.block_fence[threads // self.block_threads] = step

    def note_warp_barrier(self, threads: np.ndarray, step: int) -> None:
        assert self.state.warp_barrier is not None
        # Accesses of this very step may lie before or after; the block ends here, so the next step is later.
        self.state.warp_barrier[self.warp_of(threads)] = step + 1

    # -- running

    def run(self) -> None:
        self._enter(self.program.entry_block, np.arange(self.threads))
        state = self.state
        while self.ready or self.waiting:
            if not self.ready:
                self._stuck()
            target = self._choose()
            index = self.ready.pop(target)
            del self.since[target]
            together = index[0] if len(index) == 1 else np.sort(np.concatenate(index))
            self._execute(self.program.blocks[target], together)
            if state.counters.thread_instructions > state.launch.step_limit or state.issues > ISSUE_LIMIT:
                self._too_long(together)

    def _choose(self) -> int:
        oldest = min(self.since, key=self.since.__getitem__)
        if self.state.step - self.since[oldest] > PATIENCE:
            return oldest
        return min(self.ready)

    def _enter(self, target: int, index: np.ndarray) -> None:
        if len(index):
            self.ready.setdefault(target, []).append(index)
            self.since.setdefault(target, self.state.step)

    def _execute(self, block: Block, index: np.ndarray) -> None:
        state = self.state
        state.step += 1
        state.issues += block.length
        state.counters.thread_instructions += block.length * len(index)
        everyone = len(index) == self.threads
        lanes = Lanes(self, None if everyone else index, len(index))
        for operation in block.operations:
            operation(lanes)
        taken = block.taken(lanes)
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
            self._leave(block, index)
        else:
            self._enter(block.following, index[~taken])
            self._leave(block, index[taken])

    def _leave(self, block: Block, index: np.ndarray) -> None:
        """What the block's last instruction does to the lanes for which it acts."""
        if not len(index):
            return
        if block.ends == "branch":
            self._enter(block.target, index)
        elif block.ends == "exit":
            self._exit(index)
        elif block.ends == "call":
            self._call(block, index)
        elif block.ends == "return":
            for target, lanes in self.stack.leave(index):
                self._enter(target, lanes)
        elif block.ends == "trap":
            self.trap(block.site, index)
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
        for barrier in list(self.waiting):
            self._complete(barrier)

    def _arrive(self, block: Block, index: np.ndarray) -> None:
        self.counters.barriers += len(index)
        following = _NOWHERE if block.arrives else block.following
        self.waiting.setdefault(block.barrier, []).append((index, following, block.site))
        if block.arrives:
            self._enter(block.following, index)
        self._complete(block.barrier, block.barrier_count)

    def _complete(self, barrier: int, expected: int | None = None) -> None:
        """Release the blocks in which everybody who is alive, or as many as the barrier counts, has arrived."""
        groups = self.waiting[barrier]
        arrived = np.zeros(self.blocks, np.int64)
        for index, _, _ in groups:
            arrived += np.bincount(index // self.block_threads, minlength=self.blocks)
        needed = self.alive if expected is None else np.minimum(expected, self.alive)
        done = (arrived > 0) & (arrived >= needed)
        if not done.any():
            return
        self._judge(groups, done)
        if self.program.tallies:
            self._count_votes(np.concatenate([index for index, _, _ in groups]), done)
        blocks = np.flatnonzero(done) + self.first_block
        self.state.block_barrier[blocks] = self.state.step + 1
        self.state.step += 1
        remaining = []
        for index, following, site in groups:
            free = done[index // self.block_threads]
            if following != _NOWHERE:
                self._enter(following, index[free])
            if not free.all():
                remaining.append((index[~free], following, site))
        if remaining:
            self.waiting[barrier] = remaining
        else:
            del self.waiting[barrier]

    def _count_votes(self, index: np.ndarray, done: np.ndarray) -> None:
        block = index // self.block_threads
        index, block = index[done[block]], block[done[block]]
        self.tally[index] = np.bincount(block, self.votes[index], self.blocks).astype(np.int64)[block]
        self.met[index] = np.bincount(block, minlength=self.blocks)[block]

    def _judge(self, groups: list[tuple[np.ndarray, int, int]], done: np.ndarray) -> None:
        """Findings about a barrier that completes in the blocks `done`."""
        sites = {site for _, _, site in groups}
        if len(sites) > 1:
            index = np.concatenate([index for index, _, _ in groups])
            at = np.concatenate([np.full(len(index), site) for index, _, site in groups])
            free = done[index // self.block_threads]
            index, at = index[free], at[free]
            warp = self.warp_of(self.numbers[index])
            order = np.lexsort((at, warp))
            split = np.flatnonzero((warp[order][1:] == warp[order][:-1]) & (at[order][1:] != at[order][:-1]))
            if len(split):
                here, there = order[split[0]], order[split[0] + 1]
                self._divergent(int(at[here]), int(at[there]), int(index[here]), len(split))
        gone = done & (self.alive < self.block_threads)
        if gone.any():
            first = min(sites)
            present = np.zeros(self.threads, bool)
            for index, _, _ in groups:
                present[index] = True
            skipped = np.repeat(gone, self.block_threads) & ~present & (self.last_site > max(sites))
            if skipped.any():
                self._divergent(first, None, int(groups[0][0][0]), int(skipped.sum()))

    def _divergent(self, site: int, other: int | None, lane: int, count: int) -> None:
        thread, block = self.where(int(self.numbers[lane]))
        line = self.line_of(site)
        there = None if other is None else self.line_of(other)
        self.report(messages.divergent_barrier(line, there, thread, block), site, count)

    def _stuck(self) -> None:
        """Threads wait at barriers that cannot complete."""
        index, _, site = next(iter(self.waiting.values()))[0]
        others = [s for groups in self.waiting.values() for _, _, s in groups if s != site]
        self._divergent(site, others[0] if others else None, int(index[0]), len(index))
        raise Stop

    def _too_long(self, index: np.ndarray) -> None:
        site = self.program.blocks[min(self.ready, default=0)].site
        thread, block = self.where(int(self.numbers[index[0]]))
        self.report(messages.step_limit(self.line_of(site), thread, block), "limit")
        raise Stop


def _index(number: int, shape: Dim3) -> Dim3:
    return number % shape[0], number // shape[0] % shape[1], number // (shape[0] * shape[1])


def run(state: State) -> None:
    """All blocks of the launch, in waves."""
    launch = state.launch
    blocks = _volume(launch.grid)
    at_once = max(
        1,
        min(
            WAVE_THREADS // _volume(launch.block),
            (64 << 20) // max(1, state.program.shared_size + launch.shared_bytes),
            (256 << 20) // max(1, state.program.local_size * _volume(launch.block)),
        ),
    )
    if state.program.grid_sync:
        at_once = blocks
    with np.errstate(all="ignore"):
        for first in range(0, blocks, at_once):
            Wave(state, first, min(at_once, blocks - first)).run()
