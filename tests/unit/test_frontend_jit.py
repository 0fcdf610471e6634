"""`cupyx.jit` on the stand-in: CuPy translates, the emulated GPU runs, findings have the lines of the function."""

import inspect
import sys

import numpy as np
import pytest

from tests.heaps import cupy_standin_over, either_heap, said_of_kernels  # noqa: F401

OFFSET = 3


def test_a_kernel_calls_functions_of_the_device_and_of_cupy(cp):
    from cupyx import jit

    @jit.rawkernel(device=True)
    def squared(a):
        return a * a

    @jit.rawkernel()
    def lengths(x, y, size):
        for i in range(jit.grid(1), size, jit.gridsize(1)):
            y[i] = cp.sqrt(squared(x[i])) + OFFSET

    x, y = cp.arange(100, dtype=cp.float32), cp.zeros(100, dtype=cp.float32)
    lengths[2, 32](x, y, x.size)
    assert np.array_equal(y.get(), np.arange(100) + 3)
    lengths((1,), (32,), (-x, y, np.uint32(50)))
    assert np.array_equal(y.get(), np.arange(100) + 3)


@pytest.mark.parametrize("dtype", ["i2", "f2", "f4", "f8", "c8"])
def test_arrays_have_their_shape_strides_and_type(cp, dtype):
    from cupyx import jit

    @jit.rawkernel()
    def numbered(m):
        i, j = jit.grid(2)
        if i < m.shape[0] and j < m.shape[1]:
            m[i, j] = m.shape[1] * i + j

    m = cp.zeros((3, 8), dtype)
    numbered[(1, 1), (4, 4)](m[:, ::2].T)
    expected = np.zeros((3, 8), dtype)
    expected[:, ::2] = np.arange(12).reshape(4, 3).T
    assert np.array_equal(m.get(), expected)


def test_a_sum_of_warps(cp, shown):
    from cupyx import jit

    @jit.rawkernel()
    def sums(x, out):
        part = jit.shared_memory(cp.int32, 2)
        value = x[jit.grid(1)]
        value += jit.shfl_down_sync(0xFFFFFFFF, value, 16)
        value += jit.shfl_down_sync(0xFFFFFFFF, value, 8)
        value += jit.shfl_down_sync(0xFFFFFFFF, value, 4)
        value += jit.shfl_down_sync(0xFFFFFFFF, value, 2)
        value += jit.shfl_down_sync(0xFFFFFFFF, value, 1)
        if jit.laneid() == 0:
            part[jit.threadIdx.x // 32] = value
        jit.syncthreads()
        if jit.threadIdx.x == 0:
            jit.atomic_add(out, 0, part[0] + part[1])

    x, out = cp.arange(256, dtype=cp.int32), cp.zeros(1, dtype=cp.int32)
    sums[4, 64](x, out)
    assert (int(out[0]), shown) == (256 * 255 // 2, [])


def test_a_finding_has_the_line_of_the_function(cp, shown):
    from cupyx import jit

    @jit.rawkernel()
    def copied(x, y, size):
        i = jit.grid(1)
        if i <= size:
            y[i] = x[i]

    lines, first = inspect.getsourcelines(copied)
    copied[1, 128](cp.zeros(100), cp.zeros(100), 100)
    number = first + next(n for n, line in enumerate(lines) if "y[i]" in line)
    assert shown
    assert all(line.startswith(f"Line {number}  out of bounds") for line in shown)


def test_cupys_own_modules_are_nowhere_to_be_seen(cp):
    from cupyx import jit

    @jit.rawkernel()
    def nothing(x):
        x[0] = 1

    nothing[1, 1](cp.zeros(1))
    assert sys.modules["cupy"] is cp
    assert [name for name in sys.modules if name.startswith("cupy") and "_core" in name] == []


@pytest.mark.parametrize(
    ("argument", "says"), [(np.zeros(3), "Unsupported type"), (None, "Unsupported type"), ("a", "Unsupported|not ")]
)
def test_what_no_kernel_takes_is_refused(cp, argument, says):
    from cupyx import jit

    @jit.rawkernel()
    def nothing(x):
        pass

    with pytest.raises((TypeError, NotImplementedError), match=says):
        nothing[1, 1](argument)


def test_what_cupys_translator_refuses_is_its_error(cp):
    from cupyx import jit

    @jit.rawkernel()
    def raising(x):
        raise ValueError

    with pytest.raises(ValueError, match="throw/catch are not allowed"):
        raising[1, 1](cp.zeros(1))
    with pytest.raises(AttributeError, match=r"does not have cupyx\.jit\.cg"):
        jit.cg
    with pytest.raises(TypeError, match="takes 1 positional argument"):
        raising[1, 1](cp.zeros(1), 2)
