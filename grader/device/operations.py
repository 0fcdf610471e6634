"""The array operations a heap knows: a closed table from names to functions on NumPy arrays.

A name outside the table is refused, so a front end, or whoever speaks in its place, reaches nothing else of NumPy.
Imports nothing of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

UNARY = (
    "negative positive absolute fabs sign rint floor ceil trunc sqrt square cbrt reciprocal exp exp2 "
    "expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh "
    "deg2rad rad2deg isnan isinf isfinite signbit logical_not invert conjugate real imag angle nan_to_num"
).split()
BINARY = (
    "add subtract multiply divide true_divide floor_divide remainder mod fmod power float_power maximum "
    "minimum fmax fmin arctan2 hypot copysign logaddexp logaddexp2 ldexp nextafter heaviside equal "
    "not_equal less less_equal greater greater_equal logical_and logical_or logical_xor bitwise_and "
    "bitwise_or bitwise_xor left_shift right_shift gcd lcm isclose"
).split()
REDUCTIONS = (
    "sum prod mean std var max min amax amin argmax argmin any all nansum nanmax nanmin nanmean ptp median".split()
)
OTHERS = (
    "cumsum cumprod sort argsort where clip dot matmul inner outer tensordot vdot kron diff concatenate "
    "stack vstack hstack column_stack tile repeat roll flip flipud fliplr rot90 bincount histogram "
    "searchsorted unique nonzero flatnonzero count_nonzero take compress eye identity tri tril triu diag "
    "trace linspace arange full ones zeros meshgrid interp allclose array_equal pad convolve digitize "
    "average percentile isin trapezoid quantile cross einsum choose gradient take_along_axis logspace "
    "indices round"
).split()


def _key(array_index: Any, arrays: Sequence[np.ndarray]) -> Any:
    """An index from its plain form: ("slice", a, b, c), ("array", n), ("new",), ("rest",) or an integer."""
    if isinstance(array_index, (int, np.integer)):
        return int(array_index)
    kind, *rest = array_index
    if kind == "slice":
        return slice(*rest)
    if kind == "array":
        return arrays[rest[0]]
    return None if kind == "new" else Ellipsis


def _wrapped(array: np.ndarray, key: Sequence[Any], arrays: Sequence[np.ndarray]) -> tuple[Any, ...]:
    """Index arrays outside the bounds wrap around on a GPU; NumPy would raise."""
    parts = [_key(part, arrays) for part in key]
    axis = 0
    taken = sum(
        part.ndim if isinstance(part, np.ndarray) and part.dtype == bool else part is not None and part is not Ellipsis
        for part in parts
    )
    for number, part in enumerate(parts):
        if part is None:
            continue
        if part is Ellipsis:
            axis += array.ndim - taken
        elif isinstance(part, np.ndarray) and part.dtype == bool:
            axis += part.ndim
        else:
            if isinstance(part, np.ndarray) and array.shape[axis]:
                parts[number] = part % array.shape[axis]
            axis += 1
    return tuple(parts)


def getitem(array: np.ndarray, *arrays: np.ndarray, key: Sequence[Any]) -> np.ndarray:
    """Advanced indexing."""
    return np.asarray(array[_wrapped(array, key, arrays)])


def setitem(array: np.ndarray, value: Any, *arrays: np.ndarray, key: Sequence[Any]) -> None:
    """Assignment by index. Where an index comes twice, which value stays is not defined on a GPU."""
    array[_wrapped(array, key, arrays)] = value


def scatter(array: np.ndarray, value: Any, *arrays: np.ndarray, key: Sequence[Any], how: str) -> None:
    """Add, maximum or minimum at indices, each duplicate counted."""
    {"add": np.add, "max": np.maximum, "min": np.minimum}[how].at(array, _wrapped(array, key, arrays), value)


def random(
    *, seed: Sequence[int], method: str, size: Sequence[int], dtype: str, options: Sequence[Any] = ()
) -> np.ndarray:
    """Random numbers; the seed and the number of the call say which, so the heap keeps no state."""
    if method not in (
        "random",
        "standard_normal",
        "normal",
        "uniform",
        "integers",
        "permutation",
        "exponential",
        "poisson",
    ):
        raise ValueError(f"no random method named {method}")
    generator = np.random.default_rng(list(seed))
    shape = tuple(size)
    if method in ("random", "standard_normal"):
        return np.asarray(getattr(generator, method)(shape, dtype=np.dtype(dtype).type))
    if method == "permutation":
        return generator.permutation(int(options[0])).astype(dtype)
    return np.asarray(getattr(generator, method)(*options, size=shape)).astype(dtype)


#: What a step of `fused` may be.
FUSIBLE = frozenset({*UNARY, *BINARY, "where", "clip", "sum", "prod", "max", "min", "amax", "amin", "all", "any"})


def fused(*arrays: Any, steps: str) -> tuple[Any, ...]:
    """Several steps as one operation.

    `steps` are separated by semicolons: a function of `FUSIBLE`, perhaps with `:axis`, and what it is of: `a` and an
    operand's number, or `s` and an earlier step's. The last one names the results. Raises ValueError for anything else.
    """
    made: list[Any] = []

    def named(name: str) -> Any:
        return {"a": arrays, "s": made}[name[0]][int(name[1:])]

    *todo, results = steps.split(";")
    try:
        for step in todo:
            head, *names = step.split()
            function, _, axis = head.partition(":")
            if function not in FUSIBLE:
                raise ValueError(f"{function} is no step of a fused operation")
            options = {"axis": int(axis)} if axis else {}
            made.append(getattr(np, function)(*map(named, names), **options))
        return tuple(map(named, results.split()))
    except (KeyError, IndexError) as error:
        raise ValueError(f"no steps of a fused operation: {steps[:200]}") from error


def identity(array: np.ndarray) -> np.ndarray:
    return array


def cast(array: np.ndarray, dtype: str) -> np.ndarray:
    """To another type; out of range wraps or saturates as the host does it."""
    return np.asarray(array).astype(dtype)


def _spread(function: Callable[..., Any]) -> Callable[..., Any]:
    """For NumPy functions that take a sequence of arrays first."""
    return lambda *arrays, **options: function(arrays, **options)


OPERATIONS: dict[str, Callable[..., Any]] = {
    **{name: getattr(np, name) for name in (*UNARY, *BINARY, *REDUCTIONS, *OTHERS) if hasattr(np, name)},
    **{name: _spread(getattr(np, name)) for name in ("concatenate", "stack", "vstack", "hstack", "column_stack")},
    "einsum": lambda *arrays, subscripts: np.einsum(subscripts, *arrays),
    "fused": fused,
    "copy": identity,
    "cast": cast,
    "getitem": getitem,
    "setitem": setitem,
    "scatter": scatter,
    "random": random,
    "norm": np.linalg.norm,
    "solve": np.linalg.solve,
    "inv": np.linalg.inv,
    "det": np.linalg.det,
    "eigh": lambda a: tuple(np.linalg.eigh(a)),
    "svd": lambda a, full_matrices=True: tuple(np.linalg.svd(a, full_matrices=full_matrices)),
    "qr": lambda a: tuple(np.linalg.qr(a)),
    "cholesky": np.linalg.cholesky,
    **{
        f"fft.{name}": getattr(np.fft, name)
        for name in "fft ifft fft2 ifft2 rfft irfft fftn ifftn fftshift ifftshift fftfreq rfftfreq".split()
    },
}
