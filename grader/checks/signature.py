"""Numba signatures such as `void(float32, float32[:], int32[:, :])`, read without Numba. Imports nothing of ours.

The examiner derives a kernel's expected parameters from the signature alone, never from what a candidate says.
"""

from __future__ import annotations

import re

#: ("array", ndim, dtype name) or ("scalar", dtype name); dtype names are NumPy's.
Parameter = tuple[str, int, str] | tuple[str, str]

_SCALARS = {
    "boolean": "bool",
    "bool": "bool",
    "bool_": "bool",
    "intp": "int64",
    "uintp": "uint64",
    **{f"{sign}int{bits}": f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
    **{f"float{bits}": f"float{bits}" for bits in (16, 32, 64)},
    "f2": "float16",
    "f4": "float32",
    "f8": "float64",
    **{
        f"{letter}{bits // 8}": f"{word}{bits}"
        for letter, word in (("i", "int"), ("u", "uint"))
        for bits in (8, 16, 32, 64)
    },
    "complex64": "complex64",
    "complex128": "complex128",
}


def parse_signature(signature: str) -> tuple[Parameter, ...]:
    """The parameters of a kernel's signature, in order. Raises ValueError that names what is wrong."""
    found = re.fullmatch(r"\s*(?:void|none)\s*\((.*)\)\s*", signature, re.DOTALL)
    if found is None:
        raise ValueError(f"a kernel's signature looks like 'void(float32[:], int32)', not {signature!r}")
    parameters: list[Parameter] = []
    for part in _split(found.group(1)):
        match = re.fullmatch(r"(\w+)\s*(?:\[([:\s,1]*)\])?", part)
        if match is None or match.group(1) not in _SCALARS:
            raise ValueError(f"unknown type {part!r} in the signature {signature!r}")
        dtype = _SCALARS[match.group(1)]
        if match.group(2) is None:
            if dtype.startswith("complex"):
                raise ValueError(f"complex scalars are not supported in a kernel's signature: {signature!r}")
            parameters.append(("scalar", dtype))
        else:
            dimensions = [piece.strip() for piece in match.group(2).split(",")]
            if any(piece not in (":", "::1") for piece in dimensions):
                raise ValueError(f"unknown array type {part!r} in the signature {signature!r}")
            parameters.append(("array", len(dimensions), dtype))
    return tuple(parameters)


def _split(text: str) -> list[str]:
    parts = re.split(r",(?![^\[]*\])", text)
    return [part.strip() for part in parts if part.strip()]
