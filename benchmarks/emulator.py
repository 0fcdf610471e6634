"""The emulated GPU beside Numba's own simulator, in one run.

`python -m benchmarks.emulator`. The simulator runs `SIMULATED` threads of each kernel and its time is scaled by
threads; the emulated GPU runs all of them. Exits 1 where an aim is missed.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import cuda, float32
from rich.console import Console
from rich.table import Table

from grader.device.emulated import EmulatedDevice, parse
from grader.device.interface import Dim3, Launch, LaunchResult
from grader.device.numba_abi import ArrayArgument, numba_parameters

THREADS, SIMULATED, BLOCK, TILE, ROUNDS = 65_536, 4_096, 256, 16, 5


def saxpy(a: Any, x: Any, out: Any) -> None:
    i = cuda.grid(1)
    if i < out.size:
        out[i] = a[0] * x[i] + out[i]


def block_sum(x: Any, out: Any) -> None:
    part = cuda.shared.array(BLOCK, float32)
    t, i = cuda.threadIdx.x, cuda.grid(1)
    part[t] = x[i]
    cuda.syncthreads()
    k = BLOCK // 2
    while k > 0:
        if t < k:
            part[t] += part[t + k]
        cuda.syncthreads()
        k //= 2
    if t == 0:
        out[cuda.blockIdx.x] = part[0]


def matmul(a: Any, b: Any, c: Any) -> None:
    ta = cuda.shared.array((TILE, TILE), float32)
    tb = cuda.shared.array((TILE, TILE), float32)
    x, y = cuda.grid(2)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    total = float32(0.0)
    for tile in range(a.shape[1] // TILE):
        ta[ty, tx] = a[y, tile * TILE + tx]
        tb[ty, tx] = b[tile * TILE + ty, x]
        cuda.syncthreads()
        for j in range(TILE):
            total += ta[ty, j] * tb[j, tx]
        cuda.syncthreads()
    c[y, x] = total


def long_loop(x: Any, out: Any) -> None:
    i = cuda.grid(1)
    total = x[i]
    for _ in range(400):
        total = total * float32(0.5) + x[i]
    out[i] = total


def endless(x: Any, out: Any) -> None:
    i = 0
    while i >= 0:
        out[0] = x[0]
        i = (i + 1) % 7


def _arrays(kernel: str, threads: int) -> list[np.ndarray]:
    x = np.random.default_rng(1).random(threads, dtype="f4")
    if kernel == "saxpy":
        return [np.full(1, 2.5, "f4"), x, np.ones(threads, "f4")]
    if kernel == "matmul":
        return [x.reshape(128, 128), x[::-1].copy().reshape(128, 128), np.zeros((128, 128), "f4")]
    return [x, np.zeros(threads, "f4")]


def _emulated(kernel: Callable[..., Any], arrays: list[np.ndarray], grid: Dim3, block: Dim3) -> Callable[..., Any]:
    """A function that launches it: `launch(races=True)`."""
    signature = ", ".join("float32[:, :]" if a.ndim == 2 else "float32[:]" for a in arrays)
    ptx, _ = cuda.compile_ptx(kernel, f"void({signature})", cc=(9, 0), lineinfo=True)
    given = [ArrayArgument(i, 0, a.shape, a.strides, a.dtype) for i, a in enumerate(arrays)]
    buffers = tuple(a.reshape(-1).view(np.uint8) for a in arrays)
    device, entry = EmulatedDevice(), parse(ptx).entries()[0].name

    def launch(**options: Any) -> LaunchResult:
        return device.launch(Launch(ptx, entry, grid, block, numba_parameters(given), buffers, **options))

    return launch


def _seconds(run: Callable[[], Any]) -> float:
    """The best of some rounds, behind one that translates the kernel."""
    run()
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return min(times)


def _simulated(kernel: str) -> float:
    """Seconds of Numba's simulator for `SIMULATED` threads, in a process of its own, as its switch is one."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.emulator", "simulate", kernel],
        env={**os.environ, "NUMBA_ENABLE_CUDASIM": "1"},
        check=True,
        capture_output=True,
        text=True,
    )
    return float(json.loads(done.stdout.splitlines()[-1]))


def _simulate(name: str) -> None:
    kernel = cuda.jit({"saxpy": saxpy, "block_sum": block_sum}[name])
    arrays = _arrays(name, SIMULATED)
    started = time.perf_counter()
    kernel[SIMULATED // BLOCK, BLOCK](*arrays)
    print(json.dumps(time.perf_counter() - started))


def _memory() -> None:
    """Thread instructions of a long kernel, and the process's peak of memory in bytes."""
    launch = _emulated(long_loop, _arrays("long_loop", THREADS), (THREADS // BLOCK, 1, 1), (BLOCK, 1, 1))
    result = launch()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps([result.counters.thread_instructions, peak, [f.kind for f in result.findings]]))


def _row(table: Table, what: str, value: str, aim: str, met: bool) -> bool:
    table.add_row(what, value, aim, "yes" if met else "[bold]no[/bold]")
    return met


def main() -> None:
    scale = THREADS // SIMULATED
    table = Table(title=f"Numba's simulator: {SIMULATED} threads in blocks of {BLOCK}, its time times {scale}")
    for column in ("what", "measured", "aim", "met"):
        table.add_column(column)
    met, plain, watched = [], 0.0, 0.0
    grid, block = (THREADS // BLOCK, 1, 1), (BLOCK, 1, 1)
    for name, kernel, aim in (("block_sum", block_sum, 2000), ("saxpy", saxpy, 200)):
        launch = _emulated(kernel, _arrays(name, THREADS), grid, block)
        ours, bare = _seconds(launch), _seconds(lambda launch=launch: launch(races=False))  # type: ignore[misc]
        theirs = _simulated(name) * scale
        plain, watched = plain + bare, watched + ours
        text = f"{theirs:.1f} s / {ours * 1e3:.0f} ms = {theirs / ours:,.0f}"
        met.append(
            _row(table, f"{name}, {THREADS} threads: simulator / emulated", text, f"{aim}", theirs / ours >= aim)
        )
        met.append(
            _row(table, f"{name}: with race detection / without", f"{ours / bare:.2f}", "2.5", ours / bare <= 2.5)
        )
    launch = _emulated(matmul, _arrays("matmul", 128 * 128), (8, 8, 1), (TILE, TILE, 1))
    ours, bare = _seconds(launch), _seconds(lambda: launch(races=False))
    met.append(_row(table, "tiled matmul, 128 by 128", f"{ours:.2f} s", "1 s", ours < 1))
    met.append(_row(table, "matmul: with race detection / without", f"{ours / bare:.2f}", "2.5", ours / bare <= 2.5))
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.emulator", "memory"], check=True, capture_output=True, text=True
    )
    count, peak, findings = json.loads(done.stdout.splitlines()[-1])
    text = f"{peak / 2**20:.0f} MiB, {count / 1e6:.0f} M thread instructions"
    met.append(_row(table, "a long kernel's memory", text, "1 GB", peak < 1e9 and count >= 1e8 and not findings))
    started = time.perf_counter()
    kinds = [f.kind for f in _emulated(endless, _arrays("endless", 32), (1, 1, 1), (1, 1, 1))().findings]
    text = f"{', '.join(kinds)} after {time.perf_counter() - started:.0f} s"
    met.append(_row(table, "an endless kernel of one thread", text, "step-limit", kinds == ["step-limit"]))
    Console(width=130).print(table)
    if not all(met):
        sys.exit(1)


if __name__ == "__main__":
    if sys.argv[1:2] == ["simulate"]:
        _simulate(sys.argv[2])
    elif sys.argv[1:2] == ["memory"]:
        _memory()
    else:
        main()
