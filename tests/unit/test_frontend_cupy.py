"""The CuPy stand-in: NumPy's results, CuPy's rules about what crosses the bus, kernels through NVRTC."""

import sys
from pathlib import Path

import numpy as np
import pytest

from grader.device.frontends import cupy_standin
from grader.device.frontends.cupy_standin import table
from tests.heaps import cupy_standin_over, either_heap, said_of_kernels  # noqa: F401

PAGE = Path(__file__).parents[2] / "docs/learn/cupy-standin.md"
A = np.arange(12, dtype="f4").reshape(3, 4)

SAME = {
    "arithmetic": lambda xp, a: (2 * a - a / 3 + a // 2) ** 2 % 5,
    "comparison": lambda xp, a: (a > 3) & ~(a == 7),
    "slice": lambda xp, a: a[1:, ::-2],
    "transpose": lambda xp, a: a.T[1:3].reshape(-1),
    "new axis": lambda xp, a: a[:, None, 1] + a[None, :, 2],
    "mask": lambda xp, a: a[a > 4],
    "index array": lambda xp, a: a[xp.array([2, 0]), xp.array([1, 3])],
    "index list": lambda xp, a: a[[2, 0]],
    "sum": lambda xp, a: a.sum(),
    "sum of an axis": lambda xp, a: xp.sum(a, axis=0, keepdims=True),
    "mean in float64": lambda xp, a: a.mean(axis=1, dtype=xp.float64),
    "standard deviation": lambda xp, a: a.std(),
    "argmax": lambda xp, a: xp.argmax(a, axis=1),
    "type by position": lambda xp, a: a.sum(0, xp.float64),
    "output by position": lambda xp, a: a.max(1, xp.empty(3, xp.float32)),
    "kept axes by position": lambda xp, a: xp.std(a, 1, None, None, 1, True),
    "where": lambda xp, a: xp.where(a > 5, a, 0),
    "clip": lambda xp, a: xp.clip(a, 2, 7),
    "matmul": lambda xp, a: a @ a.T,
    "dot": lambda xp, a: xp.dot(a[0], a[1]),
    "norm": lambda xp, a: xp.linalg.norm(a, axis=0),
    "stack": lambda xp, a: xp.stack([a, a], axis=1),
    "concatenate": lambda xp, a: xp.concatenate((a, a[:1]), axis=0),
    "broadcast": lambda xp, a: xp.broadcast_to(a[0], (2, 4)) * 2,
    "cast": lambda xp, a: a.astype(xp.int32) << 1,
    "cumulated": lambda xp, a: xp.cumsum(a, axis=1),
    "sorted": lambda xp, a: xp.sort(-a, axis=1),
    "histogram": lambda xp, a: xp.bincount(a.astype(xp.int64).ravel() % 3),
    "special": lambda xp, a: xp.exp(-a) + xp.sqrt(xp.maximum(a, 1)) + xp.tanh(a),
    "linspace": lambda xp, a: xp.linspace(0, 1, 5, dtype=xp.float32),
    "arange": lambda xp, a: xp.arange(3, 12, 4),
    "full": lambda xp, a: xp.full((2, 2), 7) + xp.zeros_like(a[:2, :2]) + xp.ones(2),
    "split": lambda xp, a: xp.split(a, 2, axis=1)[1],
    "roll axis": lambda xp, a: xp.rollaxis(a.reshape(3, 2, 2), 2),
    "at least": lambda xp, a: xp.atleast_2d(a[0], a)[0] + xp.atleast_1d(a[1]),
    "clip method": lambda xp, a: a.clip(min=2, max=7).clip(3),
    "einsum": lambda xp, a: xp.einsum("ij,kj->ik", a, a),
    "outside and in again": lambda xp, a: xp.asfortranarray(a)[::-1, 1],
    "empty": lambda xp, a: a[3:].sum(axis=0),
}


@pytest.mark.parametrize("name", SAME)
def test_results_are_those_of_numpy(cp, name):
    expected = np.asarray(SAME[name](np, A))
    found = SAME[name](cp, cp.asarray(A))
    assert isinstance(found, cp.ndarray)
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    assert np.allclose(found.get(), expected, rtol=1e-6)


def test_assignments_reach_the_array_through_views(cp):
    host, there = A.copy(), cp.asarray(A)
    for xp, a in ((np, host), (cp, there)):
        a[1:, ::2] = 9
        a[0] = a[2]
        a[a > 9] = -1
        a[xp.array([0, 2]), 1] = xp.array([5, 6], dtype="f4")
        a += 1
        part = a[:, 3]
        part *= 2
        a.T.sort(axis=0)
    assert np.array_equal(there.get(), host)


def test_nothing_goes_to_the_host_unless_it_is_told_to(cp, heap):
    a = cp.asarray(A)
    b = cp.sqrt(a) + a.sum() * np.float32(2)
    assert heap.counters().device_to_host == 0
    for implicit in (lambda: np.asarray(b), lambda: np.array([b]), lambda: b + A, lambda: A + b, lambda: cp.exp(A)):
        with pytest.raises(TypeError):
            implicit()
    assert heap.counters().device_to_host == 0
    float(b.sum())
    cp.asnumpy(b)
    assert (heap.counters().device_to_host, heap.counters().device_to_host_bytes) == (2, 4 + 48)
    assert heap.counters().host_to_device == 1


def test_a_reduction_takes_no_argument_twice_and_none_too_many(cp):
    x = cp.ones((2, 3))
    with pytest.raises(TypeError, match="got dtype twice"):
        x.sum(0, "f8", dtype="f4")
    with pytest.raises(TypeError, match="got out twice"):
        x.max(0, cp.empty(3), out=cp.empty(3))
    with pytest.raises(TypeError, match="takes an array, axis, out, keepdims"):
        x.max(0, None, True, 1)


def test_reductions_stay_on_the_device_as_0d_arrays(cp):
    total = cp.ones(3).sum()
    assert isinstance(total, cp.ndarray)
    assert total.shape == ()
    assert total.item() == 3.0
    assert cp.asarray(A)[1, 2].shape == ()


def test_numpys_functions_on_its_arrays_stay_on_the_device(cp):
    a = cp.asarray(A)
    assert isinstance(np.sqrt(a), cp.ndarray)
    assert isinstance(np.float32(2) * a, cp.ndarray)
    assert np.sum(a).item() == A.sum()


def test_indices_outside_wrap_around(cp):
    a = cp.arange(4)
    assert a[cp.array([5, -1])].get().tolist() == [1, 3]
    with pytest.raises(IndexError):
        a[7]


def test_duplicates_of_an_index_all_count_in_scatter_add(cp):
    import cupyx

    bins = cp.zeros(3, dtype=cp.int32)
    cupyx.scatter_add(bins, cp.array([0, 0, 2]), 1)
    cp.add.at(bins, cp.array([2, 2]), 10)
    assert bins.get().tolist() == [2, 0, 21]


def test_in_place_results_must_fit(cp):
    whole = cp.arange(3)
    with pytest.raises(TypeError, match="casting rule"):
        whole += 0.5
    with pytest.raises(TypeError):
        cp.array(["a"])


def test_a_name_that_is_missing_is_named(cp):
    with pytest.raises(AttributeError, match=r"does not have cupy\.no_such_thing"):
        cp.no_such_thing
    with pytest.raises(AttributeError, match=r"cupy\.linalg\.lstsq"):
        cp.linalg.lstsq


def test_what_is_missing_of_cupyx_is_named(cp):
    import cupyx.scipy.ndimage

    with pytest.raises(AttributeError, match=r"does not have cupyx\.scipy\.ndimage\.gaussian_filter"):
        cupyx.scipy.ndimage.gaussian_filter(cp.ones(3), 1)
    with pytest.raises(ImportError, match=r"cannot import name 'cub' from 'cupyx.jit' \(Lehrwerk's stand-in"):
        from cupyx.jit import cub  # noqa: F401


def test_it_says_what_it_is(cp):
    assert cp.__version__.endswith("+lehrwerk")
    assert "stand-in" in repr(cp)
    assert "Lehrwerk" in repr(cp.cuda.Device(0))


def test_the_same_seed_gives_the_same_numbers(cp):
    one, two = cp.random.default_rng(5), cp.random.default_rng(5)
    first = one.random(4, dtype=cp.float32)
    assert first.dtype == np.float32
    assert np.array_equal(first.get(), two.random(4, dtype=cp.float32).get())
    assert not np.array_equal(one.normal(size=4).get(), one.normal(size=4).get())
    cp.random.seed(1)
    assert cp.random.randint(0, 3, size=(2, 2)).shape == (2, 2)


SAXPY = r"""
extern "C" __global__ void saxpy(float a, const float* x, float* y, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] += a * x[i];
}
"""


def test_a_raw_kernel_runs_and_is_watched(cp, shown):
    x, y = cp.arange(100, dtype="f4"), cp.ones(100, dtype="f4")
    cp.RawKernel(SAXPY, "saxpy")((1,), (128,), (np.float32(2), x, y, np.int32(100)))
    assert np.array_equal(y.get(), 2 * np.arange(100) + 1)
    assert shown == []
    cp.RawKernel(SAXPY.replace("i < n", "i <= n"), "saxpy")((1,), (128,), (np.float32(2), x, y, np.int32(100)))
    assert shown[0].startswith("Line 4  out of bounds")


def test_arguments_of_the_wrong_size_are_refused(cp):
    x = cp.ones(4, dtype="f4")
    with pytest.raises(RuntimeError, match="8"):
        cp.RawKernel(SAXPY, "saxpy")((1,), (4,), (2.0, x, x, 4))
    with pytest.raises(TypeError, match="Unsupported type"):
        cp.RawKernel(SAXPY, "saxpy")((1,), (4,), (np.float32(2), A, x, np.int32(4)))


def test_what_nvrtc_refuses_comes_with_its_line(cp):
    with pytest.raises(cp.cuda.compiler.CompileException, match=r"test_frontend_cupy.py\(\d+\): error"):
        cp.RawKernel('extern "C" __global__ void f() { int x = ; }', "f").compile()


def test_elementwise_kernels_broadcast_and_take_any_type(cp):
    kernel = cp.ElementwiseKernel("T x, T y", "T z", "z = x * x + y", "squared_plus")
    for dtype in ("f4", "f8", "i4"):
        a = cp.asarray(A.astype(dtype))
        assert np.array_equal(kernel(a.T, a[:, 0]).get(), A.T.astype(dtype) ** 2 + A[:, 0].astype(dtype))
        assert kernel(a, 1).dtype == np.dtype(dtype)
    raw = cp.ElementwiseKernel("raw float32 x, int32 n", "float32 z", "z = x[n - 1 - i]", "backwards")
    assert raw(cp.arange(3, dtype="f4"), 3, size=3).get().tolist() == [2, 1, 0]
    with pytest.raises(TypeError):
        kernel(cp.asarray(A), A)


def test_reduction_kernels_reduce_any_axis(cp):
    norm = cp.ReductionKernel("T x", "T y", "x * x", "a + b", "y = sqrt(a)", "0", "norm")
    a = cp.asarray(A)
    assert np.allclose(norm(a).get(), np.linalg.norm(A))
    assert np.allclose(norm(a, axis=0).get(), np.linalg.norm(A, axis=0))
    assert np.allclose(norm(a, axis=-1, keepdims=True).get(), np.linalg.norm(A, axis=-1, keepdims=True))
    largest = cp.ReductionKernel("T x", "T y", "x", "a > b ? a : b", "y = a", "-1e30", "largest")
    assert largest(cp.asarray(A[:, :1])).item() == 8
    post = "y = a / _type_reduce(_in_ind.size() / _out_ind.size())"
    mean = cp.ReductionKernel("T x", "T y", "x", "a + b", post, "0", "mean", reduce_type="float")
    assert np.allclose(mean(cp.asarray(A.astype("f8")), axis=1).get(), A.mean(axis=1))
    chosen = cp.ReductionKernel("int32 i, raw T x", "T y", "x[i]", "a + b", "y = a", "0", "chosen", reduce_type="T")
    assert chosen(cp.array([0, 3, 3], dtype="i4"), cp.asarray(A).ravel()).item() == 6


def test_memory_goes_back_with_the_last_view(cp, heap):
    free = heap.memory_info()[0]
    a = cp.ones(1000)
    part = a[10:20]
    del a
    assert part.sum().item() == 10
    assert heap.memory_info()[0] == free - 8000
    del part
    assert heap.memory_info()[0] == free
    with pytest.raises(MemoryError):
        cp.empty(1 << 33)


def test_both_front_ends_share_memory(heap):
    from grader.device.frontends import install_emulated, uninstall

    installed = install_emulated(heap, show=None)
    try:
        import cupy as cp
        from numba import cuda

        @cuda.jit
        def double(v):
            i = cuda.grid(1)
            if i < v.size:
                v[i] *= 2

        x = cp.arange(8, dtype="f4")
        double.forall(8)(x[::2])
        assert x.get().tolist() == [0, 1, 4, 3, 8, 5, 12, 7]
        theirs = cuda.to_device(np.ones(3))
        cp.asarray(theirs)[1] = 5
        assert theirs.copy_to_host().tolist() == [1, 5, 1]
        assert installed.findings() == []
        assert heap.counters().host_to_device == 1
    finally:
        uninstall()


def test_foreign_addresses_are_refused(cp):
    class Foreign:
        @property
        def __cuda_array_interface__(self):
            return {"shape": (4,), "typestr": "<f4", "data": (64, False), "version": 3}

    with pytest.raises(ValueError, match="does not have"):
        cp.asarray(Foreign())


def test_after_uninstall_there_is_no_cupy_of_ours(heap):
    cupy_standin.install(heap)
    cupy_standin.uninstall()
    assert not [name for name in sys.modules if name.partition(".")[0] in ("cupy", "cupyx")]


def test_the_page_lists_what_is_there(cp):
    page = table.table()
    assert "`bincount`" in page
    assert page == PAGE.read_text(encoding="utf-8")


def test_an_array_calls_itself_cupys(cp):
    assert str(type(cp.zeros(2))) == "<class 'cupy.ndarray'>"
    assert isinstance(cp.zeros(2), cp.ndarray)


def test_its_testing_compares_arrays_of_the_device_with_those_of_the_host(cp):
    cp.testing.assert_allclose(cp.arange(3), np.arange(3), rtol=1e-6)
    with pytest.raises(AssertionError):
        cp.testing.assert_array_equal(np.arange(3), cp.zeros(3))


MEETING = r"""
#include <cooperative_groups.h>
extern "C" __global__ void turn(int* x, int n) {
  auto grid = cooperative_groups::this_grid();
  int i = grid.thread_rank(), other = x[n - 1 - i];
  grid.sync();
  x[i] = other;
}
"""


def test_a_grid_meets_only_in_a_kernel_made_for_it(cp):
    x = cp.arange(256, dtype="i4")
    with pytest.raises(RuntimeError, match="enable_cooperative_groups"):
        cp.RawKernel(MEETING, "turn")((4,), (64,), (x, np.int32(256)))
    cp.RawKernel(MEETING, "turn", enable_cooperative_groups=True)((4,), (64,), (x, np.int32(256)))
    cp.RawModule(code=MEETING, enable_cooperative_groups=True).get_function("turn")((4,), (64,), (x, np.int32(256)))
    cp.RawModule(code=MEETING, enable_cooperative_groups=True).get_function("turn")((4,), (64,), (x, np.int32(256)))
    assert np.array_equal(x.get(), np.arange(256)[::-1])


def test_a_fused_function_is_one_operation(cp, heap):
    @cp.fuse()
    def length(x, y):
        return cp.sqrt(x * x + y * y) + np.float32(1)

    @cp.fuse(kernel_name="several")
    def several(x, factor):
        return cp.where(x > 3, factor * x, -x), cp.sum(abs(x) + 1, axis=0)

    a, b = cp.asarray(A), cp.asarray(A + 1)
    before = heap.counters()
    together = length(a, b)
    picked, total = several(a, 2)
    after = heap.counters()
    assert after.operations - before.operations == 2
    assert after.host_to_device == before.host_to_device
    assert (together.dtype, picked.dtype) == (np.float32, np.float32)
    assert np.array_equal(together.get(), np.sqrt(A * A + (A + 1) ** 2) + np.float32(1))
    assert np.array_equal(picked.get(), np.where(A > 3, 2 * A, -A))
    assert np.array_equal(total.get(), (abs(A) + 1).sum(axis=0))
    assert float(length(np.float32(3), np.float32(4))) == 6


def test_a_chain_of_any_length_is_fused_without_a_copy(cp, heap):
    @cp.fuse
    def chain(x):
        for _ in range(100):
            x = x + 1
        return x

    a = cp.asarray(A)
    before = heap.counters().host_to_device
    assert np.array_equal(chain(a).get(), A + 100)
    assert heap.counters().host_to_device == before


@pytest.mark.parametrize(
    ("what", "says"),
    [
        (lambda x: x[0], "index"),
        (lambda x: x if x > 0 else -x, "cupy.where"),
        (lambda x: x.T, "cannot use .T"),
        (lambda x: x.__iadd__(1), "x = x add y"),
    ],
)
def test_what_cannot_be_fused_is_named(cp, what, says):
    with pytest.raises(TypeError, match=says):
        cp.fuse(what)(cp.asarray(A))


@pytest.mark.parametrize("steps", ["save a0;s0", "add a0 a9;s0", "add b0 a0;s0", "s7", "add:x a0 a0;s0"])
def test_steps_that_no_function_wrote_are_refused(cp, heap, steps):
    a = cp.asarray(A)
    with pytest.raises(Exception, match=r"fused|invalid literal"):
        heap.operate("fused", (a.view_,), {"steps": steps})


def test_elementwise_kernels_know_half_and_complex_numbers(cp):
    sigmoid = cp.ElementwiseKernel("T x", "T y", "y = T(1) / (T(1) + exp(-x))", "sigmoid")
    x = np.linspace(-3, 3, 9).astype("f2")
    found = sigmoid(cp.asarray(x))
    assert found.dtype == np.float16
    assert np.allclose(found.get(), 1 / (1 + np.exp(-x.astype("f4"))), rtol=1e-3)
    z = np.array([1 + 2j, -0.5j, 3], "c8")
    square = cp.ElementwiseKernel("T z, T c", "T w", "w = z * z / T(2) + c", "square")
    assert np.allclose(square(cp.asarray(z), np.complex64(1j)).get(), z * z / 2 + 1j)
    assert np.allclose(
        cp.ElementwiseKernel("complex64 z", "float32 w", "w = abs(z)", "size")(cp.asarray(z)).get(), abs(z)
    )
    total = cp.ReductionKernel("T x", "T y", "x", "a + b", "y = a", "0", "total")
    assert total(cp.asarray(x + 1)).item() == np.float16(9)


MODULE = r"""
extern "C" {
__constant__ float factors[2];
__device__ int runs = 5;
__global__ void scale(float* x, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) x[i] *= factors[i % 2];
  if (i == 0) atomicAdd(&runs, 1);
}
}
template<typename T> __global__ void more(T* x) { x[threadIdx.x] += T(0.5); }
"""


def test_variables_of_a_module_lie_on_the_device(cp, shown):
    module = cp.RawModule(code=MODULE, options=("-std=c++17",), name_expressions=["more<double>"])
    scale = module.get_function("scale")
    factors = cp.ndarray(2, cp.float32, module.get_global("factors"))
    factors[...] = cp.array([2, 3], dtype="f4")
    x = cp.ones(4, dtype="f4")
    for _ in range(2):
        scale((1,), (32,), (x, np.int32(4)))
    assert x.get().tolist() == [4, 9, 4, 9]
    assert cp.ndarray(1, cp.int32, module.get_global("runs")).item() == 7
    y = cp.zeros(3)
    module.get_function("more<double>")((1,), (3,), (y,))
    assert y.get().tolist() == [0.5] * 3
    with pytest.raises(cp.cuda.driver.CUDADriverError, match=r"no variable other; it has: .*factors"):
        module.get_global("other")
    assert shown == []


def test_an_ellipsis_alone_is_the_whole_array(cp):
    a = cp.zeros(3)
    a[...] = 2
    assert a[...].get().tolist() == [2, 2, 2]
    assert a[..., 0].shape == ()


def test_benchmarks_pools_and_pinned_memory_are_there_and_say_what_they_are(cp):
    import cupyx
    from cupyx.profiler import benchmark

    result = benchmark(lambda x: x + 1, (cp.ones(3),), n_repeat=5, name="more")
    assert (result.gpu_times.shape, len(result.cpu_times)) == ((1, 5), 5)
    assert "more" in str(result)
    assert "no measure of any GPU" in str(result)
    pool = cp.get_default_memory_pool()
    held = pool.used_bytes()
    a = cp.ndarray((4,), "f4", cp.cuda.MemoryPool().malloc(16))
    a[...] = 1
    assert pool.used_bytes() == held + 16
    pool.free_all_blocks()
    pinned = cupyx.zeros_pinned(4, "f4")
    assert a.get(out=pinned) is pinned
    assert pinned.tolist() == [1] * 4
    cp.cuda.nvtx.RangePush("part")
    cp.cuda.nvtx.RangePop()
