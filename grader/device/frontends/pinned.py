"""Host memory of this process that counts as pinned. Both front ends know what either of them pinned."""

from __future__ import annotations

import weakref

import numpy as np

_sizes: dict[int, int] = {}


def add(address: int, nbytes: int) -> None:
    _sizes[address] = nbytes


def remove(address: int) -> None:
    _sizes.pop(address, None)


def memory(nbytes: int) -> np.ndarray:
    """New bytes that count as pinned for as long as anything lies in them."""
    made = np.zeros(max(nbytes, 1), np.uint8)
    address = int(made.ctypes.data)
    add(address, nbytes)
    weakref.finalize(made, remove, address).atexit = False
    return made[:nbytes]


def holds(address: int, nbytes: int) -> bool:
    """Does all of it lie in one piece of pinned memory?"""
    return any(begin <= address and address + nbytes <= begin + size for begin, size in _sizes.copy().items())


def is_pinned(array: np.ndarray) -> bool:
    if not _sizes:
        return False
    low, high = np.lib.array_utils.byte_bounds(array)
    return holds(low, high - low)
