"""What a process does the first time only: modules that are imported late, tables that are filled by use.

The zygote rehearses it once, on a kernel and an array of its own, so that no exam pays for it. Their memory is given
up, and the front ends are taken away again: an exam installs them over its own heap. Imports this package and the front
ends of the device.
"""

from __future__ import annotations

import bdb  # noqa: F401 - IPython's first cell imports it, and Numba's first array numpy.ma
import contextlib
import io
from typing import Any

import numpy as np
import numpy.ma
from numba import cuda

from grader.device import frontends
from grader.device.emulated import EmulatedDevice
from grader.device.heap import LocalHeap
from grader.exam import candidate


def rehearse() -> None:
    frontends.install_emulated(LocalHeap(EmulatedDevice()), show=None)
    try:
        _numba()
        _cupy()
    finally:
        frontends.uninstall()
    with contextlib.redirect_stdout(io.StringIO()):
        # A traceback looks up the file of every module once.
        candidate.prepare().run_cell("raise ValueError", store_history=False)


def _numba() -> None:
    """Compile a kernel as a launch does and as a check does, and run it."""

    @cuda.jit
    def kernel(a: Any, x: Any, out: Any) -> None:
        shared: Any = cuda.shared.array(32, "float32")
        i: Any = cuda.grid(1)  # type: ignore[call-arg]
        shared[cuda.threadIdx.x] = a
        cuda.syncthreads()
        for k in range(i, out.size, cuda.gridsize(1)):
            out[k] = shared[cuda.threadIdx.x] * x[k]

    x = cuda.to_device(np.ones(40, np.float32))
    # Of a host array Numba would warn.
    out = cuda.device_array_like(x)
    kernel[1, 32](np.float32(2), x, out)
    out.copy_to_host()
    cuda.compile_ptx(kernel.py_func, "void(float32, float32[:], float32[:])", cc=(9, 0), lineinfo=True)


def _cupy() -> None:
    import cupy

    x = cupy.asarray(np.ones((2, 3), np.float32))
    cupy.asnumpy(x.sum(axis=0) + 1)
    # NVIDIA's compiler of CUDA C is loaded, and makes what it needs, with its first kernel.
    cupy.ElementwiseKernel("float32 x", "float32 y", "y = x", "rehearsed")(x)
