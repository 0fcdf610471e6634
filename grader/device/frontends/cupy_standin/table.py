"""Writes the table of what the CuPy stand-in has: `python -m grader.device.frontends.cupy_standin.table`.

Imports `grader.device` only.
"""

from __future__ import annotations

import sys
from pathlib import Path

from grader.device.frontends.cupy_standin import ABSENT, FROM_NUMPY, VERSION, contents
from grader.device.frontends.cupy_standin.core import ndarray
from grader.device.frontends.cupy_standin.jit import NATIVE

TARGET = Path("docs/learn/cupy-standin.md")

HEAD = f"""# The CuPy stand-in

Where there is no GPU, `import cupy` gives a stand-in (`cupy.__version__` is `{VERSION}`). It computes with NumPy on the
emulated GPU's memory and counts every transfer. It is a test double for learning, not CuPy: results are as NumPy
computes them, and random numbers are others than CuPy's for the same seed. Events, and the GPU times of
`cupyx.profiler.benchmark`, come from a [modelled clock](emulated-gpu.md#a-modelled-clock): no measure of any GPU.

It keeps what distinguishes CuPy from NumPy:

* `numpy.asarray(x)` and every other implicit way to the host raise `TypeError`; `x.get()` and `cupy.asnumpy(x)` copy.
* Reductions give 0-d arrays on the device. `float(x)`, `if x:` and `print(x)` copy to the host, and are counted.
* NumPy arrays are refused as operands; Python's and NumPy's numbers are taken.
* Indices in an index array that lie outside wrap around.
* `RawKernel`, `RawModule`, `ElementwiseKernel` and `ReductionKernel` are compiled by NVRTC and run on the emulated GPU,
  which says what it sees in them.

* `cupyx.jit.rawkernel` lets the installed CuPy translate a Python function to CUDA C, which runs there, too; findings
  have the lines of the function.
* `cupy.fuse` makes one operation of a function's element-wise steps, `cupy.where`, `cupy.clip` and a reduction. It
  refuses indexing, decisions by values and changes of its arguments by name.
* Variables of a `RawModule` lie on the device: `get_global` gives their address.

Kernels of elements take half and complex numbers with the usual operators; of complex functions there are `real`,
`imag`, `conj`, `norm`, `abs`, `arg` and `exp`. A name that is not in this table raises `AttributeError` and says so.
This page is made by `python -m grader.device.frontends.cupy_standin.table`.
"""


def table() -> str:
    """The page as text."""
    lines = [HEAD, "| Module | Names |", "| --- | --- |"]
    for module, content in contents().items():
        native = NATIVE if module == "cupyx.jit" else ()
        names = sorted(name for name in (*content, *native) if not name.startswith("__") and name not in FROM_NUMPY)
        lines.append(f"| `{module}` | {', '.join(f'`{name}`' for name in names)} |")
    methods = sorted(name for name in dir(ndarray) if not name.startswith("_") and name not in ("view_", "memory"))
    lines.append(f"| `cupy.ndarray` | {', '.join(f'`{name}`' for name in methods)} |")
    lines.append(f"| from NumPy | {', '.join(f'`{name}`' for name in sorted(FROM_NUMPY))} |")
    lines.append(f"| nothing of | {', '.join(f'`{name}`' for name in ABSENT)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(table(), encoding="utf-8")
