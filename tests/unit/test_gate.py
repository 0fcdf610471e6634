"""The gate in front of a GPU: what passes is written anew, is the same program, and holds no word of its author."""

from __future__ import annotations

import importlib
import itertools
import linecache
import math
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import cuda, float32, int32

from grader.checks import CompiledKernel, LearnerError, use
from grader.checks.compiling import compile_kernel
from grader.device.assembler import AssemblyError, assemble
from grader.device.emulated import EmulatedDevice, ptx_text
from grader.device.emulated.gate import Gate, Refused
from grader.device.emulated.ptx import parse
from grader.device.frontends.nvrtc import compile_kernel as compile_cuda_c
from grader.device.interface import DeviceError, Language, Launch, Pointer
from tests.heaps import emulated  # noqa: F401
from tests.kernels import right_kernels, wrong_kernels
from tests.kernels.case import Case, cuda_cases, python_cases
from tests.unit.emulator import compiled

RIGHT = [*python_cases(right_kernels), *cuda_cases("right.cu")]
WRONG = [*python_cases(wrong_kernels), *cuda_cases("wrong.cu")]
GPUS = ((9, 0), (10, 0), (12, 0))


def launch_of(ptx: str, entry: str | None = None) -> Launch:
    """A launch that brings parameters of the sizes that the kernel has."""
    kernel = parse(ptx).functions[entry] if entry else parse(ptx).entries()[0]
    parameters = tuple(bytes(one.size) for one in kernel.parameters)
    return Launch(ptx, kernel.name, (1, 1, 1), (32, 1, 1), parameters, ())


def passed(ptx: str, entry: str | None = None) -> str:
    return Gate().passed(launch_of(ptx, entry)).ptx


def refused(ptx: str) -> str:
    with pytest.raises(Refused) as error:
        passed(ptx)
    assert error.value.finding.message["de"] != error.value.finding.message["en"]
    return error.value.finding.kind


def name(case: Case) -> str:
    return f"{case.name}{'.cu' if case.file else ''}"


@pytest.mark.parametrize("case", RIGHT, ids=name)
def test_what_passes_computes_the_same(case: Case) -> None:
    text = passed(*case.compiled)
    before, after = case.run(), case.run(ptx=text, entry=ptx_text.ENTRY)
    assert [finding.kind for finding in after[0].findings] == []
    assert vars(before[0].counters) == vars(after[0].counters)
    for one, other in zip(before[0].buffers, after[0].buffers, strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize(
    ("case", "cc"), list(zip([*RIGHT, *WRONG], itertools.cycle(GPUS), strict=False)), ids=map(name, [*RIGHT, *WRONG])
)
def test_what_passes_is_the_same_program_and_is_assembled(case: Case, cc: tuple[int, int]) -> None:
    ptx, entry = case.compiled
    tree = ptx_text.canonical(parse(ptx), entry)
    text = passed(ptx, entry)
    assert parse(text) == tree
    original = parse(ptx).functions[entry]
    kernel = tree.functions[ptx_text.ENTRY]
    assert [i.opcode for i in kernel.instructions][: len(original.instructions)] == [
        i.opcode for i in original.instructions
    ]
    assert assemble(text, cc).registers > 0


def everything(a: Any, b: Any, n: Any) -> None:
    """Calls, tables, votes with two results, vectors of constants, a loop with an indexed branch."""
    shared = cuda.shared.array(64, float32)
    i: Any = cuda.grid(1)  # type: ignore[call-arg]
    shared[i % 64] = a[i]
    cuda.syncthreads()
    total = np.float32(0)
    for k in range(n):
        total += shared[(i + k) % 64] / np.float32(3) + cuda.shfl_down_sync(0xFFFFFFFF, total, 1)
    old = cuda.atomic.add(b, 0, total)
    if old < 0:
        print(old)


CUDA_C = """
__device__ __constant__ float table[5] = {1.5f, 0, -2};
__device__ int* pointers[2];
__device__ int cells[3] = {0, 7};
__device__ __noinline__ float help(float x, int n) { return n > 0 ? x * help(x, n - 1) : table[n & 3]; }
extern "C" __global__ void __launch_bounds__(128, 2) f(float* out, int n) {
    extern __shared__ float s[];
    pointers[0] = cells;
    s[threadIdx.x] = help(out[threadIdx.x], n);
    __syncthreads();
    switch (n) { case 0: s[0] += 1; break; case 1: s[1] = 2; break; case 2: s[2] = sqrtf(s[3]); break;
                 case 3: s[3] *= 4; break; case 4: s[4] = __ldg(out + n); break; default: s[5] = *pointers[0]; }
    out[threadIdx.x] = s[threadIdx.x] + clock64();
}
"""


POINTERS = """
__device__ __noinline__ float one(float x) { return x + 1; }
__device__ __noinline__ float two(float x) { return x * 2; }
typedef float (*step)(float);
__device__ step steps[2] = {one, two};
extern "C" __global__ void f(float* out, int n) {
    step mine = n > 5 ? one : steps[threadIdx.x % 2];
    out[threadIdx.x] = mine(out[threadIdx.x]);
}
"""


def test_calls_through_pointers_pass_as_comparisons_and_do_the_same() -> None:
    ptx = compile_cuda_c(POINTERS, "f", (), (9, 0))[0]
    text = passed(ptx)
    assert parse(text) == ptx_text.canonical(parse(ptx), "f")
    buffer = np.arange(32, dtype="f4").view(np.uint8)
    parameters = (Pointer(0, 0, 0, 128), bytes(4))
    launch = Launch(ptx, "f", (1, 1, 1), (32, 1, 1), parameters, (buffer,), (True,))
    wanted = [n + 1 if n % 2 == 0 else n * 2 for n in range(32)]
    for one in (launch, replace(launch, ptx=text, entry=ptx_text.ENTRY)):
        result = EmulatedDevice().launch(one)
        assert result.findings == []
        assert result.buffers[0].view("f4").tolist() == wanted
    for cc in GPUS:
        assemble(text, cc)


SOURCES = {
    "numba": compiled(everything, "void(float32[:], float32[:], int32)")[0],
    "CUDA C": compile_cuda_c(CUDA_C, "f", (), (9, 0))[0],
}


@pytest.mark.parametrize("name", SOURCES)
def test_functions_tables_and_promises_pass(name: str) -> None:
    ptx = SOURCES[name]
    text = passed(ptx)
    assert parse(text) == ptx_text.canonical(parse(ptx), parse(ptx).entries()[0].name)
    assert (".maxntid 128" in text) == (name == "CUDA C")
    for cc in GPUS:
        assemble(text, cc)


class Recording:
    """Surroundings in which kernels are compiled and nothing runs."""

    language: Language = "en"

    def __init__(self) -> None:
        self.device = EmulatedDevice()
        self.compiled: list[CompiledKernel] = []

    def compile_kernel(self, kernel: Any, signature: str, cc: tuple[int, int]) -> CompiledKernel:
        self.compiled.append(compile_kernel(kernel, signature, cc))
        raise LearnerError("compile", {"en": "enough", "de": "genug"})

    def call(self, function: Any, args: Any, kwargs: Any) -> Any:
        raise AssertionError("a kernel was expected")


def model_kernels() -> list[Path]:
    """Solutions that are a kernel, and not a function that launches one."""
    found = sorted((Path(__file__).parents[2] / "courses").glob("*/units/*/solution/*.py"))
    return [path for path in found if f"@cuda.jit\ndef {path.stem}(" in path.read_text(encoding="utf-8")]


@pytest.mark.usefixtures("emulated")
@pytest.mark.parametrize("path", model_kernels(), ids=lambda path: f"{path.parents[1].name}-{path.stem}")
def test_the_courses_kernels_pass(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(path.parents[1]))
    monkeypatch.delitem(sys.modules, "checks", raising=False)
    checks = importlib.import_module("checks")
    monkeypatch.delitem(sys.modules, "checks")
    space: dict[str, Any] = {"np": np, "cuda": cuda, "math": math}
    code = path.read_text(encoding="utf-8")
    linecache.cache[str(path)] = (len(code), None, code.splitlines(keepends=True), str(path))
    exec(compile(code, str(path), "exec"), space)
    recording = Recording()
    with use(recording):
        getattr(checks, path.stem)(space[path.stem])
    (kernel,) = recording.compiled
    text = passed(kernel.ptx, kernel.entry)
    assert parse(text) == ptx_text.canonical(parse(kernel.ptx), kernel.entry)
    for cc in GPUS:
        assemble(text, cc)


def test_no_word_of_the_author_comes_before_the_driver() -> None:
    def overheard(secret_in: Any, secret_out: Any) -> None:
        secret_local = cuda.local.array(4, int32)
        secret_local[0] = secret_in[0]
        secret_out[0] = secret_local[secret_in[1] % 4]

    ptx = compiled(overheard, "void(int32[:], int32[:])")[0]
    assert re.search("overheard|test_gate", ptx)
    words = set(re.findall(r"[^\W\d]\w{3,}", passed(ptx)))
    assert not [word for word in words if re.search("secret|overheard|test_gate|cudapy|__local", word)]
    assert re.findall(r'"|//|/\*|\.loc\b|\.file|\.section|\.pragma', passed(ptx)) == []


def test_only_what_the_kernel_reaches_is_written() -> None:
    ptx = """.version 8.0
.target sm_90
.address_size 64
.global .b32 used;
.global .b32 unused;
.func idle() { ret; }
.entry other() { exit; }
.entry k() { .reg .b32 %r<90000>; .reg .pred %p; ld.global.u32 %r77, [used]; setp.eq.u32 %p, %r77, 1;
@%p bra done; done: }
"""
    text = passed(ptx, "k")
    assert re.findall(r"[.]entry|[.]func|[.]global [.]align", text) == [".global .align", ".entry"]
    assert ".reg .b32 %b32_<1>;" in text
    assemble(text, (9, 0))


def test_a_hint_to_the_cache_and_a_pair_of_predicates_stay() -> None:
    ptx = """.version 8.0
.target sm_90
.entry k(.param .u64 a) { .reg .b32 %r; .reg .b64 %d; .reg .pred %p<2>; ld.param.u64 %d, [a];
ld.global.L1::no_allocate.u32 %r, [%d+-4]; setp.lt.and.s32 %p0|%p1, %r, 3, !%p1; @!%p0 st.global.u32 [%d], %r; ret; }
"""
    text = passed(ptx)
    assert "ld.global.L1::no_allocate.u32" in text
    assert "%pred_0|%pred_1, %b32_0, 3, !%pred_1" in text
    assert parse(text) == ptx_text.canonical(parse(ptx), "k")


def ptx_with(body: str = "", head: str = "", version: str = "8.0", target: str = "sm_90") -> str:
    return (
        f".version {version}\n.target {target}\n.address_size 64\n{head}\n"
        f".entry k(.param .u64 a) {{ .reg .b32 %r<4>; .reg .b64 %d<4>; .reg .pred %p<2>; {body} ret; }}"
    )


HOSTILE = {
    "an unknown instruction": ptx_with("rdpmc %r0;"),
    "an unknown modifier": ptx_with("ld.global.evil.u32 %r0, [%d0];"),
    "a copy that the emulated GPU does not follow": ptx_with("cp.async.ca.shared.global [%d0], [%d1], 16;"),
    "an asynchronous store": ptx_with("red.async.relaxed.cluster.global.add.u32 [%d0], %r0;"),
    "a matrix instruction": ptx_with("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%r0}, {%r1}, {%r2}, {%r3};"),
    "an unknown directive": ptx_with(head=".alias a, b;"),
    "an unknown directive in a function": ptx_with(".maxnctapersm_of 3;"),
    "an external function": ptx_with("call evil;", ".extern .func evil;"),
    "an external variable": ptx_with(head=".extern .global .b32 evil;"),
    "malloc": ptx_with("{ .param .b64 n; .param .b64 p; call (p), malloc, (n); }"),
    "an unknown special register": ptx_with("mov.u32 %r0, %envreg3;"),
    "a special register with a tail": ptx_with("mov.u32 %r0, %tid.x.evil;"),
    "a special register with an axis that there is not": ptx_with("mov.u32 %r0, %tid.w;"),
    "an unknown symbol": ptx_with("mov.u64 %d0, elsewhere;"),
    "a branch to nowhere": ptx_with("bra nowhere;"),
    "an indexed branch without a list": ptx_with("brx.idx %r0, %r1;"),
    "an unknown list of labels": ptx_with("brx.idx %r0, nowhere;"),
    "a kernel called by a kernel": ptx_with("call k;"),
    "an alignment that is none": ptx_with("mov.u64 %d0, x;", ".global .align 3 .b8 x[12];"),
    "variables that hold each other's addresses": ptx_with(
        "mov.u64 %d0, x;", ".global .b64 x = y; .global .b64 y = x;"
    ),
    "the address of a kernel": ptx_with("mov.u64 %d0, x;", ".global .b64 x = k;"),
    "no version": ptx_with(version="8"),
    "another target": ptx_with(target="compute_90"),
    "inline text": ptx_with('asm("evil");'),
    "a texture": ptx_with(head=".global .texref t;"),
    "a surface": ptx_with("suld.b.1d.b32.trap {%r0}, [%d0, {%r1}];"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_modules_are_refused(name: str) -> None:
    with pytest.raises(Refused) as error:
        Gate().passed(Launch(HOSTILE[name], "k", (1, 1, 1), (32, 1, 1), (bytes(8),), ()))
    assert error.value.finding.kind in ("compile", "unsupported")


def test_the_plain_frame_of_the_hostile_modules_passes() -> None:
    assert "kernel" in passed(ptx_with("mov.u32 %r0, %tid.x;"))


@pytest.mark.parametrize(
    "parameters", [(), (bytes(4),), (bytes(8), bytes(8)), (Pointer(0, 0, 0, 8),), (Pointer(-1, 0, 0, 8),)]
)
def test_parameters_are_those_that_are_expected(parameters: tuple[Any, ...]) -> None:
    with pytest.raises(Refused):
        Gate().passed(Launch(ptx_with(), "k", (1, 1, 1), (32, 1, 1), parameters, ()))


def test_what_the_assembler_does_not_take_is_said_without_its_text() -> None:
    with pytest.raises(AssemblyError):
        assemble(passed(ptx_with("add.u32 %r0, %r1, 0f00000000;")), (9, 0))


def test_spills_are_counted() -> None:
    loads = "".join(f"ld.volatile.global.u32 %m{n}, [%d0+{4 * n}];" for n in range(64))
    stores = "".join(f"st.volatile.global.u32 [%d0+{4 * n}], %m{63 - n};" for n in range(64))
    text = passed(ptx_with(f".reg .b32 %m<64>; ld.param.u64 %d0, [a]; {loads} {stores}"))
    assert assemble(text, (9, 0)).spilled_bytes == 0
    tight = assemble(text.replace("p0)", "p0) .maxnreg 24", 1), (9, 0))
    assert tight.spilled_bytes > 0
    assert tight.registers <= 24


def test_a_gpu_that_the_assembler_does_not_know_is_no_fault_of_the_kernels() -> None:
    with pytest.raises(DeviceError):
        assemble(passed(ptx_with()), (99, 0))


@pytest.mark.parametrize(
    ("name", "length"), [("counter", 3), ("counter", 5), ("counter", 0), ("other", 4), ("cells", 4)]
)
def test_a_launch_brings_only_variables_that_the_module_has_and_all_of_their_bytes(name: str, length: int) -> None:
    code = """__device__ int counter;
extern "C" __global__ void f() { __shared__ int cells[1]; cells[0] = 3; counter += cells[0]; }"""
    ptx, entry = compile_cuda_c(code, "f", (), (9, 0))
    names = {("cells" if "cells" in name else name): name for name in parse(ptx).variables}
    fits = Launch(ptx, entry, (1, 1, 1), (1, 1, 1), (), (), variables={"counter": np.int32(4).tobytes()})
    assert EmulatedDevice().launch(fits).variables == {"counter": np.int32(7).tobytes()}
    result = EmulatedDevice().launch(replace(fits, variables={names.get(name, name): bytes(length)}))
    assert [finding.kind for finding in result.findings] == ["unsupported"]
    assert result.variables == {}
