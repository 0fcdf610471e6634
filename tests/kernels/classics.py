"""Kernels that courses and books on GPUs teach, right ones and their usual faults."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import cuda, float32, int32

from tests.kernels.case import launched

WEIGHTS = np.array([1, 2, 3, 2, 1], "i4")


@launched(1, 32, 64)
def work_efficient_scan(a: Any, b: Any) -> None:
    s = cuda.shared.array(64, int32)
    t = cuda.threadIdx.x
    s[2 * t], s[2 * t + 1] = a[2 * t], a[2 * t + 1]
    step = 1
    count = 32
    while count > 0:
        cuda.syncthreads()
        if t < count:
            s[step * (2 * t + 2) - 1] += s[step * (2 * t + 1) - 1]
        step *= 2
        count //= 2
    if t == 0:
        s[63] = 0
    count = 1
    while count < 64:
        step //= 2
        cuda.syncthreads()
        if t < count:
            left, right = step * (2 * t + 1) - 1, step * (2 * t + 2) - 1
            held = s[left]
            s[left] = s[right]
            s[right] += held
        count *= 2
    cuda.syncthreads()
    b[2 * t], b[2 * t + 1] = s[2 * t], s[2 * t + 1]


@launched(1, 32, 64)
def work_efficient_scan_without_barrier_on_the_way_down(a: Any, b: Any) -> None:
    s = cuda.shared.array(64, int32)
    t = cuda.threadIdx.x
    s[2 * t], s[2 * t + 1] = a[2 * t], a[2 * t + 1]
    step = 1
    count = 32
    while count > 0:
        cuda.syncthreads()
        if t < count:
            s[step * (2 * t + 2) - 1] += s[step * (2 * t + 1) - 1]
        step *= 2
        count //= 2
    if t == 0:
        s[63] = 0
    cuda.syncthreads()
    count = 1
    while count < 64:
        step //= 2
        if t < count:
            left, right = step * (2 * t + 1) - 1, step * (2 * t + 2) - 1
            held = s[left]  # race
            s[left] = s[right]  # race
            s[right] += held  # race
        count *= 2
    cuda.syncthreads()
    b[2 * t], b[2 * t + 1] = s[2 * t], s[2 * t + 1]


@launched(1, 64, 64)
def bitonic_sort(a: Any, b: Any) -> None:
    s = cuda.shared.array(64, int32)
    t = cuda.threadIdx.x
    s[t] = a[t]
    cuda.syncthreads()
    k = 2
    while k <= 64:
        j = k // 2
        while j > 0:
            other = t ^ j
            if other > t and (s[t] > s[other]) == (t & k == 0):
                s[t], s[other] = s[other], s[t]
            cuda.syncthreads()
            j //= 2
        k *= 2
    b[t] = s[t]


@launched(1, 64, 64)
def bitonic_sort_with_a_barrier_for_each_round_only(a: Any, b: Any) -> None:
    s = cuda.shared.array(64, int32)
    t = cuda.threadIdx.x
    s[t] = a[t]
    cuda.syncthreads()
    k = 2
    while k <= 64:
        j = k // 2
        while j > 0:
            other = t ^ j
            if other > t and (s[t] > s[other]) == (t & k == 0):  # race
                s[t], s[other] = s[other], s[t]  # race
            j //= 2
        cuda.syncthreads()
        k *= 2
    b[t] = s[t]


@launched(1, 64, 64)
def odd_even_sort(a: Any, b: Any) -> None:
    s = cuda.shared.array(64, int32)
    t = cuda.threadIdx.x
    s[t] = a[t]
    cuda.syncthreads()
    for turn in range(64):
        if t % 2 == turn % 2 and t < 63 and s[t] > s[t + 1]:
            s[t], s[t + 1] = s[t + 1], s[t]
        cuda.syncthreads()
    b[t] = s[t]


@launched(4, 64, 256)
def stencil_with_both_halos(a: Any, b: Any) -> None:
    s = cuda.shared.array(68, int32)
    t, i = cuda.threadIdx.x, cuda.grid(1)
    s[t + 2] = a[i]
    if t < 2:
        s[t] = a[i - 2] if i >= 2 else 0
        s[t + 66] = a[i + 64] if i + 64 < a.size else 0
    cuda.syncthreads()
    total = 0
    for k in range(5):
        total += s[t + k]
    b[i] = total


@launched(4, 64, 256)
def stencil_whose_halo_nobody_loads(a: Any, b: Any) -> None:
    s = cuda.shared.array(68, int32)
    t, i = cuda.threadIdx.x, cuda.grid(1)
    s[t + 2] = a[i]
    if t < 2:
        s[t] = a[i - 2] if i >= 2 else 0
    cuda.syncthreads()
    total = 0
    for k in range(5):
        total += s[t + k]  # uninitialised
    b[i] = total


@launched(4, 64, 256)
def stencil_whose_halo_leaves_the_array(a: Any, b: Any) -> None:
    s = cuda.shared.array(68, int32)
    t, i = cuda.threadIdx.x, cuda.grid(1)
    s[t + 2] = a[i]
    if t < 2:
        s[t] = a[i - 2] if i >= 2 else 0
        s[t + 66] = a[i + 64]  # out-of-bounds
    cuda.syncthreads()
    total = 0
    for k in range(5):
        total += s[t + k]
    b[i] = total


@launched(4, 256, 1024)
def matrix_product_with_two_buffers(a: Any, b: Any) -> None:
    left = cuda.shared.array((2, 16, 16), int32)
    right = cuda.shared.array((2, 16, 16), int32)
    x, y = cuda.threadIdx.x % 16, cuda.threadIdx.x // 16
    row, column = cuda.blockIdx.x // 2 * 16 + y, cuda.blockIdx.x % 2 * 16 + x
    left[0, y, x], right[0, y, x] = a[32 * row + x], a[32 * y + column]
    cuda.syncthreads()
    total = 0
    for tile in range(2):
        now = tile % 2
        if tile < 1:
            left[1 - now, y, x] = a[32 * row + 16 * (tile + 1) + x]
            right[1 - now, y, x] = a[32 * (16 * (tile + 1) + y) + column]
        for k in range(16):
            total += left[now, y, k] * right[now, k, x]
        cuda.syncthreads()
    b[32 * row + column] = total


@launched(4, 256, 1024)
def matrix_product_with_one_buffer_for_two(a: Any, b: Any) -> None:
    left = cuda.shared.array((16, 16), int32)
    right = cuda.shared.array((16, 16), int32)
    x, y = cuda.threadIdx.x % 16, cuda.threadIdx.x // 16
    row, column = cuda.blockIdx.x // 2 * 16 + y, cuda.blockIdx.x % 2 * 16 + x
    total = 0
    for tile in range(2):
        left[y, x] = a[32 * row + 16 * tile + x]  # race
        right[y, x] = a[32 * (16 * tile + y) + column]  # race
        cuda.syncthreads()
        for k in range(16):
            total += left[y, k] * right[k, x]  # race
    b[32 * row + column] = total


@launched(4, 64, 256, kind="f4")
def bodies_in_tiles(a: Any, b: Any) -> None:
    tile = cuda.shared.array(64, float32)
    t, i = cuda.threadIdx.x, cuda.grid(1)
    mine, force = a[i], float32(0)
    for first in range(0, a.size, 64):
        tile[t] = a[first + t]
        cuda.syncthreads()
        for k in range(64):
            apart = tile[k] - mine
            force += apart / (abs(apart) * apart * apart + float32(1))
        cuda.syncthreads()
    b[i] = force


@launched(4, 64, 256, kind="f4")
def bodies_in_tiles_that_change_too_early(a: Any, b: Any) -> None:
    tile = cuda.shared.array(64, float32)
    t, i = cuda.threadIdx.x, cuda.grid(1)
    mine, force = a[i], float32(0)
    for first in range(0, a.size, 64):
        tile[t] = a[first + t]  # race
        cuda.syncthreads()
        for k in range(64):
            apart = tile[k] - mine  # race
            force += apart / (abs(apart) * apart * apart + float32(1))
    b[i] = force


@launched(2, 64, 128)
def convolution_with_constant_weights(a: Any, b: Any) -> None:
    weights = cuda.const.array_like(WEIGHTS)
    i = cuda.grid(1)
    total = 0
    for k in range(5):
        if 0 <= i + k - 2 < a.size:
            total += weights[k] * a[i + k - 2]
    b[i] = total


@launched(2, 64, 128)
def convolution_that_reads_beyond_the_end(a: Any, b: Any) -> None:
    weights = cuda.const.array_like(WEIGHTS)
    i = cuda.grid(1)
    total = 0
    for k in range(5):
        if i + k >= 2:
            total += weights[k] * a[i + k - 2]  # out-of-bounds
    b[i] = total


@launched(2, 128, 256)
def sum_of_a_block_by_shuffles(a: Any, b: Any) -> None:
    parts = cuda.shared.array(4, int32)
    t = cuda.threadIdx.x
    value = a[cuda.grid(1)]
    for step in (16, 8, 4, 2, 1):
        value += cuda.shfl_down_sync(0xFFFFFFFF, value, step)
    if t % 32 == 0:
        parts[t // 32] = value
    cuda.syncthreads()
    if t < 32:
        value = parts[t] if t < 4 else 0
        for step in (2, 1):
            value += cuda.shfl_down_sync(0xFFFFFFFF, value, step)
        if t == 0:
            cuda.atomic.add(b, 0, value)


@launched(2, 128, 256)
def sum_of_a_block_by_shuffles_without_barrier(a: Any, b: Any) -> None:
    parts = cuda.shared.array(4, int32)
    t = cuda.threadIdx.x
    value = a[cuda.grid(1)]
    for step in (16, 8, 4, 2, 1):
        value += cuda.shfl_down_sync(0xFFFFFFFF, value, step)
    if t % 32 == 0:
        parts[t // 32] = value  # race
    if t < 32:
        value = parts[t] if t < 4 else 0  # race
        for step in (2, 1):
            value += cuda.shfl_down_sync(0xFFFFFFFF, value, step)
        if t == 0:
            cuda.atomic.add(b, 0, value)


@launched(2, 64, 128, kind="f4")
def mandelbrot(a: Any, b: Any) -> None:
    i = cuda.grid(1)
    cr, ci = a[i] / float32(5) - float32(1.5), float32(i) / float32(128)
    x, y, count = float32(0), float32(0), 0
    while x * x + y * y < float32(4) and count < 50:
        x, y = x * x - y * y + cr, float32(2) * x * y + ci
        count += 1
    b[i] = count


@launched(2, 64, 128, kind="f4")
def mandelbrot_in_doubles(a: Any, b: Any) -> None:
    i = cuda.grid(1)
    cr, ci = a[i] / 5 - 1.5, i / 128  # float64
    x, y, count = 0.0, 0.0, 0
    while x * x + y * y < 4.0 and count < 50:
        x, y = x * x - y * y + cr, 2.0 * x * y + ci
        count += 1
    b[i] = count


@launched(1, 256, 256)
def game_of_life(a: Any, b: Any) -> None:
    t = cuda.threadIdx.x
    x, y = t % 16, t // 16
    alive = 0
    for dy in range(-1, 2):
        for dx in range(-1, 2):
            if dx or dy:
                alive += a[(y + dy) % 16 * 16 + (x + dx) % 16] % 2
    b[t] = alive == 3 or (alive == 2 and a[t] % 2 == 1)


@launched(1, 256, 256)
def game_of_life_in_place(a: Any, b: Any) -> None:
    t = cuda.threadIdx.x
    x, y = t % 16, t // 16
    alive = 0
    for dy in range(-1, 2):
        for dx in range(-1, 2):
            if dx or dy:
                alive += a[(y + dy) % 16 * 16 + (x + dx) % 16] % 2  # race
    a[t] = alive == 3 or (alive == 2 and a[t] % 2 == 1)  # race


@launched(1, 64, 64)
def breadth_first_search(a: Any, b: Any) -> None:
    found = cuda.shared.array(1, int32)
    t = cuda.threadIdx.x
    b[t] = 1 if t == 0 else 0
    level = 1
    going = True
    while going:
        cuda.syncthreads()
        if t == 0:
            found[0] = 0
        cuda.syncthreads()
        mine = b[t]
        cuda.syncthreads()
        if mine == level:
            for other in ((2 * t + 1) % 64, (t + 17) % 64):
                if cuda.atomic.cas(b, other, 0, level + 1) == 0:
                    cuda.atomic.add(found, 0, 1)
        cuda.syncthreads()
        going = found[0] > 0
        level += 1


@launched(1, 64, 64)
def frontier_with_a_plain_counter(a: Any, b: Any) -> None:
    count = cuda.shared.array(1, int32)
    t = cuda.threadIdx.x
    if t == 0:
        count[0] = 0
    cuda.syncthreads()
    if a[t] > 5:
        place = count[0]  # race
        count[0] = place + 1  # race
        b[place] = t  # race


@launched(2, 64, 512)
def sparse_product_by_rows(a: Any, b: Any) -> None:
    row = cuda.grid(1)
    total = 0
    for k in range(row % 4 + 1):
        total += a[(row * 16 + k * 5) % 512] * (k + 1)  # uncoalesced
    b[row] = total


@launched(2, 64, 512)
def sparse_product_by_warps(a: Any, b: Any) -> None:
    lane, warp = cuda.threadIdx.x % 32, cuda.grid(1) // 32
    for row in range(warp, 16, 4):
        total = 0
        for k in range(lane, 40, 32):
            total += a[(row * 32 + k) % 512]
        for step in (16, 8, 4, 2, 1):
            total += cuda.shfl_down_sync(0xFFFFFFFF, total, step)
        if lane == 0:
            b[row] = total


@launched(2, 64, 512)
def sparse_product_by_warps_in_shared_memory(a: Any, b: Any) -> None:
    s = cuda.shared.array(64, int32)
    t = cuda.threadIdx.x
    lane = t % 32
    row = cuda.grid(1) // 32
    s[t] = a[row * 32 + lane]  # race
    for step in (16, 8, 4, 2, 1):
        if lane < step:
            s[t] += s[t + step]  # race
    if lane == 0:
        b[row] = s[t]


@launched(2, 64, 128)
def clusters_of_points(a: Any, b: Any) -> None:
    sums = cuda.shared.array(3, int32)
    counts = cuda.shared.array(3, int32)
    t, i = cuda.threadIdx.x, cuda.grid(1)
    if t < 3:
        sums[t], counts[t] = 0, 0
    cuda.syncthreads()
    nearest, least = 0, 1000
    for k in range(3):
        distance = abs(a[i] - (1 + 4 * k))
        if distance < least:
            nearest, least = k, distance
    cuda.atomic.add(sums, nearest, a[i])
    cuda.atomic.add(counts, nearest, 1)
    cuda.syncthreads()
    if t < 3:
        cuda.atomic.add(b, t, sums[t])
        cuda.atomic.add(b, 3 + t, counts[t])


@launched(2, 64, 128)
def clusters_of_points_added_up_plainly(a: Any, b: Any) -> None:
    sums = cuda.shared.array(3, int32)
    t, i = cuda.threadIdx.x, cuda.grid(1)
    if t < 3:
        sums[t] = 0
    cuda.syncthreads()
    sums[a[i] % 3] += a[i]  # race
    cuda.syncthreads()
    if t < 3:
        cuda.atomic.add(b, t, sums[t])


@launched(1, 32, 128, kind="f4")
def fourier_butterflies(a: Any, b: Any) -> None:
    re, im = cuda.shared.array(64, float32), cuda.shared.array(64, float32)
    t = cuda.threadIdx.x
    for turn in range(2):
        i = t + 32 * turn
        place = 0
        for bit in range(6):
            place |= (i >> bit & 1) << (5 - bit)
        re[place], im[place] = a[i], float32(0)
    half = 1
    while half < 64:
        cuda.syncthreads()
        k = t % half
        i = t // half * 2 * half + k
        angle = float32(-math.pi) * float32(k) / float32(half)
        c, s = math.cos(angle), math.sin(angle)
        x, y = re[i + half] * c - im[i + half] * s, re[i + half] * s + im[i + half] * c
        re[i + half], im[i + half] = re[i] - x, im[i] - y
        re[i], im[i] = re[i] + x, im[i] + y
        half *= 2
    cuda.syncthreads()
    for turn in range(2):
        i = t + 32 * turn
        b[i], b[64 + i] = re[i], im[i]


@launched(1, 64, 128, kind="f4")
def fourier_stage_without_barrier(a: Any, b: Any) -> None:
    re = cuda.shared.array(128, float32)
    t = cuda.threadIdx.x
    re[t], re[t + 64] = a[t], a[t + 64]
    cuda.syncthreads()
    half = 1
    while half < 128:
        i = t // half * 2 * half + t % half
        x, y = re[i], re[i + half]  # race
        re[i], re[i + half] = x + y, x - y  # race
        half *= 2
    cuda.syncthreads()
    b[t], b[t + 64] = re[t], re[t + 64]


@launched(1, 256, 256, kind="f4")
def elimination(a: Any, b: Any) -> None:
    m = cuda.shared.array((16, 16), float32)
    x, y = cuda.threadIdx.x % 16, cuda.threadIdx.x // 16
    m[y, x] = a[16 * y + x] + (float32(60) if x == y else float32(0))
    cuda.syncthreads()
    for k in range(15):
        if x == k and y > k:
            m[y, k] /= m[k, k]
        cuda.syncthreads()
        if x > k and y > k:
            m[y, x] -= m[y, k] * m[k, x]
        cuda.syncthreads()
    b[16 * y + x] = m[y, x]


@launched(1, 256, 256, kind="f4")
def elimination_in_one_go(a: Any, b: Any) -> None:
    m = cuda.shared.array((16, 16), float32)
    x, y = cuda.threadIdx.x % 16, cuda.threadIdx.x // 16
    m[y, x] = a[16 * y + x] + (float32(60) if x == y else float32(0))
    cuda.syncthreads()
    for k in range(15):
        if x == k and y > k:
            m[y, k] /= m[k, k]  # race
        if x > k and y > k:
            m[y, x] -= m[y, k] * m[k, x]  # race
        cuda.syncthreads()
    b[16 * y + x] = m[y, x]


@launched(4, 64, 256, kind="f4")
def relaxation(a: Any, b: Any) -> None:
    grid = cuda.cg.this_grid()
    i = cuda.grid(1)
    for turn in range(6):
        source, target = (a, b) if turn % 2 == 0 else (b, a)
        if 0 < i < 255:
            target[i] = float32(0.5) * (source[i - 1] + source[i + 1])
        else:
            target[i] = source[i]
        grid.sync()


@launched(4, 64, 256, kind="f4")
def relaxation_where_only_blocks_wait(a: Any, b: Any) -> None:
    i = cuda.grid(1)
    for turn in range(2):
        source, target = (a, b) if turn % 2 == 0 else (b, a)
        if 0 < i < 255:
            target[i] = float32(0.5) * (source[i - 1] + source[i + 1])  # race
        else:
            target[i] = source[i]  # race
        cuda.syncthreads()


@launched(4, 64, 256)
def compaction_that_keeps_the_order_in_each_block(a: Any, b: Any) -> None:
    s = cuda.shared.array(64, int32)
    base = cuda.shared.array(1, int32)
    t, i = cuda.threadIdx.x, cuda.grid(1)
    keep = 1 if a[i] > 6 else 0
    s[t] = keep
    cuda.syncthreads()
    step = 1
    while step < 64:
        more = s[t - step] if t >= step else 0
        cuda.syncthreads()
        s[t] += more
        cuda.syncthreads()
        step *= 2
    if t == 63:
        base[0] = cuda.atomic.add(b, 0, s[63])
    cuda.syncthreads()
    if keep and i < 255:
        b[1 + base[0] + s[t] - 1] = a[i]


@launched(1, 32, 1024, kind="f4")
def transpose_without_shared_memory(a: Any, b: Any) -> None:
    t = cuda.threadIdx.x
    for j in range(32):
        b[32 * t + j] = a[32 * j + t]  # uncoalesced
