"""CUDA C to PTX: NVIDIA's runtime compiler, which needs no driver, and the linking of what it makes.

Imports nothing of ours, and `cuda.bindings` when something is compiled.
"""

from __future__ import annotations

import linecache
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any


class CompileException(Exception):
    """NVRTC's own messages; CuPy's name for it, in `cupy.cuda.compiler`."""


@lru_cache(maxsize=1)
def _includes() -> tuple[str, ...]:
    try:
        # The second has `nv/target`, which the headers of the first include.
        import nvidia.cuda_cccl as cccl
        import nvidia.cuda_runtime as runtime
    except ImportError:
        return ()
    return tuple(f"-I{Path(folder) / 'include'}" for folder in (*runtime.__path__, *cccl.__path__))


@lru_cache(maxsize=256)
def compile_ptx(
    code: str,
    options: tuple[str, ...],
    architecture: tuple[int, int],
    names: tuple[str, ...] = (),
    source: str = "kernel.cu",
) -> tuple[str, tuple[str, ...]]:
    """(PTX, what `names` are called in it). Raises `CompileException`.

    `names` are C++ expressions as `f<float>`; options that name an architecture are not taken.
    """
    from cuda.bindings import nvrtc

    def done(result: Any) -> Any:
        status, *values = result
        if status != nvrtc.nvrtcResult.NVRTC_SUCCESS:
            raise CompileException(f"NVRTC failed with {nvrtc.nvrtcResult(status).name}")
        return values[0] if values else None

    program = done(nvrtc.nvrtcCreateProgram(code.encode(), source.encode(), 0, [], []))
    try:
        for name in names:
            done(nvrtc.nvrtcAddNameExpression(program, name.encode()))
        kept = [option for option in options if not re.match(r"-?-(arch|gpu-architecture)", option)]
        flags = [f"-arch=compute_{architecture[0]}{architecture[1]}", *_includes(), *kept]
        (status,) = nvrtc.nvrtcCompileProgram(program, len(flags), [flag.encode() for flag in flags])
        if status != nvrtc.nvrtcResult.NVRTC_SUCCESS:
            log = bytearray(done(nvrtc.nvrtcGetProgramLogSize(program)))
            done(nvrtc.nvrtcGetProgramLog(program, log))
            raise CompileException(log.rstrip(b"\0").decode("utf-8", "replace"))
        lowered = tuple(done(nvrtc.nvrtcGetLoweredName(program, name.encode())).decode() for name in names)
        text = bytearray(done(nvrtc.nvrtcGetPTXSize(program)))
        done(nvrtc.nvrtcGetPTX(program, text))
    finally:
        nvrtc.nvrtcDestroyProgram(program)
    return text.rstrip(b"\0").decode(), lowered


def compile_kernel(code: str, name: str, options: Sequence[str], architecture: tuple[int, int]) -> tuple[str, str]:
    """(PTX, the kernel's name in it). Raises `CompileException`. `name` may be a template's instance, as `f<float>`."""
    plain = re.fullmatch(r"\w+", name) is not None and 'extern "C"' in code
    ptx, lowered = compile_ptx(code, ("-lineinfo", *options), architecture, () if plain else (name,))
    return ptx, name if plain else lowered[0]


def placed(code: str, files: Iterable[str]) -> tuple[str, str | None]:
    """(CUDA C whose lines count as those of the Python file that it stands in, that file).

    The first of `files` that holds `code` as it is counts. Code that is put together stands in none: it comes back as
    it is, and None.
    """
    for file in files:
        text = "".join(linecache.getlines(file))
        begin = text.find(code) if code else -1
        if begin >= 0 and (here := line_of(file, text.count("\n", 0, begin) + 1)):
            return f"{here[0]}\n{code}", file
    return code, None


def line_of(file: str, number: int) -> list[str]:
    """What makes the next line of CUDA C that of another file; nothing for a name that C cannot write so."""
    return [] if re.search(r'["\\\n]', file) else [f'#line {number} "{file}"']


_DEFINED = re.compile(r"\.(?:visible|weak)\s+\.func\s+(?:\([^)]*\)\s*)?([\w$]+)")
_DECLARED = re.compile(r"\.extern\s+\.func\s+(?:\([^)]*\)\s*)?([\w$]+)\s*(?:\([^)]*\)\s*)?(?:\.noreturn\s*)?;")
_PRIVATE = re.compile(
    r"^(?:\.(?:global|const|shared)\s[^;=\n]*?|\.func\s+(?:\([^)]*\)\s*)?)([\w$]+)(?=\[|;|\s*[=(])", re.M
)
_HEADER = re.compile(r"^\.(?:version|target|address_size)\s.*$", re.M)


def link(module: str, others: Sequence[str]) -> str:
    """One module of several: functions that one declares and another defines are found; the first header stays."""
    texts = [module]
    for number, other in enumerate(others):
        text = _HEADER.sub("", other)
        # What a module keeps to itself may be called the same in another.
        for name in set(_PRIVATE.findall(text)):
            text = re.sub(rf"(?<![\w$]){re.escape(name)}(?![\w$])", f"{name}_of_{number}", text)
        texts.append(text)
    defined = {name for text in texts for name in _DEFINED.findall(text)}
    return "\n".join(_DECLARED.sub(lambda found: "" if found[1] in defined else found[0], text) for text in texts)
