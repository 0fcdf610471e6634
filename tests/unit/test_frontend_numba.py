"""`numba.cuda` without a driver: numba-cuda's own compiler and host API, the heap in the driver's place."""

import gc
import warnings

import numpy as np
import pytest
from numba.cuda.core.errors import NumbaPerformanceWarning, TypingError

from grader.device.emulated import EmulatedDevice
from grader.device.frontends import numba_cuda
from grader.device.heap import LocalHeap
from tests.heaps import either_heap, linked  # noqa: F401


@pytest.fixture
def shown():
    return []


@pytest.fixture
def front(heap, shown):
    yield numba_cuda.install(heap, language="en", show=shown.append)
    numba_cuda.uninstall()


@pytest.fixture
def here():
    """A heap in this process, installed."""
    heap = LocalHeap(EmulatedDevice())
    numba_cuda.install(heap, language="en", show=None)
    yield heap
    numba_cuda.uninstall()


@pytest.fixture
def cuda(front):
    from numba import cuda

    return cuda


@pytest.fixture
def saxpy(cuda):
    @cuda.jit
    def saxpy(a, x, y, out):
        i = cuda.grid(1)
        if i < x.shape[0]:
            out[i] = a * x[i] + y[i]

    return saxpy


def test_arrays_travel_only_where_the_learner_says_so(cuda, heap, saxpy):
    x, y = np.arange(1000, dtype="f4"), np.ones(1000, "f4")
    on_device = cuda.to_device(x), cuda.to_device(y)
    out = cuda.device_array_like(on_device[0])
    saxpy[4, 256](np.float32(2), *on_device, out)
    assert np.array_equal(out.copy_to_host(), 2 * x + y)
    counted = heap.counters()
    assert (counted.host_to_device, counted.host_to_device_bytes) == (2, 8000)
    assert (counted.device_to_host, counted.device_to_host_bytes) == (1, 4000)
    assert counted.launches == 1


def test_a_small_grid_is_no_reason_to_warn_of_speed(cuda, saxpy):
    x = cuda.to_device(np.ones(4, "f4"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        saxpy[1, 4](np.float32(2), x, x, cuda.device_array_like(x))


def test_host_arrays_go_there_and_back_with_a_warning(heap, saxpy):
    x, y, out = np.arange(10, dtype="f4"), np.ones(10, "f4"), np.zeros(10, "f4")
    with pytest.warns(NumbaPerformanceWarning, match="Host array"):
        saxpy[1, 32](np.float32(3), x, y, out)
    assert np.array_equal(out, 3 * x + 1)
    counted = heap.counters()
    assert (counted.host_to_device, counted.device_to_host) == (3, 3)


def test_every_way_to_launch(cuda, saxpy):
    x = cuda.to_device(np.arange(300, dtype="f4"))
    out = cuda.device_array(300, np.float32)
    stream = cuda.stream()
    for launch in (saxpy[2, 256], saxpy[(2,), (256,), stream], saxpy[2, 256, 0, 64], saxpy.forall(300)):
        out.copy_to_device(np.zeros(300, "f4"))
        launch(np.float32(1), x, x, out)
        stream.synchronize()
        cuda.synchronize()
        assert np.array_equal(out.copy_to_host(), 2 * np.arange(300, dtype="f4"))


def test_slices_share_memory_and_bound_the_kernel(cuda, front, saxpy):
    whole = cuda.to_device(np.zeros(8, "f4"))
    whole[2:5] = 7
    assert whole.copy_to_host().tolist() == [0, 0, 7, 7, 7, 0, 0, 0]
    assert whole[3] == 7
    assert whole[1:3].copy_to_host().tolist() == [0, 7]

    @cuda.jit
    def one_too_many(part):
        part[cuda.grid(1)] = 1

    one_too_many[1, 4](whole[2:5])
    assert [finding.kind for finding in front.findings()] == ["out-of-bounds"]
    assert whole.copy_to_host().tolist() == [0, 0, 1, 1, 1, 0, 0, 0]


def test_a_finding_is_shown_once_with_the_learners_line(cuda, front, shown):
    @cuda.jit
    def shift(x, out):
        i = cuda.grid(1)
        if i < out.size:
            out[i] = x[i + 1]

    first = shift.py_func.__code__.co_firstlineno
    x, out = cuda.to_device(np.zeros(32, "f4")), cuda.to_device(np.zeros(32, "f4"))
    for _ in range(3):
        shift[1, 32](x, out)
    assert len(shown) == 1
    assert shown[0].startswith(f"Line {first + 4}  out of bounds: thread 31")
    assert len(front.findings()) == 3


def test_lines_are_right_inside_device_functions(cuda, front):
    @cuda.jit(device=True, inline="never")
    def read(x, i):
        return x[i]

    @cuda.jit(fastmath=True)
    def kernel(x, out):
        out[cuda.grid(1)] = read(x, cuda.grid(1) + 1)

    x = cuda.to_device(np.zeros(4, "f4"))
    kernel[1, 4](x, cuda.to_device(np.zeros(4, "f4")))
    assert [finding.line for finding in front.findings()] == [read.py_func.__code__.co_firstlineno + 2]


def test_findings_inside_numbas_own_functions_name_the_learners_line(cuda, front):
    from numba.cuda.random import create_xoroshiro128p_states, xoroshiro128p_uniform_float32

    @cuda.jit
    def draw(states, out):
        t = cuda.grid(1)
        out[t] = xoroshiro128p_uniform_float32(states, t)

    states = create_xoroshiro128p_states(32, seed=1)
    out = cuda.device_array(32, np.float32)
    draw[1, 33](states, out)
    first = draw.py_func.__code__.co_firstlineno
    drawn = out.copy_to_host()
    assert drawn.min() >= 0
    assert drawn.max() < 1
    found = [finding for finding in front.findings() if finding.kind == "out-of-bounds"]
    assert found
    assert {finding.line for finding in found} == {first + 3}


def test_messages_come_in_german(heap):
    shown: list[str] = []
    numba_cuda.install(heap, language="de", show=shown.append)
    try:
        from numba import cuda

        @cuda.jit
        def beyond(x):
            x[cuda.grid(1)] = 1

        beyond[1, 2](cuda.to_device(np.zeros(1, "f4")))
    finally:
        numba_cuda.uninstall()
    assert shown[0].startswith("Zeile ")
    assert "außerhalb" in shown[0]


def test_what_the_compiler_refuses_is_refused_with_the_line(cuda):
    @cuda.jit
    def sorts(x):
        x.sort_me()

    with pytest.raises(TypingError, match="sort_me"):
        sorts[1, 1](cuda.to_device(np.zeros(1, "f4")))
    with pytest.raises(TypeError, match="void"):
        cuda.jit("int32(int32)")(lambda n: n)


def test_a_launch_that_cannot_be_raises(cuda, front, saxpy):
    x = cuda.to_device(np.zeros(4, "f4"))
    with pytest.raises(numba_cuda.LaunchFailure, match="1024"):
        saxpy[1, 2000](np.float32(1), x, x, x)
    assert [finding.kind for finding in front.findings()] == ["launch"]


def test_a_signature_compiles_at_once_and_scalars_are_cast(cuda):
    @cuda.jit("void(float64[:], int8, boolean, complex128, float32)")
    def scalars(out, small, truth, number, single):
        out[0], out[1], out[2], out[3] = small, number.imag, single, 1.0 if truth else 0.0

    out = cuda.device_array(4, np.float64)
    scalars[1, 1](out, -3, True, 2 + 5j, 0.5)
    assert out.copy_to_host().tolist() == [-3, 5, 0.5, 1]


def test_arrays_of_two_dimensions_keep_their_strides(cuda):
    @cuda.jit
    def transpose(a, out):
        i, j = cuda.grid(2)
        if i < a.shape[0] and j < a.shape[1]:
            out[j, i] = a[i, j]

    a = np.arange(12, dtype="i4").reshape(3, 4)
    for source in (a, np.asfortranarray(a)):
        out = cuda.device_array((4, 3), np.int32)
        transpose[(1, 1), (4, 4)](cuda.to_device(source), out)
        assert np.array_equal(out.copy_to_host(), a.T)


def test_numbas_own_kernels_work(cuda):
    from numba import vectorize

    @vectorize(["float32(float32, float32)"], target="cuda")
    def add(a, b):
        return a + b

    @cuda.reduce
    def total(a, b):
        return a + b

    x = np.arange(100, dtype="f4")
    assert np.array_equal(add(x, x), 2 * x)
    assert total(x) == x.sum()


def test_the_device_says_what_it_is(cuda):
    assert cuda.is_available()
    assert len(cuda.gpus) == 1
    device = cuda.get_current_device()
    assert device.name == "Lehrwerk emulated GPU"
    assert (device.compute_capability, device.WARP_SIZE, device.MAX_THREADS_PER_BLOCK) == ((9, 0), 32, 1024)
    assert cuda.detect()
    with pytest.raises(AttributeError, match="has no attribute NO_SUCH"):
        device.NO_SUCH


def test_events_stand_in_with_the_wall_clock(cuda):
    begin, end = cuda.event(), cuda.event()
    with pytest.raises(Exception, match="recorded"):
        cuda.event_elapsed_time(begin, end)
    begin.record()
    end.record()
    assert cuda.event_elapsed_time(begin, end) >= 0
    assert end.query()


def test_what_is_not_offered_is_named(cuda):
    with pytest.raises(NotImplementedError, match="copy_to_host"):
        cuda.to_device(np.ones(2)).get_ipc_handle()


def test_memory_of_the_host_is_not_shared_through_a_channel():
    from numba import cuda

    with linked() as far, far.answering():
        numba_cuda.install(far, language="en", show=None)
        try:
            for make in (cuda.mapped_array, cuda.managed_array):
                with pytest.raises(NotImplementedError, match=r"copy with cuda\.to_device"):
                    make(4)
        finally:
            numba_cuda.uninstall()


def test_memory_is_given_back(cuda, heap):
    before = heap.memory_info()[0]
    for _ in range(50):
        cuda.to_device(np.zeros(1000, "f4"))
    gc.collect()
    assert heap.memory_info()[0] == before


def test_pinned_memory_and_the_interface_between_libraries(cuda, heap):
    pinned = cuda.pinned_array(4, np.float32)
    pinned[:] = 2
    array = cuda.to_device(pinned)
    described = array.__cuda_array_interface__
    assert heap.locate(described["data"][0])[0] == described["data"][0]

    class Other:
        __cuda_array_interface__ = described

    cuda.as_cuda_array(Other())[0:2] = 9
    assert array.copy_to_host().tolist() == [9, 9, 2, 2]


def test_uninstalled_numba_is_as_it_was(heap):
    from numba.cuda import dispatcher
    from numba.cuda.cudadrv import driver

    before = type(driver.driver), dispatcher._Kernel, dispatcher.CUDADispatcher.__init__
    numba_cuda.install(heap)
    numba_cuda.uninstall()
    assert (type(driver.driver), dispatcher._Kernel, dispatcher.CUDADispatcher.__init__) == before


def test_a_grid_meets_in_the_middle_of_a_kernel(cuda, front):
    @cuda.jit
    def turn(x):
        grid = cuda.cg.this_grid()
        i = cuda.grid(1)
        other = x[x.size - 1 - i]
        grid.sync()
        x[i] = other

    x = cuda.to_device(np.arange(256, dtype="i4"))
    turn[4, 64](x)
    assert np.array_equal(x.copy_to_host(), np.arange(256)[::-1])
    assert front.findings() == []


CUDA_C = """
static __device__ float factor[1] = {3};
extern "C" __device__ int scaled(float* result, float value) { *result = factor[0] * value; return 0; }
"""


def test_cuda_c_is_linked_from_a_file_and_from_text(cuda, tmp_path):
    path = tmp_path / "scaled.cu"
    path.write_text(CUDA_C, encoding="utf-8")
    other = cuda.CUSource(CUDA_C.replace("scaled", "doubled").replace("{3}", "{2}"))
    scaled = cuda.declare_device("scaled", "float32(float32)")
    doubled = cuda.declare_device("doubled", "float32(float32)", link=other)

    @cuda.jit(link=[str(path)])
    def both(x):
        i = cuda.grid(1)
        if i < x.size:
            x[i] = scaled(x[i]) + doubled(x[i])

    x = cuda.to_device(np.arange(4, dtype="f4"))
    both.forall(4)(x)
    assert x.copy_to_host().tolist() == [0, 5, 10, 15]


def test_what_cannot_be_linked_is_named(cuda, tmp_path):
    path = tmp_path / "made.o"
    path.write_bytes(b"\x7fELF")

    @cuda.jit(link=[str(path)])
    def kernel(x):
        x[0] = 1

    with pytest.raises(NotImplementedError, match=r"made\.o is neither"):
        kernel[1, 1](cuda.device_array(1))


def test_half_precision_is_rounded_as_half_precision(cuda):
    @cuda.jit
    def fma(a, b, out):
        i = cuda.grid(1)
        if i < a.size:
            out[i] = a[i] * b[i] + a[i]

    a = np.linspace(0.1, 9.7, 40).astype("f2")
    b = np.linspace(3, 5, 40).astype("f2")
    out = cuda.device_array(40, "f2")
    fma.forall(40)(a, b, out)
    assert np.array_equal(out.copy_to_host(), a * b + a)


def test_with_debug_a_kernel_raises_what_it_raised(cuda, heap):
    @cuda.jit(debug=True, opt=False)
    def kernel(x):
        i = cuda.grid(1)
        if i == 5:
            raise ValueError("five is right out")
        x[i] = 10 // x[i]

    free = heap.memory_info()[0]
    with pytest.raises(ValueError, match=r"test_frontend_numba.py, line \d+, tid=\[0, 0, 1\] ctaid=\[0, 0, 1\]: five"):
        kernel[2, 4](cuda.to_device(np.ones(8, int)))
    with pytest.raises(ZeroDivisionError):
        kernel[1, 4](cuda.to_device(np.zeros(4, int)))
    kernel[1, 4](cuda.to_device(np.ones(4, int)))

    class Own(Exception):
        pass

    @cuda.jit("void()", debug=True, opt=False)
    def bare():
        raise Own

    with pytest.raises(Own, match=r"tid=\[0, 0, 0\] ctaid=\[0, 0, 0\]$"):
        bare[1, 1]()
    gc.collect()
    assert heap.memory_info()[0] == free


@pytest.mark.filterwarnings("error::numba.cuda.core.errors.NumbaDebugInfoWarning")
def test_lambdas_in_a_table_are_kernels_and_functions(cuda):
    table = {
        "double": cuda.jit(lambda value: value * 2, device=True),
        "negate": cuda.jit(lambda value: -value, device=True),
    }
    negate = table["negate"]

    @cuda.jit
    def apply(x):
        i = cuda.grid(1)
        if i < x.size:
            x[i] = negate(x[i])

    x = cuda.to_device(np.arange(3))
    apply.forall(3)(x)
    nothing = {name: cuda.jit(kernel) for name, kernel in (("a", lambda x: None), ("b", lambda x: None))}
    nothing["a"][1, 1](x)
    assert x.copy_to_host().tolist() == [0, -1, -2]


def test_host_and_device_share_mapped_and_managed_memory(here):
    from numba import cuda

    @cuda.jit
    def double(x):
        i = cuda.grid(1)
        if i < x.size:
            x[i] *= 2

    for make in (cuda.mapped_array, cuda.managed_array):
        shared = make(5, "f4")
        shared[:] = np.arange(5)
        double.forall(5)(shared)
        cuda.synchronize()
        assert shared.tolist() == [0, 2, 4, 6, 8]
        shared[0] = 3
        double.forall(5)(shared)
        assert shared.tolist() == [6, 4, 8, 12, 16]
    assert here.counters().host_to_device == 0
    del shared
    gc.collect()
    cuda.current_context().memory_manager.deallocations.clear()
    assert here.memory_info()[0] == here.capacity
    with cuda.mapped(host := np.ones(3)) as seen:
        double.forall(3)(seen)
    assert host.tolist() == [2, 2, 2]


def test_the_assembler_says_what_a_kernel_takes(cuda):
    @cuda.jit
    def kernel(x):
        here = cuda.shared.array(64, np.float32)
        mine = cuda.local.array(100, np.float32)
        i = cuda.grid(1)
        for j in range(100):
            mine[j] = x[i] * j
        here[i] = mine[(i * 7) % 100]
        cuda.syncthreads()
        x[i] = here[3 - i]

    kernel[1, 4](cuda.to_device(np.zeros(4, "f4")))
    assert list(kernel.get_shared_mem_per_block().values()) == [256]
    assert next(iter(kernel.get_local_mem_per_thread().values())) >= 400
    assert 0 < next(iter(kernel.get_regs_per_thread().values())) < 256
    assert list(kernel.get_const_mem_size().values()) == [0]
    assert list(kernel.get_max_threads_per_block().values()) == [1024]
    with pytest.raises(NotImplementedError, match="inspect_asm"):
        kernel.inspect_sass()


def test_streams_call_back_and_the_device_can_be_closed(cuda):
    import asyncio

    async def wait():
        return await cuda.stream().async_done()

    told = []
    cuda.stream().add_callback(lambda stream, status, arg: told.append((status, arg)), "done")
    assert told == [(0, "done")]
    assert asyncio.run(wait()) is not None
    cuda.close()
    assert cuda.to_device(np.ones(2)).copy_to_host().tolist() == [1, 1]
    cuda.get_current_device().reset()
    assert cuda.to_device(np.ones(2)).copy_to_host().tolist() == [1, 1]


def test_the_device_is_told_of_as_numba_tells_of_one(cuda, capsys):
    assert cuda.detect()
    assert "Lehrwerk emulated GPU" in capsys.readouterr().out
    assert (len(cuda.gpus), cuda.gpus[0].name) == (1, "Lehrwerk emulated GPU")
    with cuda.gpus[0]:
        free, total = cuda.current_context().get_memory_info()
    assert 0 < free <= total
    cuda.profile_start()
    cuda.profile_stop()


def test_numbas_own_kinds_of_kernels_and_functions_work(cuda, front):
    from numba import guvectorize, vectorize
    from numba.cuda import libdevice
    from numba.cuda.random import create_xoroshiro128p_states, xoroshiro128p_uniform_float64

    @vectorize(["float32(float32, float32)"], target="cuda")
    def added(a, b):
        return a + b

    @guvectorize(["void(float32[:], float32[:], float32[:])"], "(n),(n)->()", target="cuda")
    def dotted(a, b, result):
        result[0] = 0
        for i in range(a.size):
            result[0] += a[i] * b[i]

    total = cuda.reduce(lambda a, b: a + b)
    table = np.array([1, 2, 3, 4], "f4")

    @cuda.jit(fastmath=True)
    def several(states, out, counts):
        i = cuda.grid(1)
        values = cuda.const.array_like(table)
        out[i] = values[i % 4] + libdevice.sqrtf(np.float32(i)) + 0 * xoroshiro128p_uniform_float64(states, i)
        cuda.atomic.add(counts, 0, 1)
        cuda.atomic.max(counts, 1, i)
        cuda.atomic.inc(counts, 2, 100)
        cuda.atomic.cas(counts, 3, 0, 7)
        cuda.atomic.exch(counts, 4, 9)

    x = np.arange(8, dtype="f4")
    assert added(x, x).tolist() == (x + x).tolist()
    assert dotted(x.reshape(2, 4), x.reshape(2, 4)).tolist() == [14, 126]
    assert total(np.arange(1000.0)) == 499500
    out, counts = cuda.device_array(32), cuda.to_device(np.zeros(5, np.uint32))
    several[1, 32](create_xoroshiro128p_states(32, seed=1), out, counts)
    assert np.allclose(out.copy_to_host(), np.tile(table, 8) + np.sqrt(np.arange(32)), rtol=1e-6)
    assert counts.copy_to_host().tolist() == [32, 31, 32, 7, 9]
    assert [f.kind for f in front.findings() if f.severity == "error"] == []
