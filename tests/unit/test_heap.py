"""The heap: allocations are apart, every copy is counted, and a wrong range is refused by name."""

import numpy as np
import pytest

from grader.device.heap import Argument, HeapError, LocalHeap, OutOfDeviceMemory, View
from grader.device.interface import Finding, Launch, LaunchResult, Pointer


class AddOne:
    """A device that adds one to the bytes of its first buffer and remembers what it was given."""

    name = "double"
    compute_capability = (9, 0)

    def launch(self, launch: Launch) -> LaunchResult:
        self.seen = launch
        buffers = [buffer.copy() for buffer in launch.buffers]
        buffers[0] += 1
        return LaunchResult(buffers, [Finding("race", {"en": "x", "de": "y"})])


@pytest.fixture
def heap():
    return LocalHeap(AddOne(), capacity=4096)


def test_what_is_written_is_read_and_every_copy_is_counted(heap):
    address = heap.alloc(8)
    heap.write(address + 2, b"abc")
    assert heap.read(address + 2, 3) == b"abc"
    counted = heap.counters()
    assert (counted.host_to_device, counted.host_to_device_bytes) == (1, 3)
    assert (counted.device_to_host, counted.device_to_host_bytes) == (1, 3)
    assert counted.allocations == 1
    heap.reset_counters()
    assert heap.counters().host_to_device == 0


def test_fresh_memory_is_visibly_not_zero(heap):
    address = heap.alloc(4)
    assert np.isnan(np.frombuffer(heap.read(address, 4), np.float32)[0])


def test_a_range_outside_its_allocation_is_refused(heap):
    address = heap.alloc(8)
    with pytest.raises(HeapError, match="8 bytes from byte 4"):
        heap.read(address + 4, 8)
    with pytest.raises(HeapError, match="belongs to no array"):
        heap.write(12, b"x")
    with pytest.raises(HeapError, match="must not be negative"):
        heap.alloc(-1)


def test_freed_memory_is_gone_and_gives_its_room_back(heap):
    address = heap.alloc(4096)
    with pytest.raises(OutOfDeviceMemory, match="0 of 4096"):
        heap.alloc(1)
    heap.free(address)
    heap.alloc(4096)
    with pytest.raises(HeapError):
        heap.read(address, 1)
    with pytest.raises(HeapError, match="freed before"):
        heap.free(address)


def test_a_launch_hands_over_views_inside_their_allocation(heap):
    address, other = heap.alloc(16), heap.alloc(8)
    heap.write(address, bytes(16))
    findings = heap.launch(
        "ptx",
        "entry",
        (1, 1, 1),
        (4, 1, 1),
        (Argument(address + 4, address + 4, address + 12), b"\x01", Argument(other, other, other + 8)),
    )
    assert [finding.kind for finding in findings] == ["race"]
    launch = heap.device.seen
    assert launch.parameters == (Pointer(0, 4, 4, 12), b"\x01", Pointer(1, 0, 0, 8))
    assert launch.initialised == (True, False)
    assert heap.read(address, 16) == bytes([1]) * 16
    assert heap.counters().launches == 1


def test_operations_work_on_views_and_make_new_arrays(heap):
    address = heap.alloc(24)
    heap.write(address, np.arange(6, dtype="f4").tobytes())
    every_second = View(address, "<f4", (3,), (8,))
    (doubled,) = heap.operate("multiply", (every_second, 2.0))
    assert np.frombuffer(heap.read(doubled.address, 12), "f4").tolist() == [0, 4, 8]
    heap.operate("add", (doubled, doubled), out=every_second)
    assert np.frombuffer(heap.read(address, 24), "f4").tolist() == [0, 1, 8, 3, 16, 5]


def test_an_operation_is_one_of_a_closed_list(heap):
    for name in ("fromfile", "load", "__class__", "os.system"):
        with pytest.raises(HeapError, match="no operation named"):
            heap.operate(name, ())


def test_numbers_beyond_a_few_parameters_are_a_copy_to_the_device(heap):
    heap.operate("tile", (heap.keep(np.ones(3)), (2, 2)))
    assert heap.counters().host_to_device == 0
    heap.operate("concatenate", (heap.keep(np.ones(1)), tuple(range(100))))
    assert (heap.counters().host_to_device, heap.counters().host_to_device_bytes) == (1, 800)


def test_an_operation_takes_arrays_of_the_device_and_plain_values_only(heap):
    for operand in (np.ones(3), print, {"a": 1}, slice(3), ([View(64, "<f4", (1,), (4,))],)):
        with pytest.raises(HeapError, match="takes no"):
            heap.operate("add", (operand, 1))


def test_memory_is_numbers_whatever_a_view_says(heap):
    address = heap.alloc(64)
    for dtype in ("O", "U4", "V8", "f4,f4"):
        with pytest.raises(HeapError, match="hold no"):
            heap.operate("copy", (View(address, dtype, (1,), (8,)),))


def test_there_are_so_many_allocations_and_no_more():
    heap = LocalHeap(AddOne(), most=2)
    first, _ = heap.alloc(1), heap.alloc(1)
    with pytest.raises(OutOfDeviceMemory, match="2 arrays"):
        heap.alloc(1)
    heap.free(first)
    heap.alloc(1)
