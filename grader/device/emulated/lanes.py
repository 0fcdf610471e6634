"""The lanes that execute a basic block together. Imports nothing of ours but this package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from grader.device.emulated.wave import Wave


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
        elif self.index is None:
            # A move may give the array itself to another register: lanes that write alone must copy it first.
            self.wave.owned[register] = False
        elif value.ndim:
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
