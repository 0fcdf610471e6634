"""Makes the pictures of docs/learn/emulated-gpu.md: `python -m tests.pictures [FOLDER]`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from grader.device.emulated.pictures import pictures
from grader.device.frontends import install_emulated, uninstall
from grader.device.frontends.inspection import inspect

TARGET = Path("docs/learn/images")


def gallery() -> dict[str, str]:
    """Names of files and their SVG."""
    install_emulated(language="en", show=None)
    try:
        every_third, columns, branches = _kernels()
        from numba import cuda

        x = cuda.to_device(np.zeros(1024, "f4"))
        shown: list[tuple[str, Any, int]] = [
            ("sectors", inspect(every_third)[1, 32](x, x), 0),
            ("banks", inspect(columns)[1, 32](x), 1),
            ("lanes", inspect(branches)[1, 32](x), -1),
        ]
        return {
            f"inspect-{name}.svg": pictures(inspection.trace, "en")[number].svg(f"inspect-{name}", card=True) + "\n"
            for name, inspection, number in shown
        }
    finally:
        uninstall()


def _kernels() -> tuple[Any, Any, Any]:
    from numba import cuda, float32

    @cuda.jit
    def every_third(x, out):
        i = cuda.grid(1)
        out[i] = x[3 * i]

    @cuda.jit
    def columns(out):
        tile = cuda.shared.array((32, 8), float32)
        i = cuda.threadIdx.x
        tile[i, 0] = i
        cuda.syncthreads()
        out[i] = tile[i, 0]

    @cuda.jit
    def branches(x):
        i = cuda.grid(1)
        for _ in range(i // 8):
            x[i] += 1
        if i % 4 == 0:
            x[i] *= 2

    return every_third, columns, branches


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    folder.mkdir(parents=True, exist_ok=True)
    for name, svg in gallery().items():
        (folder / name).write_text(svg, encoding="utf-8")
