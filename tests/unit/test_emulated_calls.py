"""Device functions that are called, indexed branches, printf and assertions, in CUDA C as NVRTC compiles it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grader.device.emulated import EmulatedDevice, PtxError, parse
from grader.device.frontends.nvrtc import compile_kernel
from grader.device.interface import Launch, LaunchResult, Pointer

HEAD = ".version 8.8\n.target sm_90\n.address_size 64\n"


def run(code: str, *arguments: Any, block: int = 32, grid: int = 1) -> tuple[LaunchResult, list[np.ndarray]]:
    """The kernel `k` of this CUDA C on arrays and scalars."""
    ptx, entry = compile_kernel(f'extern "C" {{ {code} }}', "k", (), (9, 0))
    arrays = [a for a in arguments if isinstance(a, np.ndarray)]
    buffers = [np.ascontiguousarray(a).reshape(-1).view(np.uint8) for a in arrays]
    places = iter(range(len(buffers)))
    parameters = tuple(
        Pointer(n := next(places), 0, 0, buffers[n].nbytes) if isinstance(a, np.ndarray) else a.tobytes()
        for a in arguments
    )
    result = EmulatedDevice().launch(Launch(ptx, entry, (grid, 1, 1), (block, 1, 1), parameters, tuple(buffers)))
    return result, [b.view(a.dtype) for a, b in zip(arrays, result.buffers, strict=True)]


def errors(result: LaunchResult) -> list[str]:
    return [finding.message["en"] for finding in result.findings if finding.severity == "error"]


FUNCTIONS = """
struct V { float x, y, z; double w; };
__noinline__ __device__ float twice(float x, int n) { return n % 3 ? x * 2 : x + 1; }
__noinline__ __device__ V moved(V v, double by) { v.x += by; v.w *= by; return v; }
__noinline__ __device__ int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
__noinline__ __device__ int odd(int n);
__noinline__ __device__ int even(int n) { return n == 0 ? 1 : odd(n - 1); }
__noinline__ __device__ int odd(int n) { return n == 0 ? 0 : even(n - 1); }
__noinline__ __device__ int sorted(int n) {
  int held[4]; for (int i = 0; i < 4; i++) held[(i * n) % 4] = i + n;
  return n <= 0 ? held[0] : sorted(n - 1) * 2 + held[n % 4]; }
"""


def test_functions_are_called_with_values_and_structures() -> None:
    code = (
        FUNCTIONS
        + """
    __global__ void k(float* a, V* v) { int i = threadIdx.x;
      a[i] = twice(a[i], i) + (i & 1 ? twice(a[i] + 1, i + 1) : 0); v[i] = moved(v[i], i); }"""
    )
    a = np.arange(32, dtype="f4")
    record = np.dtype([("x", "f4"), ("y", "f4"), ("z", "f4"), ("w", "f8")], align=True)
    v = np.ones(32, record)
    result, (got, moved) = run(code, a, v)
    twice = lambda x, n: np.where(n % 3, x * 2, x + 1)  # noqa: E731
    i = np.arange(32)
    assert errors(result) == []
    assert np.array_equal(got, twice(a, i) + np.where(i & 1, twice(a + 1, i + 1), 0))
    assert np.array_equal(moved["x"], 1 + i)
    assert np.array_equal(moved["w"], i)
    assert np.array_equal(moved["y"], np.ones(32))


def fib(n: int) -> int:
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def test_recursion_keeps_registers_and_local_arrays_of_each_level() -> None:
    code = (
        FUNCTIONS
        + """
    __global__ void k(int* a, int* b, int* c) { int i = threadIdx.x;
      a[i] = fib(i % 9); b[i] = even(i % 11); c[i] = sorted(i % 7); }"""
    )
    result, (a, b, c) = run(code, *(np.zeros(40, "i4") for _ in range(3)), block=40)

    def held(n: int) -> list[int]:
        values = [0] * 4
        for i in range(4):
            values[i * n % 4] = i + n
        return values

    def in_order(n: int) -> int:
        return held(n)[0] if n <= 0 else in_order(n - 1) * 2 + held(n)[n % 4]

    assert errors(result) == []
    assert a.tolist() == [fib(i % 9) for i in range(40)]
    assert b.tolist() == [int(i % 11 % 2 == 0) for i in range(40)]
    assert [v for i, v in enumerate(c.tolist()) if i % 7 % 2] == [in_order(i % 7) for i in range(40) if i % 7 % 2]


def test_recursion_without_an_end_is_said_to_be_one() -> None:
    code = """__noinline__ __device__ int f(int n, int* p) {
      if (n == 77777) return p[0];
      atomicAdd(p, 1); int below = f(n + 1, p); atomicAdd(p, below); return below + 1; }
    __global__ void k(int* a, int* p) { a[threadIdx.x] = f(threadIdx.x, p); }"""
    result, _ = run(code, np.zeros(32, "i4"), np.zeros(32, "i4"))
    assert [f.kind for f in result.findings if f.severity == "error"] == ["step-limit"]
    assert "recursion" in errors(result)[0]


def test_an_indexed_branch_goes_where_each_thread_s_value_says() -> None:
    text = """.visible .entry k(.param .u64 o) { .reg .b32 %t, %x; .reg .b64 %a; .reg .pred %p;
      mov.u32 %t, %tid.x; ld.param.u64 %a, [o]; mad.wide.u32 %a, %t, 4, %a; mov.b32 %x, 7; setp.lt.u32 %p, %t, 3;
      list: .branchtargets one, two, three;
      @%p brx.idx %t, list; bra.uni end;
      one: mov.b32 %x, 10; bra.uni end; two: mov.b32 %x, 20; bra.uni end; three: mov.b32 %x, 30;
      end: st.global.u32 [%a], %x; ret; }"""

    def launch(ptx: str) -> LaunchResult:
        buffer = np.zeros(20, np.uint8)
        return EmulatedDevice().launch(
            Launch(HEAD + ptx, "k", (1, 1, 1), (5, 1, 1), (Pointer(0, 0, 0, 20),), (buffer,))
        )

    result = launch(text)
    assert errors(result) == []
    assert result.buffers[0].view("u4").tolist() == [10, 20, 30, 7, 7]
    beyond = launch(text.replace("%t, 3", "%t, 4"))
    assert [finding.kind for finding in beyond.findings] == ["trap"]


def test_printf_formats_as_c_does_and_in_the_threads_order() -> None:
    code = r"""__global__ void k(const float* a) { int i = threadIdx.x;
      if (i % 2)
        printf("%d|%5.2f|%-6s|%c|%lld|%x|%%|%u|%g|%03d|%+d\n",
               i, a[i], "ab", 65 + i, -(1ll << 40), 255, -1, 1e20, i, i); }"""
    a = np.arange(4, dtype="f4") / 3
    result, _ = run(code, a, block=4)
    row = "{0}|{1:5.2f}|ab    |{2}|-1099511627776|ff|%|4294967295|1e+20|{0:03d}|+{0}\n"
    assert result.printed == "".join(row.format(i, a[i], chr(65 + i)) for i in (1, 3))
    assert errors(result) == []


def test_a_failed_assertion_says_what_was_asserted() -> None:
    code = """__device__ void __assertfail(const char*, const char*, unsigned, const char*, size_t);
    __global__ void k(int* a) { if (!(a[threadIdx.x] < 3)) __assertfail("a[i] < 3", "f.cu", 2, "k", 1); }"""
    result, _ = run(code, np.arange(8, dtype="i4"), block=8)
    (said,) = errors(result)
    assert "a[i] < 3" in said
    assert result.findings[0].thread == (3, 0, 0)


def test_barriers_count_predicates_of_those_who_are_there() -> None:
    code = """__global__ void k(const int* a, int* o) { int i = threadIdx.x; if (i >= 80) return;
      for (int round = 0; round < 3; round++) { int x = a[i] > round;
        int all = __syncthreads_and(x), one = __syncthreads_or(x);
        o[i] = o[i] * 1000 + __syncthreads_count(x) * 4 + (all != 0) * 2 + (one != 0); } }"""
    a = np.arange(96, dtype="i4") % 3 + 1
    result, (_, o) = run(code, a, np.zeros(96, "i4"), block=96)
    expected = 0
    for count in (int((a[:80] > level).sum()) for level in range(3)):
        expected = expected * 1000 + count * 4 + (count == 80) * 2 + (count > 0)
    assert errors(result) == []
    assert o.tolist() == [expected] * 80 + [0] * 16


def test_a_producer_arrives_at_a_barrier_and_goes_on() -> None:
    code = """__global__ void k(int* o) { __shared__ int s[32]; int i = threadIdx.x;
      if (i >= 32) { s[i - 32] = i; asm volatile("bar.arrive 1, 64;" ::: "memory"); }
      else { asm volatile("bar.sync 1, 64;" ::: "memory"); o[i] = s[i]; } }"""
    result, (o,) = run(code, np.zeros(32, "i4"), block=64)
    assert errors(result) == []
    assert o.tolist() == list(range(32, 64))


def test_a_table_of_texts_holds_addresses() -> None:
    code = """__constant__ const char* names[3] = {"left", "right", "up"};
    __global__ void k(int* o) { o[threadIdx.x] = names[threadIdx.x % 3][1]; }"""
    result, (o,) = run(code, np.zeros(6, "i4"), block=6)
    assert errors(result) == []
    assert o.tolist() == [ord(text[1]) for text in ("left", "right", "up")] * 2


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (".entry k() { call elsewhere; ret; }", "elsewhere"),
        (".func f() { ret; } .entry k() { .param .b32 a; call f, (a); ret; }", "other sizes"),
        (".func f(.param .b32 x) { ret; } .entry k() { .param .b64 a; call f, (a); ret; }", "other sizes"),
        (".entry k() { .reg .b64 %r; call %r, (%r); ret; }", "pointer"),
        (".entry k() { .param .b32 a; .reg .b64 %r; ld.param.b64 %r, [a]; ret; }", "outside of parameter a"),
        (".entry k() { .param .b32 a; call vprintf, (a); ret; }", "1 arguments"),
        (".entry k() { .local .b8 big[1000000]; ret; }", "local memory"),
        (".global .u64 t = elsewhere; .entry k() { ret; }", "elsewhere"),
        (".entry k() { a: ret; a: ret; }", "twice"),
    ],
)
def test_calls_that_do_not_fit_are_refused_by_name(text: str, named: str) -> None:
    result = EmulatedDevice().launch(Launch(HEAD + text, "k", (1, 1, 1), (1, 1, 1), (), ()))
    (said,) = errors(result)
    assert named in said


def test_names_of_an_inner_scope_are_its_own() -> None:
    text = ".entry k() { .reg .b32 %a; { .reg .b64 %b; mov.b64 %b, 1; } { .reg .b32 %b; mov.b32 %b, 2; } ret; }"
    assert sorted(parse(HEAD + text).functions["k"].registers.values()) == ["b32", "b32", "b64"]
    with pytest.raises(PtxError, match="inner scope"):
        parse(HEAD + ".entry k() { { .reg .b32 %a<3>; } ret; }")
