"""The modelled timeline: what of the work on streams could have run at once, and what nothing orders."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from grader.device.emulated import EmulatedDevice
from grader.device.frontends import Installed, install_emulated, uninstall
from grader.device.heap import Heap, HeapError, LocalHeap
from grader.device.timeline import BUS, COPY, LAUNCH, MOST_STREAMS
from tests.heaps import either_heap  # noqa: F401

SIZE = 20_000
#: Nanoseconds of one copy of so many float32.
COPIED = COPY + 4 * SIZE // BUS


@pytest.fixture
def shown() -> list[str]:
    return []


@pytest.fixture
def front(heap: Heap, shown: list[str]) -> Iterator[Installed]:
    yield install_emulated(heap, language="en", show=shown.append)
    uninstall()


def pipeline(pinned: bool, streams: list[Any]) -> np.ndarray:
    """Copy in, compute, copy out in CuPy, a piece on each stream."""
    import cupy
    import cupyx

    make = cupyx.empty_pinned if pinned else np.empty
    source, result = make((len(streams), SIZE), np.float32), make((len(streams), SIZE), np.float32)
    source[:] = np.arange(len(streams))[:, None]
    on_device = cupy.empty((len(streams), SIZE), np.float32)
    for number, stream in enumerate(streams):
        with stream:
            on_device[number].set(source[number])
            cupy.multiply(on_device[number], 2, out=on_device[number])
            on_device[number].get(out=result[number], blocking=False)
    cupy.cuda.Device().synchronize()
    return result


def took(heap: Heap) -> tuple[int, int]:
    counted = heap.counters()
    return counted.makespan, counted.busy


def test_copies_and_kernels_on_streams_of_their_own_overlap(front: Installed, shown: list[str]) -> None:
    import cupy

    result = pipeline(True, [cupy.cuda.Stream() for _ in range(4)])
    assert result[:, 0].tolist() == [0, 2, 4, 6]
    makespan, busy = took(front.heap)
    # The way in is one engine's, and what is behind its last copy cannot begin before.
    assert 5 * COPIED < makespan < 5 * COPIED + 4 * COPY + LAUNCH + 8 * SIZE // 40
    assert busy > 8 * COPIED
    assert shown == []


@pytest.mark.parametrize(
    ("pinned", "kind"), [(False, "streams"), (True, "the null stream"), (True, "one stream"), (False, "non-blocking")]
)
def test_without_pinned_memory_or_a_second_stream_nothing_overlaps(front: Installed, pinned: bool, kind: str) -> None:
    import cupy

    one = cupy.cuda.Stream()
    make = {
        "streams": cupy.cuda.Stream,
        "the null stream": lambda: cupy.cuda.Stream.null,
        "one stream": lambda: one,
        "non-blocking": lambda: cupy.cuda.Stream(non_blocking=True),
    }[kind]
    pipeline(pinned, [make() for _ in range(3)])
    makespan, busy = took(front.heap)
    assert makespan == busy > 6 * COPIED


@pytest.mark.parametrize("non_blocking", [False, True])
def test_the_null_stream_waits_for_blocking_streams_and_they_for_it(front: Installed, non_blocking: bool) -> None:
    import cupy
    import cupyx

    source = cupyx.zeros_pinned(SIZE, np.float32)
    other, on_device = cupy.empty(SIZE, np.float32), cupy.empty(SIZE, np.float32)
    stream = cupy.cuda.Stream(non_blocking=non_blocking)
    on_device.set(source, stream=stream)
    cupy.add(other, 1, out=other)
    on_device.set(source, stream=stream)
    makespan, busy = took(front.heap)
    assert (makespan < busy) == non_blocking


def test_events_have_the_times_of_their_streams(front: Installed) -> None:
    import cupy
    import cupyx

    source, first = cupyx.zeros_pinned(SIZE, np.float32), cupy.cuda.Stream()
    on_device = cupy.empty(SIZE, np.float32)
    begin, end, elsewhere = (cupy.cuda.Event() for _ in range(3))
    begin.record(first)
    on_device.set(source, stream=first)
    end.record(first)
    elsewhere.record(cupy.cuda.Stream())
    assert cupy.cuda.get_elapsed_time(begin, end) == pytest.approx(COPIED / 1e6)
    assert cupy.cuda.get_elapsed_time(begin, elsewhere) == 0
    with pytest.raises(RuntimeError, match="not recorded"):
        cupy.cuda.get_elapsed_time(begin, cupy.cuda.Event())


@pytest.mark.parametrize("order", ["event", "synchronise", "nothing"])
def test_what_nothing_orders_between_two_streams_is_found_and_saves_no_time(
    front: Installed, shown: list[str], order: str
) -> None:
    import cupy
    import cupyx

    source, (first, second) = cupyx.zeros_pinned(SIZE, np.float32), (cupy.cuda.Stream() for _ in range(2))
    on_device = cupy.empty(SIZE, np.float32)
    on_device.set(source, stream=first)
    if order == "event":
        second.wait_event(first.record())
    elif order == "synchronise":
        first.synchronize()
    with second:
        on_device += 1
    cupy.cuda.Device().synchronize()
    makespan, busy = took(front.heap)
    assert makespan == busy
    assert [finding.kind for finding in front.findings()] == (["stream-race"] if order == "nothing" else [])
    assert len(shown) == (order == "nothing")


def test_reading_twice_and_touching_parts_of_one_array_is_no_race_of_streams(front: Installed) -> None:
    import cupyx
    from numba import cuda

    @cuda.jit
    def double(x, factor, out, first, count):  # type: ignore[no-untyped-def]
        i = cuda.grid(1)
        if i < count:
            out[first + i] = factor[0] * x[first + i]

    factor = cuda.to_device(np.full(1, 2.0))
    source, result = cupyx.zeros_pinned(1024), cupyx.zeros_pinned(1024)
    source[:] = np.arange(1024)
    x, out = cuda.device_array(1024), cuda.device_array(1024)
    for first in (0, 512):
        stream, part = cuda.stream(), slice(first, first + 512)
        x[part].copy_to_device(source[part], stream=stream)
        double[4, 128, stream](x, factor, out, first, 512)
        out[part].copy_to_host(result[part], stream=stream)
    cuda.synchronize()
    assert np.array_equal(result, 2 * source)
    assert front.findings() == []
    makespan, busy = took(front.heap)
    assert makespan < busy


@pytest.mark.parametrize("columns", [False, True])
def test_pieces_that_lie_between_each_other_are_not_taken_for_a_race(front: Installed, columns: bool) -> None:
    import cupy

    table = cupy.zeros((4, 64))
    cupy.cuda.Stream.null.synchronize()
    for number in range(2):
        with cupy.cuda.Stream(non_blocking=True):
            part = table[:, number::2] if columns else table[2 * number : 2 * number + 2]
            part += 1
    cupy.cuda.Device().synchronize()
    assert front.findings() == []


def test_numbas_streams_events_and_pinned_arrays_are_on_the_timeline(front: Installed) -> None:
    from numba import cuda

    @cuda.jit
    def add_one(x):  # type: ignore[no-untyped-def]
        i = cuda.grid(1)
        if i < x.size:
            x[i] += 1

    host = [cuda.pinned_array(SIZE, np.float32) for _ in range(3)]
    pageable = np.zeros(SIZE, np.float32)
    begin, end = cuda.event(), cuda.event()
    begin.record()
    for array in host:
        array[:] = 1
        stream = cuda.stream()
        on_device = cuda.to_device(array, stream=stream)
        add_one[-(-SIZE // 256), 256, stream](on_device)
        on_device.copy_to_host(array, stream=stream)
    end.record()
    end.synchronize()
    assert all((array == 2).all() for array in host)
    makespan, busy = took(front.heap)
    assert begin.elapsed_time(end) == pytest.approx(makespan / 1e6)
    assert makespan < 0.8 * busy
    assert front.findings() == []

    other = cuda.device_array(SIZE, np.float32)
    for pinned in (True, False):
        before = took(front.heap)
        stream, second = cuda.stream(), cuda.stream()
        if pinned:
            with cuda.pinned(pageable):
                cuda.to_device(pageable, stream=stream)
        else:
            cuda.to_device(pageable, stream=stream)
        add_one[-(-SIZE // 256), 256, second](other)
        makespan, busy = (now - then for now, then in zip(took(front.heap), before, strict=True))
        assert (makespan < busy) == pinned


def test_a_kernel_that_scatters_takes_longer_on_the_timeline(front: Installed) -> None:
    from numba import cuda

    @cuda.jit
    def fill(out, step):  # type: ignore[no-untyped-def]
        i = cuda.grid(1)
        out[i * step] = 1

    out, times = cuda.device_array(64 * 1024, np.float32), []
    for step in (1, 64):
        begin, end = cuda.event(), cuda.event()
        begin.record()
        fill[4, 256](out, step)
        end.record()
        times.append(begin.elapsed_time(end))
    assert times[1] > times[0]


def test_the_profilers_times_are_modelled_and_always_the_same(front: Installed) -> None:
    import cupy
    from cupyx.profiler import benchmark

    x = cupy.zeros(SIZE, np.float32)
    times = benchmark(lambda: x + 1, n_repeat=5).gpu_times
    assert times[0].tolist() == [pytest.approx(1e-9 * (LAUNCH + 8 * SIZE // 40))] * 5


def test_the_peak_is_what_lay_there_at_once_beyond_what_lay_there_before(front: Installed) -> None:
    import cupy

    x = cupy.zeros(SIZE, np.float32)
    before = front.heap.counters().peak_bytes
    for _ in range(3):
        y = x + 1
        del y
    z = [x + 1, x + 2]
    del z
    assert front.heap.counters().peak_bytes - before == 2 * x.nbytes


def test_what_is_let_go_before_anything_is_taken_was_let_go_before_the_count() -> None:
    heap = LocalHeap(EmulatedDevice())
    earlier, before = heap.alloc(1000), heap.counters().peak_bytes
    heap.free(earlier)
    heap.free(heap.alloc(600))
    assert heap.counters().peak_bytes - before == 600


def test_the_current_stream_is_the_threads_own_and_comes_back(front: Installed) -> None:
    import cupy

    outer, inner = cupy.cuda.Stream(), cupy.cuda.Stream()
    with outer:
        with inner:
            assert cupy.cuda.get_current_stream() is inner
        assert cupy.cuda.get_current_stream() is outer
    assert cupy.cuda.get_current_stream() is cupy.cuda.Stream.null


def test_a_million_streams_are_refused_until_the_host_waits() -> None:
    heap = LocalHeap(EmulatedDevice())
    address = heap.alloc(4)
    for stream in range(1, MOST_STREAMS + 1):
        with heap.place.on(2 * stream + 1):
            heap.fill(address, 0, 4)
    for refused in (lambda: heap.fill(address, 1, 4), lambda: heap.wait(heap.timeline.end)):
        with heap.place.on(1), pytest.raises(HeapError, match="too many streams"):
            refused()
    assert heap.read(address, 4) == bytes(4)
    with heap.place.on(1):
        heap.fill(address, 1, 4)


@pytest.mark.parametrize("event", [-1, 10**30])
def test_a_time_that_no_work_reaches_is_no_event(event: int) -> None:
    heap = LocalHeap(EmulatedDevice())
    for ask in (heap.wait, heap.synchronise):
        with pytest.raises(HeapError, match="none of an event"):
            ask(event)
