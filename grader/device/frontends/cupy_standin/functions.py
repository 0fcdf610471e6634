"""The functions of the stand-in's `cupy`: universal functions, reductions, creation, and what is in its submodules.

Imports `grader.device` only.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from grader.device.frontends.cupy_standin.core import (
    allocate,
    call,
    heap,
    import_view,
    ndarray,
    operand,
    refuse,
    scatter,
    shape_of,
    synchronise,
    upload,
)
from grader.device.frontends.cupy_standin.fusion import apply, fuse, reduce, traced
from grader.device.frontends.pinned import is_pinned
from grader.device.operations import BINARY, OPERATIONS, REDUCTIONS, UNARY

Function = Callable[..., Any]


class ufunc:
    """An element-wise function; takes arrays of the device and numbers, not NumPy arrays."""

    def __init__(self, name: str, operands: int) -> None:
        self.name = name
        self.nin = operands
        self.__name__ = f"cupy_{name}"
        self.__doc__ = f"Element-wise {name}, as numpy.{name}, on the emulated device."

    def __call__(self, *args: Any, out: Any = None, dtype: Any = None, casting: str = "same_kind", **other: Any) -> Any:
        if traced(args):
            if out is not None or dtype is not None or other:
                raise TypeError(f"cupy.{self.name} has no options inside a fused function")
            return apply(self.name, args)
        if other:
            raise TypeError(f"cupy.{self.name} of the stand-in has no option {', '.join(sorted(other))}")
        if len(args) == self.nin + 1 and out is None:
            *args, out = args  # type: ignore[assignment]
        if len(args) != self.nin:
            raise TypeError(f"cupy.{self.name} takes {self.nin} arrays, {len(args)} given")
        operands = [operand(arg) for arg in args]
        if not any(isinstance(arg, ndarray) for arg in args):
            operands = [upload(np.asarray(arg)) for arg in args]
        options = {} if dtype is None else {"dtype": np.dtype(dtype).str}
        if isinstance(out, ndarray):
            dtype, shape = self._result(operands, options)
            if not np.can_cast(dtype, out.dtype, casting):  # type: ignore[arg-type]
                raise TypeError(
                    f"output (typecode '{dtype.char}') could not be coerced to provided output parameter "
                    f"(typecode '{out.dtype.char}') according to the casting rule \"{casting}\""
                )
            if shape != out.shape and np.broadcast_shapes(shape, out.shape) != out.shape:
                raise ValueError(f"the result has shape {shape}, out has {out.shape}")
        return call(self.name, operands, options, out)

    def _result(self, operands: list[Any], options: dict[str, Any]) -> tuple[np.dtype, tuple[int, ...]]:
        """The type and shape of what comes out, by NumPy's rules for arrays without elements."""
        ghosts = [np.empty(0, item.dtype) if isinstance(item, ndarray) else item for item in operands]
        shapes = [item.shape for item in operands if isinstance(item, ndarray)]
        return np.asarray(OPERATIONS[self.name](*ghosts, **options)).dtype, np.broadcast_shapes(*shapes)

    def at(self, a: ndarray, indices: Any, b: Any = None) -> None:
        how = {"add": "add", "maximum": "max", "minimum": "min"}.get(self.name)
        if how is None:
            raise NotImplementedError(f"cupy.{self.name}.at is not in the stand-in")
        scatter(a, indices, b, how)

    def reduce(self, array: ndarray, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:
        name = {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min"}.get(self.name)
        if name is None:
            raise NotImplementedError(f"cupy.{self.name}.reduce is not in the stand-in")
        return FUNCTIONS[name](
            array, axis=axis, out=out, keepdims=keepdims, **({} if dtype is None else {"dtype": dtype})
        )

    def __repr__(self) -> str:
        return f"<ufunc '{self.__name__}'>"


UFUNCS: dict[str, Any] = {name: ufunc(name, 1) for name in UNARY if name in OPERATIONS}
UFUNCS |= {name: ufunc(name, 2) for name in BINARY if name in OPERATIONS}
UFUNCS["matmul"] = ufunc("matmul", 2)
UFUNCS |= {"abs": UFUNCS["absolute"], "conj": UFUNCS["conjugate"], "bitwise_not": UFUNCS["invert"]}


#: What CuPy's reductions take by position after `axis`, where it is not `out, keepdims`.
_AFTER_AXIS = {
    **dict.fromkeys("sum prod mean nansum nanmean argmax argmin".split(), ("dtype", "out", "keepdims")),
    **dict.fromkeys(("std", "var"), ("dtype", "out", "ddof", "keepdims")),
    "median": ("out", "overwrite_input", "keepdims"),
}


def _reduction(name: str) -> Function:
    positions = _AFTER_AXIS.get(name, ("out", "keepdims"))

    def reduction(a: Any, axis: Any = None, *more: Any, out: Any = None, **options: Any) -> Any:
        if len(more) > len(positions):
            raise TypeError(f"cupy.{name} takes an array, axis, {', '.join(positions)}")
        placed = dict(zip(positions, more, strict=False))
        named = options if out is None else {**options, "out": out}
        if twice := placed.keys() & named.keys():
            raise TypeError(f"cupy.{name} got {', '.join(sorted(twice))} twice")
        options = named | placed
        out = options.pop("out", None)
        if traced((a,)):
            if out is not None or options:
                raise TypeError(f"cupy.{name} takes an axis and nothing else inside a fused function")
            return reduce(name, a, axis)
        if not isinstance(a, ndarray):
            raise refuse(a)
        given = {key: value for key, value in options.items() if value is not None and value is not False}
        if name == "ptp" and "dtype" in given:
            raise TypeError("ptp has no dtype")
        return call(name, [a], {"axis": axis, **given}, out)

    reduction.__name__ = name
    reduction.__doc__ = f"As numpy.{name}, on the emulated device; without an axis the result is a 0-d array."
    return reduction


def _generic(name: str, public: str | None = None) -> Function:
    """A function whose arguments are arrays, lists of arrays, and plain values."""
    spread = name in ("concatenate", "stack", "vstack", "hstack", "column_stack")

    def function(*args: Any, out: Any = None, **options: Any) -> Any:
        operands: list[Any] = []
        if spread:
            first, *rest = args
            operands = [operand(item) for item in first]
            if rest:
                options["axis"] = rest[0]
            if len(rest) > 1:
                raise TypeError(f"cupy.{name} of the stand-in takes arrays and an axis")
        else:
            for arg in args:
                operands.append(
                    tuple(arg) if isinstance(arg, (tuple, list)) and not _holds_arrays(arg) else operand(arg)
                )
        for key in [key for key, value in options.items() if isinstance(value, ndarray) and value.ndim]:
            raise TypeError(f"cupy.{name} of the stand-in takes {key} by position")
        return call(name, operands, options, out)

    function.__name__ = public or name
    function.__doc__ = f"As numpy.{public or name}, on the emulated device."
    return function


def _holds_arrays(items: Any) -> bool:
    return any(isinstance(item, (ndarray, np.ndarray)) for item in items)


# -- creation


def array(
    obj: Any, dtype: Any = None, copy: bool | None = True, order: str = "K", ndmin: int = 0, **other: Any
) -> ndarray:
    """An array on the device: from host data (a counted transfer) or from an array that is there."""
    if isinstance(obj, ndarray):
        same = dtype is None or np.dtype(dtype) == obj.dtype
        fits = (order != "C" or obj.flags.c_contiguous) and (order != "F" or obj.flags.f_contiguous)
        result = obj if same and not copy and fits else (obj if same else obj.astype(dtype)).copy(order)
    elif hasattr(obj, "__cuda_array_interface__"):
        shared = import_view(obj.__cuda_array_interface__, obj)
        return array(shared, dtype, copy=copy, order=order, ndmin=ndmin)
    elif isinstance(obj, (list, tuple)) and _deep(obj):
        result = FUNCTIONS["stack"]([array(item) for item in obj])
        result = result if dtype is None else result.astype(dtype)
    else:
        host = np.array(obj, dtype=dtype, copy=None)
        result = upload(host, order)
    if result.ndim < ndmin:
        result = result.reshape(*(1,) * (ndmin - result.ndim), *result.shape)
    return result


def _deep(items: Any) -> bool:
    return any(isinstance(item, ndarray) or (isinstance(item, (list, tuple)) and _deep(item)) for item in items)


def asarray(a: Any, dtype: Any = None, order: str | None = None, *, blocking: bool = False) -> ndarray:
    """Asynchronous where `a` is pinned memory, unless it is to be `blocking`."""
    result = array(a, dtype, copy=False, order=order or "K")
    if blocking and isinstance(a, np.ndarray) and is_pinned(a):
        synchronise(heap().record())
    return result


def ascontiguousarray(a: Any, dtype: Any = None) -> ndarray:
    return array(a, dtype, copy=False, order="C", ndmin=1)


def asfortranarray(a: Any, dtype: Any = None) -> ndarray:
    return array(a, dtype, copy=False, order="F", ndmin=1)


def asnumpy(a: Any, stream: Any = None, order: str = "C", out: Any = None, *, blocking: bool = True) -> Any:
    """A NumPy copy; one counted transfer where `a` lies on the device."""
    if isinstance(a, ndarray):
        return a.get(stream, order, out, blocking)
    if hasattr(a, "__cuda_array_interface__"):
        return import_view(a.__cuda_array_interface__, a).get(stream, order, out, blocking)
    return np.asarray(a)


def empty(shape: Any, dtype: Any = float, order: str = "C") -> ndarray:
    """Memory that nobody has written: reading it first is a mistake that the emulator sees in kernels."""
    return allocate(shape_of(shape), np.dtype(dtype), order)


def full(shape: Any, fill_value: Any, dtype: Any = None, order: str = "C") -> ndarray:
    kind = np.dtype(dtype) if dtype is not None else getattr(fill_value, "dtype", np.asarray(fill_value).dtype)
    result = empty(shape, kind, order)
    result.fill(fill_value)
    return result


def zeros(shape: Any, dtype: Any = float, order: str = "C") -> ndarray:
    result = empty(shape, dtype, order)
    if result.size:
        heap().fill(result.view_.address, 0, result.nbytes)
    return result


def ones(shape: Any, dtype: Any = float, order: str = "C") -> ndarray:
    return full(shape, 1, dtype, order)


def _like(make: Function) -> Function:
    def like(a: Any, *args: Any, dtype: Any = None, shape: Any = None, order: str = "K", **other: Any) -> ndarray:
        if not isinstance(a, ndarray):
            raise refuse(a)
        fortran = order == "F" or (order in "KA" and a.flags.fnc)
        kind = a.dtype if dtype is None else dtype
        return make(a.shape if shape is None else shape, *args, dtype=kind, order="F" if fortran else "C")

    like.__name__ = f"{make.__name__}_like"
    return like


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None) -> ndarray:
    low, high = (0, start) if stop is None else (start, stop)
    options = {} if dtype is None else {"dtype": np.dtype(dtype).str}
    return call("arange", [operand(low), operand(high), operand(step)], options)


def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    if traced((condition, x, y)):
        return apply("where", (condition, x, y))
    if x is None and y is None:
        return condition.nonzero()
    if not isinstance(condition, ndarray):
        raise refuse(condition)
    return call("where", [condition, operand(x), operand(y)])


def clip(a: Any, a_min: Any = None, a_max: Any = None, out: Any = None) -> Any:
    if traced((a, a_min, a_max)):
        return apply("clip", (a, a_min, a_max))
    return call("clip", [operand(a), operand(a_min), operand(a_max)], None, out)


def nonzero(a: ndarray) -> tuple[ndarray, ...]:
    return a.nonzero()


def copyto(dst: ndarray, src: Any, casting: str = "same_kind", where: Any = None) -> None:
    if where is None:
        call("copy", [operand(src)], out=dst)
    else:
        call("where", [operand(where), operand(src), dst], out=dst)


def broadcast_to(array: ndarray, shape: Any) -> ndarray:
    return array.broadcast(shape_of(shape))


def broadcast_arrays(*arrays: ndarray) -> list[ndarray]:
    shape = np.broadcast_shapes(*(item.shape for item in arrays))
    return [item.broadcast(shape) for item in arrays]


def expand_dims(a: ndarray, axis: Any) -> ndarray:
    return a._like_ghost(np.expand_dims(a._ghost(), axis))


def moveaxis(a: ndarray, source: Any, destination: Any) -> ndarray:
    return a._like_ghost(np.moveaxis(a._ghost(), source, destination))


def rollaxis(a: ndarray, axis: int, start: int = 0) -> ndarray:
    return a._like_ghost(np.rollaxis(a._ghost(), axis, start))


def atleast_1d(*arys: ndarray) -> Any:
    found = [a if a.ndim else a.reshape(1) for a in arys]
    return found[0] if len(found) == 1 else found


def atleast_2d(*arys: ndarray) -> Any:
    found = [a if a.ndim > 1 else a.reshape(1, -1) for a in arys]
    return found[0] if len(found) == 1 else found


def split(ary: ndarray, indices_or_sections: Any, axis: int = 0) -> list[ndarray]:
    return [ary._like_ghost(part) for part in np.split(ary._ghost(), indices_or_sections, axis)]


def array_split(ary: ndarray, indices_or_sections: Any, axis: int = 0) -> list[ndarray]:
    return [ary._like_ghost(part) for part in np.array_split(ary._ghost(), indices_or_sections, axis)]


def meshgrid(*xi: ndarray, **options: Any) -> list[ndarray]:
    result = call("meshgrid", xi, options)
    return list(result) if isinstance(result, tuple) else [result]


def einsum(subscripts: str, *operands: ndarray, **options: Any) -> ndarray:
    return call("einsum", [operand(item) for item in operands], {"subscripts": subscripts})


def take(a: ndarray, indices: Any, axis: Any = None, out: Any = None) -> ndarray:
    return a.take(asarray(indices), axis, out)


def get_array_module(*args: Any) -> Any:
    """`cupy` if one of them lies on the device, else `numpy`."""
    import sys

    return sys.modules["cupy"] if any(isinstance(arg, ndarray) for arg in args) else np


def _method(name: str) -> Function:
    def function(a: ndarray, *args: Any, **options: Any) -> Any:
        if not isinstance(a, ndarray):
            raise refuse(a)
        return getattr(a, name)(*args, **options)

    function.__name__ = name
    return function


FUNCTIONS: dict[str, Any] = {
    **UFUNCS,
    **{name: _reduction(name) for name in REDUCTIONS},
    **{
        name: _generic(name)
        for name in (
            "cumsum cumprod sort argsort dot inner outer tensordot vdot kron diff concatenate stack vstack hstack "
            "column_stack tile repeat roll flip flipud fliplr rot90 bincount histogram searchsorted unique flatnonzero "
            "count_nonzero compress eye identity tri tril triu diag trace linspace logspace interp allclose "
            "array_equal pad convolve digitize average percentile quantile isin trapezoid cross choose gradient "
            "take_along_axis indices round"
        ).split()
    },
    **{name: _method(name) for name in "reshape ravel transpose swapaxes squeeze copy diagonal".split()},
    **{make.__name__ + "_like": _like(make) for make in (empty, zeros, ones, full)},
}
for _function in (
    array,
    asarray,
    ascontiguousarray,
    asfortranarray,
    asnumpy,
    empty,
    full,
    zeros,
    ones,
    arange,
    where,
    clip,
    nonzero,
    copyto,
    broadcast_to,
    broadcast_arrays,
    expand_dims,
    moveaxis,
    rollaxis,
    atleast_1d,
    atleast_2d,
    split,
    array_split,
    meshgrid,
    einsum,
    take,
    get_array_module,
    fuse,
):
    FUNCTIONS[_function.__name__] = _function
FUNCTIONS |= {"asanyarray": asarray, "around": FUNCTIONS["round"]}

METHODS = (*REDUCTIONS, "cumsum", "cumprod", "dot", "clip", "repeat", "round", "searchsorted", "trace")
for _name in METHODS:
    if not _name.startswith("nan") and _name not in ("amin", "amax", "median", "searchsorted"):
        setattr(ndarray, _name, FUNCTIONS[_name])


def _clip(self: ndarray, min: Any = None, max: Any = None, out: Any = None) -> ndarray:
    return clip(self, min, max, out)


ndarray.clip = _clip  # type: ignore[attr-defined]

LINALG: dict[str, Any] = {
    name: _generic(name) for name in ("norm", "solve", "inv", "det", "eigh", "svd", "qr", "cholesky")
}
FFT: dict[str, Any] = {name.partition(".")[2]: _generic(name, name) for name in OPERATIONS if name.startswith("fft.")}


class Generator:
    """`cupy.random.Generator`: the same seed gives the same numbers, which are not CuPy's."""

    def __init__(self, seed: int | None = None) -> None:
        entropy = np.random.SeedSequence(seed if seed is None else int(seed)).entropy
        self._seed = int(entropy) & (2**63 - 1)  # type: ignore[arg-type]
        self._calls = 0

    def _draw(self, method: str, size: Any, dtype: Any = float, *options: Any) -> ndarray:
        self._calls += 1
        shape = () if size is None else shape_of(size)
        plain = {"seed": (self._seed, self._calls), "method": method, "size": shape, "dtype": np.dtype(dtype).str}
        return call("random", [], {**plain, "options": options})

    def random(self, size: Any = None, dtype: Any = float, out: Any = None) -> ndarray:
        return self._draw("random", size, dtype)

    def standard_normal(self, size: Any = None, dtype: Any = float, out: Any = None) -> ndarray:
        return self._draw("standard_normal", size, dtype)

    def normal(self, loc: float = 0.0, scale: float = 1.0, size: Any = None, dtype: Any = float) -> ndarray:
        return self._draw("normal", size, dtype, loc, scale)

    def uniform(self, low: float = 0.0, high: float = 1.0, size: Any = None, dtype: Any = float) -> ndarray:
        return self._draw("uniform", size, dtype, low, high)

    def integers(self, low: int, high: int | None = None, size: Any = None, dtype: Any = np.int64) -> ndarray:
        bounds = (0, low) if high is None else (low, high)
        return self._draw("integers", size, dtype, *bounds)

    def exponential(self, scale: float = 1.0, size: Any = None) -> ndarray:
        return self._draw("exponential", size, float, scale)

    def poisson(self, lam: float = 1.0, size: Any = None) -> ndarray:
        return self._draw("poisson", size, np.int64, lam)

    def permutation(self, x: Any) -> ndarray:
        length = len(x) if isinstance(x, ndarray) else int(x)
        order = self._draw("permutation", None, np.int64, length)
        return x[order] if isinstance(x, ndarray) else order


class _Global:
    generator = Generator()


def _seed(seed: int | None = None) -> None:
    _Global.generator = Generator(seed)


RANDOM: dict[str, Any] = {
    "default_rng": Generator,
    "Generator": Generator,
    "seed": _seed,
    "rand": lambda *size, dtype=float: _Global.generator.random(size or None, dtype),
    "randn": lambda *size, dtype=float: _Global.generator.standard_normal(size or None, dtype),
    "random": lambda size=None, dtype=float: _Global.generator.random(size, dtype),
    "random_sample": lambda size=None, dtype=float: _Global.generator.random(size, dtype),
    "standard_normal": lambda size=None, dtype=float: _Global.generator.standard_normal(size, dtype),
    "uniform": lambda low=0.0, high=1.0, size=None, dtype=float: _Global.generator.uniform(low, high, size, dtype),
    "normal": lambda loc=0.0, scale=1.0, size=None, dtype=float: _Global.generator.normal(loc, scale, size, dtype),
    "randint": lambda low, high=None, size=None, dtype=np.int64: _Global.generator.integers(low, high, size, dtype),
    "permutation": lambda a: _Global.generator.permutation(a),
}


def _on_the_host(name: str) -> Function:
    compare = getattr(np.testing, name)

    @functools.wraps(compare)
    def compared(*args: Any, **options: Any) -> None:
        compare(*map(asnumpy, args[:2]), *args[2:], **options)

    return compared


#: As in CuPy, NumPy compares what is copied to the host.
TESTING: dict[str, Any] = {
    name: _on_the_host(name)
    for name in (
        "assert_allclose assert_array_equal assert_array_almost_equal assert_array_less assert_array_almost_equal_nulp "
        "assert_array_max_ulp"
    ).split()
}
