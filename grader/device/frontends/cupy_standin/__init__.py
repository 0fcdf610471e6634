"""A test double for CuPy over a heap: `install(heap)` puts it on `sys.modules` as `cupy` (and `cupyx`).

It keeps what differs between CuPy and NumPy: nothing goes to the host unless it is told to, reductions give 0-d arrays,
NumPy arrays are refused as operands, indices outside the bounds wrap around. It says what it is in `cupy.__version__`,
in the module's repr and in a log line. A name that it lacks is an AttributeError that says so.
Its own kernels (RawKernel and its kin) go through NVRTC and run on the heap's device.
Imports `grader.device` only.
"""

from __future__ import annotations

import functools
import importlib.machinery
import logging
import sys
import types
from collections.abc import Mapping
from typing import Any

import numpy as np

from grader.device.frontends.report import Reporter
from grader.device.heap import Heap, View

VERSION = "14.2.0+lehrwerk"
log = logging.getLogger("lehrwerk.device")

#: NumPy's names that CuPy hands on as they are.
FROM_NUMPY = (
    "bool_ int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128 intp uintp "
    "single double byte ubyte short ushort intc uintc longlong ulonglong dtype generic number integer floating "
    "complexfloating signedinteger unsignedinteger inexact finfo iinfo result_type can_cast promote_types newaxis pi e "
    "inf nan euler_gamma issubdtype broadcast_shapes isscalar"
).split()


#: Modules of CuPy of which the stand-in has nothing: importing them works, and each name says that it is missing.
ABSENT = (
    "cupyx.scipy cupyx.scipy.fft cupyx.scipy.linalg cupyx.scipy.ndimage cupyx.scipy.signal "
    "cupyx.scipy.sparse cupyx.scipy.special cupyx.scipy.stats"
).split()
#: Python names a module's file where `from MODULE import NAME` finds no such name.
WHERE = "Lehrwerk's stand-in for CuPy; docs/learn/cupy-standin.md lists what it has"


class StandIn(types.ModuleType):
    """A module of the stand-in."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"the CuPy stand-in {VERSION} does not have {self.__name__}.{name}; it covers what the courses use, "
            "and the list is in docs/learn/cupy-standin.md"
        )

    def __repr__(self) -> str:
        return f"<module {self.__name__!r}: Lehrwerk's stand-in {VERSION} on an emulated GPU>"


def _module(name: str, content: Mapping[str, Any]) -> StandIn:
    module = StandIn(name, f"Lehrwerk's stand-in for {name} on an emulated GPU.")
    module.__dict__.update(content)
    module.__spec__ = importlib.machinery.ModuleSpec(name, None, origin="Lehrwerk's stand-in", is_package=True)
    module.__path__ = []
    module.__file__ = WHERE
    return module


def contents() -> dict[str, dict[str, Any]]:
    """What each of its modules holds, by name."""
    from grader.device.frontends import nvrtc
    from grader.device.frontends.cupy_standin import core, functions, jit, kernels, runtime

    def scatter_of(how: str) -> Any:
        return lambda a, slices, value: core.scatter(a, slices, value, how)

    numpy_names = {name: getattr(np, name) for name in FROM_NUMPY if hasattr(np, name)}
    return {
        "cupy": {
            **numpy_names,
            **functions.FUNCTIONS,
            **kernels.KERNELS,
            "ndarray": core.ndarray,
            "ufunc": functions.ufunc,
            "bool": np.bool_,
            "get_default_memory_pool": runtime.MemoryPool,
            "get_default_pinned_memory_pool": runtime.MemoryPool,
            "is_available": runtime.is_available,
            "__version__": VERSION,
        },
        "cupy.cuda": runtime.CUDA,
        "cupy.cuda.runtime": runtime.RUNTIME,
        "cupy.cuda.memory": runtime.MEMORY,
        "cupy.cuda.compiler": {"CompileException": nvrtc.CompileException},
        "cupy.cuda.driver": {"CUDADriverError": kernels.CUDADriverError},
        "cupy.cuda.nvtx": runtime.NVTX,
        "cupyx.profiler": runtime.PROFILER,
        # Names that CuPy itself has are looked up when they are asked for.
        "cupyx.jit": {"rawkernel": jit.rawkernel, "__getattr__": jit.native},
        "cupy.linalg": functions.LINALG,
        "cupy.fft": functions.FFT,
        "cupy.random": functions.RANDOM,
        "cupy.testing": functions.TESTING,
        "cupyx": {
            "scatter_add": scatter_of("add"),
            "scatter_max": scatter_of("max"),
            "scatter_min": scatter_of("min"),
            "empty_pinned": runtime.zeros_pinned,
            "zeros_pinned": runtime.zeros_pinned,
            "rsqrt": lambda a: functions.UFUNCS["reciprocal"](functions.UFUNCS["sqrt"](a)),
            "__version__": VERSION,
        },
    }


_PACKAGES = ("cupy", "cupyx", "cupy_backends")


@functools.cache
def _modules() -> dict[str, StandIn]:
    """Made once, so that a fork of a process that had it installed finds them."""
    held: dict[str, dict[str, Any]] = {**contents(), **{name: {} for name in ABSENT}}
    modules = {name: _module(name, content) for name, content in held.items()}
    for name, module in modules.items():
        parent, _, last = name.rpartition(".")
        if parent:
            setattr(modules[parent], last, module)
    return modules


_replaced: dict[str, Any] | None = None


def install(heap: Heap, *, reporter: Reporter | None = None) -> types.ModuleType:
    """Put the stand-in over `heap` on `sys.modules` and return the module `cupy`. Installing again changes the heap.

    Findings of user kernels go to `reporter`; where it is None they are printed.
    """
    global _replaced
    from grader.device.frontends.cupy_standin import core

    core._State.heap = heap
    core._State.reporter = reporter or Reporter()
    if _replaced is None:
        # In a fork a walk through all names would copy every page that one of them lies in.
        names = list(sys.modules) if any(package in sys.modules for package in _PACKAGES) else []
        _replaced = {name: sys.modules.pop(name) for name in names if name.partition(".")[0] in _PACKAGES}
        sys.modules.update(_modules())
        log.info("cupy is Lehrwerk's stand-in %s on an emulated GPU", VERSION)
    return sys.modules["cupy"]


def view_of(array: Any) -> View | None:
    """Where an array of the stand-in lies; None for anything else."""
    from grader.device.frontends.cupy_standin import core

    return array.view_ if type(array) is core.ndarray else None


def adopt(view: View) -> Any:
    """An array that owns the allocation which `view` begins."""
    from grader.device.frontends.cupy_standin import core

    return core.ndarray.owning(core.heap(), view)


def is_stream(value: Any) -> bool:
    from grader.device.frontends.cupy_standin.runtime import Stream

    return isinstance(value, Stream)


def uninstall() -> None:
    """Take it away again; modules that were there before come back."""
    global _replaced
    from grader.device.frontends.cupy_standin import core

    if _replaced is None:
        return
    for name in [name for name in sys.modules if name.partition(".")[0] in ("cupy", "cupyx")]:
        del sys.modules[name]
    sys.modules.update(_replaced)
    _replaced = None
    core._State.heap = None
