"""What a module has besides its kernels: variables that live on, functions whose address is taken."""

from __future__ import annotations

import numpy as np
import pytest

from grader.device.emulated import EmulatedDevice
from grader.device.frontends.nvrtc import compile_kernel
from grader.device.heap import Argument, HeapError, LocalHeap, OutOfDeviceMemory
from grader.device.interface import Launch, LaunchResult, Pointer

HEAD = ".version 8.8\n.target sm_90\n.address_size 64\n"

COUNTED = """
__device__ int count = 5;
__device__ int history[8];
__device__ int* last = history;
__constant__ int step = 3;
extern "C" __global__ void up(int* o) { int old = atomicAdd(&count, step); o[threadIdx.x] = old; *last++ = old; }
extern "C" __global__ void down(int* o) { o[threadIdx.x] = --count + history[1]; }
"""


def test_variables_of_a_module_live_from_launch_to_launch_in_a_heap() -> None:
    heap = LocalHeap(EmulatedDevice())
    ptx, _ = compile_kernel(COUNTED, "up", (), (9, 0))
    address = heap.alloc(4)

    def launch(kernel: str) -> int:
        argument = Argument(address, address, address + 4)
        findings = heap.launch(ptx, kernel, (1, 1, 1), (1, 1, 1), (argument,))
        assert [f.kind for f in findings] == []
        return int(np.frombuffer(heap.read(address, 4), "i4")[0])

    assert [launch("up"), launch("up"), launch("down")] == [5, 8, 10 + 8]
    assert launch("up") == 10
    other, _ = compile_kernel(COUNTED.replace("count = 5", "count = 50"), "up", (), (9, 0))
    ptx = other
    assert launch("up") == 50
    assert LocalHeap(EmulatedDevice()).launch(ptx, "up", (1, 1, 1), (1, 1, 1), (bytes(8),)) != ()


SHARED = """
extern "C" {
__device__ int count = 5;
__global__ void up(int* o) { o[0] = atomicAdd(&count, 1); }
__global__ void read(const int* o, int* p) { p[0] = o[0]; }
}
"""


def test_a_variable_in_the_heap_is_what_the_host_wrote_and_what_kernels_leave() -> None:
    heap = LocalHeap(EmulatedDevice())
    ptx, _ = compile_kernel(SHARED, "up", (), (9, 0))
    out, count = heap.alloc(4), heap.alloc(4)
    to_out, to_count = (Argument(address, address, address + 4) for address in (out, count))

    def launch(kernel: str, *arguments: Argument) -> int:
        held = (("count", count, 4),)
        assert heap.launch(ptx, kernel, (1, 1, 1), (1, 1, 1), arguments, 0, held) == ()
        return int(np.frombuffer(heap.read(out, 4), "i4")[0])

    for begins in (40, 70):
        heap.write(count, np.int32(begins).tobytes())
        assert [launch("up", to_out), launch("up", to_out)] == [begins, begins + 1]
        # Where a kernel does not name it, its address is one as any other.
        assert launch("read", to_count, to_out) == begins + 2
    with pytest.raises(HeapError, match="count by its name"):
        launch("up", to_count)
    assert np.frombuffer(heap.read(count, 4), "i4").tolist() == [72]


def test_variables_that_live_on_take_of_the_device_s_memory() -> None:
    text = f"{HEAD}.global .b8 x[4096]; .entry k() {{ .reg .b32 %r; mov.u32 %r, 7; st.global.u32 [x], %r; ret; }}"
    heap = LocalHeap(EmulatedDevice(), capacity=6000)
    heap.launch(text, "k", (1, 1, 1), (1, 1, 1), ())
    heap.launch(text, "k", (1, 1, 1), (1, 1, 1), ())
    assert heap.memory_info() == (6000 - 4096, 6000)
    with pytest.raises(OutOfDeviceMemory):
        heap.launch(text.replace("7", "8"), "k", (1, 1, 1), (1, 1, 1), ())


def test_launches_without_a_heap_begin_with_initial_values_unless_they_are_given_others() -> None:
    ptx, _ = compile_kernel(COUNTED, "up", (), (9, 0))
    device, out = EmulatedDevice(), np.zeros(4, np.uint8)

    def launch(variables: dict[str, bytes]) -> LaunchResult:
        return device.launch(
            Launch(ptx, "up", (1, 1, 1), (1, 1, 1), (Pointer(0, 0, 0, 4),), (out,), variables=variables)
        )

    first, again = launch({}), launch({})
    assert first.buffers[0].view("i4")[0] == again.buffers[0].view("i4")[0] == 5
    assert launch(first.variables).buffers[0].view("i4")[0] == 8


def test_an_address_kept_from_another_launch_belongs_to_no_array() -> None:
    code = """__device__ int* kept;
    extern "C" __global__ void keep(int* a) { kept = a; }
    extern "C" __global__ void use(int* a) { a[0] = kept[0]; }"""
    heap = LocalHeap(EmulatedDevice())
    ptx, _ = compile_kernel(code, "keep", (), (9, 0))
    one, two = heap.alloc(4), heap.alloc(4)
    heap.write(two, bytes(4))
    assert heap.launch(ptx, "keep", (1, 1, 1), (1, 1, 1), (Argument(one, one, one + 4),)) == ()
    (finding,) = heap.launch(ptx, "use", (1, 1, 1), (1, 1, 1), (Argument(two, two, two + 4),))
    assert finding.kind == "out-of-bounds"


def test_modules_with_huge_variables_are_refused() -> None:
    text = ".global .b8 x[1000000000]; .entry k() { ret; }"
    result = EmulatedDevice().launch(Launch(HEAD + text, "k", (1, 1, 1), (1, 1, 1), (), ()))
    assert [f.kind for f in result.findings] == ["launch"]


POINTERS = """
typedef float (*Op)(float);
__device__ __noinline__ float twice(float x) { return 2 * x; }
__device__ __noinline__ float plus(float x) { return x + 1; }
__device__ __noinline__ float zero(float) { return 0; }
__device__ __noinline__ int other(int a, int b) { return a + b; }
__device__ Op table[2] = {twice, plus};
__device__ int (*unused)(int, int) = other;
struct Shape { __device__ virtual float area(float k) = 0; };
struct Square : Shape { float s; __device__ float area(float k) override { return s * s * k; } };
struct Circle : Shape { float r; __device__ float area(float k) override { return 3 * r * r + k; } };
extern "C" __global__ void k(float* a, const int* which, long long wild) {
  int i = threadIdx.x; Op f = table[which[i] % 2]; if (which[i] == 5) f = zero;
  if (wild) f = (Op)wild;
  a[i] = f(a[i]);
  Square s; s.s = i; Circle c; c.r = i;
  Shape* p = which[i] % 3 ? (Shape*)&s : (Shape*)&c;
  a[i] += p->area(2.0f); }
"""


@pytest.mark.parametrize("wild", [0, 8, 1 << 60])
def test_functions_are_called_through_pointers_and_virtual_tables(wild: int) -> None:
    ptx, _ = compile_kernel(POINTERS, "k", (), (9, 0))
    i = np.arange(40, dtype="f4")
    which = (np.arange(40) * 7 % 6).astype("i4")
    pointers = (Pointer(0, 0, 0, 160), Pointer(1, 0, 0, 160), np.int64(wild).tobytes())
    buffers = (i.view(np.uint8), which.view(np.uint8))
    result = EmulatedDevice().launch(Launch(ptx, "k", (1, 1, 1), (40, 1, 1), pointers, buffers))
    if wild:
        assert [f.kind for f in result.findings if f.severity == "error"] == ["trap"]
        return
    called = np.where(which == 5, 0, np.where(which % 2 == 0, 2 * i, i + 1))
    assert [f.kind for f in result.findings if f.severity == "error"] == []
    assert np.array_equal(result.buffers[0].view("f4"), called + np.where(which % 3 != 0, i * i * 2, 3 * i * i + 2))


def test_memory_of_a_kernel_s_own_is_refused_by_name() -> None:
    code = 'extern "C" __global__ void k(int** a) { a[threadIdx.x] = (int*)malloc(4); }'
    ptx, _ = compile_kernel(code, "k", (), (9, 0))
    result = EmulatedDevice().launch(
        Launch(ptx, "k", (1, 1, 1), (1, 1, 1), (Pointer(0, 0, 0, 8),), (np.zeros(8, np.uint8),))
    )
    assert [f.kind for f in result.findings] == ["unsupported"]
    assert "malloc" in result.findings[0].message["en"]


def barrier_kernel(body: str, block: int = 96) -> LaunchResult:
    text = f"""{HEAD}.visible .entry k(.param .u64 o) {{ .reg .b32 %t, %n, %c; .reg .b64 %a; .reg .pred %p;
      mov.u32 %t, %tid.x; {body} ret; }}"""
    return EmulatedDevice().launch(
        Launch(text, "k", (1, 1, 1), (block, 1, 1), (Pointer(0, 0, 0, 4),), (np.zeros(4, np.uint8),))
    )


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        ("shr.u32 %n, %t, 5; bar.sync %n, 32;", []),
        ("shr.u32 %n, %t, 5; bar.sync %n;", ["barrier"]),
        ("mov.u32 %n, 3; mov.u32 %c, 96; bar.sync %n, %c;", []),
        ("mov.u32 %n, 16; bar.sync %n;", ["barrier"]),
        ("mov.u32 %c, 33; bar.sync 1, %c;", ["barrier"]),
        # Exits make up for nobody where a barrier counts less than the block.
        ("setp.ge.u32 %p, %t, 32; @%p exit; bar.sync 1, 64;", ["barrier"]),
        ("setp.ge.u32 %p, %t, 64; @%p exit; bar.sync 1, 64;", []),
        ("setp.ge.u32 %p, %t, 32; @%p exit; bar.sync 1, 96;", []),
        ("setp.ge.u32 %p, %t, 32; @%p exit; bar.sync 0;", []),
    ],
)
def test_barriers_by_number_and_count(body: str, kinds: list[str]) -> None:
    assert [f.kind for f in barrier_kernel(body).findings] == kinds


@pytest.mark.parametrize(
    ("mode", "wanted"),
    [
        ("f4e", ["33221100", "44332211", "55443322", "66554433"]),
        ("b4e", ["55667700", "66770011", "77001122", "00112233"]),
        ("rc8", ["00000000", "11111111", "22222222", "33333333"]),
        ("ecl", ["33221100", "33221111", "33222222", "33333333"]),
        ("ecr", ["00000000", "11111100", "22221100", "33221100"]),
        ("rc16", ["11001100", "33223322", "11001100", "33223322"]),
    ],
)
def test_prmt_in_each_mode(mode: str, wanted: list[str]) -> None:
    text = f"""{HEAD}.visible .entry k(.param .u64 o) {{ .reg .b32 %t, %v; .reg .b64 %a;
      mov.u32 %t, %tid.x; ld.param.u64 %a, [o]; mad.wide.u32 %a, %t, 4, %a;
      prmt.b32.{mode} %v, 0x33221100, 0x77665544, %t; st.global.u32 [%a], %v; ret; }}"""
    launch = Launch(text, "k", (1, 1, 1), (4, 1, 1), (Pointer(0, 0, 0, 16),), (np.zeros(16, np.uint8),))
    assert [f"{value:08x}" for value in EmulatedDevice().launch(launch).buffers[0].view("u4")] == wanted
