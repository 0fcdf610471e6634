"""For the tests of the emulated GPU: compiles a Python kernel and launches it on arrays."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numba import cuda

from grader.device.emulated import EmulatedDevice, parse
from grader.device.interface import Dim3, Launch, LaunchResult
from grader.device.numba_abi import ArrayArgument, numba_parameters

DEVICE = EmulatedDevice()


def _dim3(shape: int | tuple[int, ...]) -> Dim3:
    given = (shape,) if isinstance(shape, int) else tuple(shape)
    return (*given, *(1,) * (3 - len(given)))  # type: ignore[return-value]


def compiled(kernel: Callable[..., Any], signature: str) -> tuple[str, str]:
    """(PTX, entry)"""
    ptx, _ = cuda.compile_ptx(kernel, signature, cc=(9, 0), lineinfo=True)
    return ptx, parse(ptx).entries()[0].name


def launch(
    kernel: Callable[..., Any],
    signature: str,
    grid: int | tuple[int, ...],
    block: int | tuple[int, ...],
    *arguments: Any,
    unwritten: Sequence[int] = (),
    **options: Any,
) -> tuple[LaunchResult, list[np.ndarray]]:
    """Run it; returns the result and the arrays as the kernel left them. `unwritten` are indices of arrays."""
    ptx, entry = compiled(kernel, signature)
    buffers: list[np.ndarray] = []
    given: list[Any] = []
    arrays = [a for a in arguments if isinstance(a, np.ndarray)]
    for argument in arguments:
        if isinstance(argument, np.ndarray):
            given.append(ArrayArgument(len(buffers), 0, argument.shape, argument.strides, argument.dtype))
            buffers.append(np.ascontiguousarray(argument).reshape(-1).view(np.uint8))
        else:
            given.append(argument)
    result = DEVICE.launch(
        Launch(
            ptx,
            entry,
            _dim3(grid),
            _dim3(block),
            numba_parameters(given),
            tuple(buffers),
            initialised=tuple(i not in unwritten for i in range(len(buffers))),
            **options,
        )
    )
    after = [b.view(a.dtype).reshape(a.shape) for a, b in zip(arrays, result.buffers, strict=True)]
    return result, after


def line_of(kernel: Callable[..., Any], text: str) -> int:
    """The source line of the kernel's only line that holds `text`."""
    lines, first = inspect.getsourcelines(kernel)
    found = [first + number for number, line in enumerate(lines) if text in line]
    assert len(found) == 1, f"{text!r} is on lines {found}"
    return found[0]


def errors(result: LaunchResult) -> list[str]:
    return sorted({finding.kind for finding in result.findings if finding.severity == "error"})
