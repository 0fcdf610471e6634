"""User kernels of the stand-in: CUDA C through NVRTC, launched on the heap.

Imports `grader.device` only.
"""

from __future__ import annotations

import re
import sys
from typing import Any

import numpy as np

from grader.device.emulated.ptx import parse
from grader.device.frontends import nvrtc, report
from grader.device.frontends.cupy_standin.core import MemoryPointer, _State, allocate, heap, ndarray, on, refuse
from grader.device.heap import Argument
from grader.device.interface import Finding, Language

#: CUDA C's names of NumPy's types.
C_TYPES = {
    "e": "float16",
    "F": "complex<float>",
    "D": "complex<double>",
    "?": "bool",
    "b": "signed char",
    "B": "unsigned char",
    "h": "short",
    "H": "unsigned short",
    "i": "int",
    "I": "unsigned int",
    "l": "long long",
    "L": "unsigned long long",
    "q": "long long",
    "Q": "unsigned long long",
    "f": "float",
    "d": "double",
}
#: CuPy's types that CUDA C lacks, as far as expressions of elements need them.
PREAMBLE = r"""
struct float16 {
  unsigned short bits;
  __device__ float16() {}
  __device__ float16(float value) { asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value)); }
  __device__ operator float() const { float value; asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits)); return value; }
  __device__ float16& operator+=(float value) { return *this = float16(float(*this) + value); }
  __device__ float16& operator-=(float value) { return *this = float16(float(*this) - value); }
  __device__ float16& operator*=(float value) { return *this = float16(float(*this) * value); }
  __device__ float16& operator/=(float value) { return *this = float16(float(*this) / value); }
};
template<typename T> struct complex {
  T re, im;
  __device__ complex(T re = 0, T im = 0) : re(re), im(im) {}
  template<typename S> __device__ complex(const complex<S>& other) : re(other.re), im(other.im) {}
  __device__ T real() const { return re; }
  __device__ T imag() const { return im; }
  __device__ friend complex operator+(complex a, complex b) { return {a.re + b.re, a.im + b.im}; }
  __device__ friend complex operator-(complex a, complex b) { return {a.re - b.re, a.im - b.im}; }
  __device__ friend complex operator*(complex a, complex b) {
    return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
  }
  __device__ friend complex operator/(complex a, complex b) {
    T size = b.re * b.re + b.im * b.im;
    return {(a.re * b.re + a.im * b.im) / size, (a.im * b.re - a.re * b.im) / size};
  }
  __device__ friend complex operator-(complex a) { return {-a.re, -a.im}; }
  __device__ friend bool operator==(complex a, complex b) { return a.re == b.re && a.im == b.im; }
  __device__ friend bool operator!=(complex a, complex b) { return !(a == b); }
  __device__ complex& operator+=(complex b) { return *this = *this + b; }
  __device__ complex& operator-=(complex b) { return *this = *this - b; }
  __device__ complex& operator*=(complex b) { return *this = *this * b; }
  __device__ complex& operator/=(complex b) { return *this = *this / b; }
  __device__ friend T real(complex a) { return a.re; }
  __device__ friend T imag(complex a) { return a.im; }
  __device__ friend complex conj(complex a) { return {a.re, -a.im}; }
  __device__ friend T norm(complex a) { return a.re * a.re + a.im * a.im; }
  __device__ friend T abs(complex a) { return hypot(a.re, a.im); }
  __device__ friend T arg(complex a) { return atan2(a.im, a.re); }
  __device__ friend complex exp(complex a) { T size = exp(a.re); return {size * cos(a.im), size * sin(a.im)}; }
};
"""
_INDEX = "struct _Index { long long n; __device__ long long size() const { return n; } };"
FATAL = frozenset({"launch", "unsupported", "compile", "residency", "step-limit", "trap"})


#: A kernel that synchronises the grid was made without the option, and a GPU would stop it.
_NOT_COOPERATIVE: dict[Language, str] = {
    "en": "This kernel synchronises the whole grid: make it with enable_cooperative_groups=True.",
    "de": "Dieser Kernel synchronisiert das ganze Gitter: Erzeuge ihn mit enable_cooperative_groups=True.",
}


class CUDADriverError(RuntimeError):
    """`cupy.cuda.driver.CUDADriverError`: a launch that left nothing to go on with."""


def _three(shape: Any) -> tuple[int, int, int]:
    sizes = [int(n) for n in ((shape,) if isinstance(shape, (int, np.integer)) else shape)]
    x, y, z = [*sizes, 1, 1, 1][:3]
    return x, y, z


def _argument(value: Any) -> Argument | bytes:
    """As CuPy passes it: Python's int is a long long, its float a double; NumPy scalars as they are."""
    if isinstance(value, ndarray):
        if not value.size:
            return Argument(0, 0, 0)
        return Argument(value.view_.address, *value.view_.extent)
    if isinstance(value, (bool, np.bool_)):
        return bytes([bool(value)])
    if isinstance(value, int):
        return np.int64(value).tobytes()
    if isinstance(value, float):
        return np.float64(value).tobytes()
    if isinstance(value, complex):
        return np.complex128(value).tobytes()
    if isinstance(value, np.generic):
        return value.tobytes()
    raise refuse(value)


def launch(
    ptx: str,
    entry: str,
    grid: Any,
    block: Any,
    args: Any,
    shared_mem: int = 0,
    variables: tuple[tuple[str, int, int], ...] = (),
    stream: Any = None,
) -> None:
    """Run it; shows what the device saw. Raises `CUDADriverError` where the kernel did not come to its end."""
    arguments = tuple(_argument(arg) for arg in args)
    with on(stream):
        findings: tuple[Finding, ...] = heap().launch(
            ptx, entry, _three(grid), _three(block), arguments, int(shared_mem), variables
        )
    report.show_printed(heap(), ptx)
    for finding in findings:
        fatal = finding.kind in FATAL
        _State.reporter.take(entry + str(hash(ptx)), [finding], quiet=fatal)
        if fatal:
            raise CUDADriverError(report.line(finding, report.language()))


class RawKernel:
    """`cupy.RawKernel`: CUDA C written by hand. CuPy does not check arguments; here their sizes are."""

    def __init__(
        self,
        code: str,
        name: str,
        options: tuple[str, ...] = (),
        backend: str = "nvrtc",
        translate_cucomplex: bool = False,
        *,
        enable_cooperative_groups: bool = False,
        **other: Any,
    ) -> None:
        if backend != "nvrtc" or translate_cucomplex or any(other.values()):
            raise NotImplementedError("cupy.RawKernel of the stand-in knows the backend nvrtc and its options only")
        self.code, self.name, self.options = code, name, tuple(options)
        #: The Python file that made the kernel.
        self.file = sys._getframe(1).f_code.co_filename
        self._source, _ = nvrtc.placed(code, (self.file,))
        self.enable_cooperative_groups = enable_cooperative_groups
        self._module: RawModule | None = None

    def compile(self, log_stream: Any = None) -> None:
        self._compiled()

    def _compiled(self) -> tuple[str, str]:
        return nvrtc.compile_kernel(self._source, self.name, self.options, heap().compute_capability)

    def __call__(self, grid: Any, block: Any, args: Any, *, shared_mem: int = 0, stream: Any = None) -> None:
        ptx, entry = self._compiled()
        if "%envreg" in ptx and not self.enable_cooperative_groups:
            raise CUDADriverError(_NOT_COOPERATIVE[report.language()])
        variables = () if self._module is None else self._module.variables(ptx)
        launch(ptx, entry, grid, block, args, shared_mem, variables, stream)

    max_threads_per_block = 1024


class RawModule:
    """`cupy.RawModule` from source."""

    def __init__(
        self,
        *,
        code: str | None = None,
        options: tuple[str, ...] = (),
        name_expressions: Any = None,
        enable_cooperative_groups: bool = False,
        **other: Any,
    ) -> None:
        if code is None or any(value for key, value in other.items() if key != "backend" or value != "nvrtc"):
            raise NotImplementedError("cupy.RawModule of the stand-in takes code and options only")
        self._code, self._options, self._cooperative = code, tuple(options), enable_cooperative_groups
        self._names = tuple(name_expressions or ())
        self._file = sys._getframe(1).f_code.co_filename
        self._source, _ = nvrtc.placed(code, (self._file,))
        #: The module's variables in the heap, from the first that is asked for or the first launch on.
        self._globals: dict[str, ndarray] = {}

    def compile(self, log_stream: Any = None) -> None:
        self._compiled()

    def _compiled(self) -> str:
        options = ("-lineinfo", *self._options)
        return nvrtc.compile_ptx(self._source, options, heap().compute_capability, self._names)[0]

    def get_function(self, name: str) -> RawKernel:
        kernel = RawKernel(self._code, name, self._options, enable_cooperative_groups=self._cooperative)
        kernel._module, kernel.file, kernel._source = self, self._file, self._source
        return kernel

    def get_global(self, name: str) -> MemoryPointer:
        """Where a `__device__` or `__constant__` variable lies. Raises CUDADriverError where there is none."""
        self.variables(self._compiled())
        if name not in self._globals:
            known = ", ".join(self._globals) or "none"
            raise CUDADriverError(f"CUDA_ERROR_NOT_FOUND: the module has no variable {name}; it has: {known}")
        return self._globals[name].data

    def variables(self, ptx: str) -> tuple[tuple[str, int, int], ...]:
        """Names, addresses and lengths of the module's variables; each begins with its initial value once."""
        here = []
        for name, variable in parse(ptx).variables.items():
            # Tables and texts of the compiler's own stand nowhere in the source.
            if variable.references or not variable.size or re.search(rf"\b{re.escape(name)}\b", self._code) is None:
                continue
            if name not in self._globals:
                content = self._globals[name] = allocate((variable.size,), np.dtype(np.uint8))
                if variable.initial is None:
                    heap().fill(content.view_.address, 0, variable.size)
                else:
                    heap().write(content.view_.address, variable.initial.ljust(variable.size, b"\0"))
            here.append((name, self._globals[name].view_.address, variable.size))
        return tuple(here)


class _Parameter:
    def __init__(self, text: str) -> None:
        words = text.split()
        self.raw = words[0] == "raw"
        if len(words) != 2 + self.raw:
            raise ValueError(f"a parameter is written [raw] TYPE NAME, not {text!r}")
        self.type, self.name = words[-2:]


def _parameters(text: str) -> list[_Parameter]:
    return [_Parameter(part) for part in text.split(",") if part.strip()]


def _c_type(dtype: np.dtype) -> str:
    if dtype.char not in C_TYPES:
        raise NotImplementedError(f"kernels of the stand-in do not take {dtype}")
    return C_TYPES[dtype.char]


def _types_used(types: dict[str, np.dtype]) -> str:
    return PREAMBLE if any(dtype.char in "eFD" for dtype in types.values()) else ""


class ElementwiseKernel:
    """`cupy.ElementwiseKernel`: one expression for each element, in one kernel."""

    def __init__(
        self,
        in_params: str,
        out_params: str,
        operation: str,
        name: str = "kernel",
        reduce_dims: bool = True,
        preamble: str = "",
        no_return: bool = False,
        return_tuple: bool = False,
        loop_prep: str = "",
        after_loop: str = "",
        options: tuple[str, ...] = (),
        **other: Any,
    ) -> None:
        self._inputs, self._outputs = _parameters(in_params), _parameters(out_params)
        self._operation, self.name, self._preamble = operation, name, preamble
        self._around = loop_prep, after_loop
        self._no_return, self._tuple, self._options = no_return, return_tuple, tuple(options)
        if other:
            raise NotImplementedError(
                f"cupy.ElementwiseKernel of the stand-in has no option {', '.join(sorted(other))}"
            )

    def __call__(self, *args: Any, size: int | None = None, stream: Any = None, block_size: int = 128) -> Any:
        count = len(self._inputs)
        if len(args) not in (count, count + len(self._outputs)):
            raise TypeError(
                f"{self.name} takes {count} inputs and up to {len(self._outputs)} outputs, {len(args)} given"
            )
        for arg in args:
            if not isinstance(arg, (ndarray, bool, int, float, complex, np.generic)):
                raise refuse(arg)
        given, outputs = list(args[:count]), list(args[count:])
        types = self._types(given, outputs)
        shapes = [
            arg.shape
            for parameter, arg in zip([*self._inputs, *self._outputs], args, strict=False)
            if isinstance(arg, ndarray) and not parameter.raw
        ]
        if size is None and not shapes:
            raise ValueError("Loop size is undecided.")
        shape = (int(size),) if size is not None else np.broadcast_shapes(*shapes)
        if not outputs:
            outputs = [allocate(shape, types[parameter.name]) for parameter in self._outputs]
        targets = [out if out.flags.c_contiguous else out.copy() for out in outputs]
        total = int(np.prod(shape))
        if total:
            bound = [
                self._bind(parameter, arg, shape, types) for parameter, arg in zip(self._inputs, given, strict=True)
            ]
            ptx, entry = nvrtc.compile_kernel(
                self._source(given, types), f"{self.name}_kernel", self._options, heap().compute_capability
            )
            launch(ptx, entry, -(-total // block_size), block_size, [*bound, *targets, total], stream=stream)
        for out, target in zip(outputs, targets, strict=True):
            if out is not target:
                out[...] = target
        if self._no_return:
            return None
        return outputs[0] if len(outputs) == 1 and not self._tuple else tuple(outputs)

    def _types(self, given: list[Any], outputs: list[Any]) -> dict[str, np.dtype]:
        """The dtype of each parameter; a letter stands for the type of the array that it is first met with."""
        letters: dict[str, np.dtype] = {}
        pairs = list(zip([*self._inputs, *self._outputs], [*given, *outputs], strict=False))
        for parameter, arg in sorted(pairs, key=lambda pair: not isinstance(pair[1], ndarray)):
            if len(parameter.type) == 1 and parameter.type not in letters:
                letters[parameter.type] = arg.dtype if hasattr(arg, "dtype") else np.asarray(arg).dtype
        types = {}
        for parameter in [*self._inputs, *self._outputs]:
            if len(parameter.type) == 1 and parameter.type not in letters:
                raise ValueError(f"the type {parameter.type} of {parameter.name} is not known from any input")
            types[parameter.name] = letters.get(parameter.type) or np.dtype(parameter.type)
        for parameter, arg in pairs:
            wrong = isinstance(arg, ndarray) and arg.dtype != types[parameter.name]
            if wrong and (parameter.raw or any(arg is out for out in outputs)):
                raise TypeError(f"{parameter.name} must be {types[parameter.name]}, not {arg.dtype}")
        return types

    def _bind(self, parameter: _Parameter, arg: Any, shape: tuple[int, ...], types: dict[str, np.dtype]) -> Any:
        dtype = types[parameter.name]
        if not isinstance(arg, ndarray):
            return dtype.type(arg)
        if parameter.raw:
            return arg if arg.flags.c_contiguous else arg.copy()
        arg = arg.astype(dtype, copy=False).broadcast(shape)
        return arg if arg.flags.c_contiguous else arg.copy()

    def _source(self, given: list[Any], types: dict[str, np.dtype]) -> str:
        head, body = [], []
        for parameter, arg in zip(self._inputs, given, strict=True):
            kind = _c_type(types[parameter.name])
            if parameter.raw and isinstance(arg, ndarray):
                head.append(f"const {kind}* {parameter.name}")
            elif isinstance(arg, ndarray):
                head.append(f"const {kind}* _in_{parameter.name}")
                body.append(f"const {kind} {parameter.name} = _in_{parameter.name}[i];")
            else:
                head.append(f"const {kind} {parameter.name}")
        for parameter in self._outputs:
            kind = _c_type(types[parameter.name])
            if parameter.raw:
                head.append(f"{kind}* {parameter.name}")
            else:
                head.append(f"{kind}* _out_{parameter.name}")
                body.append(f"{kind}& {parameter.name} = _out_{parameter.name}[i];")
        letters = {p.type: types[p.name] for p in [*self._inputs, *self._outputs] if len(p.type) == 1}
        names = "\n".join(f"typedef {_c_type(dtype)} {letter};" for letter, dtype in sorted(letters.items()))
        before, after = self._around
        return f"""{_types_used(types)}{names}
{_INDEX}
{self._preamble}
extern "C" __global__ void {self.name}_kernel({", ".join(head)}, const long long _n) {{
  const _Index _ind = {{_n}};
  {before};
  const long long _step = (long long)gridDim.x * blockDim.x;
  for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < _n; i += _step) {{
    {" ".join(body)}
    {self._operation};
  }}
  {after};
}}
"""


class ReductionKernel:
    """`cupy.ReductionKernel`: map, reduce and post-map in one kernel, one block for each element of the result."""

    def __init__(
        self,
        in_params: str,
        out_params: str,
        map_expr: str,
        reduce_expr: str,
        post_map_expr: str,
        identity: Any,
        name: str = "reduce_kernel",
        reduce_type: str | None = None,
        reduce_dims: bool = True,
        preamble: str = "",
        options: tuple[str, ...] = (),
    ) -> None:
        self._shape_of = ElementwiseKernel(in_params, out_params, "", name, options=options)
        self._inputs, self._outputs = self._shape_of._inputs, self._shape_of._outputs
        if len(self._outputs) != 1 or self._outputs[0].raw:
            raise NotImplementedError("cupy.ReductionKernel of the stand-in takes one output, which is not raw")
        self._expressions = map_expr, reduce_expr, post_map_expr, identity
        self.name, self._reduce_type, self._preamble, self._options = name, reduce_type, preamble, tuple(options)

    def __call__(
        self, *args: Any, out: Any = None, axis: Any = None, keepdims: bool = False, stream: Any = None
    ) -> ndarray:
        if len(args) != len(self._inputs):
            raise TypeError(f"{self.name} takes {len(self._inputs)} inputs, {len(args)} given")
        pairs = list(zip(self._inputs, args, strict=True))
        arrays = [arg for parameter, arg in pairs if isinstance(arg, ndarray) and not parameter.raw]
        if not arrays:
            raise TypeError(f"{self.name} needs an array that is not raw")
        types = self._shape_of._types(list(args), [] if out is None else [out])
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
        rank = len(shape)
        axes = range(rank) if axis is None else (axis,) if isinstance(axis, int) else axis
        reduced = sorted(int(number) % rank for number in axes) if rank else []
        kept = [number for number in range(rank) if number not in reduced]
        count = int(np.prod([shape[n] for n in reduced], dtype=int))
        results = int(np.prod([shape[n] for n in kept], dtype=int))
        target = allocate(tuple(shape[n] for n in kept), types[self._outputs[0].name])
        bound = []
        for parameter, arg in pairs:
            if isinstance(arg, ndarray):
                if not parameter.raw:
                    arg = arg.astype(types[parameter.name], copy=False).broadcast(shape).transpose(*kept, *reduced)
                bound.append(arg if arg.flags.c_contiguous else arg.copy())
            else:
                bound.append(types[parameter.name].type(arg))
        if results:
            source = self._source(args, types)
            ptx, entry = nvrtc.compile_kernel(source, f"{self.name}_kernel", self._options, heap().compute_capability)
            launch(ptx, entry, results, 256, [*bound, target, count], stream=stream)
        if keepdims:
            target = target.reshape(*(1 if n in reduced else shape[n] for n in range(rank)))
        if out is not None:
            out[...] = target
            return out
        return target

    def _source(self, args: Any, types: dict[str, np.dtype]) -> str:
        mapped, reduced, post, identity = self._expressions
        out = self._outputs[0]
        out_type = _c_type(types[out.name])
        letters = {p.type: types[p.name] for p in [*self._inputs, *self._outputs] if len(p.type) == 1}
        # CuPy takes C's name of a type, or a letter, which is a type's name here, too.
        held = self._reduce_type or out_type
        head, body = [], []
        for parameter, arg in zip(self._inputs, args, strict=True):
            kind = _c_type(types[parameter.name])
            if isinstance(arg, ndarray) and parameter.raw:
                head.append(f"const {kind}* {parameter.name}")
            elif isinstance(arg, ndarray):
                head.append(f"const {kind}* _in_{parameter.name}")
                body.append(f"const {kind} {parameter.name} = _in_{parameter.name}[_j];")
            else:
                head.append(f"const {kind} {parameter.name}")
        names = "\n".join(f"typedef {_c_type(dtype)} {letter};" for letter, dtype in sorted(letters.items()))
        return f"""{_types_used(types)}{names}
typedef {held} type_reduce;
typedef type_reduce _type_reduce;
{_INDEX}
{self._preamble}
__device__ type_reduce _reduce(const type_reduce a, const type_reduce b) {{ return ({reduced}); }}
extern "C" __global__ void {self.name}_kernel({", ".join(head)}, {out_type}* _out, const long long _n) {{
  __shared__ type_reduce _kept[256];
  const _Index _in_ind = {{_n * gridDim.x}}, _out_ind = {{gridDim.x}};
  type_reduce _sum = ({identity});
  for (long long _k = threadIdx.x; _k < _n; _k += 256) {{
    const long long _j = blockIdx.x * _n + _k;
    {" ".join(body)}
    _sum = _reduce(_sum, ({mapped}));
  }}
  _kept[threadIdx.x] = _sum;
  __syncthreads();
  for (int _half = 128; _half > 0; _half /= 2) {{
    if (threadIdx.x < _half) _kept[threadIdx.x] = _reduce(_kept[threadIdx.x], _kept[threadIdx.x + _half]);
    __syncthreads();
  }}
  if (threadIdx.x == 0) {{
    const type_reduce a = _kept[0];
    {out_type}& {out.name} = _out[blockIdx.x];
    {post};
  }}
}}
"""


KERNELS: dict[str, Any] = {
    "RawKernel": RawKernel,
    "RawModule": RawModule,
    "ElementwiseKernel": ElementwiseKernel,
    "ReductionKernel": ReductionKernel,
}
