"""Wrong kernels in Python. A comment at the end of a line says what must be found there."""

from __future__ import annotations

from typing import Any

from numba import cuda, float32, int32

from tests.kernels.case import launched


@launched(2, 64, 100)
def no_guard(a: Any, b: Any) -> None:
    i = cuda.grid(1)
    b[i] = a[i]  # out-of-bounds


@launched(2, 64, 128)
def guard_one_too_far(a: Any, b: Any) -> None:
    i = cuda.grid(1)
    if i <= a.size - 1:
        b[i] = a[i + 1]  # out-of-bounds


@launched(1, 64, 64)
def far_below(a: Any, b: Any) -> None:
    i = cuda.grid(1)
    b[i] = a[i - 100]  # out-of-bounds


@launched(1, 32, 32)
def shared_too_small(a: Any, b: Any) -> None:
    s = cuda.shared.array(16, int32)
    t = cuda.threadIdx.x
    s[t] = a[t]  # out-of-bounds
    cuda.syncthreads()
    b[t] = s[t % 16]


@launched(1, 64, 64)
def no_barrier(a: Any, b: Any) -> None:
    s = cuda.shared.array(64, int32)
    t = cuda.threadIdx.x
    s[t] = a[t]  # race
    b[t] = s[63 - t]  # race


@launched(1, 32, 32)
def a_warp_is_no_barrier(a: Any, b: Any) -> None:
    s = cuda.shared.array(32, int32)
    t = cuda.threadIdx.x
    s[t] = a[t]  # race
    b[t] = s[31 - t]  # race


@launched(1, 128, 128)
def reduction_without_barrier(a: Any, b: Any) -> None:
    s = cuda.shared.array(128, int32)
    t = cuda.threadIdx.x
    s[t] = a[t]
    cuda.syncthreads()
    k = 64
    while k > 0:
        if t < k:
            s[t] += s[t + k]  # race
        k //= 2
    if t == 0:
        b[0] = s[0]


@launched(1, 64, 64)
def reused_without_barrier(a: Any, b: Any) -> None:
    s = cuda.shared.array(64, int32)
    t = cuda.threadIdx.x
    total = 0
    for k in range(4):
        s[t] = a[(t + k) % 64]  # race
        cuda.syncthreads()
        total += s[63 - t]  # race
    b[t] = total


@launched(1, 64, 64)
def neighbours_in_place(a: Any, b: Any) -> None:
    t = cuda.threadIdx.x
    if t < 63:
        b[t] = b[t + 1] + a[t]  # race


@launched(4, 64, 256)
def neighbours_across_blocks(a: Any, b: Any) -> None:
    i = cuda.grid(1)
    value = a[i]
    if i > 0 and i < a.size - 1:
        value = b[i - 1] + b[i] + b[i + 1]  # race
    cuda.syncthreads()
    b[i] = value  # race


@launched(4, 64, 256)
def the_neighbour_of_another_block_is_read_first(a: Any, b: Any) -> None:
    i, t = cuda.grid(1), cuda.threadIdx.x
    value = a[i]
    if i > 0:
        value += b[i - 1]  # race
    value += b[i]
    if t < 63:
        value += b[i + 1]
    cuda.syncthreads()
    b[i] = value  # race


@launched(2, 64, 128)
def racy_histogram(a: Any, b: Any) -> None:
    i = cuda.grid(1)
    b[a[i]] += 1  # race


@launched(2, 64, 64)
def histogram_read_too_early(a: Any, b: Any) -> None:
    own = cuda.shared.array(64, int32)
    t = cuda.threadIdx.x
    own[t] = 0
    cuda.syncthreads()
    cuda.atomic.add(own, a[t], 1)  # race
    cuda.atomic.add(b, t, own[t])  # race


@launched(2, 64, 128)
def histogram_set_too_late(a: Any, b: Any) -> None:
    own = cuda.shared.array(64, int32)
    t = cuda.threadIdx.x
    own[t] = 0  # race
    cuda.atomic.add(own, a[t], 1)  # race
    cuda.syncthreads()
    cuda.atomic.add(b, t, own[t])


@launched(4, 32, 128)
def total_in_one_place(a: Any, b: Any) -> None:
    i = cuda.grid(1)
    b[0] += a[i]  # race


@launched(4, 32, 128)
def counter_then_plain_read(a: Any, b: Any) -> None:
    i = cuda.grid(1)
    cuda.atomic.add(b, 0, 1)  # race
    cuda.syncthreads()
    if b[0] == cuda.gridsize(1) and 0 < i < 64:  # race
        b[i] = a[0]


@launched(2, 8, 16)
def lock_without_fence(a: Any, b: Any) -> None:
    while cuda.atomic.cas(b, 0, 0, 1) != 0:
        pass
    b[1] += 1  # race
    cuda.atomic.exch(b, 0, 0)


@launched(2, 32, 64)
def lock_fenced_on_one_side(a: Any, b: Any) -> None:
    if cuda.threadIdx.x == 0:
        while cuda.atomic.cas(b, 0, 0, 1) != 0:
            pass
        cuda.threadfence()
        b[1] += 1  # race
        cuda.atomic.exch(b, 0, 0)


@launched(6, 32, 192)
def last_block_without_fence(a: Any, b: Any) -> None:
    last = cuda.shared.array(1, int32)
    t = cuda.threadIdx.x
    if t == 0:
        b[1 + cuda.blockIdx.x] = a[cuda.grid(1)]  # race
        last[0] = cuda.atomic.add(b, 0, 1)
    cuda.syncthreads()
    if last[0] == cuda.gridDim.x - 1 and t < cuda.gridDim.x:
        b[32 + t] = b[1 + t]  # race


@launched(6, 32, 192)
def last_block_fenced_in_the_block_only(a: Any, b: Any) -> None:
    last = cuda.shared.array(1, int32)
    t = cuda.threadIdx.x
    if t == 0:
        b[1 + cuda.blockIdx.x] = a[cuda.grid(1)]  # race
        cuda.threadfence_block()
        last[0] = cuda.atomic.add(b, 0, 1)
    cuda.syncthreads()
    if last[0] == cuda.gridDim.x - 1 and t < cuda.gridDim.x:
        b[32 + t] = b[1 + t]  # race


@launched(1, 32, 32)
def shuffle_orders_no_memory(a: Any, b: Any) -> None:
    s = cuda.shared.array(32, int32)
    t = cuda.threadIdx.x
    s[t] = a[t]  # race
    other = cuda.shfl_xor_sync(0xFFFFFFFF, t, 1)
    b[t] = s[other]  # race


@launched(1, 64, 64)
def shuffle_that_half_a_warp_never_reaches(a: Any, b: Any) -> None:
    t = cuda.threadIdx.x
    value = a[t]
    if t % 32 < 16:
        value += cuda.shfl_down_sync(0xFFFFFFFF, value, 8)  # barrier
    cuda.syncthreads()  # barrier
    b[t] = value


@launched(1, 32, 32)
def ballots_with_different_masks(a: Any, b: Any) -> None:
    t = cuda.threadIdx.x
    if t < 16:
        b[t] = cuda.ballot_sync(0x0001FFFF, a[t] > 3)  # barrier
    else:
        b[t] = cuda.ballot_sync(0xFFFF0000, a[t] > 3)
    b[t] += cuda.ballot_sync(0xFFFFFFFF, a[t] > 5)  # barrier


@launched(1, 32, 32)
def one_half_shuffles_up_and_one_down(a: Any, b: Any) -> None:
    t = cuda.threadIdx.x
    if t % 2:
        b[t] = cuda.shfl_up_sync(0xFFFFFFFF, a[t], 1)  # barrier
    else:
        b[t] = cuda.shfl_down_sync(0xFFFFFFFF, a[t], 1)  # barrier


@launched(1, 64, 64)
def a_mask_without_its_own_lane(a: Any, b: Any) -> None:
    t = cuda.threadIdx.x
    b[t] = cuda.ballot_sync(0x0000FFFF, a[t] > 3)  # barrier


@launched(2, 64, 100)
def the_tail_returned_before_the_shuffles(a: Any, b: Any) -> None:
    i = cuda.grid(1)
    if i >= a.size:
        return
    value = a[i]
    for step in (16, 8, 4, 2, 1):
        value += cuda.shfl_down_sync(0xFFFFFFFF, value, step)  # uninitialised
    if cuda.threadIdx.x % 32 == 0:
        cuda.atomic.add(b, 0, value)


@launched(1, 32, 32)
def takes_from_the_half_that_is_not_in_the_mask(a: Any, b: Any) -> None:
    t = cuda.threadIdx.x
    if t < 16:
        b[t] = cuda.shfl_xor_sync(0x0000FFFF, a[t], 16)  # uninitialised


@launched(1, 64, 64)
def syncwarp_for_a_block(a: Any, b: Any) -> None:
    s = cuda.shared.array(64, int32)
    t = cuda.threadIdx.x
    s[t] = a[t]  # race
    cuda.syncwarp()
    b[t] = s[63 - t]  # race


@launched(1, 32, 32)
def syncwarp_without_the_other_half(a: Any, b: Any) -> None:
    s = cuda.shared.array(32, int32)
    t = cuda.threadIdx.x
    s[t] = a[t]  # race
    if t < 16:
        cuda.syncwarp(0xFFFF)
    b[t] = s[t ^ 16]  # race


@launched(1, 64, 64)
def barrier_in_a_branch(a: Any, b: Any) -> None:
    s = cuda.shared.array(64, int32)
    t = cuda.threadIdx.x
    s[t] = a[t]
    if t < 16:
        cuda.syncthreads()  # barrier
        s[t] = s[t] + 1
    cuda.syncthreads()  # barrier
    b[t] = s[t]


@launched(1, 64, 64)
def barrier_for_even_threads(a: Any, b: Any) -> None:
    t = cuda.threadIdx.x
    if t % 2 == 0:
        b[t] = a[t]
        cuda.syncthreads()  # barrier
        b[t] += 1
    else:
        b[t] = 1


@launched(1, 64, 64)
def barrier_in_a_loop_that_ends_apart(a: Any, b: Any) -> None:
    t = cuda.threadIdx.x
    total = 0
    for k in range(t // 32 + 1):
        total += a[k]
        cuda.syncthreads()  # barrier
    b[t] = total


@launched(1, 64, 64)
def a_warp_misses_the_first_of_two_barriers(a: Any, b: Any) -> None:
    s = cuda.shared.array(64, int32)
    t = cuda.threadIdx.x
    s[t] = a[t]
    if t < 32:
        cuda.syncthreads()
        s[t] += 1
    cuda.syncthreads()  # barrier
    b[t] = s[t]


@launched(1, 64, 64)
def wrote_and_left_before_the_barrier(a: Any, b: Any) -> None:
    s = cuda.shared.array(64, int32)
    t = cuda.threadIdx.x
    s[t] = a[t]  # race
    if t >= 40:
        return
    cuda.syncthreads()
    b[t] = s[t + 20]  # race


@launched(1, 64, 64)
def scan_in_one_buffer_without_the_inner_barrier(a: Any, b: Any) -> None:
    s = cuda.shared.array(64, int32)
    t = cuda.threadIdx.x
    s[t] = a[t]
    cuda.syncthreads()
    step = 1
    while step < 64:
        more = s[t - step] if t >= step else 0  # race
        s[t] += more  # race
        cuda.syncthreads()
        step *= 2
    b[t] = s[t]


@launched(1, 64, 64)
def half_of_shared_unwritten(a: Any, b: Any) -> None:
    s = cuda.shared.array(64, int32)
    t = cuda.threadIdx.x
    if t < 32:
        s[t] = a[t]
    cuda.syncthreads()
    b[t] = s[t]  # uninitialised


@launched(2, 64, 128, unwritten=True)
def adds_to_an_unwritten_output(a: Any, b: Any) -> None:
    i = cuda.grid(1)
    b[i] += a[i]  # uninitialised


@launched(2, 64, 128, unwritten=True)
def counts_in_an_unwritten_output(a: Any, b: Any) -> None:
    cuda.atomic.add(b, a[cuda.grid(1)], 1)  # uninitialised


@launched(1, 32, 32, step_limit=50_000)
def never_counts_on(a: Any, b: Any) -> None:
    i = 0
    while i < a.size:  # step-limit
        b[cuda.threadIdx.x] = a[0]
        i += a[0]


@launched(2, 64, 128, kind="f4")
def doubles_by_accident(a: Any, b: Any) -> None:
    i = cuda.grid(1)
    b[i] = a[i] * 0.1  # float64


@launched(4, 64, 4096, kind="f4")
def a_run_for_each_thread(a: Any, b: Any) -> None:
    start = cuda.grid(1) * 16
    for i in range(start, start + 16):
        b[i] = a[i]  # uncoalesced


@launched(1, 32, 1024, kind="f4")
def columns_in_one_bank(a: Any, b: Any) -> None:
    s = cuda.shared.array((32, 32), float32)
    t = cuda.threadIdx.x
    for j in range(32):
        s[j, t] = a[32 * j + t]
    cuda.syncthreads()
    for j in range(32):
        b[32 * j + t] = s[t, j]  # bank-conflict


@launched(2, 64, 128)
def everybody_sets_the_flag(a: Any, b: Any) -> None:
    if a[cuda.grid(1)] >= 0:
        b[0] = 1  # same-value


@launched(64, 256, 16384)
def every_other_thread_works(a: Any, b: Any) -> None:
    i = cuda.grid(1)
    total = a[i]
    if i % 4 == 0:
        for _ in range(200):  # divergence
            total = total * 3 + (total >> 1)
    b[i] = total


@launched(4, 64, 256)
def a_block_barrier_for_the_grid(a: Any, b: Any) -> None:
    i = cuda.grid(1)
    b[i] = a[i]  # race
    cuda.syncthreads()
    a[i] = b[b.size - 1 - i]  # race


@launched(4, 64, 256)
def only_one_barrier_for_each_round_of_the_grid(a: Any, b: Any) -> None:
    grid = cuda.cg.this_grid()
    i = cuda.grid(1)
    for _ in range(3):
        left, right = a[(i - 1) % a.size], a[(i + 1) % a.size]  # race
        grid.sync()
        a[i] = left + right  # race
    b[i] = a[i]


@launched(4, 64, 256)
def the_first_block_meets_the_grid_alone(a: Any, b: Any) -> None:
    grid = cuda.cg.this_grid()
    i = cuda.grid(1)
    b[i] = a[i]
    if cuda.blockIdx.x == 0:
        grid.sync()  # barrier
        b[i] += 1


@launched(4, 64, 256)
def blocks_meet_the_grid_unequally_often(a: Any, b: Any) -> None:
    grid = cuda.cg.this_grid()
    i = cuda.grid(1)
    for _ in range(cuda.blockIdx.x + 1):
        b[i] += a[i]
        grid.sync()  # barrier
