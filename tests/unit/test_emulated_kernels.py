"""Right kernels compute what NumPy does and have no finding; wrong ones are found, with kind and line."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numba import cuda, float32, int32

from grader.device.emulated import EmulatedDevice
from grader.device.frontends.nvrtc import compile_kernel
from grader.device.interface import Launch, Pointer
from tests.unit.emulator import errors, launch, line_of

RNG = np.random.default_rng(20260101)
F1, I1 = "void(float32[:], float32[:])", "void(int32[:], int32[:])"


def floats(*shape: int) -> np.ndarray:
    return RNG.random(shape, dtype=np.float32)


# -- right kernels


def saxpy(a: Any, x: Any, y: Any, out: Any) -> None:
    i = cuda.grid(1)
    if i < out.size:
        out[i] = a * x[i] + y[i]


@pytest.mark.parametrize("n", [1, 31, 32, 33, 255, 256, 257, 1000, 4097, 65_792])
def test_a_guarded_map_is_exact(n: int) -> None:
    x, y = floats(n), floats(n)
    signature = "void(float32, float32[:], float32[:], float32[:])"
    result, (_, _, out) = launch(
        saxpy, signature, -(-n // 256), 256, np.float32(2.5), x, y, np.zeros(n, "f4"), unwritten=[2]
    )
    exact = np.float64(np.float32(2.5)) * x + y
    assert np.array_equal(out, exact.astype(np.float32))
    assert result.findings == []


def early_return(x: Any, out: Any) -> None:
    i = cuda.grid(1)
    if i >= out.size:
        return
    out[i] = math.sqrt(x[i])


def grid_stride(x: Any, out: Any) -> None:
    for i in range(cuda.grid(1), x.size, cuda.gridsize(1)):
        out[i] = math.sqrt(x[i])


@pytest.mark.parametrize(
    ("kernel", "grid"), [(early_return, 20), (grid_stride, 1), (grid_stride, 3), (grid_stride, 50)]
)
def test_every_element_is_reached(kernel: Any, grid: int) -> None:
    x = floats(1000)
    result, (_, out) = launch(kernel, F1, grid, 64, x, np.zeros(1000, "f4"), unwritten=[1])
    assert np.array_equal(out, np.sqrt(x))
    assert result.findings == []


def brightness(image: Any, out: Any) -> None:
    x, y = cuda.grid(2)
    if y < image.shape[0] and x < image.shape[1]:
        out[y, x] = image[y, x] * float32(0.5) + float32(1.0)


@pytest.mark.parametrize("shape", [(1, 1), (1, 257), (257, 1), (31, 33), (64, 48)])
def test_two_dimensions(shape: tuple[int, int]) -> None:
    image = floats(*shape)
    grid = (-(-shape[1] // 16), -(-shape[0] // 16))
    result, (_, out) = launch(
        brightness, "void(float32[:,:], float32[:,:])", grid, (16, 16), image, np.zeros(shape, "f4")
    )
    assert np.array_equal(out, image * np.float32(0.5) + np.float32(1.0))
    assert errors(result) == []


def block_sum(x: Any, out: Any) -> None:
    part = cuda.shared.array(256, float32)
    t, i = cuda.threadIdx.x, cuda.grid(1)
    part[t] = x[i] if i < x.size else float32(0.0)
    cuda.syncthreads()
    k = 128
    while k > 0:
        if t < k:
            part[t] += part[t + k]
        cuda.syncthreads()
        k //= 2
    if t == 0:
        cuda.atomic.add(out, 0, part[0])


@pytest.mark.parametrize("n", [1, 255, 256, 1000, 65_536])
def test_a_block_reduction(n: int) -> None:
    x = floats(n)
    result, (_, out) = launch(block_sum, F1, -(-n // 256), 256, x, np.zeros(1, "f4"))
    assert out[0] == pytest.approx(x.sum(dtype="f8"), rel=1e-5)
    assert errors(result) == []


def shared_histogram(x: Any, bins: Any) -> None:
    own = cuda.shared.array(64, int32)
    t = cuda.threadIdx.x
    for b in range(t, 64, cuda.blockDim.x):
        own[b] = 0
    cuda.syncthreads()
    for i in range(cuda.grid(1), x.size, cuda.gridsize(1)):
        cuda.atomic.add(own, x[i], 1)
    cuda.syncthreads()
    for b in range(t, 64, cuda.blockDim.x):
        cuda.atomic.add(bins, b, own[b])


@pytest.mark.parametrize("block", [32, 96, 256])
def test_a_histogram_by_shared_atomics(block: int) -> None:
    x = RNG.integers(0, 64, 5000).astype("i4")
    result, (_, bins) = launch(shared_histogram, I1, 5, block, x, np.zeros(64, "i4"))
    assert np.array_equal(bins, np.bincount(x, minlength=64))
    assert errors(result) == []


def tiled_matmul(a: Any, b: Any, c: Any) -> None:
    ta = cuda.shared.array((8, 8), float32)
    tb = cuda.shared.array((8, 8), float32)
    x, y = cuda.grid(2)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    total = float32(0.0)
    for tile in range((a.shape[1] + 7) // 8):
        k = tile * 8
        ta[ty, tx] = a[y, k + tx] if y < a.shape[0] and k + tx < a.shape[1] else float32(0.0)
        tb[ty, tx] = b[k + ty, x] if k + ty < b.shape[0] and x < b.shape[1] else float32(0.0)
        cuda.syncthreads()
        for j in range(8):
            total += ta[ty, j] * tb[j, tx]
        cuda.syncthreads()
    if y < c.shape[0] and x < c.shape[1]:
        c[y, x] = total


MATMUL = "void(float32[:,:], float32[:,:], float32[:,:])"


def test_a_tiled_matrix_product() -> None:
    a, b = floats(33, 17), floats(17, 29)
    result, (_, _, c) = launch(tiled_matmul, MATMUL, (4, 5), (8, 8), a, b, np.zeros((33, 29), "f4"), unwritten=[2])
    assert np.allclose(c, a.astype("f8") @ b, rtol=1e-5)
    assert errors(result) == []


def compact(x: Any, out: Any, count: Any) -> None:
    i = cuda.grid(1)
    if i < x.size and x[i] > 0:
        out[cuda.atomic.add(count, 0, 1)] = x[i]


def test_each_lane_of_an_atomic_gets_its_own_old_value() -> None:
    x = RNG.integers(-5, 5, 300).astype("i4")
    signature = "void(int32[:], int32[:], int32[:])"
    result, (_, out, count) = launch(compact, signature, 3, 128, x, np.zeros(300, "i4"), np.zeros(1, "i4"))
    wanted = np.sort(x[x > 0])
    assert count[0] == len(wanted)
    assert np.array_equal(np.sort(out[: count[0]]), wanted)
    assert errors(result) == []


def spin_lock(lock: Any, total: Any) -> None:
    while cuda.atomic.cas(lock, 0, 0, 1) != 0:
        pass
    cuda.threadfence()
    total[0] += 1
    cuda.threadfence()
    cuda.atomic.exch(lock, 0, 0)


def test_a_correct_spin_lock_ends() -> None:
    result, (_, total) = launch(spin_lock, I1, 2, 8, np.zeros(1, "i4"), np.zeros(1, "i4"))
    assert total[0] == 16
    assert errors(result) == []


def last_block(x: Any, parts: Any, count: Any, out: Any) -> None:
    last = cuda.shared.array(1, int32)
    t, b = cuda.threadIdx.x, cuda.blockIdx.x
    if t == 0:
        total = 0
        for i in range(b, x.size, cuda.gridDim.x):
            total += x[i]
        parts[b] = total
        cuda.threadfence()
        last[0] = cuda.atomic.add(count, 0, 1)
    cuda.syncthreads()
    if last[0] == cuda.gridDim.x - 1 and t == 0:
        total = 0
        for i in range(cuda.gridDim.x):
            total += parts[i]
        out[0] = total


def test_a_reduction_by_the_last_block() -> None:
    x = RNG.integers(0, 9, 500).astype("i4")
    signature = "void(int32[:], int32[:], int32[:], int32[:])"
    zeros = [np.zeros(n, "i4") for n in (6, 1, 1)]
    result, (_, _, _, out) = launch(last_block, signature, 6, 32, x, *zeros)
    assert out[0] == x.sum()
    assert errors(result) == []


def float_maximum(x: Any, out: Any) -> None:
    i = cuda.grid(1)
    if i < x.size:
        cuda.atomic.max(out, 0, x[i])


def test_numbas_atomic_maximum_of_floats() -> None:
    x = floats(300)
    result, (_, out) = launch(float_maximum, F1, 3, 128, x, np.zeros(1, "f4"))
    assert out[0] == x.max()
    assert errors(result) == []


def warp_sum(x: Any, out: Any) -> None:
    i = cuda.grid(1)
    value = x[i]
    for step in (16, 8, 4, 2, 1):
        value += cuda.shfl_down_sync(0xFFFFFFFF, value, step)
    if i % 32 == 0:
        out[i // 32] = value


def test_shuffles_within_a_warp() -> None:
    x = RNG.integers(0, 99, 128).astype("i4")
    result, (_, out) = launch(warp_sum, I1, 2, 64, x, np.zeros(4, "i4"))
    assert np.array_equal(out, x.reshape(4, 32).sum(axis=1))
    assert errors(result) == []


def warp_exchange(x: Any, out: Any) -> None:
    s = cuda.shared.array(32, int32)
    t = cuda.threadIdx.x
    s[t] = x[t]
    cuda.syncwarp()
    out[t] = s[31 - t]


def test_a_warp_barrier_orders_its_lanes() -> None:
    x = np.arange(32, dtype="i4")
    result, (_, out) = launch(warp_exchange, I1, 1, 32, x, np.zeros(32, "i4"))
    assert np.array_equal(out, x[::-1])
    assert errors(result) == []


# -- wrong kernels


def no_guard(a: Any, x: Any, y: Any, out: Any) -> None:
    i = cuda.grid(1)
    out[i] = a * x[i] + y[i]


def test_a_missing_guard_is_found_and_the_array_beyond_stays_whole() -> None:
    n = 100
    signature = "void(float32, float32[:], float32[:], float32[:])"
    result, (_, _, out) = launch(no_guard, signature, 1, 128, np.float32(2), floats(n), floats(n), np.zeros(n, "f4"))
    assert errors(result) == ["out-of-bounds"]
    finding = result.findings[0]
    assert finding.line == line_of(no_guard, "out[i] =")
    assert (finding.thread, finding.block, finding.count) == ((100, 0, 0), (0, 0, 0), 28)
    assert "element 100 of an array with 100 elements" in finding.message["en"]
    assert "Element 100 eines Arrays mit 100 Elementen" in finding.message["de"]
    assert np.all(out[:100] != 0)


def negative_index(x: Any, out: Any) -> None:
    i = cuda.grid(1)
    if i < out.size:
        out[i] = x[i - 200]


def test_an_index_far_below_zero_is_found() -> None:
    result, _ = launch(negative_index, F1, 1, 64, floats(64), np.zeros(64, "f4"))
    assert errors(result) == ["out-of-bounds"]
    assert result.findings[0].line == line_of(negative_index, "out[i] =")


def no_barrier(x: Any, out: Any) -> None:
    s = cuda.shared.array(64, float32)
    t = cuda.threadIdx.x
    s[t] = x[t]
    out[t] = s[63 - t]


def test_a_missing_barrier_is_a_race_between_two_lines() -> None:
    result, _ = launch(no_barrier, F1, 1, 64, floats(64), np.zeros(64, "f4"))
    races = [f for f in result.findings if f.kind == "race"]
    assert [(f.line, f.other_line) for f in races] == [(line_of(no_barrier, "out[t] ="), line_of(no_barrier, "s[t] ="))]
    assert "syncthreads" in races[0].message["en"]
    assert "syncthreads" in races[0].message["de"]


def no_second_barrier(a: Any, b: Any, c: Any) -> None:
    ta = cuda.shared.array((8, 8), float32)
    tb = cuda.shared.array((8, 8), float32)
    x, y = cuda.grid(2)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    total = float32(0.0)
    for tile in range(a.shape[1] // 8):
        k = tile * 8
        ta[ty, tx] = a[y, k + tx]
        tb[ty, tx] = b[k + ty, x]
        cuda.syncthreads()
        for j in range(8):
            total += ta[ty, j] * tb[j, tx]
    c[y, x] = total


def test_the_missing_second_barrier_of_a_tiled_product_is_found_at_both_stores() -> None:
    result, _ = launch(
        no_second_barrier, MATMUL, (2, 2), (8, 8), floats(16, 16), floats(16, 16), np.zeros((16, 16), "f4")
    )
    assert errors(result) == ["race"]
    lines = {f.line for f in result.findings if f.kind == "race"}
    assert lines == {line_of(no_second_barrier, "ta[ty, tx] ="), line_of(no_second_barrier, "tb[ty, tx] =")}


def racy_histogram(x: Any, bins: Any) -> None:
    i = cuda.grid(1)
    if i < x.size:
        bins[x[i]] += 1


def test_a_histogram_without_atomics_is_a_race() -> None:
    x = RNG.integers(0, 8, 500).astype("i4")
    result, _ = launch(racy_histogram, I1, 4, 128, x, np.zeros(8, "i4"))
    assert errors(result) == ["race"]
    assert {f.line for f in result.findings} == {line_of(racy_histogram, "bins[x[i]]")}


def histogram_without_second_barrier(x: Any, bins: Any) -> None:
    own = cuda.shared.array(64, int32)
    t = cuda.threadIdx.x
    own[t] = 0
    cuda.syncthreads()
    cuda.atomic.add(own, x[cuda.grid(1)], 1)
    cuda.atomic.add(bins, t, own[t])


def test_an_atomic_and_a_plain_read_race() -> None:
    x = RNG.integers(0, 64, 128).astype("i4")
    result, _ = launch(histogram_without_second_barrier, I1, 2, 64, x, np.zeros(64, "i4"))
    assert errors(result) == ["race"]
    assert line_of(histogram_without_second_barrier, "own[t])") in {f.line for f in result.findings}


def divergent_barrier(x: Any, out: Any) -> None:
    s = cuda.shared.array(64, float32)
    t = cuda.threadIdx.x
    s[t] = x[t]
    if t < 16:
        cuda.syncthreads()
        s[t] = s[t] + float32(1.0)
    cuda.syncthreads()
    out[t] = s[t]


def test_a_barrier_in_a_branch_is_found() -> None:
    result, _ = launch(divergent_barrier, F1, 1, 64, floats(64), np.zeros(64, "f4"))
    assert "barrier" in errors(result)
    finding = next(f for f in result.findings if f.kind == "barrier")
    first = line_of(divergent_barrier, "if t < 16")
    assert finding.line in (first + 1, first + 3)


def unwritten_shared(x: Any, out: Any) -> None:
    s = cuda.shared.array(64, float32)
    t = cuda.threadIdx.x
    if t < 32:
        s[t] = x[t]
    cuda.syncthreads()
    out[t] = s[t]


def test_reading_shared_memory_that_nobody_wrote_is_found() -> None:
    result, _ = launch(unwritten_shared, F1, 1, 64, floats(64), np.zeros(64, "f4"))
    assert errors(result) == ["uninitialised"]
    assert result.findings[0].line == line_of(unwritten_shared, "out[t] =")
    assert result.findings[0].count == 32


def accumulate(x: Any, out: Any) -> None:
    i = cuda.grid(1)
    if i < x.size:
        out[i] += x[i]


def test_reading_an_output_that_nobody_wrote_is_found() -> None:
    result, _ = launch(accumulate, F1, 1, 64, floats(64), np.zeros(64, "f4"), unwritten=[1])
    assert errors(result) == ["uninitialised"]
    clean, _ = launch(accumulate, F1, 1, 64, floats(64), np.zeros(64, "f4"))
    assert errors(clean) == []


def endless(x: Any, out: Any) -> None:
    i = 0
    while i >= 0:
        out[0] = x[0]
        i = (i + 1) % 7


def test_an_endless_kernel_stops_at_its_limit() -> None:
    result, _ = launch(endless, F1, 1, 1, floats(1), np.zeros(1, "f4"), step_limit=20_000)
    assert errors(result) == ["step-limit"]


SPINNING = """extern "C" __global__ void k(long long* out) {
  long long begin = clock64();
  while (clock64() - begin < (1LL << 62))
    ;
  out[threadIdx.x] = begin;
}"""


@pytest.mark.parametrize("limit", [{"step_limit": 20_000}, {"thread_step_limit": 5_000}])
def test_a_kernel_that_waits_for_the_clock_stops_at_its_limit(limit: dict[str, int]) -> None:
    ptx, entry = compile_kernel(SPINNING, "k", (), (9, 0))
    out = np.zeros(64, "i8").view(np.uint8)
    result = EmulatedDevice().launch(
        Launch(ptx, entry, (1, 1, 1), (64, 1, 1), (Pointer(0, 0, 0, out.nbytes),), (out,), **limit)
    )
    assert [(finding.kind, finding.line) for finding in result.findings] == [("step-limit", 3)]
    assert not result.buffers[0].any()


def test_a_kernel_may_wait_for_the_clock() -> None:
    ptx, entry = compile_kernel(SPINNING.replace("1LL << 62", "1000"), "k", (), (9, 0))
    out = np.full(64, -1, "i8").view(np.uint8)
    result = EmulatedDevice().launch(Launch(ptx, entry, (1, 1, 1), (64, 1, 1), (Pointer(0, 0, 0, out.nbytes),), (out,)))
    assert result.findings == []
    assert (result.buffers[0].view("i8") >= 0).all()


def double(x: Any, out: Any) -> None:
    i = cuda.grid(1)
    if i < x.size:
        out[i] = x[i] * 0.1


def test_an_unintended_float64_is_advice() -> None:
    result, _ = launch(double, F1, 1, 64, floats(64), np.zeros(64, "f4"))
    assert errors(result) == []
    assert [(f.kind, f.line) for f in result.findings] == [("float64", line_of(double, "out[i] ="))]


def blocked(x: Any, out: Any) -> None:
    start = cuda.grid(1) * 16
    for i in range(start, min(start + 16, x.size)):
        out[i] = x[i]


def test_scattered_traffic_is_counted_and_advised() -> None:
    result, _ = launch(blocked, F1, 2, 64, floats(2048), np.zeros(2048, "f4"))
    assert errors(result) == []
    assert {f.kind for f in result.findings} == {"uncoalesced"}
    assert result.counters.coalescing == pytest.approx(0.125, abs=0.01)


def column(x: Any, out: Any) -> None:
    s = cuda.shared.array((32, 32), float32)
    t = cuda.threadIdx.x
    for j in range(32):
        s[j, t] = x[t]
    cuda.syncthreads()
    for j in range(32):
        out[t] += s[t, j]


def test_bank_conflicts_are_counted() -> None:
    result, _ = launch(column, F1, 1, 32, floats(32), np.zeros(32, "f4"))
    assert result.counters.bank_conflicts == 32 * 31
    assert [f.line for f in result.findings if f.kind == "bank-conflict"] == [line_of(column, "s[t, j]")]


def flag(x: Any, out: Any) -> None:
    if x[cuda.grid(1)] >= 0:
        out[0] = 1


def test_equal_values_at_one_place_are_advice() -> None:
    result, (_, out) = launch(flag, I1, 1, 64, np.arange(64, dtype="i4"), np.zeros(1, "i4"))
    assert out[0] == 1
    assert errors(result) == []
    assert [f.kind for f in result.findings] == ["same-value"]


@pytest.mark.parametrize(("grid", "block"), [(1, 1025), (1, (32, 33, 1)), (0, 32), (1, (1, 1, 65)), ((1, 70_000), 32)])
def test_a_shape_that_no_gpu_takes_is_refused(grid: Any, block: Any) -> None:
    result, _ = launch(early_return, F1, grid, block, floats(4), np.zeros(4, "f4"))
    assert errors(result) == ["launch"]


def test_without_race_detection_results_are_the_same() -> None:
    x = floats(5000)
    _, (_, watched) = launch(block_sum, F1, 20, 256, x, np.zeros(1, "f4"))
    _, (_, unwatched) = launch(block_sum, F1, 20, 256, x, np.zeros(1, "f4"), races=False)
    assert watched[0] == unwatched[0]
