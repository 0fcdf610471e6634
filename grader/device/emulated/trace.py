"""What one warp did, step by step: which lanes worked, and where each access to memory went.

Imports nothing of ours.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

WARP = 32
#: Bytes of a sector of global memory, and of a bank of shared memory.
SECTOR, BANK = 32, 4
#: So many accesses and steps of a warp are kept; the others are only counted.
KEPT = 4096

Verb = Literal["reads", "writes", "updates"]
Space = Literal["global", "shared"]


@dataclass(frozen=True)
class Access:
    """One instruction of the warp: `addresses` in bytes for each of its `lanes`, `size` bytes at each.

    Addresses of global memory count from the start of the emulated GPU's memory, those of shared memory from that of
    the block.
    """

    space: Space
    verb: Verb
    line: int | None
    site: int
    size: int
    lanes: tuple[int, ...]
    addresses: tuple[int, ...]

    @property
    def sectors(self) -> list[int]:
        """Numbers of the sectors that it moves, in order."""
        first = np.asarray(self.addresses) // SECTOR
        last = (np.asarray(self.addresses) + self.size - 1) // SECTOR
        return sorted({*first.tolist(), *last.tolist()})

    @property
    def ideal(self) -> int:
        """How many sectors as many bytes would take side by side; places that several lanes touch count once."""
        return -(-len(set(self.addresses)) * self.size // SECTOR)

    @property
    def turns(self) -> list[list[dict[int, list[int]]]]:
        """How shared memory serves it: for each part of the warp that goes together, for each bank-wide column the
        words (by number, with their lanes), one after the other.

        A warp goes together with elements of up to 4 bytes, half of it with 8, a quarter with 16.
        """
        unit = max(self.size, BANK)
        width = WARP * BANK // unit
        parts: dict[int, list[dict[int, list[int]]]] = {}
        for lane, place in zip(self.lanes, self.addresses, strict=True):
            columns = parts.setdefault(lane // width, [{} for _ in range(width)])
            word = place // unit
            columns[word % width].setdefault(word, []).append(lane)
        return [parts[number] for number in sorted(parts)]

    @property
    def conflicts(self) -> int:
        """Turns beyond the first, over all parts of the warp."""
        return sum(max(len(words) for words in columns) - 1 for columns in self.turns)


@dataclass(frozen=True)
class Step:
    """Instructions that some lanes of the warp executed together; `line` is that of the first."""

    line: int | None
    instructions: int
    lanes: tuple[int, ...]


@dataclass
class Trace:
    """`warp` is its number in the grid. What comes after `KEPT` accesses or steps is counted in `missed`."""

    warp: int
    block_threads: int
    accesses: list[Access] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    missed: int = 0

    def __post_init__(self) -> None:
        each = -(-self.block_threads // WARP)
        self.block = self.warp // each
        #: Numbers of its threads in the grid.
        self.first = self.block * self.block_threads + self.warp % each * WARP
        self.end = min(self.first + WARP, (self.block + 1) * self.block_threads)

    def note_access(
        self,
        space: Space,
        verb: Verb,
        line: int | None,
        site: int,
        size: int,
        threads: np.ndarray,
        addresses: np.ndarray,
    ) -> None:
        mine = (threads >= self.first) & (threads < self.end)
        if not mine.any():
            return
        if len(self.accesses) >= KEPT:
            self.missed += 1
            return
        lanes = tuple((threads[mine] - self.first).tolist())
        self.accesses.append(Access(space, verb, line, site, size, lanes, tuple(addresses[mine].tolist())))

    def note_step(self, line: int | None, instructions: int, threads: np.ndarray) -> None:
        mine = threads[(threads >= self.first) & (threads < self.end)] - self.first
        if not len(mine) or not instructions:
            return
        if len(self.steps) >= KEPT:
            self.missed += 1
            return
        self.steps.append(Step(line, instructions, tuple(mine.tolist())))
