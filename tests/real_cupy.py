"""What the installed CuPy, which imports without a driver, says about itself: `python -m tests.real_cupy WHAT`.

`sources` prints CUDA C as CuPy generates it, `signatures` those of its public functions; each as one JSON object. It
runs in a process of its own, since the stand-in goes by the same name.
"""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

ARRAY, INDEXER, SCALAR = 1, 2, 3
HEAD = "".join(f"#include <cupy/{name}>\n" for name in ("complex.cuh", "carray.cuh", "atomics.cuh", "math_constants.h"))


def ask(what: str) -> dict[str, Any]:
    """The object that this module prints for `what`."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("LEHRWERK")}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.real_cupy", what], capture_output=True, text=True, env=environment
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return dict(json.loads(done.stdout))


def include_folders() -> list[str]:
    import cupy

    folder = Path(cupy.__file__).parent / "_core/include"
    return [
        str(folder),
        str(folder / "cupy/_cccl/libcudacxx"),
        str(folder / "cupy/_cccl/cub"),
        str(folder / "cupy/_cccl/thrust"),
    ]


def _array(dtype: Any, ndim: int, contiguous: bool = True) -> Any:
    import cupy
    from cupy._core import _kernel

    return _kernel._ArgInfo(ARRAY, cupy.ndarray, np.dtype(dtype).type, ndim, contiguous, True)


def _scalar(dtype: Any) -> Any:
    from cupy._core import _kernel

    return _kernel._ArgInfo(SCALAR, np.dtype(dtype).type, np.dtype(dtype).type, 0, True, True)


def _indexer(ndim: int) -> Any:
    from cupy._core import _kernel
    from cupy._core._carray import Indexer

    return _kernel._ArgInfo(INDEXER, Indexer, None, ndim, True, False)


def _types(**letters: Any) -> Any:
    from cupy._core import _kernel

    return _kernel._TypeMap(tuple((letter, np.dtype(dtype).type) for letter, dtype in letters.items()))


def elementwise(kernel: Any, arguments: tuple[Any, ...], **letters: Any) -> dict[str, str]:
    from cupy._core import _kernel

    code = _kernel._get_elementwise_kernel_code(
        arguments, _types(**letters), kernel.params, kernel.operation, kernel.name, kernel.preamble
    )
    return {"entry": kernel.name, "code": HEAD + code}


def reduction(kernel: Any, arguments: tuple[Any, ...], **letters: Any) -> dict[str, str]:
    from cupy._core import _reduction

    code = _reduction._ReductionKernel_get_cached_function_code(
        kernel.nin,
        kernel.nout,
        kernel._params,
        arguments,
        _types(**letters),
        kernel.name,
        64,
        kernel.reduce_type,
        kernel.identity,
        kernel.map_expr,
        kernel.reduce_expr,
        kernel.post_map_expr,
        kernel.preamble,
        kernel.options,
    )
    return {"entry": kernel.name, "code": f"{HEAD}typedef int IndexT;\n{code}"}


def fused(function: Any, arrays: list[Any]) -> Any:
    from cupy._core import fusion

    history = fusion._FusionHistory()
    fusion._thread_local.history = history
    local = fusion._fusion_thread_local.thread_local
    local.is_old_fusing = True
    try:
        kernel, _ = history.get_fusion(function, arrays, "fused")
    finally:
        local.is_old_fusing = False
        fusion._thread_local.history = None
    return kernel


def transpiled(kernel: Any, arguments: tuple[Any, ...]) -> dict[str, str]:
    import cupyx.jit._compile as compiler
    from cupyx.jit import _cuda_types

    made = compiler.transpile(kernel._func, ['extern "C"', "__global__"], kernel._mode, arguments, _cuda_types.void)
    return {"entry": made.func_name, "code": HEAD + made.code}


def sources() -> dict[str, dict[str, str]]:
    """Kernels as CuPy generates them, by what they show."""
    import cupy
    from cupyx import jit
    from cupyx.jit import _cuda_types

    found = {}
    mine = cupy.ElementwiseKernel("T x, raw S y, float32 c", "T z", "z = x * y[i] + c", "mine")
    found["elementwise over strided arrays"] = elementwise(
        mine,
        (_array("f4", 2, False), _array("i4", 1), _scalar("f4"), _array("f4", 2, False), _indexer(2)),
        T="f4",
        S="i4",
    )
    norm = cupy.ReductionKernel("T x", "T y", "x * x", "a + b", "y = sqrt(a)", "0", "l2norm")
    found["reduction of an axis"] = reduction(
        norm, (_array("f4", 2, False), _array("f4", 1), _indexer(2), _indexer(1), _scalar("i4")), T="f4"
    )
    memory = cupy.cuda.MemoryPointer(cupy.cuda.UnownedMemory(1 << 20, 1 << 20, None, 0), 0)
    arrays = [cupy.ndarray((4, 4), "f4", memory) for _ in range(2)]
    kernel = fused(lambda x, y: cupy.sqrt(x * x + y * y) + 1, arrays)
    found["fused steps"] = elementwise(kernel, (_array("f4", 2), _array("f4", 2), _array("f4", 2), _indexer(2)))
    kernel = fused(lambda x, y: cupy.sum(x * y, axis=0), arrays)
    found["fused steps and a sum"] = reduction(
        kernel, (_array("f4", 2), _array("f4", 2), _array("f4", 1), _indexer(2), _indexer(1), _scalar("i4"))
    )

    @jit.rawkernel()
    def mirrored(x: Any, y: Any, n: Any) -> None:
        s = jit.shared_memory(cupy.float32, 32)
        tid = jit.grid(1)
        s[jit.threadIdx.x] = x[tid] * 2.5
        jit.syncthreads()
        for j in range(tid, n, jit.gridsize(1)):
            y[j] = s[31 - jit.threadIdx.x] // 3
        jit.atomic_add(y, n, 1)

    line = _cuda_types.CArray(np.dtype("f4"), 1, True, True)
    found["cupyx.jit"] = transpiled(mirrored, (line, line, _cuda_types.Scalar(np.dtype("i4"))))
    for name in dir(cupy):
        function = getattr(cupy, name)
        if isinstance(function, cupy.ufunc) and name == function.name.removeprefix("cupy_"):
            found.update(_ufunc(name, function))
    return found


def _ufunc(name: str, function: Any) -> dict[str, dict[str, str]]:
    """The kernels of a universal function for some types."""
    import cupy

    found = {}
    for op in function._ops.ops:
        kinds = [np.dtype(kind) for kind in (*op.in_types, *op.out_types)]
        if not {kind.char for kind in kinds} <= set("?bhiqBQefdFD") or not isinstance(op.routine, str):
            continue
        ins = ", ".join(f"{np.dtype(kind).name} in{n}" for n, kind in enumerate(op.in_types))
        outs = ", ".join(f"{np.dtype(kind).name} out{n}" for n, kind in enumerate(op.out_types))
        aliases = "".join(
            f"typedef {_c_name(kind)} {side}{n}_type; "
            for side, of in (("in", op.in_types), ("out", op.out_types))
            for n, kind in enumerate(of)
        )
        kernel = cupy.ElementwiseKernel(ins, outs, op.routine, "applied", preamble=function._preamble + "\n" + aliases)
        arguments = (*(_array(kind, 1) for kind in kinds), _indexer(1))
        found[f"{name} {''.join(kind.char for kind in kinds)}"] = elementwise(kernel, arguments)
    return found


def _c_name(kind: Any) -> str:
    from cupy._core._scalar import get_typename

    return str(get_typename(np.dtype(kind)))


def signatures() -> dict[str, str]:
    """Parameters of CuPy's public functions and classes, by their full names."""
    import importlib

    import cupy

    found = {}
    for module in ("cupy", "cupy.linalg", "cupy.fft", "cupy.random", "cupy.cuda", "cupy.ndarray", "cupyx"):
        holder = cupy.ndarray if module == "cupy.ndarray" else importlib.import_module(module)
        for name in dir(holder):
            if not name.startswith("_"):
                found[f"{module}.{name}"] = _parameters(getattr(holder, name))
    return found


def _parameters(value: Any) -> str:
    try:
        return str(inspect.signature(value))
    except (TypeError, ValueError):
        return (getattr(value, "__doc__", None) or "").strip().split("\n")[0]


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(
        json.dumps(
            {"sources": sources, "signatures": signatures, "include": lambda: {"folders": include_folders()}}[
                sys.argv[1]
            ]()
        )
    )
