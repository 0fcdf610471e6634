"""Honest answers that must not lose points: to warnings, noise, a slow start, unusual values, or another's fault.

Test cells that only work beside the learner's code, with magics say, are the business of assignments that run so.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.exam.room import ExamRoom
from tests.attacks.case import RIGHT, Attack, asks
from tests.attacks.exam import HONEST, LIMITS, examine
from tests.notebooks import given, notebook, solution, test

_FOUR = asks("assert answer(3) == 4")
_KERNEL = asks(
    "from grader.checks import KernelCheck\ncheck = KernelCheck(answer, 'void(float32[:], float32[:])', launch=lambda n: (1, 32))\n"
    "check.inputs(lambda rng, n: (rng.random(n, dtype='f4'), np.empty(n, 'f4')), sizes=[32])\ncheck.expect(lambda x, out: x + 1, output=1)\ncheck.run()"
)
_RIGHT_KERNEL = "from numba import cuda\n@cuda.jit\ndef answer(x, out):\n    i = cuda.grid(1)\n    if i < out.size: out[i] = x[i] + 1"
_STATE = notebook(
    solution("answer", RIGHT), test("answer-test", 5, "assert data == [1]"), solution("b", ""), test("t2", 5, "assert data == [1, 2]")
)  # fmt: skip
_LOST = notebook(
    solution("answer", RIGHT), test("t0", 10, "assert answer(3) == 4"), *(test(f"t{n}", 1, "end(1)") for n in range(1, 8))
)  # fmt: skip


def _right(name: str, code: str = RIGHT, source: bytes = _FOUR, **more: Any) -> Attack:
    return Attack(name, "", code, source=source, honest=10, **more)


HONESTY = (
    _right("warnings", "import warnings\ndef answer(x):\n    warnings.warn('slow')\n    return x + 1"),
    _right("errors printed", "import sys\ndef answer(x):\n    print('a' * 100_000, file=sys.stderr)\n    return x + 1"),
    _right("a flood of output", "def answer(x):\n    for _ in range(3_000): print('y' * 1_000)\n    return x + 1"),
    _right("logging", "import logging\nlogging.basicConfig(level='DEBUG')\ndef answer(x):\n    logging.error('no')\n    return x + 1"),
    _right("a slow start", "import time\ntime.sleep(1)\n" + RIGHT),
    _right("slow and correct", "import time\ndef answer(x):\n    time.sleep(0.7)\n    return x + 1"),
    _right("a cell that fails and does not matter", RIGHT, submitted=notebook(given("1 / 0"), solution("answer", RIGHT), test("answer-test", 10, ""))),
    _right("many added cells", submitted=notebook(solution("answer", RIGHT), *(given(f"x{n} = 1") for n in range(300)), test("answer-test", 10, ""))),
    _right("IPython's syntax", "%time z = 1\n%matplotlib inline\n" + RIGHT),
    _right("a small grid that Numba warns of", _RIGHT_KERNEL, _KERNEL),
    _right("a callback, 500 times", "def answer(f, n): return sum(f(i) for i in range(n))", asks("assert answer(lambda v: v * 2, 500) == 500 * 499")),
    _right("a callback that calls back", "def inc(x): return x + 1\ndef answer(f, x): return f(x)", asks("assert answer(lambda v: inc(v) * 2, 4) == 10")),
    _right("a dtype as argument", "def answer(x, dtype): return np.array(x).astype(dtype)", asks("assert answer([1, 2], np.float32).dtype == np.float32")),
    _right("a keyword changed in place", "def answer(out): out[:] = 7", asks("out = np.zeros(3)\nanswer(out=out)\nassert (out == 7).all()")),
    _right("one array as two arguments", "def answer(y, x): y += x", asks("a = np.ones(3)\nanswer(a, a)\nassert (a == 2).all()")),
    _right("an array in a tuple, changed in place", "def answer(t): t[0][:] = 7", asks("a = np.ones(3)\nanswer((a, 1))\nassert (a == 7).all()")),
    _right("an array in Fortran's order", "def answer(x): x[1, 0] = 7", asks("x = np.asfortranarray(np.arange(6.0).reshape(2, 3))\nanswer(x)\nassert x.flags.f_contiguous and x[1, 0] == 7")),
    _right("a name that the test had bound", "def answer(x): return x + 1", more={"b": "result = 42"}, source=notebook(
        solution("answer", RIGHT), test("answer-test", 5, "result = answer(1)\nassert result == 2"), solution("b", "result = 42"), test("t2", 5, "assert result == 42"))),
    _right("a list that grows from cell to cell", "data = [1]", _STATE, more={"b": "data.append(2)"}),
    _right("a global that a call changes", "count = 0\ndef answer():\n    global count\n    count += 1", asks("assert count == 0\nanswer()\nassert count == 1")),
    _right("a name looked for in globals()", source=asks("assert 'answer' in globals() and 'nothing' not in globals()")),
    _right("half a surrogate pair", "def answer(x): return '\\ud800'", asks("assert isinstance(answer(3), str)")),
    _right("a generator", "def answer(x): yield from range(x)", asks("assert list(answer(3)) == [0, 1, 2]")),
    _right("a range", "def answer(x): return range(x)", asks("assert list(answer(3)) == [0, 1, 2]")),
    _right("an object's text and order", "class P:\n    def __init__(self, x): self.x = x\n    def __str__(self): return f'P{self.x}'\n    def __lt__(self, other): return self.x < other.x\ndef answer(x): return P(x)",
           asks("assert str(answer(3)) == 'P3' and answer(1) < answer(2)"), protected=False),
    _right("vectors that are added and scaled", "class V:\n    def __init__(self, x, y): self.x, self.y = x, y\n    def __add__(self, o): return V(self.x + o.x, self.y + o.y)\n    def __sub__(self, o): return V(self.x - o.x, self.y - o.y)\n    def __mul__(self, k): return V(self.x * k, self.y * k)\n    __rmul__ = __mul__\ndef answer(x, y): return V(x, y)",
           asks("v = answer(1, 2) + answer(3, 4) * 2 - 3 * answer(1, 1)\nassert (v.x, v.y) == (4, 7)"), protected=False),
    _right("printed text that a test reads", "def answer(x): print('hi')", asks("import io, contextlib\nshown = io.StringIO()\nwith contextlib.redirect_stdout(shown):\n    answer(3)\nassert shown.getvalue() == 'hi\\n'")),
    _right("display in a test", source=asks("display(answer(1))\nassert answer(3) == 4")),
    _right("a function's name and docstring", "def answer(x):\n    'One more.'\n    return x + 1", asks("assert answer.__name__ == 'answer' and answer.__doc__ == 'One more.'")),
    _right("a number of 4,000 digits", source=asks("assert len(str(answer(10**3999))) == 4000")),
    _right("20,000 names", "globals().update({f'n{i}': i for i in range(20_000)})\n" + RIGHT),
    _right("metadata nested 900 deep", submitted=notebook(solution("answer", RIGHT)).replace(b'"metadata": {}', b'"metadata": {"a":' + b"[" * 900 + b"]" * 900 + b"}", 1)),
    _right("points that were earned before later calls ended the process", "import os\n" + RIGHT + "\ndef end(x): os._exit(1)", _LOST),
)  # fmt: skip


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExamRoom]:
    limits = LIMITS.model_copy(update={"cell_seconds": 20.0, "call_seconds": 10.0, "output_bytes": 100_000})
    with ExamRoom(limits, device="emulated", scratch=tmp_path_factory.mktemp("room")) as opened:
        yield opened


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in HONESTY])
def test_an_honest_answer_gets_its_points(room: ExamRoom, tmp_path: Path, case: Attack) -> None:
    verdict = examine(room, tmp_path, case)
    assert verdict.score == case.honest
    assert all(cell.protected for cell in verdict.cells) == case.protected


@pytest.mark.parametrize(
    ("role", "code", "source"),
    [("candidate", RIGHT, _FOUR), ("bench", _RIGHT_KERNEL, _KERNEL), ("examiner", RIGHT, _FOUR)],
)
def test_a_process_that_is_killed_from_outside_once_costs_nothing(
    room: ExamRoom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, role: str, code: str, source: bytes
) -> None:
    start: Callable[..., Any] = room.processes.fork
    killed = []

    def kill_first(wanted: str, *rest: Any) -> Any:
        process = start(wanted, *rest)
        if wanted == role and not killed:
            # Its walls stand: what ends before them is a failure of ours.
            assert process.channel
            killed.append(process.pid)
            signal.pidfd_send_signal(process.pidfd, signal.SIGKILL)
        return process

    monkeypatch.setattr(room.processes, "fork", kill_first)
    assert examine(room, tmp_path, _right("killed once", code, source)).score == 10
    assert len(killed) == 1


def test_a_zygote_that_is_killed_costs_nothing(room: ExamRoom, tmp_path: Path) -> None:
    assert room.processes._zygote is not None
    room.processes._zygote.kill()
    room.processes._zygote.wait()
    assert examine(room, tmp_path, HONEST).score == 10
