"""The device bench: what hostile requests get, and what the examiner reads whatever a candidate does."""

from __future__ import annotations

import random
import socket
import threading
from typing import Any

import msgpack
import numpy as np
import pytest

from grader.device.emulated import EmulatedDevice
from grader.device.heap import FIRST_ADDRESS, Argument, HeapError, LocalHeap, OutOfDeviceMemory, View
from grader.device.interface import FAULTS
from grader.exam.channel import Channel, ChannelError, encode, unpack
from grader.exam.device_bench import DeviceBench
from grader.exam.device_link import ATTACH, CLOSED, OPEN, ExamMemory, LinkedHeap, Placed, from_plain, to_plain
from tests.heaps import linked, served


@pytest.fixture
def bench() -> DeviceBench:
    return DeviceBench(LocalHeap(EmulatedDevice(), capacity=1 << 20, most=100), largest=4096)


@pytest.fixture
def memory(bench: DeviceBench) -> ExamMemory:
    return ExamMemory(lambda body: unpack(packed(bench.answer(packed(body)))), 4096)


def place(memory: ExamMemory, array: np.ndarray) -> Placed:
    return Placed(memory.place([array])[0], "cupy")


def packed(message: Any) -> bytes:
    data: bytes = msgpack.packb(message)
    return data


def ask(bench: DeviceBench, name: Any, *arguments: Any, freed: Any = ()) -> Any:
    """A candidate's request, as its channel carries it."""
    request = packed({"do": name, "with": [to_plain(a) for a in arguments], "freed": list(freed)})
    reply = unpack(packed(bench.answer_candidate(request)))
    return reply["raised"] if "raised" in reply else from_plain(reply["value"])


def operations(room: Channel) -> int:
    """How many the bench has counted, as the examiner asks it through the room."""
    room.send({"exam": "read", "views": [], "let_go": False})
    count: int = from_plain(room.receive()["value"])["counted"]["launches"]
    return count


def view(address: int, shape: tuple[int, ...], strides: tuple[int, ...], dtype: str = "<f4") -> View:
    return View(address, dtype, shape, strides)


HOSTILE = {
    "an unknown request": ("fork",),
    "the heap's own methods": ("array", view(FIRST_ADDRESS, (1,), (4,))),
    "forgetting the counts": ("reset_counters",),
    "too few arguments": ("alloc",),
    "a size that is none": ("alloc", "8"),
    "a negative size": ("alloc", -1),
    "a size that is a truth value": ("alloc", True),
    "a fraction of a byte": ("alloc", 1.5),
    "an address of nobody": ("read", 4096, 4),
    "memory before the first": ("read", FIRST_ADDRESS - 4, 4),
    "more than there is": ("read", FIRST_ADDRESS, 65),
    "a negative length": ("read", FIRST_ADDRESS, -4),
    "a write beyond the end": ("write", FIRST_ADDRESS, bytes(65)),
    "a copy beyond the end": ("copy", FIRST_ADDRESS, FIRST_ADDRESS + 32, 64),
    "a copy larger than the channel": ("read", FIRST_ADDRESS, 1 << 40),
    "an unknown operation": ("operate", "fromfile", ("secret",), {}, None),
    "an attribute for an operation": ("operate", "__import__", ("os",), {}, None),
    "a view outside": ("operate", "copy", (view(FIRST_ADDRESS, (17,), (4,)),), {}, None),
    "a view outside, backwards": ("operate", "copy", (view(FIRST_ADDRESS, (3,), (-4,)),), {}, None),
    "a result written outside": ("operate", "add", (1, 2), {}, view(FIRST_ADDRESS + 60, (2,), (4,))),
    "objects in memory": ("operate", "copy", (view(FIRST_ADDRESS, (1,), (8,), "O"),), {}, None),
    "a type that is none": ("operate", "copy", (view(FIRST_ADDRESS, (1,), (8,), "x9"),), {}, None),
    "strides that do not fit": ("operate", "copy", (view(FIRST_ADDRESS, (1, 1), (4,)),), {}, None),
    "an array of the host": ("operate", "add", (np.ones(3), 1), {}, None),
    "an option that is none": ("operate", "full", ((3,), 1.0), {"like": 3}, None),
    "an option without a name": ("operate", "full", ((3,), 1.0), {3: 3}, None),
    "a result without end": ("operate", "full", ((1 << 40,), 1.0), {}, None),
    "a result larger than the device": ("operate", "full", ((1 << 19,), 1.0), {}, None),
    "objects as a result": ("operate", "full", ((3,), 1.0), {"dtype": "O"}, None),
    "a place for the result that is none": ("operate", "add", (1, 2), {}, 7),
    "an event before the beginning": ("wait", -1),
    "an event that no work reaches": ("wait", 1 << 60),
    "an event that is none": ("wait", 1.0),
    "waiting for no event": ("synchronise", "event"),
    "waiting for a fraction": ("synchronise", 0.5),
    "a grid of text": ("launch", "ptx", "f", ("1", 1, 1), (1, 1, 1), (), 0, ()),
    "a grid of two": ("launch", "ptx", "f", (1, 1), (1, 1, 1), (), 0, ()),
    "an argument that is none": ("launch", "ptx", "f", (1, 1, 1), (1, 1, 1), (3,), 0, ()),
    "a variable that is none": ("launch", "ptx", "f", (1, 1, 1), (1, 1, 1), (), 0, (("x", "here", 4),)),
    "a variable without a length": ("launch", "ptx", "f", (1, 1, 1), (1, 1, 1), (), 0, (("x", FIRST_ADDRESS),)),
    "a variable that lies nowhere": ("launch", "ptx", "f", (1, 1, 1), (1, 1, 1), (), 0, (("x", 64, 4),)),
    "a variable that ends outside": ("launch", "ptx", "f", (1, 1, 1), (1, 1, 1), (), 0, (("x", FIRST_ADDRESS, 65),)),
    "a variable of no length": ("launch", "ptx", "f", (1, 1, 1), (1, 1, 1), (), 0, (("x", FIRST_ADDRESS, -4),)),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_request_gets_an_error_and_changes_nothing(bench: DeviceBench, name: str) -> None:
    address = ask(bench, "alloc", 64)
    assert address == FIRST_ADDRESS
    ask(bench, "write", address, bytes(range(64)))
    assert isinstance(ask(bench, *HOSTILE[name]), str), "it was not refused"
    assert ask(bench, "read", address, 64) == bytes(range(64))
    assert ask(bench, "memory_info") == ((1 << 20) - 64, 1 << 20)


@pytest.mark.parametrize(
    "place", [0, [], [1], ["1", False], [1.5, False], [True, True], [-2, False], [2, 1], [2, False, 3], {"stream": 2}]
)
def test_a_request_on_a_stream_that_is_none_changes_nothing(bench: DeviceBench, place: Any) -> None:
    address = ask(bench, "alloc", 4)
    request = {"do": "fill", "with": [address, 0, 4], "freed": [], "on": place}
    assert "raised" in bench.answer_candidate(packed(request))
    assert ask(bench, "read", address, 4) == b"\xff" * 4
    assert bench.heap.counters().makespan == bench.heap.counters().busy


def test_text_that_is_no_ptx_is_a_finding(bench: DeviceBench) -> None:
    (finding,) = ask(bench, "launch", "no ptx", "f", (1, 1, 1), (1, 1, 1), (), 0, ())
    assert finding["kind"] == "unsupported"


@pytest.mark.parametrize("noise", [b"", b"\xc1", b"\x81\xa4heap", b"\x81\xa4heap\xc0", b"\x81\xa4heap\x93\x01\x02\x03"])
def test_noise_gets_an_answer(bench: DeviceBench, noise: bytes) -> None:
    assert "raised" in bench.answer(noise)


def test_random_requests_get_an_answer(bench: DeviceBench) -> None:
    draw = random.Random(3)
    names = [*bench._requests, "free", None, 7]
    for _ in range(3000):
        values = [
            None,
            True,
            -1,
            0,
            8,
            1 << 70,
            2.5,
            "add",
            "f4",
            b"1234",
            (1, 1, 1),
            [],
            {},
            np.ones(2),
            FIRST_ADDRESS,
        ]
        values += [view(FIRST_ADDRESS, (draw.randint(0, 3),), (draw.choice([-4, 0, 4, 1 << 62]),))]
        arguments = [draw.choice(values) for _ in range(draw.randint(0, 6))]
        ask(bench, draw.choice(names), *arguments, freed=[draw.choice([0, FIRST_ADDRESS, -1, "x", None])])
    assert ask(bench, "memory_info")[1] == 1 << 20


def test_a_candidate_cannot_ask_as_the_examiner_does(bench: DeviceBench) -> None:
    held = bench.answer(packed({"exam": "place", "arrays": [encode(np.ones(2))]}))["value"]
    let_go = {"exam": "read", "views": [], "let_go": True}
    for message in (let_go, {"heap": let_go}, {**let_go, "do": "exam", "with": [], "freed": []}, ["heap"], 1):
        assert "raised" in bench.answer_candidate(packed(message))
    (view,) = from_plain(held)
    ask(bench, "synchronise", None, freed=[view.address])
    assert ask(bench, "read", view.address, 8) == np.ones(1).tobytes()


def test_a_candidate_is_heard_only_while_the_room_lets_it_ask() -> None:
    with served() as (room, candidate):
        candidate.send({"do": "alloc", "with": [4], "freed": []})
        room.send_raw(OPEN)
        assert "value" in candidate.receive()
        room.send_raw(CLOSED)
        candidate.send({"do": "operate", "with": [to_plain(v) for v in ("ones", ((2,),), {}, None)], "freed": []})
        # The room goes first where both have spoken: only the second answer shows that the candidate waits.
        assert [operations(room), operations(room)] == [0, 0]
        room.send_raw(OPEN)
        assert "value" in candidate.receive()
        assert operations(room) == 1


def test_what_the_examiner_does_is_not_counted_and_what_a_candidate_does_is(
    bench: DeviceBench, memory: ExamMemory
) -> None:
    placed = place(memory, np.arange(4.0))
    memory.read([placed], let_go=True)
    assert set(memory.counted().values()) == {0}
    ask(bench, "read", placed.view.address, 32)
    for _ in range(3):
        ask(bench, "write", placed.view.address, bytes(16))
    ask(bench, "operate", "add", (placed.view, 1), {}, None)
    memory.asked = True
    done = {"launches": 1, "to_device": 48, "to_host": 32, "copies_to_device": 3, "copies_to_host": 1}
    done |= {"synchronisations": 0, "busy": 10_042, "makespan": 10_042, "peak_bytes": 32}
    assert memory.counted() == done


def test_an_input_stays_until_the_examiner_lets_it_go(bench: DeviceBench, memory: ExamMemory) -> None:
    placed = place(memory, np.arange(4.0))
    ask(bench, "synchronise", None, freed=[placed.view.address])
    assert memory.read([placed], let_go=True)[0].tolist() == [0, 1, 2, 3]
    with pytest.raises(ChannelError, match="no array"):
        memory.read([placed])


def test_an_input_belongs_to_the_candidate_once_the_examiner_let_it_go(bench: DeviceBench, memory: ExamMemory) -> None:
    placed = place(memory, np.arange(4.0))
    memory.read([], let_go=True)
    assert memory.read([placed])[0].tolist() == [0, 1, 2, 3]
    ask(bench, "synchronise", None, freed=[placed.view.address])
    assert ask(bench, "memory_info")[0] == 1 << 20


@pytest.mark.parametrize(
    "announced",
    [
        view(FIRST_ADDRESS, (1 << 40,), (0,)),
        view(FIRST_ADDRESS, (9,), (4,)),
        view(FIRST_ADDRESS, (1,), (8,), "O"),
        view(FIRST_ADDRESS + 4096, (1,), (4,)),
        view(0, (1,), (4,)),
    ],
)
def test_a_result_announced_where_it_is_not_is_no_result(memory: ExamMemory, announced: View) -> None:
    place(memory, np.arange(4.0))
    with pytest.raises(ChannelError):
        memory.read([Placed(announced, "cupy")])


def test_errors_reach_the_candidate_by_their_class() -> None:
    with linked() as heap, heap.answering():
        with pytest.raises(HeapError, match="no operation named"):
            heap.operate("os.system", ())
        with pytest.raises(OutOfDeviceMemory):
            heap.alloc(1 << 50)
        with pytest.raises(ValueError, match="broadcast"):
            heap.operate("add", (heap.operate("ones", (2,))[0], heap.operate("ones", (3,))[0]))
        with pytest.raises(np.exceptions.AxisError):
            heap.operate("sum", heap.operate("ones", (2,)), {"axis": 5})
        with pytest.raises(HeapError, match="too much for one request"):
            heap.write(heap.alloc(1), bytes(65 << 20))
        assert heap.operate("ones", (2,))[0].shape == (2,)


def test_a_thread_that_outlives_its_call_gets_no_answer() -> None:
    with linked() as heap:
        with heap.answering():
            address = heap.alloc(4)
        failed: list[Exception] = []

        def go_on() -> None:
            try:
                heap.write(address, b"late")
            except HeapError as error:
                failed.append(error)

        thread = threading.Thread(target=go_on)
        thread.start()
        thread.join()
        assert "this one is over" in str(failed[0])
        with heap.answering():
            assert heap.read(address, 4) == b"\xff" * 4


def test_what_ends_during_a_request_goes_back_with_the_next() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        # One channel for room and bench, which both speak first here.
        channel, bench = Channel(ours.fileno(), 1 << 20), Channel(theirs.fileno(), 1 << 20)
        heap = LinkedHeap(channel, channel, threading.RLock())
        heap.free(7)
        heap.free(9)
        bench.send(None)
        bench.send({"value": []})
        with heap.answering():
            heap.synchronise()
        assert bench.receive_raw() == ATTACH
        assert bench.receive() == {"do": "synchronise", "with": [None], "freed": [7, 9]}


def racing(bench: DeviceBench, count: int) -> None:
    """A candidate's kernels, each with a race in a line of its own, and one that leaves its array."""
    address = ask(bench, "alloc", 4)
    argument = (Argument(address, address, address + 4),)
    for line in range(1, count + 1):
        ask(bench, "launch", fault(line, "%tid.x", 0), "k", (1, 1, 1), (64, 1, 1), argument, 0, ())
    ask(bench, "launch", fault(7, "%tid.x", 8), "k", (1, 1, 1), (1, 1, 1), argument, 0, ())


def fault(line: int, value: str, offset: int) -> str:
    return f""".version 8.0
.target sm_90
.address_size 64
.file 1 "cell.py"
.visible .entry k(.param .u64 x) {{ .reg .b64 %d; .reg .b32 %r;
.loc 1 {line} 0
ld.param.u64 %d, [x]; mov.u32 %r, {value}; st.global.u32 [%d+{offset}], %r; ret; }}"""


def test_faults_come_with_what_is_read_once_and_no_kind_crowds_out_another(
    bench: DeviceBench, memory: ExamMemory
) -> None:
    racing(bench, 40)
    memory.asked = True
    found = memory.faults()
    assert [one.kind for one in found] == ["race"] * FAULTS + ["out-of-bounds"]
    assert [one.line for one in found] == [*range(1, FAULTS + 1), 7]
    assert found[-1].thread == found[-1].block == (0, 0, 0)
    memory.asked = True
    assert memory.faults() == ()
    assert memory.counted()["launches"] == 41


@pytest.mark.parametrize("found", [3, [3], [{}], [{"kind": "other", "message": {}, "thread": None, "block": None}]])
def test_a_bench_that_tells_of_no_findings_is_not_believed(found: Any) -> None:
    memory = ExamMemory(lambda body: {"value": to_plain({"arrays": [], "counted": {}, "found": found})}, 4096)
    with pytest.raises(ChannelError):
        memory.read([])
