"""How the portal takes a rush before a deadline: 5,000 submissions of 50 kB in 60 s on loopback.

`python -m benchmarks.intake [COUNT [SECONDS]]`. Learners hand in at even times whether or not the ones before were
answered, and a submission's time runs from the moment at which it was due. Each comes by a connection of its own with
the request that the real client sends; packing it is the learners' work and is done before. The portal is the real
process; only the hub is a double, and nothing is examined meanwhile. On SQLite and on PostgreSQL, both of which write
through to the disk. Beside it stock nbgrader's `nbgrader submit` into an exchange folder of the same machine, one after
the other.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
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
from grader.exchange.client.api import Api, ExchangeFailure
from grader.store import Store
from tests.faults.hub import as_service, hub_double
from tests.service.store_fixtures import PostgresServer

BYTES = 50_000
#: How many wait for an answer at the same time, at most: each is an open file here and in the portal.
LEARNERS = 400
#: So many `nbgrader submit` are measured.
STOCK = 5


@dataclass
class Rush:
    """What became of the submissions: seconds until each was accepted, and each one's id with its file's digest."""

    seconds: list[float] = field(default_factory=list)
    accepted: dict[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    took: float = 0.0


def real_request(url: str) -> bytes:
    """The head of the request by which the real client hands in, with `{token}` and `{length}` to be filled in."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        heads: list[bytes] = []

        def record() -> None:
            connection, _ = listening.accept()
            with connection:
                sent = b""
                while b"\r\n\r\n" not in sent:
                    sent += connection.recv(65536)
                heads.append(sent.partition(b"\r\n\r\n")[0])

        here = f"127.0.0.1:{listening.getsockname()[1]}"
        there = httpx.URL(url).netloc.decode()
        thread = threading.Thread(target=record)
        thread.start()
        # Whoever records does not answer.
        with suppress(ExchangeFailure):
            Api(url.replace(there, here), "{token}").submit(COURSE, UNIT, b"")
        thread.join()
    head = heads[0].replace(here.encode(), there.encode())
    return head.replace(b"Content-Length: 0", b"Content-Length: {length}") + b"\r\n\r\n"


async def ask(address: httpx.URL, request: bytes) -> tuple[int, bytes]:
    """Status and body of the answer to a request, by a connection of its own."""
    reader, writer = await asyncio.open_connection(address.host, address.port)
    try:
        writer.write(request)
        lines = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
        length = next(int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:"))
        return int(lines[0].split()[1]), await reader.readexactly(length)
    finally:
        writer.close()


def hand_in_all(url: str, count: int, seconds: float, text: bytes) -> Rush:
    """One submission of each of `count` people, evenly over `seconds`; `url` is the exchange's."""
    rush = Rush()
    head, address = real_request(url), httpx.URL(url)
    requests, digests = [], []
    for number in range(count):
        archive = pack_files({f"{UNIT}.ipynb": text, "data.bin": os.urandom(BYTES - len(text) // 4)})
        filled = head.replace(b"{token}", b"learner-%d" % number).replace(b"{length}", b"%d" % len(archive))
        requests.append(filled + archive)
        digests.append(hashlib.sha256(archive).hexdigest())

    async def hand_in(number: int, due: float, places: asyncio.Semaphore) -> None:
        await asyncio.sleep(due - time.monotonic())
        async with places:
            status, body = await ask(address, requests[number])
        rush.seconds.append(time.monotonic() - due)
        if status == 201:
            rush.accepted[json.loads(body)["id"]] = digests[number]
        else:
            rush.refused.append(f"{status} {body[:200]!r}")

    async def everybody() -> None:
        places = asyncio.Semaphore(LEARNERS)
        begin = time.monotonic() + 1.0
        async with asyncio.TaskGroup() as group:
            for number in range(count):
                group.create_task(hand_in(number, begin + seconds * number / count, places))
        rush.took = time.monotonic() - begin

    asyncio.run(everybody())
    return rush


def cpu_seconds(pid: int) -> float:
    """What a process has spent of the processors."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_megabytes(pid: int) -> float:
    """The most memory that a process ever had resident."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) * 1024 / 1e6


@contextmanager
def portal(log: Path, database: str) -> Iterator[tuple[Store, str, int]]:
    """The store, the exchange's URL, and the portal's process number."""
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

        if not wait_until(answers, 300):
            sys.exit(f"the portal did not start:\n{log.read_text(encoding='utf-8')}")
        yield store, base, process.pid


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
    table = Table(
        title=f"{count} submissions of {BYTES // 1000} kB, due evenly over {seconds:g} s",
        caption="CPU and peak of memory are the portal's",
    )
    for heading in (
        "",
        "accepted",
        "lost",
        "all after (s)",
        "median (s)",
        "95 % within (s)",
        "CPU each (ms)",
        "peak (MB)",
    ):
        table.add_column(heading)
    with tempfile.TemporaryDirectory() as name, ExitStack() as held:
        scratch = Path(name)
        # PostgreSQL runs as a user of its own.
        scratch.chmod(0o711)
        for place in ("server", "stock"):
            (scratch / place).mkdir()
        server = PostgresServer(scratch / "server", durable=True)
        server.start()
        held.callback(server.stop)
        for label, database in (("sqlite", ""), ("postgres", server.url)):
            with portal(scratch / f"{label}.log", database) as (store, url, pid):
                before = cpu_seconds(pid)
                rush = hand_in_all(url, count, seconds, text)
                spent = cpu_seconds(pid) - before
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
                    f"{spent / count * 1000:.1f}",
                    f"{peak_megabytes(pid):.0f}",
                )
        peer = stock(scratch / "stock", text)
        table.add_row("nbgrader submit, one by one", str(STOCK), "", "", f"{statistics.median(peer):.3f}", "", "", "")
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
