"""Kernels compute what NumPy computes, over shapes, strides and types: integers exactly, floats by ulp."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.extra import numpy as hnp
from numba import cuda

from grader.device.emulated import EmulatedDevice
from grader.device.frontends import numba_cuda
from grader.device.heap import LocalHeap

INTEGERS = ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8")
FLOATS = ("f4", "f8")
PROPERTY = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.fixture(autouse=True, scope="module")
def front() -> Iterator[Any]:
    yield numba_cuda.install(LocalHeap(EmulatedDevice()), language="en", show=None)
    numba_cuda.uninstall()


#: What a thread computes of `x` and `y`, and what NumPy does.
EXACT: dict[str, tuple[str, Callable[..., Any]]] = {
    "add": ("x + y", np.add),
    "subtract": ("x - y", np.subtract),
    "multiply": ("x * y", np.multiply),
    "minimum": ("min(x, y)", np.minimum),
    "maximum": ("max(x, y)", np.maximum),
}
OF_INTEGERS: dict[str, tuple[str, Callable[..., Any]]] = {
    "and": ("x & y", np.bitwise_and),
    "or": ("x | y", np.bitwise_or),
    "xor": ("x ^ y", np.bitwise_xor),
    "invert": ("~x", lambda x, y: ~x),
    "equal": ("x == y", np.equal),
    "less": ("x < y", np.less),
}
#: With the units in the last place that CUDA's manual allows.
OF_FLOATS: dict[str, tuple[str, Callable[..., Any], int]] = {
    "divide": ("x / y", np.divide, 0),
    "sqrt": ("math.sqrt(abs(x))", lambda x, y: np.sqrt(np.abs(x)), 0),
    "exp": ("math.exp(x)", lambda x, y: np.exp(x), 2),
    "log": ("math.log(abs(x))", lambda x, y: np.log(np.abs(np.float64(x))), 2),
    "sin": ("math.sin(x)", lambda x, y: np.sin(np.float64(x)), 2),
    "tanh": ("math.tanh(x)", lambda x, y: np.tanh(np.float64(x)), 2),
    "floor": ("math.floor(x)", lambda x, y: np.floor(x), 0),
}


@cache
def kernel(expression: str) -> Any:
    names: dict[str, Any] = {"math": math}
    exec(f"def inner(x, y): return {expression}", names)
    inner = cuda.jit(device=True)(names["inner"])

    @cuda.jit
    def apply(x: Any, y: Any, out: Any) -> None:
        i, j = cuda.grid(2)
        if i < x.shape[0] and j < x.shape[1]:
            out[i, j] = inner(x[i, j], y[i, j])

    return apply


def on_device(array: np.ndarray, steps: tuple[int, int], flipped: bool) -> Any:
    """The array as a view with gaps, and in Fortran's order where it is `flipped`."""
    rows, columns = array.shape
    held = np.zeros((rows * steps[0], columns * steps[1]), array.dtype, order="F" if flipped else "C")
    held[:: steps[0], :: steps[1]] = array
    return cuda.to_device(held)[:: steps[0], :: steps[1]]


@st.composite
def pairs(draw: Any, dtype: str) -> tuple[np.ndarray, np.ndarray, tuple[int, int], bool]:
    shape = draw(hnp.array_shapes(min_dims=2, max_dims=2, max_side=9))
    kind = np.dtype(dtype)
    elements = (
        hnp.from_dtype(kind)
        if kind.kind in "iu"
        else st.floats(-80, 80, width=kind.itemsize * 8).map(lambda v: v if abs(v) > 1e-30 else 1.0)
    )
    x, y = (draw(hnp.arrays(kind, shape, elements=elements)) for _ in range(2))
    return x, y, (draw(st.integers(1, 3)), draw(st.integers(1, 3))), draw(st.booleans())


def computed(expression: str, x: np.ndarray, y: np.ndarray, steps: Any, flipped: bool, out: Any) -> Any:
    target = on_device(np.zeros(x.shape, out), (1, 1), flipped)
    kernel(expression)[(2, 2), (5, 5)](on_device(x, steps, flipped), on_device(y, steps[::-1], not flipped), target)
    return target.copy_to_host()


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("name", [*EXACT, *OF_INTEGERS])
def test_integers_are_those_of_numpy(name: str, dtype: str) -> None:
    expression, reference = {**EXACT, **OF_INTEGERS}[name]

    @PROPERTY
    @given(pairs(dtype))
    def check(case: Any) -> None:
        x, y, steps, flipped = case
        wanted = reference(x, y)
        found = computed(expression, x, y, steps, flipped, wanted.dtype)
        assert np.array_equal(found, wanted)

    check()


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", [*EXACT, *OF_FLOATS])
def test_floats_are_those_of_numpy_by_units_in_the_last_place(name: str, dtype: str) -> None:
    expression, reference, units = OF_FLOATS[name] if name in OF_FLOATS else (*EXACT[name], 0)

    @PROPERTY
    @given(pairs(dtype))
    def check(case: Any) -> None:
        x, y, steps, flipped = case
        with np.errstate(all="ignore"):
            wanted = np.asarray(reference(x, y), dtype)
        found = computed(expression, x, y, steps, flipped, dtype)
        distance = np.abs(np.float64(found) - np.float64(wanted)) / np.spacing(np.abs(wanted))
        assert np.all((distance <= units) | (found == wanted)), (found, wanted)

    check()


@pytest.mark.parametrize("dtype", ["i4", "u4", "i8", "u8", "f4", "f8"])
@pytest.mark.parametrize("name", ["sum", "min", "max"])
def test_atomics_reduce_as_numpy_does(name: str, dtype: str) -> None:
    update = {"sum": "add"}.get(name, name)
    names: dict[str, Any] = {"cuda": cuda}
    exec(f"def reduce(x, out):\n i = cuda.grid(1)\n if i < x.size: cuda.atomic.{update}(out, 0, x[i])", names)
    reduce = cuda.jit(names["reduce"])

    @PROPERTY
    @given(hnp.arrays(dtype, st.integers(1, 70), elements=st.integers(0, 1000).map(float if dtype[0] == "f" else int)))
    def check(x: np.ndarray) -> None:
        out = cuda.to_device(x[:1] * 0 if name == "sum" else x[:1])
        reduce[2, 64](x, out)
        assert out.copy_to_host()[0] == getattr(np, name)(x)

    check()
