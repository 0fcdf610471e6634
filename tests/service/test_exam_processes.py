"""How the exam room starts, watches and ends its processes, and what it tells each of them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from grader.exam import paper, processes, scratch, users, zygote
from grader.exam.channel import ChannelError, Closed
from grader.exam.conduct import Conduct
from grader.exam.processes import ExamError, Process
from grader.exam.room import ExamLimits, ExamRoom
from grader.exam.users import RoomUsers
from tests.notebooks import given as given_cell
from tests.notebooks import notebook, solution, test

OPTIONS = {"device": "emulated", "output_bytes": 1000, "language": "en", "cell_seconds": 5, "call_seconds": 5}


def descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))


@pytest.fixture
def unchanged() -> Iterator[None]:
    """What a test opens is closed after it."""
    before = descriptors()
    yield
    assert len(descriptors()) == len(before)


@pytest.fixture
def folder(room: ExamRoom) -> Iterator[Path]:
    assert room.processes._scratch is not None
    made = scratch.make(room.processes._scratch)
    yield made
    scratch.remove(made)


def run_in(process: Process, code: str) -> Any:
    process.channel.send({"do": "run", "key": "0", "source": code})
    return process.channel.receive(30)


@pytest.mark.usefixtures("unchanged")
def test_a_process_that_cannot_be_walled_in_is_our_failure(room: ExamRoom, folder: Path) -> None:
    process = room.processes.fork("candidate", folder / "one", [Path("/nowhere")], OPTIONS)
    with pytest.raises(ExamError, match=r"the candidate could not be walled in: WallError: /nowhere: No such file"):
        _ = process.channel
    process.end()


@pytest.mark.parametrize(
    ("says", "reason"), [(zygote.UNWALLED + b"no Landlock", "no Landlock"), (b"", "it ended"), (b"?", "it ended")]
)
def test_only_a_process_that_says_so_is_walled_in(says: bytes, reason: str) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(says)
        theirs.close()
        with pytest.raises(ExamError, match=f"the bench could not be walled in: {reason}"):
            processes._await_walls("bench", ours)


@pytest.mark.usefixtures("unchanged")
def test_a_zygote_that_was_killed_is_started_anew(room: ExamRoom, folder: Path) -> None:
    assert room.processes._zygote is not None
    room.processes._zygote.kill()
    room.processes._zygote.wait()
    process = room.processes.fork("candidate", folder / "one", [], OPTIONS)
    assert run_in(process, "print(6 * 7)")["output"] == "42\n"
    process.end()


@pytest.mark.usefixtures("unchanged")
def test_a_zygote_that_does_not_start_is_our_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("true"))
    with pytest.raises(ExamError, match="zygote did not start"), ExamRoom(device="emulated", scratch=tmp_path):
        pass


@pytest.mark.usefixtures("unchanged")
def test_processes_end_with_the_zygote(room: ExamRoom, folder: Path) -> None:
    process = room.processes.fork("candidate", folder / "one", [], OPTIONS)
    assert room.processes._zygote is not None
    room.processes._zygote.kill()
    with pytest.raises(ChannelError):
        process.channel.receive(30)
    process.end()


def test_seed_and_source_are_the_examiners_alone(
    room: ExamRoom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[str, dict[str, Any]] = {}
    fork = room.processes.fork

    def keep(role: str, folder: Path, read: list[Path], options: dict[str, Any], *more: Any) -> Process:
        told[role] = {"read": read, **options}
        return fork(role, folder, read, options, *more)

    monkeypatch.setattr(room.processes, "fork", keep)
    source = tmp_path / "source"
    source.mkdir()
    (source / "unit.ipynb").write_bytes(notebook(solution("a", ""), test("t", 1, "assert a == 1")))
    assert room.examine(source, "unit", {"unit.ipynb": notebook(solution("a", "a = 1"))}, seed=77).score == 1
    assert (told["examiner"]["seed"], told["examiner"]["source"]) == (77, str(source))
    assert told["candidate"]["read"] == []
    assert "seed" not in told["candidate"]
    assert str(source) not in str(told["candidate"])


def test_a_gpu_is_for_the_bench_and_for_a_candidate_that_needs_it(
    room: ExamRoom, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def refuse(request: dict[str, Any], link: Any) -> Any:
        asked.append(request["gpu"])
        raise ConnectionResetError

    monkeypatch.setattr(room.processes, "_ask_zygote", refuse)
    monkeypatch.setattr(room.processes, "_stop", lambda: None)
    monkeypatch.setattr(room.processes, "_start", lambda: None)
    for device in ("emulated", "cuda:Some GPU"):
        monkeypatch.setattr(room.processes, "device", device)
        for role, more in (("bench", {}), ("examiner", {}), ("candidate", {}), ("candidate", {"gpu": True})):
            with pytest.raises(ExamError, match="zygote is gone"):
                room.processes.fork(role, folder / role, [], OPTIONS | more)
    assert asked[::2] == [False, False, False, False, True, False, False, True]


@pytest.mark.parametrize(
    ("given", "answer", "gpu"),
    [
        ("import cupy", "def f(x): return x", True),
        ("from numba import cuda", "", True),
        ("import numpy", "import cupy", False),
    ],
)
def test_the_instructors_cells_say_whether_learner_code_needs_a_gpu(
    tmp_path: Path, given: str, answer: str, gpu: bool
) -> None:
    started: dict[str, Any] = {}

    class Home:
        device, compute_capability, limits = "cuda:Some GPU", (9, 0), ExamLimits()

        def fork(self, role: str, folder: Path, read: list[Path], options: dict[str, Any], *more: Any) -> None:
            started[role] = options["gpu"]

        def make_folder(self, role: str, folder: Path, read: list[Path]) -> None:
            folder.mkdir()

    ours, theirs = (
        paper.read_notebook("unit.ipynb", notebook(given_cell(given), solution("f", text), test("t", 1, "f")))
        for text in ("", answer)
    )
    laid = paper.lay_out("unit", ours, theirs, ours)
    exam = Conduct(
        Home(),  # type: ignore[arg-type]
        *(tmp_path, tmp_path, laid, {}, None, "en", 1, 0.0, "examiner", {}, False, (9, 0)),
    )
    for role in ("candidate", "baseline", "emulator", "assembler"):
        exam._process(role)
    assert started == {"candidate": gpu, "baseline": gpu, "emulator": False, "assembler": False}


KERNEL = """import sys
import cupy
import numpy as np
from numba import cuda
known = set(sys.modules)
@cuda.jit
def twice(x):
    i = cuda.grid(1)
    if i < x.size:
        x[i] *= 2
"""


def test_what_a_first_kernel_needs_is_in_the_zygote(room: ExamRoom) -> None:
    with room.shell({}) as run:
        run(KERNEL)
        assert run("x = cuda.to_device(np.ones(4))\ntwice[1, 32](x)\nfloat(x.copy_to_host()[3])") == "2.0"
        assert run("float((cupy.ones(3) + 1).sum())") == "6.0"
        assert run("sorted(set(sys.modules) - known)") == "[]"


def test_no_front_end_is_installed_in_the_zygote(room: ExamRoom, folder: Path) -> None:
    process = room.processes.fork("candidate", folder / "one", [], {**OPTIONS, "device": "cuda:none here"})
    code = "import numba.cuda.cudadrv.driver as d, sys\nprint(type(d.driver).__name__, 'cupy' in sys.modules)"
    assert run_in(process, code)["output"] == "Driver False\n"
    process.end()


# -- what a process takes


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExamRoom]:
    limits = ExamLimits(folder_bytes=5_000_000, folder_files=100, threads=40)
    with ExamRoom(limits, device="emulated", scratch=tmp_path_factory.mktemp("small")) as opened:
        yield opened


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("for n in range(9): open(str(n), 'wb').write(bytes(1_000_000))", "bytes in its folder; at most 5000000"),
        ("for n in range(200): open(str(n), 'w').close()", "more than 100 files"),
        ("import os\nfor n in range(3000): os.mkdir('d'); os.chdir('d')", "deep in its folder"),
        (
            "from threading import *\nfor n in range(50): Thread(target=Event().wait, daemon=True).start()",
            "threads; at most 40",
        ),
    ],
)
@pytest.mark.usefixtures("unchanged")
def test_a_process_that_takes_too_much_is_gone_and_so_is_its_folder(small: ExamRoom, code: str, reason: str) -> None:
    assert small.processes._scratch is not None
    folder = scratch.make(small.processes._scratch)
    process = small.processes.fork("candidate", folder / "one", [], OPTIONS)
    # It waits to be killed; the cell would be over before anybody looks.
    process.channel.send({"do": "run", "key": "0", "source": f"{code}\nimport signal\nsignal.pause()"})
    with pytest.raises(Closed) as closed:
        process.channel.receive(30)
    assert reason in process.why_gone(closed.value)
    process.end()
    scratch.remove(folder)
    assert list(small.processes._scratch.iterdir()) == []


def test_a_full_disk_is_our_failure(room: ExamRoom, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.exam.watch.DISK_FLOOR", 1 << 62)
    process = room.processes.fork("candidate", folder / "one", [], OPTIONS)
    with pytest.raises(ChannelError) as closed:
        process.channel.receive(30)
    with pytest.raises(ExamError, match="bytes free on the disk"):
        process.why_gone(closed.value)
    process.end()


def test_a_room_removes_what_a_killed_one_left(tmp_path: Path) -> None:
    left = scratch.make(tmp_path)
    (left / "candidate-1").mkdir()
    with ExamRoom(device="emulated", scratch=tmp_path):
        assert list(tmp_path.iterdir()) == []


def test_processes_that_end_together_are_all_gone(room: ExamRoom, folder: Path) -> None:
    started = [room.processes.fork("candidate", folder / str(number), [], OPTIONS) for number in range(3)]
    # One has begun to serve, and one is gone already.
    assert run_in(started[0], "print(1)")["output"] == "1\n"
    started[1].kill()
    pidfds = [os.dup(process.pidfd) for process in started]
    processes.end_all(started)
    for pidfd in pidfds:
        with pytest.raises(ProcessLookupError):
            signal.pidfd_send_signal(pidfd, 0)
        os.close(pidfd)


# -- where it may work, and as whom


def test_nothing_of_ours_lies_where_learner_code_can_read(room: ExamRoom, tmp_path: Path) -> None:
    inside = Path(sys.prefix) / "exams"
    with pytest.raises(ExamError, match="which learner code can read"), ExamRoom(scratch=inside):
        pass
    assert not inside.exists()
    link = tmp_path / "source"
    link.symlink_to(Path(sys.prefix) / "bin")
    (tmp_path / "unit.ipynb").write_bytes(notebook())
    with pytest.raises(ExamError, match="which learner code can read"):
        processes._refuse_readable(link)
    processes._refuse_readable(tmp_path)


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """As if started as root, where everybody can come to everything."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    reach = {"all": True}
    monkeypatch.setattr(users, "_in_reach", lambda path: reach["all"])
    return lambda value: reach.update(all=value)


def test_rooms_share_no_user(root: Callable[[bool], None], tmp_path: Path) -> None:
    with closing(RoomUsers()) as one, closing(RoomUsers()) as two:
        found = [room.of(role, [tmp_path]) for room in (one, two) for role in ("examiner", "candidate", "bench")]
        assert len(set(found)) == 6
        assert all(user and 60600 <= user <= 61183 for user in found)
        root(False)
        assert one.of("candidate", [tmp_path]) is None


def test_users_are_free_again_with_the_room(
    root: Callable[[bool], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(RoomUsers()) as held:
        first = held.of("examiner", [tmp_path])
        assert first is not None
        monkeypatch.setattr(users, "_FIRST", first)
        monkeypatch.setattr(users, "_LAST", first + 1)
        with pytest.raises(OSError, match="all users for exams are taken"):
            RoomUsers()
    with closing(RoomUsers()) as again:
        assert again.of("examiner", [tmp_path]) == first


def test_a_room_that_is_not_roots_keeps_its_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with closing(RoomUsers()) as mine:
        assert mine.of("candidate", [tmp_path]) is None


def test_a_closed_folder_above_is_out_of_reach(tmp_path: Path) -> None:
    inner = tmp_path / "closed" / "inner"
    inner.mkdir(parents=True)
    (tmp_path / "closed").chmod(0o700)
    assert not users._in_reach(inner)
    assert users._in_reach(Path("/usr"))


def test_a_process_is_ended_for_good(room: ExamRoom, folder: Path) -> None:
    process = room.processes.fork("candidate", folder / "one", [], OPTIONS)
    pidfd = os.dup(process.pidfd)
    process.end()
    with pytest.raises(ProcessLookupError):
        signal.pidfd_send_signal(pidfd, 0)
    os.close(pidfd)
