"""A whole Lehrwerk on a small disk of its own, under load, whose parts can be broken.

Portal and two workers are the real processes, kept running by the real supervisor; only the hub is a double. Settings,
databases, gradebooks and the exams' folders lie on a file system in memory, so that it can be filled.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import httpx
import nbformat
import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from campus import runtime
from campus.processes import Process, Supervisor, python, wait_until
from campus.publish import open_store, publish
from campus.settings import ENVIRONMENT, Settings, load
from grader.course.archives import pack_files
from grader.course.build import answered, notebook, released
from grader.course.reader import read
from grader.store import Event, State, Store
from tests.courses import small_course
from tests.faults.hub import as_service, hub_double
from tests.service.store_fixtures import PostgresServer

ROOT = Path(__file__).parents[2]
COURSE = "nord--small"
DISK_MB = 1024
WORKERS = ("worker-1", "worker-2")
#: Submissions on the way at a time: always some waiting, and few enough that each fault is over soon.
BACKLOG = 16
#: How many hand in at the same time.
LEARNERS = 3
#: A worker that does not answer for so long has lost its submission, in seconds.
LEASE_SECONDS = 4.0
#: Nothing here should ever take so long, in seconds.
PATIENCE = 120.0

SETTINGS = """\
data: data
hub: {{port: 0}}
tenants: [{{id: nord, name: {{en: North}}, courses: [{{id: small}}]}}]
exam: {{device: emulated, lease_seconds: {lease}}}
storage: {{database: "{database}"}}
"""
KERNEL_UNIT = """\
  - id: guarded-map
    title: {en: A kernel}
    minutes: 5
"""
Answer = TypeVar("Answer")
ENDS = (State.GRADED, State.NEEDS_REVIEW, State.FAILED)


@dataclass(frozen=True)
class Work:
    """What one learner hands in, and the points that it is worth."""

    person: str
    unit: str
    archive: bytes
    score: float


@dataclass
class Load:
    """Learners who hand in one submission each, over HTTP, and press the button again while nobody answers."""

    url: str
    store: Store
    make: Callable[[int, str, int], Work]
    accepted: dict[str, Work] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    refused: int = 0

    def __post_init__(self) -> None:
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._over = threading.Event()
        self._learning: list[Future[None]] = []
        self._next = 0
        self._wishes: list[tuple[str, int]] = []
        self._rate = 1

    @contextmanager
    def running(self) -> Iterator[None]:
        with ThreadPoolExecutor(LEARNERS + 1) as pool:
            watching = pool.submit(self._watch)
            self._learning = [pool.submit(self._learners) for _ in range(LEARNERS)]
            try:
                yield
            finally:
                self.stop()
                self._over.set()
        watching.result()

    def stop(self) -> None:
        """Nobody hands in any more, once those who have begun are through."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        for one in self._learning:
            one.result()

    def rate(self, rate: int) -> None:
        """How many may be on the way, in times of BACKLOG: 0 for nobody, 1 again afterwards."""
        with self._changed:
            self._rate = rate
            self._changed.notify_all()

    def _wanted(self) -> bool:
        return len(self.accepted) - len(self.ended) < self._rate * BACKLOG

    def next(self, count: int, *, unit: str = "double", padding: int = 0) -> None:
        """What the next ones hand in: for which unit, and with how large a file beside the notebook, in bytes."""
        with self._changed:
            self._wishes = [(unit, padding)] * count

    def _learners(self) -> None:
        with httpx.Client(timeout=30) as client:
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._stopping.is_set() or self._wanted())
                    if self._stopping.is_set():
                        return
                    number, self._next = self._next, self._next + 1
                    unit, padding = self._wishes.pop() if self._wishes else ("double", 0)
                work = self.make(number, unit, padding)
                accepted = self._hand_in(client, work)
                with self._changed:
                    self.accepted[accepted] = work

    def _hand_in(self, client: httpx.Client, work: Work) -> str:
        found: list[str] = []

        def sent() -> bool:
            try:
                answer = client.post(
                    f"{self.url}courses/{COURSE}/assignments/{work.unit}/submissions",
                    content=work.archive,
                    headers={"Authorization": f"token {work.person}"},
                )
            except httpx.TransportError:
                self.refused += 1
                return False
            if answer.status_code >= 500:
                self.refused += 1
                return False
            assert answer.status_code in (200, 201), answer.text
            found.append(answer.json()["id"])
            return True

        assert wait_until(sent, PATIENCE, step=0.1), "the portal did not come back"
        return found[0]

    def _watch(self) -> None:
        """Keeps account of what has ended."""
        seen = 0
        while not self._over.is_set():
            try:
                events = self.store.wait(seen, 0.5)
            except (DBAPIError, psycopg.Error):
                # Who waits for news may get the driver's own error.
                self._over.wait(0.1)
                continue
            with self._changed:
                for event in events:
                    seen = event.seq
                    if event.state in ENDS:
                        self.ended.add(event.submission_id)
                self._changed.notify_all()


@dataclass
class Platform:
    disk: Path
    settings: Settings
    store: Store
    supervisor: Supervisor
    load: Load
    postgres: PostgresServer | None
    clock: Path
    #: Ends portal and workers.
    end: Callable[[], None]
    #: Every process of a worker's that was ever seen, by number and starting time.
    processes: set[tuple[int, str]] = field(default_factory=set)

    def busy(self) -> None:
        """Until everybody is at work."""
        self.until(lambda: len(self.load.accepted) - len(self.load.ended) >= BACKLOG // 2, "submissions wait")

    # -- what can be broken

    def pid(self, name: str) -> int:
        """A process that is kept running, once it runs."""
        kept = self.supervisor.process(name)
        self.until(lambda: kept.process is not None and kept.process.poll() is None, f"{name} runs")
        assert kept.process is not None
        return kept.process.pid

    def examining(self, name: str) -> int:
        """The process of a worker that has just begun an exam."""
        seen = self.patient(self.store.last_event)

        def begun() -> bool:
            events = self.patient(lambda: self.store.log(after=seen))
            return any(event.state == State.RUNNING and event.who == name for event in events)

        self.until(begun, f"{name} examines")
        return self.pid(name)

    def zygote(self, name: str) -> int:
        """The process that a worker's exam processes are forked from."""
        found: list[int] = []

        def look() -> bool:
            found[:] = [pid for pid in _children(self.pid(name)) if b"grader.exam.zygote" in _command(pid)]
            return bool(found)

        self.until(look, f"a zygote of {name} runs")
        return found[0]

    def exam_process(self, role: str) -> int:
        """A process of that role in one of the exams that run now."""
        found: list[int] = []

        def look() -> bool:
            for pid, _ in self.exam_processes():
                if _cwd(pid).startswith(role):
                    found.append(pid)
            return bool(found)

        self.until(look, f"a {role} runs")
        return found[0]

    def exam_processes(self) -> list[tuple[int, str]]:
        """Every process below the workers, remembered for `processes`."""
        found = []
        for name in WORKERS:
            kept = self.supervisor.process(name).process
            waiting = _children(kept.pid) if kept is not None else []
            while waiting:
                pid = waiting.pop()
                if started := _started(pid):
                    found.append((pid, started))
                    waiting += _children(pid)
        self.processes.update(found)
        return found

    @contextmanager
    def full_disk(self) -> Iterator[None]:
        ballast = self.disk / "ballast"
        with ballast.open("wb", buffering=0) as file:
            for size in (1 << 20, 1 << 12):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
            try:
                yield
            finally:
                ballast.unlink()

    def jump(self, seconds: float) -> None:
        """The clock of portal and workers is wrong by so much from now on."""
        draft = self.clock.with_suffix(".new")
        draft.write_text(str(seconds))
        draft.replace(self.clock)

    def restart_database(self) -> None:
        """Kill it, unless it is a file, and start it again."""
        if self.postgres is not None:
            self.postgres.kill()
            self.postgres.start()

    # -- looking

    def said(self, name: str, words: str) -> int:
        """How often a process has said so in its log."""
        kept = self.supervisor.process(name)
        return kept.log_file.read_text(encoding="utf-8", errors="replace").count(words)

    def lost(self, after: int, worker: str) -> Iterator[Event]:
        """Submissions that a worker has lost because it did not answer."""
        for event in self.patient(lambda: self.store.log(after=after)):
            if event.state in (State.QUEUED, State.NEEDS_REVIEW) and event.why.startswith(worker):
                yield event

    def still_running(self) -> set[tuple[int, str]]:
        """Those of `processes` that have not ended."""
        return {(pid, started) for pid, started in self.processes if _started(pid) == started}

    def until(self, ready: Callable[[], bool], what: str) -> None:
        assert wait_until(ready, PATIENCE, step=0.02), f"it never came to that: {what}"

    def patient(self, ask: Callable[[], Answer]) -> Answer:
        """Ask the store until it answers."""
        answer: list[Answer] = []

        def asked() -> bool:
            try:
                answer.append(ask())
            except DBAPIError:
                return False
            return True

        self.until(asked, "the database answers")
        return answer[0]


@contextmanager
def small_disk() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="lehrwerk-faults-"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=755", "tmpfs", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        folder.rmdir()
        pytest.fail(f"a disk that can be filled needs a file system in memory, and root to mount it: {error.stderr}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


def works(folder: Path) -> Callable[[int, str, int], Work]:
    """Submissions by number, unit and size of a file beside the notebook: right ones and wrong ones by turns."""
    units = {unit.entry.id: unit for unit in read(folder).units}
    starters = {name: released(notebook(unit, "en")) for name, unit in units.items()}
    models = {name: {key: one.source for key, one in unit.solutions.items()} for name, unit in units.items()}
    full = {"double": 4.0, "guarded-map": 11.0}

    def make(number: int, unit: str, padding: int) -> Work:
        right = number % 2 == 0
        answers = models[unit] if right else {}
        text = nbformat.writes(answered(starters[unit], answers))
        files = {f"{unit}.ipynb": text.encode()} | ({"data.bin": os.urandom(padding)} if padding else {})
        return Work(f"learner-{number}", unit, pack_files(files), full[unit] if right else 0.0)

    return make


def course(folder: Path) -> Path:
    """A small exercise, and one about a kernel."""
    small_course(folder)
    shutil.copytree(ROOT / "courses" / "first-kernels" / "units" / "guarded-map", folder / "units" / "guarded-map")
    (folder / "units" / "guarded-map" / "unit.de.py").unlink()
    with (folder / "course.yaml").open("a", encoding="utf-8") as manifest:
        manifest.write(KERNEL_UNIT)
    return folder


@contextmanager
def platform(backend: str, scratch: Path) -> Iterator[Platform]:
    """`scratch` takes what need not lie on the small disk: the course folder and the logs."""
    with ExitStack() as held:
        disk = held.enter_context(small_disk())
        server = None
        if backend == "postgres":
            (disk / "postgres").mkdir()
            server = PostgresServer(disk / "postgres")
            server.start()
            held.callback(server.stop)
        file = disk / "lehrwerk.yaml"
        file.write_text(SETTINGS.format(lease=LEASE_SECONDS, database=server.url if server else ""), encoding="utf-8")
        settings = load(file)
        for name in ("exam", "courses"):
            (settings.data / name).mkdir(parents=True)
        here = runtime.prepare(settings)
        store = open_store(settings)
        held.callback(store.close)
        store.migrate()
        folder = course(scratch / "course")
        publish(settings, folder, "nord", by="test")
        clock = scratch / "clock"
        clock.write_text("0")
        hub = held.enter_context(hub_double(["tenant:nord", "course:nord/small:learner"]))
        kept = held.enter_context(ExitStack())
        supervisor = kept.enter_context(Supervisor(_processes(file, clock, scratch, here, hub)))
        load_ = Load(f"http://127.0.0.1:{here.portal}{here.portal_prefix}api/", store, works(folder))
        made = Platform(disk, settings, store, supervisor, load_, server, clock, kept.close)
        with load_.running():
            yield made


def _processes(file: Path, clock: Path, logs: Path, here: runtime.Runtime, hub: str) -> list[Process]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(logs),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": str(ROOT),
        ENVIRONMENT: str(file),
    }
    service = as_service(here, hub)

    def on_clock(name: str, module: str, *arguments: str, **more: str) -> Process:
        command = python("-m", "tests.faults.on_a_bad_clock", str(clock), module, *arguments)
        return Process(name, command, environment | more, logs / f"{name}.log")

    return [
        on_clock("portal", "campus.portal", **service),
        *(on_clock(name, "campus.worker", name) for name in WORKERS),
    ]


def _children(pid: int) -> list[int]:
    try:
        return [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except (FileNotFoundError, ProcessLookupError):
        return []


def _started(pid: int) -> str:
    """When a process started, in the kernel's ticks; tells a reused number. Empty where it is gone."""
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if state == "Z" else rest[18]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def _cwd(pid: int) -> str:
    try:
        return Path(os.readlink(f"/proc/{pid}/cwd")).name
    except OSError:
        return ""
