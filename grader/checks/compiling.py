"""A learner's kernel as PTX: Numba's compiler or NVIDIA's, and their errors with the learner's line.

Imports `grader.device` and this package's learner and signature.
"""

from __future__ import annotations

import inspect
import linecache
import os
import re
import warnings
from typing import Any

from grader.checks import messages
from grader.checks.learner import CompiledKernel, LearnerError
from grader.checks.signature import Parameter, Signature, parse_signature
from grader.device.frontends import nvrtc


def compile_kernel(kernel: Any, signature: str, cc: tuple[int, int]) -> CompiledKernel:
    """Compile a kernel of this process to PTX with line information. Raises LearnerError.

    The signature's language says what the kernel must be: one of numba.cuda, or a `cupy.RawKernel`.
    """
    wanted = parse_signature(signature)
    return _cuda_c(kernel, wanted, cc) if wanted.cuda_c else _numba(kernel, signature, wanted.parameters, cc)


def _cuda_c(kernel: Any, wanted: Signature, cc: tuple[int, int]) -> CompiledKernel:
    code, name, options = (getattr(kernel, field, None) for field in ("code", "name", "options"))
    if not (isinstance(code, str) and isinstance(name, str) and isinstance(options, tuple)):
        raise LearnerError("wrong-type", messages.not_a_raw_kernel(kernel))
    # CuPy's own does not say where it was made: any cell or file that was looked into may hold the text.
    file = getattr(kernel, "file", None)
    source, file = nvrtc.placed(code, [file] if isinstance(file, str) else list(linecache.cache))
    try:
        ptx, entry = nvrtc.compile_kernel(source, name, options, cc)
    except nvrtc.CompileException as error:
        said = str(error)
        found = re.search(r"^(.*)\((\d+)\): (?:catastrophic )?error: (.*)$", said, re.M)
        core = f"{found[3]}" if found else said[:300]
        line = int(found[2]) if found and found[1] == file else None
        raise LearnerError("compile", messages.does_not_compile(core), line, evidence=said) from None
    if re.search(rf"\.visible\s+\.entry\s+{re.escape(entry)}\s*\(", ptx) is None:
        raise LearnerError("compile", messages.does_not_compile(f"the code has no kernel called {name}"))
    return CompiledKernel(ptx, entry, wanted.parameters, file=file or "")


def _numba(kernel: Any, signature: str, parameters: tuple[Parameter, ...], cc: tuple[int, int]) -> CompiledKernel:
    function = getattr(kernel, "py_func", None)
    if not inspect.isfunction(function):
        raise LearnerError("wrong-type", messages.not_a_kernel(kernel))
    names = list(inspect.signature(function).parameters)
    if len(names) != len(parameters):
        raise LearnerError(
            "wrong-type",
            messages.parameter_count(function.__name__, len(names), len(parameters)),
            function.__code__.co_firstlineno,
        )
    from numba import cuda

    options = getattr(kernel, "targetoptions", {}) or {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ptx, _ = cuda.compile_ptx(
                function, signature, cc=cc, lineinfo=True, fastmath=bool(options.get("fastmath", False))
            )
        except Exception as error:  # numba raises anything from TypingError to a bare KeyError for bad code
            line, core = compile_message(error, function.__code__.co_filename)
            line = line or name_line(function, core)
            raise LearnerError("compile", messages.does_not_compile(core), line, evidence=str(error)) from None
    return CompiledKernel(ptx, _entry(ptx), parameters, file=function.__code__.co_filename)


def _entry(ptx: str) -> str:
    found = re.search(r"\.visible\s+\.entry\s+([\w$]+)", ptx)
    if found is None:
        raise LearnerError("compile", messages.does_not_compile("no kernel in the compiled module"))
    return found.group(1)


def compile_message(error: BaseException, filename: str) -> tuple[int | None, str]:
    """The learner's line and the core sentence of an error that Numba's compiler raised."""
    text = str(error)
    line = None
    for file, number in re.findall(r'File "([^"]*)", line (\d+)', text):
        if os.path.basename(file) == os.path.basename(filename):
            line = int(number)
            break
    if line is None and (found := re.search(r"at \S*" + re.escape(os.path.basename(filename)) + r" \((\d+)\)", text)):
        line = int(found.group(1))
    if line is None and (loc := getattr(error, "loc", None)) is not None:
        line = getattr(loc, "line", None)
    wanted: list[str] = []
    for part in (row.strip() for row in text.splitlines()):
        if part.startswith(("File ", "During:", "There are", "<source", "raised from")):
            if wanted:
                break
            continue
        if part and not part.startswith(("Failed in", "- Resolution", ">>>", "*")):
            wanted.append(part)
        if len(wanted) == 2:
            break
    core = " ".join(wanted) or type(error).__name__
    return line, core if len(core) <= 300 else core[:297] + "..."


def name_line(function: Any, core: str) -> int | None:
    """The line where the name that a NameError speaks of is used, since Numba's message has none."""
    found = re.search(r"name '(\w+)' is not defined", core)
    if found is None:
        return None
    try:
        lines, first = inspect.getsourcelines(function)
    except (OSError, TypeError):
        return None
    for number, row in enumerate(lines):
        if re.search(rf"\b{found.group(1)}\b", row):
            return first + number
    return None
