"""Kernels' signatures, read without a compiler. Imports nothing of ours.

Numba's, such as `void(float32, float32[:], int32[:, :])`, and CUDA C's, such as `void saxpy(float a, const float* x,
float* out, int n)`.

The examiner derives a kernel's expected parameters from the signature alone, never from what a candidate says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

#: ("array", ndim, dtype name), ("pointer", dtype name) or ("scalar", dtype name); dtype names are NumPy's.
Parameter = tuple[str, int, str] | tuple[str, str]


@dataclass(frozen=True)
class Signature:
    """`names` are the parameters' where the text has them; `cuda_c` says in which language it is written."""

    parameters: tuple[Parameter, ...]
    names: tuple[str, ...] = ()
    cuda_c: bool = False


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
_C_SCALARS = {
    "bool": "bool",
    "char": "int8",
    "short": "int16",
    "int": "int32",
    "long": "int64",
    "long long": "int64",
    "unsigned": "uint32",
    "float": "float32",
    "double": "float64",
    "size_t": "uint64",
    "__half": "float16",
    **{f"unsigned {name}": f"u{dtype}" for name, dtype in (("char", "int8"), ("short", "int16"), ("int", "int32"))},
    **{f"unsigned {name}": "uint64" for name in ("long", "long long")},
    **{f"{sign}int{bits}_t": f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
}


def parse_signature(signature: str) -> Signature:
    """The parameters of a kernel's signature, in order. Raises ValueError that names what is wrong."""
    found = re.fullmatch(r"\s*(?:void|none)\s*(\w*)\s*\((.*)\)\s*", signature, re.DOTALL)
    if found is None:
        raise ValueError(
            f"a kernel's signature looks like 'void(float32[:], int32)', or like 'void add(float* x, int n)' where it "
            f"is written in CUDA C, not {signature!r}"
        )
    parts = _split(found.group(2))
    if found.group(1):
        named = [_c_parameter(part, signature) for part in parts]
        return Signature(tuple(parameter for parameter, _ in named), tuple(name for _, name in named), cuda_c=True)
    return Signature(tuple(_numba_parameter(part, signature) for part in parts))


def _numba_parameter(part: str, signature: str) -> Parameter:
    match = re.fullmatch(r"(\w+)\s*(?:\[([:\s,1]*)\])?", part)
    if match is None or match.group(1) not in _SCALARS:
        raise ValueError(f"unknown type {part!r} in the signature {signature!r}")
    dtype = _SCALARS[match.group(1)]
    if match.group(2) is None:
        if dtype.startswith("complex"):
            raise ValueError(f"complex scalars are not supported in a kernel's signature: {signature!r}")
        return ("scalar", dtype)
    dimensions = [piece.strip() for piece in match.group(2).split(",")]
    if any(piece not in (":", "::1") for piece in dimensions):
        raise ValueError(f"unknown array type {part!r} in the signature {signature!r}")
    return ("array", len(dimensions), dtype)


def _c_parameter(part: str, signature: str) -> tuple[Parameter, str]:
    words = re.sub(r"\b(?:const|volatile|__restrict__)\b", " ", part).replace("*", " * ").split()
    kind, pointer, name = " ".join(words[:-1]).removesuffix(" *"), "*" in words, words[-1] if words else ""
    if kind not in _C_SCALARS or not re.fullmatch(r"[A-Za-z_]\w*", name):
        raise ValueError(f"write {part!r} in the signature {signature!r} as TYPE NAME or TYPE* NAME, of CUDA C's types")
    return (("pointer" if pointer else "scalar", _C_SCALARS[kind]), name)


def _split(text: str) -> list[str]:
    parts = re.split(r",(?![^\[]*\])", text)
    return [part.strip() for part in parts if part.strip()]
