"""Tricks on what is counted and kept on the device: a function check scores what was really done there.

The function must double an array of the device without a copy over the bus, give a new float32 array of the same
library, and leave its input alone: 3 points for right values, and then one for each of the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.exam.room import ExamLimits, ExamRoom
from tests.notebooks import notebook, solution, test

CHECK = """from grader.checks import FunctionCheck
check = FunctionCheck(double, arrays={libraries!r}).inputs(lambda rng, n: (rng.random(n, dtype="f4"),), sizes=(3, 64))
check.expect(lambda x: 2 * x).limits(to_host=0, to_device=0, most_launches=4)
check.points(correct=3, same_type=1, on_device=1, keeps_inputs=1).run()"""
HONEST = {
    "cupy": "def double(x): return x * cupy.float32(2)",
    "numba": (
        "@cuda.jit\ndef kernel(x, out):\n    i = cuda.grid(1)\n    if i < x.size: out[i] = x[i] * np.float32(2)\n"
        "def double(x):\n    out = cuda.device_array_like(x)\n    kernel[1, 64](x, out)\n    return out"
    ),
}
HEAD = "import numpy as np, cupy\nfrom numba import cuda\n"
#: What a candidate finds of the machinery that it runs on.
INSIDE = """import sys, threading, time
import grader.exam.candidate as candidate
from grader.device import frontends
from grader.device.heap import HeapCounters, View
from grader.exam import device_link
from grader.exam.device_link import LinkedHeap, Placed
from grader.device.frontends.cupy_standin import core
heap = core.heap()
launches = iter(range(1, 1 << 30))
def nothing_moved(*args):
    return {'launches': next(launches), 'to_device': 0, 'to_host': 0, 'copies_to_device': 0,
            'copies_to_host': 0}
"""
ON_THE_HOST = "def double(x): return cupy.asarray(x.get() * np.float32(2))\n"

#: Code, and the score it honestly earns: 5 for right values by way of the host or in the input's place, 0 for wrong ones.
ATTACKS: dict[str, tuple[str, float]] = {
    "counts patched in the candidate": (
        "HeapCounters.seen = nothing_moved\n" + ON_THE_HOST,
        5,
    ),
    "counts patched in the front ends": (
        "frontends.host_counts = nothing_moved\n"
        "LinkedHeap.counters = LinkedHeap._counted = lambda self: None\n" + ON_THE_HOST,
        5,
    ),
    "counts announced in the answer": (
        "old = candidate.Candidate.answer\n"
        "def told(self, request):\n"
        "    counts = nothing_moved()\n"
        "    return {**old(self, request), **counts, 'counted': counts, 'counts': counts, 'device_requests': 0}\n"
        "candidate.Candidate.answer = told\n" + ON_THE_HOST,
        5,
    ),
    "counts reset": (
        "def double(x):\n    result = x.get() * np.float32(2)\n    out = cupy.asarray(result)\n    heap.reset_counters()\n"
        "    try: heap._ask('reset_counters')\n    except Exception: pass\n    x + x\n    return out",
        5,
    ),
    "the examiner's requests sent by the candidate": (
        "def double(x):\n    out = cupy.asarray(x.get() * np.float32(2))\n"
        "    heap._channel.send({'exam': 'let_go'})\n    return out",
        0,
    ),
    "the examiner's requests sent to the device": (
        "def double(x):\n    out = cupy.asarray(x.get() * np.float32(2))\n"
        "    heap._link.send({'exam': 'read', 'views': [], 'let_go': True})\n    heap._link.receive()\n    return out",
        5,
    ),
    "a word of the room's sent to the device": (
        "def double(x):\n    out = cupy.zeros_like(x)\n    heap._link.send_raw(device_link.OPEN)\n    heap._link.receive()\n"
        "    def later():\n        while True:\n"
        "            try: heap._link.send(heap._request('operate', [device_link.to_plain(v) for v in "
        "('multiply', (x.view_, 2.0), {}, out.view_)]))\n            except Exception: pass\n"
        "    threading.Timer(0.05, later).start()\n    return out",
        0,
    ),
    "half a request to the device": (
        "import os, struct\ndef double(x):\n    out = x * cupy.float32(2)\n"
        "    os.write(heap._link.descriptor, struct.pack('<Q', 100))\n    return out",
        0,
    ),
    "numbers that travel with an operation": (
        "def double(x):\n    values = (x.get() * np.float32(2)).tolist()\n"
        "    out = cupy.empty_like(x)\n"
        "    for i, value in enumerate(values): out[i] = value\n    return out",
        5,
    ),
    "a list that an operation takes": (
        "def double(x):\n    values = tuple((x.get() * np.float32(2)).tolist())\n"
        "    out = cupy.empty_like(x)\n    heap.operate('stack', (0.0,) * 0 + values, {}, out.view_)\n    return out",
        5,
    ),
    "a result of the host announced as one of the device": (
        "class Lie: pass\ndef lie(value):\n"
        "    if type(value) is Lie: return {'~': 'device', 'v': candidate.encode(value.array), 'k': 'cupy'}\n"
        "candidate._placed = lie\n"
        "def double(x):\n    result = Lie()\n    result.array = x.get() * np.float32(2)\n    return result",
        0,
    ),
    "a result announced where the input lies": (
        "class Lie: pass\ndef lie(value):\n    if type(value) is Lie: return Placed(value.x.view_, 'cupy').plain()\n"
        "candidate._placed = lie\n"
        "def double(x):\n    result = Lie()\n    result.x = x\n    return result",
        0,
    ),
    "a result in memory of nobody": (
        "frontends.view_of = lambda value: ('cupy', View(0x7f0000100000, '<f4', value.shape, (4,)))\n"
        "def double(x): return x * cupy.float32(2)",
        0,
    ),
    "a result larger than memory": (
        "frontends.view_of = lambda value: ('cupy', View(value.view_.address, '<f4', (1 << 44,), (0,)))\n"
        "def double(x): return x * cupy.float32(2)",
        0,
    ),
    "ten thousand results": (
        "def double(x): return [x] * 10_000",
        0,
    ),
    "a result of another type announced as the right one": (
        "old = frontends.view_of\ndef lie(value):\n    found = old(value)\n    if found is None: return None\n"
        "    view = found[1]\n    return found[0], View(view.address, '<f4', view.shape, (4,) * len(view.shape))\n"
        "frontends.view_of = lie\n"
        "def double(x): return x.astype('f8') * 2",
        0,
    ),
    "the input itself, changed": (
        "def double(x):\n    x *= cupy.float32(2)\n    return x",
        5,
    ),
    "the input changed, and its copy given back": (
        "kept = []\nold = candidate.Candidate.plain\n"
        "candidate.Candidate.plain = lambda self, value: old(self, tuple(kept) if type(value) is tuple else value)\n"
        "def double(x):\n    kept[:] = [x.copy()]\n    out = x * cupy.float32(2)\n    x.fill(0)\n    return out",
        5,
    ),
    "the input changed and freed": (
        "def double(x):\n    out = x * cupy.float32(2)\n    x.fill(0)\n    heap.free(x.view_.address)\n"
        "    heap.synchronise()\n    return out",
        5,
    ),
    "fewer arguments given back than came": (
        "old = candidate.Candidate.plain\n"
        "candidate.Candidate.plain = lambda self, value: old(self, () if type(value) is tuple else value)\n"
        "def double(x):\n    out = x * cupy.float32(2)\n    x.fill(0)\n    return out",
        0,
    ),
    "the result written after the call by a thread": (
        "def double(x):\n    out = cupy.zeros_like(x)\n    def later():\n        while True:\n"
        "            try: core.call('multiply', [x, np.float32(2)], out=out)\n            except Exception: pass\n"
        "    threading.Timer(0.05, later).start()\n    return out",
        0,
    ),
    "the result written after the call, past the link's own door": (
        "import os, msgpack, struct\nfrom grader.exam.device_link import to_plain\n"
        "def double(x):\n    out = cupy.zeros_like(x)\n"
        "    body = msgpack.packb({'do': 'operate', 'with': [to_plain(v) for v in "
        "('multiply', (x.view_, 2.0), {}, out.view_)], 'freed': []})\n"
        "    def later():\n        os.write(heap._link.descriptor, struct.pack('<Q', len(body)) + body)\n"
        "    threading.Timer(0.05, later).start()\n    return out",
        0,
    ),
    "memory of the device searched for the answer": (
        "def double(x):\n    for address in range(0x7f0000000000, 0x7f0000004000, 64):\n"
        "        try:\n            start, length = heap.locate(address)\n            found = heap.read(start, length)\n"
        "        except Exception: continue\n"
        "    return cupy.zeros_like(x)",
        0,
    ),
    "freed memory read again": (
        "def double(x):\n    gone = x * cupy.float32(2)\n    address = gone.view_.address\n    del gone\n"
        "    heap.synchronise()\n"
        "    return cupy.asarray(np.frombuffer(heap.read(address, x.nbytes), 'f4'))",
        0,
    ),
    "a flood of requests": ("def double(x):\n    while True: heap.synchronise()", 0),
    "memory of the device without end": ("kept = []\ndef double(x):\n    while True: kept.append(cupy.zeros(1 << 20))", 0),
    "arrays without end": ("kept = []\ndef double(x):\n    while True: kept.append(cupy.zeros(0))", 0),
    "an operation without end": ("def double(x):\n    return cupy.zeros(1).broadcast((1 << 50,)).sum()", 0),
    "a kernel without end": (
        "@cuda.jit\ndef spin(x):\n    while x[0] >= 0: x[0] = x[0] + 0\n"
        "def double(x):\n    spin[1, 1](x)\n    return x * cupy.float32(2)",
        0,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExamRoom]:
    limits = ExamLimits(cell_seconds=5, call_seconds=4, notebook_seconds=60, memory_bytes=3 << 30)
    with ExamRoom(limits, device="emulated", scratch=tmp_path_factory.mktemp("room")) as opened:
        yield opened


def examine(room: ExamRoom, folder: Path, code: str, *libraries: str) -> float:
    source = folder / "-".join(["source", *libraries])
    if not source.is_dir():
        source.mkdir()
        cells = solution("double", ""), test("double-test", 6, CHECK.format(libraries=libraries or ("cupy",)))
        (source / "unit.ipynb").write_bytes(notebook(*cells))
    return room.examine(source, "unit", {"unit.ipynb": notebook(solution("double", HEAD + code))}).score


@pytest.mark.parametrize("library", HONEST)
def test_honest_work_on_the_device_gets_all(strict: ExamRoom, tmp_path: Path, library: str) -> None:
    assert examine(strict, tmp_path, HONEST[library], library) == 6


@pytest.mark.parametrize("name", ATTACKS)
def test_a_trick_gets_the_honest_score(strict: ExamRoom, tmp_path: Path, name: str) -> None:
    code, earned = ATTACKS[name]
    assert examine(strict, tmp_path, INSIDE + code) == earned
    assert examine(strict, tmp_path, HONEST["cupy"]) == 6


def test_what_was_computed_from_arrays_of_the_host_is_of_no_use_for_those_of_the_device(
    strict: ExamRoom, tmp_path: Path
) -> None:
    """Results may travel as constants of a kernel, which no copy is: they must not be known beforehand."""
    code = """known = []
def double(x):
    if type(x) is np.ndarray:
        known[:] = [2 * x]
        return known[0]
    values = ', '.join(f'{value:.9e}f' for value in known[0].tolist())
    source = f'extern "C" __global__ void f(float* out) {{ const float v[] = {{ {values} }};'
    source += ' out[threadIdx.x] = v[threadIdx.x]; }'
    out = cupy.empty_like(x)
    cupy.RawKernel(source, 'f')((1,), (x.size,), (out,))
    return out"""
    assert examine(strict, tmp_path, HEAD + code, "numpy", "cupy") == 0
    assert examine(strict, tmp_path, HEAD + "def double(x): return x * np.float32(2)", "numpy", "cupy") == 6
