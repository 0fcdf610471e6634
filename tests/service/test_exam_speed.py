"""Relative speed, registers and spills in an exam without a GPU: who gets which PTX, and what is measured."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.exam.conduct import Conduct
from grader.exam.paper import lay_out, read_notebook
from grader.exam.processes import Process
from grader.exam.room import ExamRoom
from grader.exam.verdict import Verdict
from tests.notebooks import given, notebook, solution, test


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExamRoom]:
    """With the clocks of a real exam: what is timed takes its time on a busy machine."""
    with ExamRoom(device="emulated", scratch=tmp_path_factory.mktemp("room")) as opened:
        yield opened


EXAM = """import numpy as np
from numba import cuda
from grader.checks import KernelCheck

@cuda.jit
def instructors_naive(x, out):
    i = cuda.grid(1)
    j = i % 32 * (out.size // 32) + i // 32
    if i < out.size:
        out[j] = x[j] + x[j]

def double(kernel, **points):
    check = KernelCheck(kernel, "void(float32[:], float32[:])", launch=lambda n: (-(-n // 64), 64), hidden=True)
    check.inputs(lambda rng, n: (rng.random(n, "f4"), np.empty(n, "f4")), sizes=(64, 1024))
    check.expect(lambda x, out: 2 * x, output=1, rtol=0)
    check.timing(1 << 20, baseline=instructors_naive, emulated={"speedup": {3.0: 2, 1.0: 1}})
    return check.points(correct=2, **points).run()
"""
HEAD = "import numpy as np\nfrom numba import cuda\n"
GOOD = """@cuda.jit
def double(x, out):
    i = cuda.grid(1)
    if i < out.size: out[i] = 2 * x[i]"""
SCATTERED = """@cuda.jit
def double(x, out):
    i = cuda.grid(1)
    j = i % 32 * (out.size // 32) + i // 32
    if i < out.size: out[j] = x[j] + x[j]"""


def examine(room: ExamRoom, folder: Path, code: str, points: str, **more: Any) -> Verdict:
    source = notebook(
        given(HEAD), solution("double", GOOD), test("double-test", 10, f"import exam\nexam.double(double, {points})")
    )
    (folder / "unit.ipynb").write_bytes(source)
    (folder / "exam.py").write_text(EXAM)
    submitted = notebook(given(HEAD), solution("double", code))
    return room.examine(folder, "unit", {"unit.ipynb": submitted}, **more)


def test_registers_and_spills_are_counted_by_a_walled_assembler(room: ExamRoom, tmp_path: Path) -> None:
    verdict = examine(room, tmp_path, GOOD, "registers=(1, 64), no_spills=1")
    (cell,) = verdict.cells
    assert (cell.score, cell.outcome, cell.findings) == (10, "passed", [])
    assert 4 < verdict.measurements["double-test"]["registers"] < 64
    assert verdict.measurements["double-test"]["spilled_bytes"] == 0
    few = examine(room, tmp_path, GOOD, "registers=(2, 4)")
    assert (few.cells[0].score, [finding.kind for finding in few.cells[0].findings]) == (5, ["occupancy"])


def test_what_no_gpu_is_there_for_is_left_out_of_the_points(room: ExamRoom, tmp_path: Path) -> None:
    verdict = examine(room, tmp_path, GOOD, "copy_bandwidth=(2, {0.6: 2})")
    assert (verdict.cells[0].score, verdict.cells[0].outcome) == (10, "passed")


@pytest.mark.parametrize(("code", "score"), [(GOOD, 10), (SCATTERED, 7.5)])
def test_traffic_beside_the_baselines_may_stand_for_time(
    room: ExamRoom, tmp_path: Path, code: str, score: float
) -> None:
    verdict = examine(room, tmp_path, code, "speedup=(2, {2.0: 2})")
    assert verdict.cells[0].score == score
    assert (verdict.measurements["double-test"]["speedup_traffic"] > 3) == (code == GOOD)
    assert len(verdict.measurements["double-test"]["ptx_sha256"]) == 64


def test_the_yardstick_never_gets_a_learners_ptx_and_the_bench_none_of_the_instructors(
    room: ExamRoom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: dict[str, list[bytes]] = {}
    fork = room.processes.fork

    def listening(role: str, *arguments: Any) -> Process:
        process = fork(role, *arguments)
        send = process.channel.send_raw
        heard = sent.setdefault(role, [])
        process.channel.send_raw = lambda *data, **more: (heard.extend(data), send(*data, **more))[1]  # type: ignore[method-assign]
        return process

    monkeypatch.setattr(room.processes, "fork", listening)
    examine(room, tmp_path, GOOD, "speedup=(2, {2.0: 2}), no_spills=1")
    heard = {role: b"".join(data) for role, data in sent.items()}
    assert {role for role, data in heard.items() if b"instructors_naive" in data} == {"yardstick"}
    # The kernel's name is in its PTX, and with that wherever it goes.
    assert {role for role in ("bench", "assembler", "yardstick") if b"6double" in heard[role]} == {"bench", "assembler"}


def test_a_verdict_measured_on_a_gpu_is_reached_again_without_one(room: ExamRoom, tmp_path: Path) -> None:
    def again(**stored: Any) -> Any:
        measured = {"double-test": {"timing": "settled", "copy_bandwidth_credited": 0.5, **stored}}
        verdict = examine(room, tmp_path, GOOD, "copy_bandwidth=(2, {0.6: 2, 0.4: 1})", measured=measured)
        return verdict.cells[0].score, verdict.cells[0].outcome, verdict.needs_review

    assert again() == (7.5, "partial", False)
    assert again(copy_bandwidth_credited=0.7) == (10, "passed", False)
    assert again(timing="inconclusive") == (None, "inconclusive", True)
    assert again(timing="implausible") == (None, "review", True)


def test_while_something_is_timed_learner_code_stands_still(room: ExamRoom, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    content = read_notebook("unit.ipynb", notebook(solution("double", GOOD)))
    laid = lay_out("unit", content, content, content)
    with (
        room.processes.folder() as folder,
        Conduct(
            room.processes, folder, tmp_path / "source", laid, {}, None, "en", 1, 1e12, "examiner", {}, False, (9, 0)
        ) as exam,
    ):
        candidate = exam._process("candidate")

        def state() -> str:
            return Path(f"/proc/{candidate.pid}/stat").read_text().rpartition(") ")[2][0]

        exam._hush()
        assert state() == "T"
        exam._go_on()
        assert state() != "T"
        # Also where it ends meanwhile.
        exam._hush()
        exam._lose("candidate")
        assert exam.still == []


@pytest.mark.parametrize(
    "attack",
    [
        # Another module for each time that it is asked.
        "import grader.exam.candidate as exam\nold, times = exam.Candidate.do_compile, []\n"
        "def other(self, request):\n    times.append(1)\n    reply = old(self, request)\n"
        "    return reply if len(times) == 1 else {**reply, 'ptx': 'evil'}\nexam.Candidate.do_compile = other",
        # What it says of its speed is nobody's business.
        "import grader.checks.timing as timing\ntiming.credit = lambda *args: 1e9\n"
        "import grader.device.assembler as assembler\nassembler.assemble = assembler.assemble_here = None",
    ],
)
def test_a_candidate_has_no_say_in_its_measures(room: ExamRoom, tmp_path: Path, attack: str) -> None:
    verdict = examine(room, tmp_path, f"{SCATTERED}\n{attack}", "speedup=(2, {2.0: 2}), no_spills=1")
    assert verdict.cells[0].score == 8
    assert verdict.measurements["double-test"]["speedup_traffic"] == 1


def test_ptx_that_the_assembler_chokes_on_harms_nobody(room: ExamRoom, tmp_path: Path) -> None:
    attack = (
        "import grader.exam.candidate as exam\nold = exam.Candidate.do_compile\n"
        "def other(self, request):\n    reply = old(self, request)\n"
        "    head, tail = reply['ptx'].split('.visible .entry', 1)\n"
        "    return {**reply, 'ptx': head.replace('sm_90', 'sm_101a') + '.visible .entry' + tail}\n"
        "exam.Candidate.do_compile = other"
    )
    verdict = examine(room, tmp_path, f"{GOOD}\n{attack}", "no_spills=2")
    assert (verdict.cells[0].score, [one.kind for one in verdict.cells[0].findings]) == (5, ["compile"])
    assert examine(room, tmp_path, GOOD, "no_spills=2").cells[0].score == 10


# -- host functions

FUNCTIONS = """import numpy as np
from grader.checks import FunctionCheck

def naive(x):
    total = np.zeros(len(x))
    for row in range(len(x)):
        for value in x[row]:
            total[row] += value * value
    return total

def model(x):
    return (x * x).sum(axis=1)

def squares(function, **points):
    check = FunctionCheck(function, hidden=True).inputs(lambda rng, n: (rng.random((n, 30)),), sizes=(1, 7))
    check.expect(lambda x: (x * x).sum(axis=1), rtol=1e-9).timing(300, baseline=naive, model=model)
    return check.points(correct=1, **points).run()
"""
QUICK = "def squares(x):\n    return (x * x).sum(axis=1)"


def time_it(room: ExamRoom, folder: Path, code: str, points: str = "speedup=(1, {3.0: 1})") -> Verdict:
    source = notebook(
        given("import numpy as np"),
        solution("squares", QUICK),
        test("squares-test", 2, f"import exam\nexam.squares(squares, {points})"),
    )
    (folder / "unit.ipynb").write_bytes(source)
    (folder / "exam.py").write_text(FUNCTIONS)
    submitted = notebook(given("import numpy as np"), solution("squares", code))
    return room.examine(folder, "unit", {"unit.ipynb": submitted})


def test_a_function_is_timed_beside_the_baseline_in_its_own_candidate(
    room: ExamRoom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hushed: list[int] = []
    hush = Conduct._hush

    def noted(self: Conduct) -> None:
        hush(self)
        hushed.append(len(self.still))

    monkeypatch.setattr(Conduct, "_hush", noted)
    verdict = time_it(room, tmp_path, QUICK)
    measured = verdict.measurements["squares-test"]
    # A shared machine may be too noisy for a result; that costs nothing.
    assert (verdict.cells[0].score, verdict.cells[0].outcome) in ((2, "passed"), (None, "inconclusive"))
    assert measured["rounds"] >= 5
    assert measured["speedup"] > 3
    # Before each turn of the baseline's and of the echo's; the candidate is there by then, and perhaps its device.
    assert len(hushed) == 2 * measured["rounds"]
    assert min(hushed) >= 1


def test_the_learners_own_loop_is_no_speedup(room: ExamRoom, tmp_path: Path) -> None:
    loop = "def squares(x):\n    return np.array([sum(value * value for value in row) for row in x])"
    verdict = time_it(room, tmp_path, loop)
    assert (verdict.cells[0].score, verdict.cells[0].outcome) in ((1, "partial"), (None, "inconclusive"))


SLOWER_NEIGHBOURS = """import threading
def spin():
    while True: pass
for _ in range(4): threading.Thread(target=spin, daemon=True).start()
"""
#: Work that is done before the answer seems to end: the candidate asks back, and answers at once then.
ASKS_BACK = """import grader.exam.candidate as exam
old = exam.Candidate.do_block
def other(self, request):
    answer = old(self, request)
    self.channel.send({"callback": 0, "args": [], "kwargs": {}})
    self.channel.receive()
    return answer
exam.Candidate.do_block = other
"""


@pytest.mark.parametrize("attack", [SLOWER_NEIGHBOURS, ASKS_BACK])
def test_tricks_with_time_gain_nothing(room: ExamRoom, tmp_path: Path, attack: str) -> None:
    loop = "def squares(x):\n    return np.array([sum(value * value for value in row) for row in x])\n"
    verdict = time_it(room, tmp_path, loop + attack)
    # Threads that spin slow the learner's own calls, too, perhaps beyond their clock.
    assert verdict.cells[0].outcome in ("partial", "inconclusive", "timeout")
    assert verdict.measurements.get("squares-test", {}).get("speedup", 0) < 3


def test_a_lazy_result_is_no_result(room: ExamRoom, tmp_path: Path) -> None:
    lazy = (
        "class Lazy(np.ndarray):\n    def __array__(self, *args, **kwargs): return (self.x * self.x).sum(axis=1)\n"
        "def squares(x):\n    if len(x) < 100: return (x * x).sum(axis=1)\n"
        "    found = np.zeros(len(x)).view(Lazy)\n    found.x = x\n    return found"
    )
    verdict = time_it(room, tmp_path, lazy)
    assert (verdict.cells[0].score, verdict.cells[0].outcome) == (0, "failed")


def test_an_instructors_function_must_be_importable(room: ExamRoom, tmp_path: Path) -> None:
    source = notebook(
        solution("squares", QUICK),
        test(
            "squares-test",
            2,
            "import exam, numpy as np\nfrom grader.checks import FunctionCheck\n"
            "check = FunctionCheck(squares).inputs(lambda rng, n: (rng.random((n, 3)),), sizes=(2,))\n"
            "check.expect(exam.model, rtol=1e-9).timing(9, baseline=lambda x: x)\n"
            "check.points(speedup=(1, {2.0: 1})).run()",
        ),
    )
    (tmp_path / "unit.ipynb").write_bytes(source)
    (tmp_path / "exam.py").write_text(FUNCTIONS)
    verdict = room.examine(tmp_path, "unit", {"unit.ipynb": notebook(solution("squares", QUICK))})
    assert verdict.cells[0].score == 0
    assert "exam.py" in str(verdict.cells[0].findings[0].evidence)
