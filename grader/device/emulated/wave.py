"""Blocks that run together: groups of lanes at one program counter, and which of them goes next.

The lowest program counter goes first, which brings diverged lanes together again; a group that has gone round a loop
which may wait for others lets them go first, and one that has waited long goes before all, so that every runnable
thread moves after a bounded number of steps and a correct spin lock ends. Imports nothing of ours but this package.
"""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from grader.device.emulated import messages
from grader.device.emulated.barriers import Barriers
from grader.device.emulated.calls import Stack, StackOverflow
from grader.device.emulated.lanes import Lanes
from grader.device.emulated.memory import GLOBAL, SHARED, Shadow
from grader.device.emulated.order import THREAD_BITS, WARP
from grader.device.emulated.state import State, Stop, volume
from grader.device.emulated.translate import Block
from grader.device.emulated.undefined import Undefined
from grader.device.emulated.warps import Warps
from grader.device.interface import Dim3, Finding

#: A group that has waited this many steps goes first.
PATIENCE = 64
#: Steps that nothing but waiting loops made, after which other blocks get their turn.
TURN = 32
#: Where blocks may wait for each other's flags, others get their turn after so many steps.
SLICE = 64
#: One group in so many is drawn where a seed decides.
DRAWN = 4


class Wave:
    """As many blocks as are resident at once, from `first_block` on."""

    def __init__(self, state: State, first_block: int, blocks: int) -> None:
        launch = state.launch
        self.state = state
        self.program = state.program
        self.memory = state.memory
        self.counters = state.counters
        self.block_threads = volume(launch.block)
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
        self._stack = Stack(self) if self.program.calls else None
        self.ready: dict[int, list[np.ndarray]] = {}
        self.since: dict[int, int] = {}
        self.idle: set[int] = set()
        self.spins = 0
        self.barriers = Barriers(self)
        self.warps = Warps(self)
        self.undefined = Undefined(self)
        self._everyone = np.arange(self.threads)
        self.enter(self.program.entry_block, self._everyone)

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
        """Run until the blocks have ended (True), or until others have their turn (False)."""
        state = self.state
        self.spins = 0
        end = state.step + SLICE if self.program.fences else None
        while self.ready or self.barriers or self.warps:
            if not self.ready:
                self.warps.stuck()
                self.barriers.stuck()
            target = self._choose()
            index = self.ready.pop(target)
            del self.since[target]
            waits = target in self.idle
            self.idle.discard(target)
            together = index[0] if len(index) == 1 else self._together(index)
            self._execute(target, together, waits)
            if state.counters.thread_instructions > state.launch.step_limit:
                self._too_long(target, together)
            if self.ready and (self.spins > TURN or (end is not None and state.step > end)):
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
            # Also those who wait: what they see early, they see late in another order.
            return int(state.random.choice(sorted(self.ready)))
        return min(busy)

    def enter(self, target: int, index: np.ndarray, idle: bool = False) -> None:
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
        if self.undefined:
            self.undefined.follow(block, lanes, index)
        else:
            for operation in block.operations:
                operation(lanes)
        taken = block.taken(lanes)
        brought = self._brought(block, lanes)
        chosen = None if block.chosen is None else lanes.spread(block.chosen(lanes))
        if block.predicate is not None:
            self.barriers.votes[index] = lanes.spread(block.predicate(lanes))
        lanes.flush()
        if chosen is not None:
            self._switch(block, index, chosen, taken)
            return
        if taken is None:
            self.enter(block.following, index)
        elif taken is True:
            self._leave(block, index, brought)
        else:
            if self.program.barriers:
                self.last_parting[index] = state.tick(block.site, 0)
            self.enter(block.following, index[~taken])
            self._leave(block, index[taken], [values[taken] for values in brought])

    @staticmethod
    def _brought(block: Block, lanes: Lanes) -> list[np.ndarray]:
        """What each lane brings to its warp's operation, its mask first, or to a barrier, its number first."""
        if block.exchange is None:
            return [lanes.spread(get(lanes)) for get in block.barrier]
        return [lanes.spread(get(lanes)) for get in (block.exchange.members, *block.exchange.inputs)]

    def _leave(self, block: Block, index: np.ndarray, brought: list[np.ndarray]) -> None:
        """What the block's last instruction does to the lanes for which it acts."""
        if not len(index):
            return
        if block.ends == "branch":
            self.enter(block.target, index, idle=block.spins)
        elif block.ends == "exit":
            self._exit(index)
        elif block.ends == "call":
            self._call(block, index)
        elif block.ends == "return":
            for target, lanes in self.stack.leave(index):
                self.enter(target, lanes)
        elif block.ends == "trap":
            self.trap(block.site, index)
        elif block.ends == "exchange":
            self.warps.arrive(block, index, brought)
        else:
            self.barriers.arrive(block, index, brought)

    def trap(self, site: int, index: np.ndarray, said: str = "") -> NoReturn:
        """The lanes `index` of this wave stop the kernel; `said` is what an assertion says."""
        thread, place = self.where(int(self.numbers[index[0]]))
        self.report(messages.trap(self.line_of(site), thread, place, said), site, len(index))
        raise Stop

    def _switch(self, block: Block, index: np.ndarray, chosen: np.ndarray, taken: Any) -> None:
        """An indexed branch; `taken` as for other ends of blocks."""
        mask = np.zeros(len(index), bool) if taken is None else np.full(len(index), True) & taken
        self.enter(block.following, index[~mask])
        outside = mask & (chosen >= len(block.targets))
        if outside.any():
            self.trap(block.site, index[outside])
        for number in np.unique(chosen[mask]):
            self.enter(block.targets[number], index[mask & (chosen == number)])

    def _call(self, block: Block, index: np.ndarray) -> None:
        assert block.call is not None
        try:
            self.stack.enter(block.call, block.following, index)
        except StackOverflow as full:
            thread, place = self.where(int(self.numbers[full.lane]))
            self.report(messages.stack_overflow(self.line_of(block.site), thread, place), block.site)
            raise Stop from None
        self.enter(block.target, index)

    def _exit(self, index: np.ndarray) -> None:
        self.alive -= np.bincount(index // self.block_threads, minlength=self.blocks)
        self.gone[index] = True
        joined = self.state.order.joined[self.numbers[index]] >> THREAD_BITS
        if (self.last_touch[index] > joined).any():
            # What these threads touched no later barrier orders.
            for block in np.unique(index[self.last_touch[index] > joined] // self.block_threads):
                if self.alive[block]:
                    self.state.order.split(int(block) + self.first_block)
        self.barriers.left()
        self.warps.left(index)

    def _too_long(self, target: int, index: np.ndarray) -> None:
        lane = index[int(np.argmax(self.steps[index]))]
        thread, block = self.where(int(self.numbers[lane]))
        self.report(messages.step_limit(self.line_of(self.program.blocks[target].site), thread, block), "limit")
        raise Stop

    def stalled(self) -> None:
        """All blocks that a GPU holds wait, and others have not started or will not come to the grid's barrier."""
        state, target = self.state, min(self.ready)
        thread, block = self.where(int(self.numbers[self.ready[target][0][0]]))
        line, blocks = self.line_of(self.program.blocks[target].site), volume(state.launch.grid)
        if state.started < blocks:
            self.report(messages.not_resident(line, thread, block, state.resident, blocks), "limit")
        else:
            self.report(messages.grid_never_meets(line, thread, block), "limit")
        raise Stop


def _index(number: int, shape: Dim3) -> Dim3:
    return number % shape[0], number // shape[0] % shape[1], number // (shape[0] * shape[1])
