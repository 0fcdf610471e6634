"""Comparing what came back with what was expected. Imports nothing of the project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Difference:
    """Where two arrays first differ. `index` is () for a scalar; `unwritten` counts elements left as filled."""

    index: tuple[int, ...]
    expected: str
    got: str
    wrong: int
    total: int
    unwritten: int = 0
    first_unwritten: tuple[int, ...] | None = None


def place(index: tuple[int, ...]) -> str:
    """An index as a learner writes it."""
    return f"[{', '.join(str(i) for i in index)}]" if index else "the value"


def compare(
    got: np.ndarray, expected: np.ndarray, rtol: float, atol: float, fill: int | None = None
) -> Difference | None:
    """The difference of two arrays of one shape, None where they agree.

    NaN equals NaN; integers and booleans must be equal. `fill` is the byte an output was filled with: wrong
    elements that still hold it count as unwritten.
    """
    with np.errstate(all="ignore"):
        if got.dtype.kind in "fc" or expected.dtype.kind in "fc":
            right = np.isclose(
                got, expected.astype(np.result_type(got, expected)), rtol=rtol, atol=atol, equal_nan=True
            )
        else:
            right = got == expected
    wrong = ~np.atleast_1d(np.asarray(right, bool))
    count = int(wrong.sum())
    if not count:
        return None
    values = np.atleast_1d(got)
    untouched = wrong & _filled(values, fill) if fill is not None else np.zeros_like(wrong)
    first = _first(wrong & ~untouched) or _first(wrong) or ()
    return Difference(
        index=first if got.ndim else (),
        expected=_show(np.atleast_1d(expected)[first]),
        got=_show(values[first]),
        wrong=count,
        total=int(wrong.size),
        unwritten=int(untouched.sum()),
        first_unwritten=_first(untouched),
    )


def _filled(values: np.ndarray, fill: int) -> np.ndarray:
    data = np.ascontiguousarray(values).reshape(-1).view(np.uint8).reshape(values.size, values.itemsize)
    return (data == fill).all(axis=1).reshape(values.shape)


def _first(mask: np.ndarray) -> tuple[int, ...] | None:
    flat = mask.reshape(-1)
    where = int(flat.argmax())
    return tuple(int(i) for i in np.unravel_index(where, mask.shape)) if flat[where] else None


def _show(value: Any) -> str:
    item = value.item() if hasattr(value, "item") else value
    return f"{item:.7g}" if isinstance(item, float) else str(item)
