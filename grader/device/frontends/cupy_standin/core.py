"""`cupy.ndarray` of the stand-in, and how Python values become operands of a heap's operation.

Imports `grader.device` only.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from grader.device.frontends.pinned import is_pinned
from grader.device.frontends.report import Reporter
from grader.device.heap import Heap, HeapError, OutOfDeviceMemory, View

NO_IMPLICIT = (
    "Implicit conversion to a NumPy array is not allowed. Please use `.get()` to construct a NumPy array explicitly."
)


class _State:
    """The installed heap. One for a process, as CuPy has one current device."""

    heap: Heap | None = None
    reporter: Reporter = Reporter(None)


def heap() -> Heap:
    """The heap that is installed. Raises RuntimeError where none is."""
    if _State.heap is None:
        raise RuntimeError("the CuPy stand-in is not installed; call install(heap) first")
    return _State.heap


def on(stream: Any = None, host: np.ndarray | None = None) -> Any:
    """Requests go on this stream, the current one where it is None; `host` is the array that a copy is from or to."""
    return heap().place.on(None if stream is None else int(stream.ptr), pinned=host is not None and is_pinned(host))


def synchronise(event: int | None = None) -> None:
    """The host waits for an event of the timeline, or for all work."""
    _State.reporter.take("streams", heap().synchronise(event))


class Memory:
    """An allocation; it goes back to its heap with the last array that lies in it."""

    def __init__(self, place: Heap, handle: int, size: int) -> None:
        self.ptr = handle
        self.size = size
        self._finalizer = weakref.finalize(self, place.free, handle)
        self._finalizer.atexit = False


class MemoryPointer:
    """`ndarray.data`: `ptr` is the address of the first element."""

    def __init__(self, ptr: int, mem: Any) -> None:
        self.ptr = ptr
        self.mem = mem
        self.device_id = 0

    def __int__(self) -> int:
        return self.ptr


class Flags:
    """`ndarray.flags`."""

    def __init__(self, c: bool, f: bool, own: bool) -> None:
        self.c_contiguous, self.f_contiguous, self.owndata = c, f, own
        self.forc, self.fnc = c or f, f and not c

    def __getitem__(self, name: str) -> bool:
        short = {"C": "c_contiguous", "F": "f_contiguous", "O": "owndata"}
        return bool(getattr(self, short.get(name, name.lower())))

    def __repr__(self) -> str:
        return (
            f"  C_CONTIGUOUS : {self.c_contiguous}\n  F_CONTIGUOUS : {self.f_contiguous}\n  OWNDATA : {self.owndata}\n"
        )


class OutOfMemoryError(MemoryError):
    """`cupy.cuda.memory.OutOfMemoryError`."""


def refuse(value: Any) -> TypeError:
    return TypeError(f"Unsupported type {type(value)}")


def operand(value: Any) -> Any:
    """`value`, if it can be an operand: an ndarray or a plain scalar; TypeError for NumPy arrays and lists."""
    if value is None or isinstance(value, (ndarray, bool, int, float, complex, str, np.generic)):
        return value
    raise refuse(value)


def option(value: Any) -> Any:
    """A keyword's value as plain data."""
    if isinstance(value, (tuple, list)):
        return tuple(option(part) for part in value)
    if value is None or isinstance(value, (bool, int, float, complex, str, np.generic)):
        return value
    if isinstance(value, ndarray):
        if value.ndim == 0:
            return value.item()
        raise refuse(value)
    if isinstance(value, (type, np.dtype)):
        return np.dtype(value).str
    raise refuse(value)


def call(name: str, operands: Sequence[Any], options: dict[str, Any] | None = None, out: ndarray | None = None) -> Any:
    """Run an operation on the device; returns an ndarray, or a tuple where it makes several."""
    if out is not None and not isinstance(out, ndarray):
        raise TypeError(f"out must be a cupy.ndarray, not {type(out)}")
    place = heap()
    plain = {key: option(value) for key, value in (options or {}).items()}
    try:
        # `operands` keeps its arrays alive until the device is done with their views.
        crossing = tuple(item.view_ if isinstance(item, ndarray) else item for item in operands)
        views = place.operate(name, crossing, plain, None if out is None else out.view_)
    except OutOfDeviceMemory as error:
        raise OutOfMemoryError(str(error)) from None
    if out is not None:
        return out
    arrays = tuple(ndarray.owning(place, view) for view in views)
    return arrays[0] if len(arrays) == 1 else arrays


def allocate(shape: tuple[int, ...], dtype: np.dtype, order: str = "C") -> ndarray:
    """A new array whose content counts as never written."""
    if dtype.hasobject or dtype.kind in "SUV":
        raise TypeError(f"Unsupported dtype {dtype}")
    place = heap()
    size = math.prod(shape) * dtype.itemsize
    try:
        address = place.alloc(size)
    except OutOfDeviceMemory as error:
        raise OutOfMemoryError(str(error)) from None
    return ndarray.owning(place, View(address, dtype.str, shape, strides_of(shape, dtype.itemsize, order)))


def upload(array: np.ndarray, order: str | None = None) -> ndarray:
    """A host array's copy on the device; one counted transfer."""
    if array.dtype.hasobject or array.dtype.kind in "SUV":
        raise TypeError(f"Unsupported dtype {array.dtype}")
    fortran = order == "F" or (order in (None, "K", "A") and array.flags.f_contiguous and not array.flags.c_contiguous)
    result = allocate(array.shape, array.dtype, "F" if fortran else "C")
    if array.size:
        with on(host=array):
            heap().write(result.view_.address, array.tobytes("F" if fortran else "C"))
    return result


def strides_of(shape: tuple[int, ...], itemsize: int, order: str = "C") -> tuple[int, ...]:
    sizes = shape[::-1] if order != "F" else shape
    steps = [itemsize * math.prod(sizes[:number]) for number in range(len(sizes))]
    return tuple(steps if order == "F" else steps[::-1])


_ANCHOR = np.zeros(1, np.uint8)


class ndarray:
    """An array on the emulated device, with CuPy's rules: nothing goes to the host unless it is told to."""

    __array_priority__ = 100
    __slots__ = ("__weakref__", "base", "dtype", "memory", "shape", "strides", "view_")
    #: What learners see in `type(x)` and in messages.
    __module__ = "cupy"
    #: As in CuPy: comparing gives an array, so arrays cannot be keys.
    __hash__ = None  # type: ignore[assignment]

    view_: View
    memory: Any
    base: Any
    dtype: np.dtype
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def __init__(
        self,
        shape: Any,
        dtype: Any = float,
        memptr: MemoryPointer | None = None,
        strides: Any = None,
        order: str = "C",
    ) -> None:
        kind = np.dtype(dtype)
        size = shape_of(shape)
        steps = tuple(strides) if strides is not None else strides_of(size, kind.itemsize, order)
        if memptr is None:
            fresh = allocate(size, kind, order)
            self._set(fresh.view_, fresh.memory, None)
        else:
            self._set(View(memptr.ptr, kind.str, size, steps), memptr.mem, None)

    def _set(self, view: View, memory: Any, base: Any) -> None:
        self.view_, self.memory, self.base = view, memory, base
        self.dtype, self.shape, self.strides = np.dtype(view.dtype), tuple(view.shape), tuple(view.strides)

    @classmethod
    def owning(cls, place: Heap, view: View) -> ndarray:
        array = cls.__new__(cls)
        size = view.nbytes
        array._set(view, Memory(place, view.address, size), None)
        return array

    def _part(self, address: int, dtype: np.dtype, shape: tuple[int, ...], strides: tuple[int, ...]) -> ndarray:
        array = type(self).__new__(type(self))
        base = self if self.base is None else self.base
        array._set(View(address, dtype.str, tuple(shape), tuple(strides)), self.memory, base)
        return array

    # -- shape arithmetic without memory

    def _ghost(self) -> np.ndarray:
        """A NumPy array of this shape and these strides that must never be read."""
        return np.lib.stride_tricks.as_strided(_ANCHOR.view(), self.shape, self.strides)

    def _like_ghost(self, ghost: np.ndarray) -> ndarray:
        offset = ghost.__array_interface__["data"][0] - _ANCHOR.__array_interface__["data"][0]
        if ghost.size == 0:
            offset = 0
        return self._part(self.view_.address + offset, self.dtype, ghost.shape, ghost.strides)

    @property
    def data(self) -> MemoryPointer:
        return MemoryPointer(self.view_.address, self.memory)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def itemsize(self) -> int:
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    @property
    def flags(self) -> Flags:
        fitting = [(n, s) for n, s in zip(self.shape, self.strides, strict=True) if n != 1]
        shape = tuple(n for n, _ in fitting)
        strides = tuple(s for _, s in fitting)
        c = not self.size or strides == strides_of(shape, self.itemsize, "C")
        f = not self.size or strides == strides_of(shape, self.itemsize, "F")
        return Flags(c, f, self.base is None)

    @property
    def device(self) -> Any:
        from grader.device.frontends.cupy_standin.runtime import Device

        return Device(0)

    @property
    def T(self) -> ndarray:
        return self.transpose()

    @property
    def mT(self) -> ndarray:
        return self.swapaxes(-1, -2)

    @property
    def real(self) -> ndarray:
        return call("real", [self]) if self.dtype.kind == "c" else self

    @property
    def imag(self) -> ndarray:
        return call("imag", [self])

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return {
            "shape": self.shape,
            "typestr": self.dtype.str,
            "data": (self.view_.address if self.size else 0, False),
            "strides": None if self.flags.c_contiguous else self.strides,
            "version": 3,
            "stream": None,
        }

    # -- to the host

    def get(self, stream: Any = None, order: str = "C", out: np.ndarray | None = None, blocking: bool = True) -> Any:
        """A NumPy copy; one counted transfer. Without `blocking` it is asynchronous where `out` is pinned."""
        if out is not None:
            if not isinstance(out, np.ndarray):
                raise TypeError(f"Only numpy.ndarray can be obtained from cupy.ndarray, not {type(out)}")
            if out.dtype != self.dtype or out.shape != self.shape:
                raise ValueError(f"out has {out.dtype}{out.shape}, the array has {self.dtype}{self.shape}")
        with on(stream, out):
            source = self if self.flags.c_contiguous or self.flags.f_contiguous else self.copy()
            raw = heap().read(source.view_.address, source.nbytes) if self.size else b""
            if blocking and heap().place.pinned:
                synchronise(heap().record())
        host = np.ndarray(self.shape, self.dtype, bytearray(raw), strides=source.strides if self.size else None)
        if out is not None:
            out[...] = host
            return out
        return np.array(host, order="C" if order == "A" else order)  # type: ignore[call-overload]

    def set(self, arr: np.ndarray, stream: Any = None) -> None:
        """Copy a NumPy array here; one counted transfer."""
        if not isinstance(arr, np.ndarray):
            raise TypeError("Only numpy.ndarray can be set to cupy.ndarray")
        if arr.dtype != self.dtype:
            raise TypeError(f"{arr.dtype} array cannot be set to {self.dtype} array")
        if arr.shape != self.shape:
            raise ValueError(f"Shape mismatch. Old shape: {self.shape}, new shape: {arr.shape}")
        with on(stream, arr):
            if self.size and self.flags.c_contiguous:
                heap().write(self.view_.address, arr.tobytes())
            else:
                call("copy", [upload(arr)], out=self)

    def item(self, *place: Any) -> Any:
        return self.get().item(*place)

    def tolist(self) -> Any:
        return self.get().tolist()

    def tobytes(self, order: str = "C") -> bytes:
        return self.get().tobytes(order)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise TypeError(NO_IMPLICIT)

    def __float__(self) -> float:
        return float(self.get())

    def __int__(self) -> int:
        return int(self.get())

    def __index__(self) -> int:
        return self.get().__index__()

    def __complex__(self) -> complex:
        return complex(self.get())

    def __bool__(self) -> bool:
        return bool(self.get())

    def __repr__(self) -> str:
        return repr(self.get())

    def __str__(self) -> str:
        return str(self.get())

    def __format__(self, spec: str) -> str:
        return format(self.get(), spec) if self.ndim == 0 else format(str(self), spec)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __iter__(self) -> Iterator[ndarray]:
        if not self.shape:
            raise TypeError("iteration over a 0-d array")
        return (self[number] for number in range(self.shape[0]))

    def __contains__(self, value: Any) -> bool:
        return bool((self == value).any())

    # -- indexing

    def __getitem__(self, key: Any) -> ndarray:
        plain, parts, arrays = split_key(key)
        if plain:
            return self._like_ghost(self._ghost()[view_key(key)])
        return call("getitem", [self, *arrays], {"key": parts})

    def __setitem__(self, key: Any, value: Any) -> None:
        plain, parts, arrays = split_key(key)
        new = operand(value)
        if plain:
            call("copy", [new], out=self._like_ghost(self._ghost()[view_key(key)]))
        else:
            call("setitem", [self, new, *arrays], {"key": parts})

    def take(self, indices: Any, axis: Any = None, out: Any = None) -> ndarray:
        return call("take", [self, operand(indices)], {"axis": axis, "mode": "wrap"}, out)

    def put(self, indices: Any, values: Any) -> None:
        self.ravel()[indices] = values

    def scatter_add(self, slices: Any, value: Any) -> None:
        scatter(self, slices, value, "add")

    # -- shape

    def reshape(self, *shape: Any, order: str = "C") -> ndarray:
        new = shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
        sizes = [int(n) for n in new]
        if sizes.count(-1) == 1:
            rest = -math.prod(sizes)
            sizes[sizes.index(-1)] = self.size // rest if rest else 0
        if math.prod(sizes) != self.size or any(n < 0 for n in sizes):
            raise ValueError(f"cannot reshape array of size {self.size} into shape {tuple(new)}")
        if order == "F":
            return self.T.reshape(*sizes[::-1]).T
        ghost = self._ghost().view()
        try:
            ghost.shape = tuple(sizes)
        except AttributeError:
            return self.copy().reshape(*sizes)
        return self._like_ghost(ghost)

    def ravel(self, order: str = "C") -> ndarray:
        return self.reshape(-1, order=order)

    def flatten(self, order: str = "C") -> ndarray:
        return self.copy().reshape(-1) if order == "C" else self.T.copy().reshape(-1)

    def transpose(self, *axes: Any) -> ndarray:
        order = axes[0] if len(axes) == 1 and (axes[0] is None or isinstance(axes[0], (tuple, list))) else axes or None
        return self._like_ghost(self._ghost().transpose(order))

    def swapaxes(self, axis1: int, axis2: int) -> ndarray:
        return self._like_ghost(self._ghost().swapaxes(axis1, axis2))

    def squeeze(self, axis: Any = None) -> ndarray:
        return self._like_ghost(self._ghost().squeeze(axis))

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> ndarray:
        return self._like_ghost(self._ghost().diagonal(offset, axis1, axis2))

    def view(self, dtype: Any = None) -> ndarray:
        if dtype is None:
            return self._part(self.view_.address, self.dtype, self.shape, self.strides)
        new = np.dtype(dtype)
        if new.itemsize == self.itemsize:
            return self._part(self.view_.address, new, self.shape, self.strides)
        if not self.flags.c_contiguous or not self.shape:
            raise ValueError("To change to a dtype of a different size, the last axis must be contiguous")
        width, rest = divmod(self.shape[-1] * self.itemsize, new.itemsize)
        if rest:
            raise ValueError("the size of the last axis in bytes must be a multiple of the new dtype's size")
        shape = (*self.shape[:-1], width)
        return self._part(self.view_.address, new, shape, strides_of(shape, new.itemsize))

    def broadcast(self, shape: tuple[int, ...]) -> ndarray:
        """This array seen with another shape, as `cupy.broadcast_to` does it."""
        return self._like_ghost(np.broadcast_to(self._ghost(), shape))

    # -- content

    def copy(self, order: str = "C") -> ndarray:
        result = allocate(self.shape, self.dtype, "F" if order == "F" else "C")
        return call("copy", [self], out=result)

    def astype(
        self, dtype: Any, order: str = "K", casting: Any = None, subok: Any = None, copy: bool = True
    ) -> ndarray:
        new = np.dtype(dtype)
        if new == self.dtype and not copy:
            return self
        return call("cast", [self], {"dtype": new.str})

    def fill(self, value: Any) -> None:
        call("copy", [operand(value)], out=self)

    def sort(self, axis: int = -1) -> None:
        call("copy", [call("sort", [self], {"axis": axis})], out=self)

    def argsort(self, axis: int = -1) -> ndarray:
        return call("argsort", [self], {"axis": axis})

    def nonzero(self) -> tuple[ndarray, ...]:
        found = call("nonzero", [self])
        return found if isinstance(found, tuple) else (found,)

    def conj(self) -> ndarray:
        return call("conjugate", [self])

    conjugate = conj

    def __copy__(self) -> ndarray:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> ndarray:
        return self.copy()

    # -- NumPy's functions on this array come back here

    def __array_ufunc__(self, function: Any, method: str, *inputs: Any, **options: Any) -> Any:
        from grader.device.frontends.cupy_standin.functions import UFUNCS

        name = function.__name__
        if method != "__call__" or name not in UFUNCS:
            return NotImplemented
        out = options.pop("out", None)
        return UFUNCS[name](*inputs, out=out[0] if isinstance(out, tuple) else out, **options)

    def __array_function__(self, function: Any, kinds: Any, args: Any, options: Any) -> Any:
        from grader.device.frontends.cupy_standin.functions import FUNCTIONS

        known = FUNCTIONS.get(function.__name__)
        return NotImplemented if known is None else known(*args, **options)


def shape_of(shape: Any) -> tuple[int, ...]:
    sizes = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
    if any(int(n) < 0 for n in sizes):
        raise ValueError("Negative dimensions are not allowed")
    return tuple(int(n) for n in sizes)


def plain_key(key: Any) -> tuple[Any, ...]:
    return key if isinstance(key, tuple) else (key,)


def view_key(key: Any) -> tuple[Any, ...]:
    """A key that gives a view also where it names a single element."""
    parts = plain_key(key)
    return parts if any(part is Ellipsis for part in parts) else (*parts, Ellipsis)


def split_key(key: Any) -> tuple[bool, tuple[Any, ...], list[ndarray]]:
    """(is it basic indexing, the key as plain data, its index arrays)."""
    parts: list[Any] = []
    arrays: list[ndarray] = []
    for part in plain_key(key):
        if isinstance(part, (bool, np.bool_)):
            raise IndexError("the stand-in does not index with a single truth value")
        if isinstance(part, (int, np.integer)):
            parts.append(int(part))
        elif isinstance(part, slice):
            ends = (None if end is None else int(end) for end in (part.start, part.stop, part.step))
            parts.append(("slice", *ends))
        elif part is None:
            parts.append(("new",))
        elif part is Ellipsis:
            parts.append(("rest",))
        else:
            index = part if isinstance(part, ndarray) else upload(np.asarray(part))
            if index.dtype.kind not in "iub":
                raise IndexError(f"arrays used as indices must be of integer (or boolean) type, not {index.dtype}")
            parts.append(("array", len(arrays)))
            arrays.append(index)
    return not arrays, tuple(parts), arrays


def scatter(target: ndarray, key: Any, value: Any, how: str) -> None:
    """`cupyx.scatter_add` and its kin: every duplicate of an index counts."""
    _, parts, arrays = split_key(key)
    call("scatter", [target, operand(value), *arrays], {"key": parts, "how": how})


def _binary(name: str, swapped: bool = False) -> Any:
    def method(self: ndarray, other: Any) -> Any:
        from grader.device.frontends.cupy_standin.functions import UFUNCS

        if not isinstance(other, (ndarray, bool, int, float, complex, np.generic, np.ndarray)):
            return NotImplemented
        return UFUNCS[name](other, self) if swapped else UFUNCS[name](self, other)

    return method


def _in_place(name: str) -> Any:
    def method(self: ndarray, other: Any) -> ndarray:
        from grader.device.frontends.cupy_standin.functions import UFUNCS

        return UFUNCS[name](self, other, out=self)

    return method


def _unary(name: str) -> Any:
    return lambda self: call(name, [self.view_])


#: What an operator's method is as a universal function.
BINARY_SIGNS = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "true_divide",
    "floordiv": "floor_divide",
    "mod": "remainder",
    "pow": "power",
    "and": "bitwise_and",
    "or": "bitwise_or",
    "xor": "bitwise_xor",
    "lshift": "left_shift",
    "rshift": "right_shift",
    "matmul": "matmul",
    "eq": "equal",
    "ne": "not_equal",
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
}
COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")
UNARY_SIGNS = {"neg": "negative", "pos": "positive", "abs": "absolute", "invert": "invert"}
for _sign, _name in BINARY_SIGNS.items():
    setattr(ndarray, f"__{_sign}__", _binary(_name))
    if _sign not in COMPARISONS:
        setattr(ndarray, f"__r{_sign}__", _binary(_name, swapped=True))
        setattr(ndarray, f"__i{_sign}__", _in_place(_name))
for _sign, _name in UNARY_SIGNS.items():
    setattr(ndarray, f"__{_sign}__", _unary(_name))
ndarray.__hash__ = None  # type: ignore[assignment]


def import_view(interface: dict[str, Any], owner: Any) -> ndarray:
    """An array over memory that another library describes; raises ValueError where it is not this heap's."""
    dtype = np.dtype(interface["typestr"])
    shape = tuple(interface["shape"])
    strides = interface.get("strides") or strides_of(shape, dtype.itemsize)
    address = int(interface["data"][0])
    array = ndarray.__new__(ndarray)
    view = View(address, dtype.str, shape, tuple(strides))
    if math.prod(shape):
        try:
            handle, length = heap().locate(view.extent[0])
        except HeapError:
            raise ValueError("the array lies in memory that this device does not have") from None
        if view.extent[1] > handle + length:
            raise ValueError("the array reaches beyond its allocation")
    array._set(view, owner, owner)
    return array
