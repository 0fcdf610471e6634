"""What outlives a wave of blocks: findings, counters, memory, and when threads met.

Imports nothing of ours but this package and the interface.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from grader.device.emulated.memory import GLOBAL, Memory, Shadow
from grader.device.emulated.order import WARP, Order
from grader.device.emulated.printing import Printed
from grader.device.emulated.trace import Trace
from grader.device.emulated.translate import Program
from grader.device.interface import Counters, Dim3, Finding, Launch

#: What a GPU of compute capability 9.0 with 132 multiprocessors holds at once.
MULTIPROCESSORS, RESIDENT_THREADS, RESIDENT_BLOCKS, RESIDENT_SHARED = 132, 2048, 32, 228 << 10


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
        threads, blocks = volume(launch.block) * volume(launch.grid), volume(launch.grid)
        self.block_threads = volume(launch.block)
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


def volume(shape: Dim3) -> int:
    return shape[0] * shape[1] * shape[2]


def resident_blocks(launch: Launch, program: Program) -> int:
    """How many blocks of a launch a GPU holds at once, registers left aside."""
    threads = -(-volume(launch.block) // WARP) * WARP
    shared = program.shared_size + launch.shared_bytes + 1024
    return MULTIPROCESSORS * max(1, min(RESIDENT_THREADS // threads, RESIDENT_BLOCKS, RESIDENT_SHARED // shared))
