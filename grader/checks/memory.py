"""Arguments of a checked launch: views between guard bands, and their place in a kernel's parameter list.

Imports `grader.device` only. Arrays travel as C-contiguous bytes; parameters are laid out as numba-cuda or CUDA C do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.checks.signature import Parameter
from grader.device.interface import Pointer
from grader.device.numba_abi import ArrayArgument, c_parameters, numba_parameters

#: Bytes of canary on each side of every array; a multiple of every alignment a kernel may rely on.
GUARD = 4096


class ArgumentError(TypeError):
    """A check's own inputs do not fit its signature; says which, for the author."""


@dataclass(frozen=True)
class Guarded:
    """One array between its guard bands. `buffer` is flat uint8; the view is `buffer[GUARD:-GUARD]`."""

    buffer: np.ndarray
    canary: int
    shape: tuple[int, ...]
    dtype: np.dtype

    def view(self, buffer: np.ndarray) -> np.ndarray:
        """The array's values in `buffer`, a copy as a launch left it."""
        inner = np.ascontiguousarray(buffer[GUARD : buffer.size - GUARD])
        return inner.view(self.dtype).reshape(self.shape)

    def intact(self, buffer: np.ndarray) -> bool:
        """Whether both guard bands of `buffer` are as they were."""
        bands = (buffer[:GUARD], buffer[buffer.size - GUARD :])
        return all(bool((band == self.canary).all()) for band in bands)


def guard(array: np.ndarray, canary: int, fill: int | None = None) -> Guarded:
    """Put `array` between guard bands of the byte `canary`; with `fill` every byte of it becomes that one."""
    size = array.nbytes
    buffer = np.full(size + 2 * GUARD, canary, np.uint8)
    if fill is None:
        buffer[GUARD : GUARD + size] = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    else:
        buffer[GUARD : GUARD + size] = fill
    return Guarded(buffer, canary, array.shape, array.dtype)


def digest(array: np.ndarray) -> str:
    """A hash of an array's bytes."""
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def prepare(args: Sequence[Any], parameters: Sequence[Parameter]) -> list[Any]:
    """The generator's arguments with the types of the signature. Raises ArgumentError."""
    if len(args) != len(parameters):
        raise ArgumentError(f"inputs give {len(args)} arguments, the signature has {len(parameters)}")
    prepared: list[Any] = []
    for position, (arg, parameter) in enumerate(zip(args, parameters, strict=True)):
        if parameter[0] != "scalar":
            wanted = np.dtype(str(parameter[-1]))
            # A pointer knows no dimensions.
            rank = parameter[1] if len(parameter) == 3 else np.ndim(arg)
            if not isinstance(arg, np.ndarray) or arg.dtype != wanted or arg.ndim != rank:
                got = f"{arg.ndim}-d {arg.dtype}" if isinstance(arg, np.ndarray) else type(arg).__name__
                raise ArgumentError(f"argument {position} should be a {rank}-d array of {wanted}, but it is {got}")
            prepared.append(np.ascontiguousarray(arg))
        else:
            if isinstance(arg, np.ndarray) and arg.ndim:
                raise ArgumentError(f"argument {position} should be a scalar of {parameter[1]}, but it is an array")
            prepared.append(np.dtype(str(parameter[1])).type(arg))
    return prepared


def lay_out(args: Sequence[Any], arrays: dict[int, int], *, cuda_c: bool = False) -> tuple[Pointer | bytes, ...]:
    """The flat parameter list of a kernel; `arrays` maps an argument's position to its buffer's number."""
    return (c_parameters if cuda_c else numba_parameters)(
        [
            ArrayArgument(arrays[position], GUARD, arg.shape, _strides(arg), arg.dtype) if position in arrays else arg
            for position, arg in enumerate(args)
        ]
    )


def _strides(array: np.ndarray) -> tuple[int, ...]:
    """C-order strides in bytes; NumPy's own are not reliable for extents of 0 and 1."""
    strides: list[int] = []
    step = array.itemsize
    for extent in reversed(array.shape):
        strides.insert(0, step)
        step *= max(extent, 1)
    return tuple(strides)
