"""A private PostgreSQL, and a store on each database."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from campus.processes import wait_until
from grader.store import Store


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.fail("no PostgreSQL server for the tests: apt install postgresql")
    return found[-1].parent


class PostgresServer:
    """A server of the tests' own below `folder`, on a free port of 127.0.0.1. Only a `durable` one waits for the disk,
    which nothing but a loss of power needs."""

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self.folder, self.data = folder, folder / "data"
        self._fsync = "on" if durable else "off"
        self._binaries = _binaries()
        # PostgreSQL refuses to run as root; its package brings a user.
        self._user = pwd.getpwnam("postgres").pw_uid if os.geteuid() == 0 else None
        if self._user is not None:
            os.chown(folder, self._user, self._user)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._server: subprocess.Popen[bytes] | None = None
        command = self._command("initdb", "-U", "lehrwerk", "--auth=trust", "-E", "UTF8", "--no-sync")
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **self._surroundings)  # type: ignore[call-overload]

    @property
    def url(self) -> str:
        return f"postgresql://lehrwerk@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Returns when it takes connections."""
        settings = [f"port={self.port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={self.folder}"]
        # What is left of a killed server may be ending still, and refuses a new one as long.
        assert wait_until(lambda: self._started(settings), 60), (self.folder / "log").read_text()

    def _started(self, settings: list[str]) -> bool:
        if self._server is None or self._server.poll() is not None:
            options = [part for setting in (*settings, f"fsync={self._fsync}") for part in ("-c", setting)]
            with (self.folder / "log").open("ab") as log:
                self._server = subprocess.Popen(
                    self._command("postgres", *options), stdout=log, stderr=log, **self._surroundings
                )
        ready = [str(self._binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(ready, check=False).returncode == 0

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End the process that all others of the server are children of: SIGQUIT ends them too, at once."""
        assert self._server is not None
        self._server.send_signal(how)
        self._server.wait()

    def stop(self) -> None:
        self.kill(signal.SIGQUIT)

    def _command(self, name: str, *arguments: str) -> list[str]:
        return [str(self._binaries / name), "-D", str(self.data), *arguments]

    @property
    def _surroundings(self) -> dict[str, Any]:
        return {"user": self._user, "cwd": self.folder, "env": {"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}}


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A server that lives as long as the session."""
    folder = Path(tempfile.mkdtemp(prefix="lehrwerk-postgres-"))
    server = PostgresServer(folder)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.sqlite'}"
        return
    server = request.getfixturevalue("postgres_url")
    name = f"t{os.urandom(6).hex()}"
    engine = create_engine(server.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield server.rpartition("/")[0] + f"/{name}"
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    opened = Store(database_url)
    opened.migrate()
    yield opened
    opened.close()
