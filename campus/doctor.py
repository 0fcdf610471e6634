"""What is here and what is missing: one line for each, with the mend."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from campus.settings import Settings, SettingsError, load

Level = Literal["ok", "note", "fix"]

#: Commands that the browser tests accept, in this order.
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class Line:
    """One finding. `fix` means that something needed is missing; the text then holds the mend."""

    level: Level
    text: str


def examine(settings_file: Path | None = None, tests: bool = False) -> list[Line]:
    """Everything `lehrwerk doctor` prints; with `tests` also what only `make test` needs."""
    lines = [*_python(), *_packages(), *_proxy(), *_walls(), *_device(), *_settings(settings_file), _trust()]
    if tests:
        lines += [*_browser(), *_postgres()]
    return lines


def _python() -> Iterator[Line]:
    version = platform.python_version()
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        yield Line("ok", f"Python {version} on {platform.system()} {platform.machine()}")
    else:
        yield Line("fix", f"Python {version}: Lehrwerk needs 3.11 to 3.13; install one and run `make install`")


def _packages() -> Iterator[Line]:
    for name in ("jupyterhub", "jupyterlab", "nbgrader", "numba-cuda"):
        try:
            yield Line("ok", f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            yield Line("fix", f"{name} is not installed: run `make install`")


def _proxy() -> Iterator[Line]:
    found = shutil.which("traefik", path=str(Path(sys.executable).parent)) or shutil.which("traefik")
    if found:
        yield Line("ok", "traefik, the proxy")
    else:
        yield Line("fix", "traefik is missing: run `make install`")


def _walls() -> Iterator[Line]:
    from grader.exam.walls import missing_walls

    missing = missing_walls()
    for text in missing:
        yield Line("fix", f"exams refuse to run: {text}")
    if not missing:
        yield Line("ok", "walls for exams: Landlock, seccomp")


def _device() -> Iterator[Line]:
    from grader.device.cuda import available

    name = available()
    if name:
        yield Line("ok", f"GPU: {name}")
        if importlib.util.find_spec("cupy") is None:
            yield Line("note", "CuPy is not installed: run `make install GPU=1` to use it on the GPU")
    else:
        yield Line(
            "note",
            "no GPU here: exams run on the emulated GPU. For a GPU: its driver and `make install GPU=1`",
        )


def _settings(file: Path | None) -> Iterator[Line]:
    try:
        settings = load(file)
    except SettingsError as error:
        yield Line("fix", str(error))
        return
    yield Line("ok", f"settings: {len(settings.tenants)} tenants, {len(settings.course_ids())} courses")
    yield from _port(settings)


def _port(settings: Settings) -> Iterator[Line]:
    host, port = settings.hub.host, settings.hub.port
    if port == 0:
        yield Line("ok", "port: a free one is taken at start")
        return
    with socket.socket() as probe:
        probe.settimeout(1)
        used = probe.connect_ex((host, port)) == 0
    if used:
        yield Line("note", f"port {port} on {host} is in use: Lehrwerk runs already, or set hub.port in the settings")
    else:
        yield Line("ok", f"port {port} on {host} is free")


def _trust() -> Line:
    return Line(
        "note",
        "on one machine notebook servers run as your own user and are not walled, only exams are: "
        "for trying out, not for strangers",
    )


def find_browser() -> str | None:
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def _browser() -> Iterator[Line]:
    found = find_browser()
    if found:
        yield Line("ok", f"browser for the tests: {found}")
    else:
        yield Line("fix", "no Chromium for the browser tests: apt install chromium")


def _postgres() -> Iterator[Line]:
    if sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres")):
        yield Line("ok", "PostgreSQL for the tests")
    else:
        yield Line("fix", "no PostgreSQL server for the tests: apt install postgresql")
