"""Sizes and tolerances that checks share. Imports nothing of the project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

#: Lengths around the edges of warps and blocks, and one large prime. Add 0 where an exercise specifies it.
SIZES_1D: tuple[int, ...] = (1, 31, 32, 33, 255, 256, 257, 1000, 4097, 1_000_003)
#: The same without the large one: for reductions in one block, or a quick visible check.
SIZES_1D_SMALL: tuple[int, ...] = SIZES_1D[:-1]
#: (rows, columns): single rows and columns, odd and even, larger than any tile.
SIZES_2D: tuple[tuple[int, int], ...] = ((1, 1), (1, 257), (257, 1), (31, 33), (64, 48), (1023, 1025))
SIZES_2D_SMALL: tuple[tuple[int, int], ...] = SIZES_2D[:-1]


def ceil_div(a: int, b: int) -> int:
    """The smallest integer q with q * b >= a; the number of blocks of size `b` that cover `a` elements."""
    if b <= 0:
        raise ValueError(f"the divisor must be positive, not {b}")
    return -(-a // b)


def reduction_rtol(count: int, dtype: Any = np.float32, factor: float = 4.0) -> float:
    """Relative tolerance of a sum of `count` floats in any order: factor * eps * sqrt(count)."""
    return float(factor * np.finfo(dtype).eps * np.sqrt(max(count, 1)))


def map_rtol(dtype: Any = np.float32, operations: int = 4) -> float:
    """Relative tolerance of an element-wise formula of so many rounded operations; 0.0 for integers."""
    kind = np.dtype(dtype)
    return float(operations * np.finfo(kind).eps) if kind.kind in "fc" else 0.0


def elements(size: int | Sequence[int]) -> int:
    """How many elements a size of a check has: n, or the product of a shape."""
    return int(np.prod(size)) if isinstance(size, Sequence) else int(size)
