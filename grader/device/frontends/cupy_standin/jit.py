"""`cupyx.jit` of the stand-in: CuPy itself translates a Python function to CUDA C, which runs on the heap.

The installed CuPy needs no driver for that. It goes by the stand-in's names, and takes their place while it works. What
it generates gets the lines of the Python file, so that findings have them. Imports `grader.device` only.

Source of how a kernel is called and its arguments are typed: CuPy 14, `cupyx/jit/_interface.py`.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import sys
import threading
import types
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from grader.device.frontends import nvrtc
from grader.device.frontends.cupy_standin.core import heap, ndarray, refuse
from grader.device.frontends.cupy_standin.functions import ufunc
from grader.device.frontends.cupy_standin.kernels import launch

PACKAGES = ("cupy", "cupyx", "cupy_backends")
#: What kernels call and read, CuPy's own objects.
NATIVE = (
    "threadIdx blockIdx blockDim gridDim warpsize grid gridsize laneid range syncthreads syncwarp shared_memory "
    "atomic_add atomic_sub atomic_exch atomic_min atomic_max atomic_inc atomic_dec atomic_cas atomic_and atomic_or "
    "atomic_xor shfl_sync shfl_up_sync shfl_down_sync shfl_xor_sync"
).split()

_HEADERS = ("carray.cuh", "atomics.cuh", "math_constants.h")
_lock = threading.RLock()
_cupy: dict[str, types.ModuleType] = {}
_entered = 0


@contextlib.contextmanager
def _installed() -> Iterator[None]:
    """Here the names of CuPy's modules mean the installed ones."""
    global _entered
    with _lock:
        mine: dict[str, types.ModuleType] = {}
        if not _entered:
            mine = _taken()
            sys.modules.update(_cupy)
        _entered += 1
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        finally:
            _entered -= 1
            if not _entered:
                _cupy.update(_taken())
                sys.modules.update(mine)


def _taken() -> dict[str, types.ModuleType]:
    return {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] in PACKAGES}


def native(name: str) -> Any:
    """CuPy's own object of this name in `cupyx.jit`."""
    if name not in NATIVE:
        raise AttributeError(name)
    with _installed():
        return getattr(importlib.import_module("cupyx.jit"), name)


@functools.cache
def _compiler() -> Any:
    """CuPy's translator, which puts the lines of the Python file before each statement."""
    with _installed():
        compiler: Any = importlib.import_module("cupyx.jit._compile")
        # What it would ask the driver for.
        core: Any = importlib.import_module("cupy._core")
        device: Any = importlib.import_module("cupy.cuda.device")
        core._get_warpsize, core._full_mask = lambda: 32, lambda: 0xFFFFFFFF
        device.get_compute_capability = lambda: "".join(map(str, heap().compute_capability))
    whole, statement = compiler._transpile_func_obj, compiler._transpile_stmt
    places: list[tuple[int, str]] = []

    def function(func: Any, *args: Any) -> Any:
        places.append((inspect.getsourcelines(func)[1], func.__code__.co_filename))
        try:
            return whole(func, *args)
        finally:
            places.pop()

    def placed(node: Any, *args: Any) -> Any:
        first, file = places[-1]
        return [*nvrtc.line_of(file, first + node.lineno - 1), *statement(node, *args)]

    compiler._transpile_func_obj, compiler._transpile_stmt = function, placed
    return compiler


@functools.cache
def _includes() -> tuple[str, ...]:
    with _installed():
        folder = Path(importlib.import_module("cupy").__path__[0]) / "_core/include"
    inner = folder / "cupy/_cccl"
    return tuple(f"-I{one}" for one in (folder, inner / "libcudacxx", inner / "cub", inner / "thrust"))


class JitKernel:
    """What `cupyx.jit.rawkernel` makes of a function: `kernel[grid, block](...)` or `kernel(grid, block, args)`."""

    def __init__(self, function: Callable[..., Any], mode: str, device: bool) -> None:
        functools.update_wrapper(self, function)
        self._function, self._mode, self._device = function, mode, device
        #: By what the arguments are: PTX, the kernel's name in it, and the types of numbers.
        self._compiled: dict[Any, tuple[str, str, list[Any]]] = {}

    def __getitem__(self, shape: tuple[Any, Any]) -> Callable[..., None]:
        grid, block = shape
        return lambda *args, **options: self(grid, block, args, **options)

    def __call__(self, grid: Any, block: Any, args: Any, shared_mem: int = 0, stream: Any = None) -> None:
        for arg in args:
            if not isinstance(arg, ndarray) and not np.isscalar(arg):
                raise refuse(arg)
        key = (*map(_layout, args), heap().compute_capability)
        if key not in self._compiled:
            with _installed():
                kinds = tuple(self._kind(arg) for arg in args)
                self._compiled[key] = (*self._translate(kinds), [kind.dtype for kind in kinds])
        ptx, entry, dtypes = self._compiled[key]
        flat: list[Any] = []
        for arg, dtype in zip(args, dtypes, strict=True):
            if isinstance(arg, ndarray):
                flat += [arg, *map(np.int64, (arg.size, *arg.shape, *arg.strides))]
            else:
                flat.append(np.float32(arg) if dtype.char == "e" else dtype.type(arg))
        launch(ptx, entry, grid, block, flat, shared_mem, stream=stream)

    def _kind(self, arg: Any) -> Any:
        if isinstance(arg, ndarray):
            return importlib.import_module("cupyx.jit._cuda_types").CArray(*_layout(arg))
        return importlib.import_module("cupyx.jit._cuda_typerules").get_ctype_from_scalar(self._mode, arg)

    def _translate(self, kinds: tuple[Any, ...]) -> tuple[str, str]:
        """(PTX, its kernel's name): a kernel that makes CuPy's arrays of pointers and numbers, and calls the other."""
        void = importlib.import_module("cupyx.jit._cuda_types").void
        made = _compiler().transpile(_as_cupys(self._function), ["__device__"], self._mode, kinds, void)
        head, body, given = [], [], []
        for number, kind in enumerate(kinds):
            name = f"_arg{number}"
            if not hasattr(kind, "_ndim"):
                head.append(f"{kind} {name}")
                given.append(name)
                continue
            count = 1 + 2 * kind._ndim
            head += [f"void* {name}", *(f"long long {name}_{n}" for n in range(count))]
            rest = ", ".join(f"{name}_{n}" for n in range(count))
            body.append(f"struct {{ void* data; long long rest[{count}]; }} {name}_made = {{{name}, {{{rest}}}}};")
            given.append(f"*({kind}*)&{name}_made")
        # Each costs NVIDIA's compiler a third of a second and more.
        code = made.code.replace('#include "cupy/float16.cuh"\n', "")
        costly = [f"{name}.cuh" for name in ("float16", "complex") if name in code]
        entry = f"{made.func_name}_kernel"
        includes = "".join(f"#include <cupy/{one}>\n" for one in (*costly, *_HEADERS))
        call = f"{' '.join(body)} {made.func_name}({', '.join(given)});"
        source = f'{includes}{code}\nextern "C" __global__ void {entry}({", ".join(head)}) {{ {call} }}'
        options = (*made.options, *_includes())
        return nvrtc.compile_kernel(source, entry, options, heap().compute_capability)


def _layout(arg: Any) -> tuple[Any, ...]:
    """What CuPy makes a type of: an array's dtype, dimensions, order and whether 32 bits index it, or a number's."""
    if isinstance(arg, ndarray):
        return arg.dtype, arg.ndim, bool(arg.flags.c_contiguous), arg.size * arg.itemsize < 1 << 31
    return type(arg), isinstance(arg, int) and -(1 << 31) <= arg < 1 << 31


def rawkernel(*, mode: str = "cuda", device: bool = False) -> Callable[[Callable[..., Any]], JitKernel]:
    """`cupyx.jit.rawkernel`."""
    return lambda function: JitKernel(function, mode, device)


def _as_cupys(function: Any) -> Any:
    """The same function, for which the stand-in's modules and objects are CuPy's."""
    names = set(_names(function.__code__))
    seen = {name: _native_of(value) for name, value in function.__globals__.items() if name in names}
    cells = tuple(types.CellType(_native_of(cell.cell_contents)) for cell in function.__closure__ or ())
    space = {**function.__globals__, **seen}
    return types.FunctionType(function.__code__, space, function.__name__, function.__defaults__, cells)


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from _names(inner)


def _native_of(value: Any) -> Any:
    if isinstance(value, JitKernel):
        kernel = importlib.import_module("cupyx.jit._interface")._JitRawKernel
        return kernel(_as_cupys(value._function), value._mode, value._device)
    if isinstance(value, ufunc):
        return getattr(importlib.import_module("cupy"), value.name)
    if isinstance(value, types.ModuleType) and value.__name__.partition(".")[0] in PACKAGES:
        return importlib.import_module(value.__name__)
    return value
