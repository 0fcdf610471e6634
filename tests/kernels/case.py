"""A kernel of the corpus, its launch, and the findings that its source promises.

Every kernel takes `a` (small integers, written), `b` (zeros) and, in CUDA C, their length `n`. A comment `# race` or
`// race` at the end of a line promises a finding of that kind there; of a race all lines are marked, and each finding
lies on marked lines.
"""

from __future__ import annotations

import contextlib
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numba import cuda

from grader.device.emulated import EmulatedDevice, parse
from grader.device.frontends import numba_cuda
from grader.device.frontends.nvrtc import compile_kernel
from grader.device.heap import LocalHeap
from grader.device.interface import KINDS, Dim3, Launch, LaunchResult
from grader.device.numba_abi import ArrayArgument, c_parameters, numba_parameters

FOLDER = Path(__file__).parent
DEVICE = EmulatedDevice()
_MARK = re.compile(r"(?:#|//)\s*(" + "|".join(KINDS) + r")\s*$")
_CUDA = re.compile(r"// grid (\d+), block (\d+), n (\d+)(, b unwritten)?$")


@dataclass(frozen=True)
class Shape:
    """`unwritten`: reading `b` before a thread has written it is a fault. `kind` is the arrays' element type."""

    grid: int
    block: int
    n: int
    unwritten: bool = False
    kind: str = "i4"
    step_limit: int = 200_000_000
    shared_bytes: int = 0


def launched(grid: int, block: int, n: int, **more: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Marks a Python kernel of the corpus."""

    def mark(kernel: Callable[..., Any]) -> Callable[..., Any]:
        kernel.shape = Shape(grid, block, n, **more)  # type: ignore[attr-defined]
        return kernel

    return mark


@dataclass(frozen=True)
class Case:
    name: str
    shape: Shape
    source: tuple[tuple[int, str], ...]
    kernel: Callable[..., Any] | None = None
    file: str | None = None

    @property
    def promised(self) -> dict[str, set[int]]:
        """Kinds of findings, each with its lines."""
        found: dict[str, set[int]] = {}
        for number, line in self.source:
            if mark := _MARK.search(line):
                found.setdefault(mark.group(1), set()).add(number)
        return found

    @cached_property
    def compiled(self) -> tuple[str, str]:
        if self.kernel is None:
            assert self.file is not None
            return _compiled(self.file), self.name
        array = {"i4": "int32[:]", "f4": "float32[:]", "f8": "float64[:]"}[self.shape.kind]
        with _device_for_compiler():
            ptx, _ = cuda.compile_ptx(self.kernel, f"void({array}, {array})", cc=(9, 0), lineinfo=True)
        return ptx, parse(ptx).entries()[0].name

    def launch(self, seed: int = 0) -> Launch:
        """On `a` and `b` as they are before."""
        shape = self.shape
        a = (np.arange(shape.n) * 7 % 11).astype(shape.kind)
        b = np.zeros(shape.n, shape.kind)
        given = [ArrayArgument(i, 0, x.shape, x.strides, x.dtype) for i, x in enumerate((a, b))]
        scalars = [] if self.kernel else [np.int32(shape.n)]
        ptx, entry = self.compiled
        return Launch(
            ptx,
            entry,
            _three(shape.grid),
            _three(shape.block),
            numba_parameters(given) if self.kernel else c_parameters([*given, *scalars]),
            (a.view(np.uint8), b.view(np.uint8)),
            initialised=(True, not shape.unwritten),
            shared_bytes=shape.shared_bytes,
            step_limit=shape.step_limit,
            seed=seed,
        )

    def run(self, seed: int = 0, **more: Any) -> tuple[LaunchResult, np.ndarray, np.ndarray]:
        """(result, `a` before, `b` behind the launch)"""
        launch = self.launch(seed)
        result = DEVICE.launch(replace(launch, **more))
        return result, launch.buffers[0].view(self.shape.kind), result.buffers[1].view(self.shape.kind)


@contextlib.contextmanager
def _device_for_compiler() -> Iterator[None]:
    """numba-cuda's compiler asks for the current device where a kernel uses cooperative groups."""
    numba_cuda.install(LocalHeap(DEVICE), show=None)
    try:
        yield
    finally:
        numba_cuda.uninstall()


def _three(size: int) -> Dim3:
    return size, 1, 1


_texts: dict[str, str] = {}


def _compiled(file: str) -> str:
    """The PTX of all kernels in a file."""
    if file not in _texts:
        code = (FOLDER / file).read_text(encoding="utf-8")
        name = re.findall(r"__global__ void (\w+)\(", code)[0]
        _texts[file] = compile_kernel(code, name, (), (9, 0))[0]
    return _texts[file]


def python_cases(module: ModuleType) -> Iterator[Case]:
    for name, kernel in vars(module).items():
        if isinstance(shape := getattr(kernel, "shape", None), Shape):
            lines, first = inspect.getsourcelines(kernel)
            yield Case(name, shape, tuple(enumerate(lines, first)), kernel)


def cuda_cases(file: str) -> Iterator[Case]:
    """Each kernel follows a comment that says how it is launched."""
    lines = (FOLDER / file).read_text(encoding="utf-8").splitlines()
    heads = [number for number, line in enumerate(lines) if _CUDA.match(line)]
    for begin, end in zip(heads, [*heads[1:], len(lines)], strict=True):
        head = _CUDA.match(lines[begin])
        name = re.search(r"__global__ void (\w+)\(", "\n".join(lines[begin:end]))
        assert head
        assert name
        shape = Shape(*(int(head.group(i)) for i in (1, 2, 3)), unwritten=head.group(4) is not None)
        yield Case(name.group(1), shape, tuple(enumerate(lines[begin:end], begin + 1)), file=file)
