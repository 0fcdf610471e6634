"""How the portal takes a rush before a deadline: 5,000 submissions of 50 kB in 60 s on loopback.

`python -m benchmarks.intake [COUNT [SECONDS]]`. Learners hand in at even times whether or not the ones before were
answered, and a submission's time runs from the moment at which it was due. The portal is the real process; only the hub
is a double, and nothing is examined meanwhile. On SQLite and on PostgreSQL. Beside it stock nbgrader's
`nbgrader submit` into an exchange folder of the same machine, one after the other.
"""

from __future__ import annotations

import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import nbformat
from rich.console import Console
from rich.table import Table

from benchmarks.room import COURSE, UNIT, nbgrader, notebooks, platform
from campus import runtime
from campus.processes import wait_until
from campus.settings import ENVIRONMENT
from grader.course.archives import pack_files
from grader.store import Store
from tests.faults.hub import as_service, hub_double
from tests.service.store_fixtures import PostgresServer

BYTES = 50_000
#: How many wait for an answer at the same time, at most.
LEARNERS = 64
#: So many `nbgrader submit` are measured.
STOCK = 5


@dataclass
class Rush:
    """What became of the submissions: seconds until each was accepted, and each one's id with its file's digest."""

    seconds: list[float] = field(default_factory=list)
    accepted: dict[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    took: float = 0.0


def hand_in_all(url: str, count: int, seconds: float, text: bytes) -> Rush:
    """One submission of each of `count` people, evenly over `seconds`."""
    rush = Rush()
    clients = threading.local()
    begin = time.monotonic() + 1.0

    def hand_in(number: int) -> None:
        due = begin + seconds * number / count
        data = os.urandom(BYTES - len(text) // 4)
        archive = pack_files({f"{UNIT}.ipynb": text, "data.bin": data})
        if not hasattr(clients, "one"):
            clients.one = httpx.Client(timeout=60)
        time.sleep(max(due - time.monotonic(), 0.0))
        answer = clients.one.post(url, content=archive, headers={"Authorization": f"token learner-{number}"})
        rush.seconds.append(time.monotonic() - due)
        if answer.status_code == 201:
            rush.accepted[answer.json()["id"]] = hashlib.sha256(archive).hexdigest()
        else:
            rush.refused.append(f"{answer.status_code} {answer.text[:200]}")

    with ThreadPoolExecutor(LEARNERS) as pool:
        list(pool.map(hand_in, range(count)))
    rush.took = time.monotonic() - begin
    return rush


def peak_megabytes(pid: int) -> float:
    """The most memory that a process ever had resident."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) * 1024 / 1e6


@contextmanager
def portal(log: Path, database: str) -> Iterator[tuple[Store, str, int]]:
    """The store, the URL that takes submissions, and the portal's process number."""
    with platform(database) as (settings, file, store), ExitStack() as held:
        here = runtime.prepare(settings)
        hub = held.enter_context(hub_double(["tenant:nord", f"course:{COURSE.replace('--', '/')}:learner"]))
        output = held.enter_context(log.open("wb"))
        process = subprocess.Popen(
            [sys.executable, "-m", "campus.portal"],
            env={**os.environ, ENVIRONMENT: str(file), **as_service(here, hub)},
            stdout=output,
            stderr=output,
        )
        held.callback(process.wait)
        held.callback(process.terminate)
        base = f"http://127.0.0.1:{here.portal}{here.portal_prefix}api"

        def answers() -> bool:
            try:
                return httpx.get(f"{base}/me", headers={"Authorization": "token somebody"}).is_success
            except httpx.TransportError:
                return False

        if not wait_until(answers, 60):
            sys.exit(f"the portal did not start:\n{log.read_text(encoding='utf-8')}")
        yield store, f"{base}/courses/{COURSE}/assignments/{UNIT}/submissions", process.pid


def lost(store: Store, rush: Rush) -> int:
    """Accepted submissions that the store does not hold byte for byte."""
    return sum(hashlib.sha256(store.archive(one)).hexdigest() != digest for one, digest in rush.accepted.items())


def stock(folder: Path, text: bytes) -> list[float]:
    """Seconds of each `nbgrader submit`."""
    source = folder / "course" / "source" / UNIT
    source.mkdir(parents=True)
    content = nbformat.reads(text.decode(), 4)
    nbformat.write(content, source / f"{UNIT}.ipynb")
    exchange = folder / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)
    config = f"c = get_config()\nc.CourseDirectory.course_id = 'peer'\nc.Exchange.root = {str(exchange)!r}\n"
    for place in (folder / "course", folder):
        (place / "nbgrader_config.py").write_text(config, encoding="utf-8")

    nbgrader("generate_assignment", UNIT, cwd=folder / "course")
    nbgrader("release_assignment", UNIT, cwd=folder / "course")
    work = folder / UNIT
    work.mkdir()
    (work / f"{UNIT}.ipynb").write_bytes(text)
    took = []
    for _ in range(STOCK):
        (work / "data.bin").write_bytes(os.urandom(BYTES))
        started = time.perf_counter()
        nbgrader("submit", UNIT, cwd=folder)
        took.append(time.perf_counter() - started)
    return took


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 60.0
    text = notebooks(1)[0]
    table = Table(title=f"{count} submissions of {BYTES // 1000} kB, due evenly over {seconds:g} s")
    for heading in ("", "accepted", "lost", "all after (s)", "median (s)", "95 % within (s)", "portal's peak (MB)"):
        table.add_column(heading)
    with tempfile.TemporaryDirectory() as name, ExitStack() as held:
        scratch = Path(name)
        # PostgreSQL runs as a user of its own.
        scratch.chmod(0o711)
        for place in ("server", "stock"):
            (scratch / place).mkdir()
        server = PostgresServer(scratch / "server")
        server.start()
        held.callback(server.stop)
        for label, database in (("sqlite", ""), ("postgres", server.url)):
            with portal(scratch / f"{label}.log", database) as (store, url, pid):
                rush = hand_in_all(url, count, seconds, text)
                if rush.refused:
                    print(f"{len(rush.refused)} were refused, the first: {rush.refused[0]}", file=sys.stderr)
                ordered = sorted(rush.seconds)
                table.add_row(
                    f"Lehrwerk, {label}",
                    str(len(rush.accepted)),
                    str(lost(store, rush)),
                    f"{rush.took:.1f}",
                    f"{statistics.median(ordered):.3f}",
                    f"{ordered[int(0.95 * (len(ordered) - 1))]:.3f}",
                    f"{peak_megabytes(pid):.0f}",
                )
        peer = stock(scratch / "stock", text)
        table.add_row("nbgrader submit, one by one", str(STOCK), "", "", f"{statistics.median(peer):.3f}", "", "")
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
