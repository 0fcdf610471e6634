"""How a kernel's arguments become parameters: Numba's convention and that of CUDA C.

Numba passes an array of n dimensions as 5 + 2n values: meminfo, parent, number of items, item size, data pointer,
shape, strides (numba-cuda, `cudadrv` and `ArrayModel`). CUDA C takes a pointer. Imports the interface only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from grader.device.interface import Pointer


@dataclass(frozen=True)
class ArrayArgument:
    """An array inside a buffer: `buffer` indexes the launch's buffers; `offset` and `strides` are in bytes."""

    buffer: int
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: np.dtype[Any]

    def extent(self) -> tuple[int, int]:
        """First byte of the view and the byte behind its last, from the buffer's start."""
        if 0 in self.shape:
            return self.offset, self.offset
        reach = [(size - 1) * stride for size, stride in zip(self.shape, self.strides, strict=True)]
        low = self.offset + sum(step for step in reach if step < 0)
        high = self.offset + sum(step for step in reach if step > 0) + self.dtype.itemsize
        return low, high

    def pointer(self) -> Pointer:
        return Pointer(self.buffer, self.offset, *self.extent())


Argument = ArrayArgument | np.generic


def numba_parameters(arguments: Sequence[Argument]) -> tuple[Pointer | bytes, ...]:
    """The parameters of a kernel that Numba compiled, in their order."""
    found: list[Pointer | bytes] = []
    for argument in arguments:
        if isinstance(argument, ArrayArgument):
            found += [_word(0), _word(0), _word(prod(argument.shape)), _word(argument.dtype.itemsize)]
            found.append(argument.pointer())
            found += [_word(size) for size in argument.shape]
            found += [_word(stride) for stride in argument.strides]
        else:
            found += _scalar(argument)
    return tuple(found)


def c_parameters(arguments: Sequence[Argument]) -> tuple[Pointer | bytes, ...]:
    """The parameters of a kernel written in CUDA C: pointers and scalars."""
    return tuple(a.pointer() if isinstance(a, ArrayArgument) else a.tobytes() for a in arguments)


def _scalar(value: np.generic) -> list[Pointer | bytes]:
    """Booleans take a byte; a complex number is two floats."""
    if isinstance(value, np.complexfloating):
        return [value.real.tobytes(), value.imag.tobytes()]
    return [value.tobytes()]


def _word(value: int) -> bytes:
    return int(value).to_bytes(8, "little", signed=True)
