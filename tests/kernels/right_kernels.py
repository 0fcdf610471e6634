"""Right kernels in Python that look like the wrong ones."""

from __future__ import annotations

import math
from typing import Any

from numba import cuda, float32, int32

from tests.kernels.case import launched


@launched(3, 64, 130, unwritten=True)
def guarded(a: Any, b: Any) -> None:
    i = cuda.grid(1)
    if i < a.size:
        b[i] = a[i]


@launched(3, 64, 130, unwritten=True)
def early_return(a: Any, b: Any) -> None:
    i = cuda.grid(1)
    if i >= a.size:
        return
    b[i] = a[i]


@launched(2, 32, 300, unwritten=True)
def grid_stride(a: Any, b: Any) -> None:
    for i in range(cuda.grid(1), a.size, cuda.gridsize(1)):
        b[i] = a[i]


@launched(1, 64, 64)
def from_the_end(a: Any, b: Any) -> None:
    b[-1 - cuda.threadIdx.x] = a[cuda.threadIdx.x]


@launched(1, 64, 50)
def early_return_before_a_barrier(a: Any, b: Any) -> None:
    s = cuda.shared.array(64, int32)
    t = cuda.threadIdx.x
    if t >= a.size:
        return
    s[t] = a[t]
    cuda.syncthreads()
    b[t] = s[a.size - 1 - t]


@launched(1, 64, 50)
def barrier_inside_the_guard(a: Any, b: Any) -> None:
    s = cuda.shared.array(64, int32)
    t = cuda.threadIdx.x
    if t < a.size:
        s[t] = a[t]
        cuda.syncthreads()
        b[t] = s[a.size - 1 - t]


@launched(4, 128, 500)
def block_reduction(a: Any, b: Any) -> None:
    s = cuda.shared.array(128, int32)
    t, i = cuda.threadIdx.x, cuda.grid(1)
    s[t] = a[i] if i < a.size else 0
    cuda.syncthreads()
    k = 64
    while k > 0:
        if t < k:
            s[t] += s[t + k]
        cuda.syncthreads()
        k //= 2
    if t == 0:
        cuda.atomic.add(b, 0, s[0])


@launched(1, 64, 64)
def stencil_with_a_halo(a: Any, b: Any) -> None:
    s = cuda.shared.array(66, int32)
    t = cuda.threadIdx.x
    s[t + 1] = a[t]
    if t == 0:
        s[0] = 0
        s[65] = 0
    cuda.syncthreads()
    b[t] = s[t] + s[t + 1] + s[t + 2]


@launched(1, 64, 64)
def a_tree_in_place(a: Any, b: Any) -> None:
    s = cuda.shared.array(64, int32)
    t = cuda.threadIdx.x
    s[t] = a[t]
    cuda.syncthreads()
    step = 1
    while step < 64:
        place = (t + 1) * step * 2 - 1
        if place < 64:
            s[place] += s[place - step]
        step *= 2
        cuda.syncthreads()
    if t == 0:
        b[0] = s[63]


@launched(4, 128, 512, kind="f4")
def maximum_by_float_atomics(a: Any, b: Any) -> None:
    cuda.atomic.max(b, 0, a[cuda.grid(1)])


@launched(1, 64, 64)
def uneven_work_between_barriers(a: Any, b: Any) -> None:
    s = cuda.shared.array(64, int32)
    t = cuda.threadIdx.x
    total = 0
    for k in range(t):
        total += a[k]
    s[t] = total
    cuda.syncthreads()
    b[t] = s[63 - t]


@launched(1, 64, 64)
def in_place_in_global_memory(a: Any, b: Any) -> None:
    t = cuda.threadIdx.x
    b[t] = a[t]
    cuda.syncthreads()
    value = b[63 - t]
    cuda.syncthreads()
    b[t] = value


@launched(1, 64, 64)
def double_buffer(a: Any, b: Any) -> None:
    s = cuda.shared.array((2, 64), int32)
    t = cuda.threadIdx.x
    s[0, t] = a[t]
    cuda.syncthreads()
    for k in range(4):
        s[(k + 1) % 2, t] = s[k % 2, (t + 1) % 64]
        cuda.syncthreads()
    b[t] = s[0, t]


@launched(1, 64, 64)
def scan_in_two_buffers(a: Any, b: Any) -> None:
    s = cuda.shared.array((2, 64), int32)
    t = cuda.threadIdx.x
    s[0, t] = a[t]
    cuda.syncthreads()
    now, step = 0, 1
    while step < 64:
        s[1 - now, t] = s[now, t] + (s[now, t - step] if t >= step else 0)
        cuda.syncthreads()
        now, step = 1 - now, step * 2
    b[t] = s[now, t]


@launched(1, 64, 64)
def scan_in_one_buffer(a: Any, b: Any) -> None:
    s = cuda.shared.array(64, int32)
    t = cuda.threadIdx.x
    s[t] = a[t]
    cuda.syncthreads()
    step = 1
    while step < 64:
        more = s[t - step] if t >= step else 0
        cuda.syncthreads()
        s[t] += more
        cuda.syncthreads()
        step *= 2
    b[t] = s[t]


@launched(1, 64, 64)
def tiles_with_both_barriers(a: Any, b: Any) -> None:
    s = cuda.shared.array(64, int32)
    t = cuda.threadIdx.x
    total = 0
    for k in range(4):
        s[t] = a[(t + k) % 64]
        cuda.syncthreads()
        total += s[63 - t]
        cuda.syncthreads()
    b[t] = total


@launched(1, 32, 32)
def warp_exchange(a: Any, b: Any) -> None:
    s = cuda.shared.array(32, int32)
    t = cuda.threadIdx.x
    s[t] = a[t]
    cuda.syncwarp()
    b[t] = s[31 - t]


@launched(2, 128, 256)
def warp_synchronous_reduction(a: Any, b: Any) -> None:
    s = cuda.shared.array(128, int32)
    t = cuda.threadIdx.x
    lane = t % 32
    s[t] = a[cuda.grid(1)]
    cuda.syncwarp()
    k = 16
    while k > 0:
        value = s[t + k] if lane < k else 0
        cuda.syncwarp()
        s[t] += value
        cuda.syncwarp()
        k //= 2
    if lane == 0:
        cuda.atomic.add(b, 0, s[t])


@launched(1, 64, 64)
def warp_barrier_of_a_half(a: Any, b: Any) -> None:
    s = cuda.shared.array(64, int32)
    t = cuda.threadIdx.x
    s[t] = a[t]
    if t % 32 < 16:
        cuda.syncwarp(0xFFFF)
        b[t] = s[t ^ 15]


@launched(2, 64, 128)
def shuffled_sum(a: Any, b: Any) -> None:
    value = a[cuda.grid(1)]
    for step in (16, 8, 4, 2, 1):
        value += cuda.shfl_down_sync(0xFFFFFFFF, value, step)
    if cuda.threadIdx.x % 32 == 0:
        cuda.atomic.add(b, 0, value)


@launched(2, 64, 128)
def lanes_come_late_to_their_shuffle(a: Any, b: Any) -> None:
    i, t = cuda.grid(1), cuda.threadIdx.x
    value = a[i]
    for _ in range(t % 5 * 40):
        value = value * 3 % 101
    b[i] = cuda.shfl_xor_sync(0xFFFFFFFF, value, 1)


@launched(1, 64, 64)
def both_branches_hold_the_same_shuffle(a: Any, b: Any) -> None:
    t = cuda.threadIdx.x
    if t % 2:
        value = cuda.shfl_xor_sync(0xFFFFFFFF, a[t] + 1, 1)
        b[t] = value * 2
    else:
        value = cuda.shfl_xor_sync(0xFFFFFFFF, a[t], 1)
        b[t] = value * 3


@launched(1, 64, 64)
def each_half_with_a_mask_of_its_own(a: Any, b: Any) -> None:
    t = cuda.threadIdx.x
    value = a[t]
    if t % 32 < 16:
        for step in (8, 4, 2, 1):
            value += cuda.shfl_xor_sync(0x0000FFFF, value, step)
    else:
        for step in (8, 4, 2, 1):
            value = max(value, cuda.shfl_xor_sync(0xFFFF0000, value, step))
    b[t] = value


@launched(1, 64, 64)
def only_the_first_lane_uses_the_sum_of_its_half(a: Any, b: Any) -> None:
    t = cuda.threadIdx.x
    value = a[t]
    if t % 32 < 16:
        for step in (8, 4, 2, 1):
            value += cuda.shfl_down_sync(0x0000FFFF, value, step)
        if t % 32 == 0:
            b[t] = value


@launched(1, 32, 64)
def groups_of_equal_values_by_match(a: Any, b: Any) -> None:
    t = cuda.threadIdx.x
    mask = cuda.match_any_sync(0xFFFFFFFF, a[t])
    leader = cuda.ffs(mask) - 1
    old = 0
    if t % 32 == leader:
        old = cuda.atomic.add(b, a[t], cuda.popc(mask))
    old = cuda.shfl_sync(mask, old, leader)
    b[32 + t] = old


@launched(2, 64, 100)
def the_tail_takes_part_with_zeros(a: Any, b: Any) -> None:
    i = cuda.grid(1)
    value = a[i] if i < a.size else 0
    for step in (16, 8, 4, 2, 1):
        value += cuda.shfl_down_sync(0xFFFFFFFF, value, step)
    if cuda.threadIdx.x % 32 == 0:
        cuda.atomic.add(b, 0, value)


@launched(2, 64, 100)
def the_tail_returned_and_the_others_vote(a: Any, b: Any) -> None:
    i = cuda.grid(1)
    if i >= a.size:
        return
    b[i] = cuda.popc(cuda.ballot_sync(0xFFFFFFFF, a[i] > 3))


@launched(4, 64, 300)
def shared_histogram(a: Any, b: Any) -> None:
    own = cuda.shared.array(16, int32)
    t = cuda.threadIdx.x
    if t < 16:
        own[t] = 0
    cuda.syncthreads()
    for i in range(cuda.grid(1), a.size, cuda.gridsize(1)):
        cuda.atomic.add(own, a[i], 1)
    cuda.syncthreads()
    if t < 16:
        cuda.atomic.add(b, t, own[t])


@launched(4, 64, 256)
def compaction(a: Any, b: Any) -> None:
    i = cuda.grid(1)
    if i < a.size - 1 and a[i] > 5:
        b[1 + cuda.atomic.add(b, 0, 1)] = a[i]


@launched(2, 8, 16)
def spin_lock(a: Any, b: Any) -> None:
    while cuda.atomic.cas(b, 0, 0, 1) != 0:
        pass
    cuda.threadfence()
    b[1] += 1
    cuda.threadfence()
    cuda.atomic.exch(b, 0, 0)


@launched(6, 32, 192)
def last_block(a: Any, b: Any) -> None:
    last = cuda.shared.array(1, int32)
    t = cuda.threadIdx.x
    if t == 0:
        b[1 + cuda.blockIdx.x] = a[cuda.grid(1)]
        cuda.threadfence()
        last[0] = cuda.atomic.add(b, 0, 1)
    cuda.syncthreads()
    if last[0] == cuda.gridDim.x - 1 and t < cuda.gridDim.x:
        b[32 + t] = b[1 + t]


@launched(6, 32, 512)
def last_block_after_everybody_fenced(a: Any, b: Any) -> None:
    last = cuda.shared.array(1, int32)
    t = cuda.threadIdx.x
    b[32 + cuda.grid(1)] = t
    cuda.threadfence()
    cuda.syncthreads()
    if t == 0:
        last[0] = cuda.atomic.add(b, 0, 1)
    cuda.syncthreads()
    if last[0] == cuda.gridDim.x - 1:
        total = 0
        for block in range(cuda.gridDim.x):
            total += b[32 + 32 * block + t]
        b[256 + t] = total


@launched(2, 32, 64)
def flag_between_blocks(a: Any, b: Any) -> None:
    t = cuda.threadIdx.x
    if cuda.blockIdx.x == 0:
        b[32 + t] = a[t]
        cuda.threadfence()
        cuda.syncthreads()
        if t == 0:
            cuda.atomic.exch(b, 0, 1)
    else:
        if t == 0:
            while cuda.atomic.add(b, 0, 0) == 0:
                pass
        cuda.syncthreads()
        if t < 31:
            b[1 + t] = b[33 + t]


@launched(8, 32, 64)
def blocks_meet_at_a_counter(a: Any, b: Any) -> None:
    t = cuda.threadIdx.x
    if t == 0:
        b[8 + cuda.blockIdx.x] = a[cuda.blockIdx.x]
        cuda.threadfence()
        cuda.atomic.add(b, 0, 1)
        while cuda.atomic.add(b, 0, 0) < cuda.gridDim.x:
            pass
        cuda.threadfence()
    cuda.syncthreads()
    if t == 0:
        b[16 + cuda.blockIdx.x] = b[8 + (cuda.blockIdx.x + 1) % 8]


@launched(2, 64, 128, kind="f4")
def float32_throughout(a: Any, b: Any) -> None:
    i = cuda.grid(1)
    b[i] = math.sin(a[i]) * float32(0.5)


@launched(2, 64, 128, kind="f8")
def float64_on_purpose(a: Any, b: Any) -> None:
    i = cuda.grid(1)
    b[i] = a[i] * 0.5


@launched(1, 32, 1024, kind="f4")
def padded_transpose(a: Any, b: Any) -> None:
    s = cuda.shared.array((32, 33), float32)
    t = cuda.threadIdx.x
    for j in range(32):
        s[j, t] = a[32 * j + t]
    cuda.syncthreads()
    for j in range(32):
        b[32 * j + t] = s[t, j]


@launched(64, 256, 16384)
def positive_part(a: Any, b: Any) -> None:
    i = cuda.grid(1)
    if a[i] > 5:
        b[i] = a[i] * 2
    else:
        b[i] = 0


@launched(4, 64, 256)
def neighbours_after_the_grid_met(a: Any, b: Any) -> None:
    grid = cuda.cg.this_grid()
    i = cuda.grid(1)
    for _ in range(3):
        left, right = a[(i - 1) % a.size], a[(i + 1) % a.size]
        grid.sync()
        a[i] = left + right
        grid.sync()
    b[i] = a[a.size - 1 - i]


@launched(5, 32, 160)
def one_block_sums_what_all_wrote(a: Any, b: Any) -> None:
    grid = cuda.cg.this_grid()
    i = cuda.grid(1)
    b[i] = a[i]
    grid.sync()
    if cuda.blockIdx.x == 0:
        total = 0
        for k in range(cuda.threadIdx.x, b.size, 32):
            total += b[k]
        cuda.syncthreads()
        b[cuda.threadIdx.x] = total
