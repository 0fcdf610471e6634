"""The lock-step machine: all blocks of a launch, in waves.

Blocks start in index order, as many as a GPU holds at once; where all that run wait for something, the next ones start
beside them and they take turns. A launch's seed decides about the order of groups, the size of waves and the order of
lanes in atomics; 0 is index order. Imports nothing of ours but this package.
"""

from __future__ import annotations

import numpy as np

from grader.device.emulated.state import State, volume
from grader.device.emulated.wave import PATIENCE, TURN, Wave

#: Threads of one wave; registers of a wave should stay in the processor's cache.
WAVE_THREADS = 1 << 16
#: So many waves take turns; more begin where all of them only wait.
WAVES = 3


def run(state: State) -> None:
    """All blocks of the launch."""
    launch = state.launch
    blocks = volume(launch.grid)
    at_once = max(
        1,
        min(
            WAVE_THREADS // state.block_threads,
            (64 << 20) // max(1, state.program.shared_size + launch.shared_bytes),
            (256 << 20) // max(1, state.program.local_size * state.block_threads),
        ),
    )
    waves: list[Wave] = []
    only_waiting = False
    stalled = 0
    with np.errstate(all="ignore"):
        while waves or state.started < blocks:
            room = min(blocks - state.started, state.resident - (state.started - state.ended), at_once)
            if room > 0 and (len(waves) < WAVES or only_waiting):
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
            only_waiting = state.ended == before and state.step - step <= (TURN + 2) * len(waves)
            waits_for_blocks = state.started < blocks or state.order.grid_waits
            stalled = stalled + 1 if room <= 0 and only_waiting and waits_for_blocks else 0
            if stalled > PATIENCE:
                waves[0].stalled()
