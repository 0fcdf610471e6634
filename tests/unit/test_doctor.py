"""What the doctor says: what is here, what is missing, and the mend."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import socket
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from campus import doctor, runtime
from campus.doctor import Line, examine
from campus.settings import Address, Settings
from grader.exam import walls
from tests.courses import small_course


@pytest.fixture
def settings(tmp_path: Path) -> Callable[[str], Path]:
    """A settings file with this text; a free port unless it says otherwise."""

    def write(text: str = "") -> Path:
        file = tmp_path / "lehrwerk.yaml"
        file.write_text(text if "hub:" in text else text + "\nhub: {port: 0}\n", encoding="utf-8")
        return file

    return write


def fixes(lines: list[Line]) -> list[str]:
    return [line.text for line in lines if line.level == "fix"]


def said(lines: list[Line], word: str) -> Line:
    found = [line for line in lines if word in line.text]
    assert len(found) == 1, lines
    return found[0]


def test_a_machine_that_runs_the_tests_has_what_is_needed(settings: Callable[..., Path]) -> None:
    lines = examine(settings(), tests=True)
    assert fixes(lines) == []
    for word in ("Python 3", "jupyterhub 6", "nbgrader 0.9.6", "traefik", "Landlock", "settings:", "data folder"):
        assert said(lines, word).level == "ok"
    for word in ("browser for the tests", "for the tests", "playwright"):
        assert any(word in line.text for line in lines)


def test_it_says_that_notebook_servers_are_not_walled(settings: Callable[..., Path]) -> None:
    line = said(examine(settings()), "not walled")
    assert line.level == "note"
    assert "not for strangers" in line.text


def test_only_what_tests_need_is_asked_for_only_then(
    settings: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "BROWSERS", ())
    assert fixes(examine(settings())) == []
    assert "no Chromium for the browser tests: apt install chromium" in fixes(examine(settings(), tests=True))


def test_a_missing_package_is_named_with_the_command(
    settings: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.metadata.version

    def version(name: str) -> str:
        if name in ("nbgrader", "playwright"):
            raise importlib.metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    assert fixes(examine(settings(), tests=True)) == [
        "nbgrader is not installed: run `make install`",
        "playwright is not installed: run `make install DEV=1`",
    ]


@pytest.mark.parametrize(("version", "good"), [((3, 10), False), ((3, 11), True), ((3, 13), True), ((3, 14), False)])
def test_pythons_that_are_too_old_or_too_new_are_refused(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, int], good: bool
) -> None:
    monkeypatch.setattr(sys, "version_info", (*version, 0))
    assert [line.level for line in doctor._python()] == ["ok" if good else "fix"]


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_other_systems_are_told_where_lehrwerk_runs(monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    monkeypatch.setattr(sys, "platform", system)
    (line,) = examine()
    assert line.level == "fix"
    assert "WSL2" in line.text
    assert "Linux container" in line.text


def test_a_kernel_without_a_wall_is_said(settings: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walls, "landlock_abi", lambda: 0)
    (text,) = fixes(examine(settings()))
    assert text.startswith("exams refuse to run: Landlock ABI 0")


def test_walls_that_do_not_hold_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor._wall_problem() is None
    # A process that was not walled can do all of it.
    monkeypatch.setattr(doctor, "_WALL_PROBE", doctor._WALL_PROBE.replace("put_up(Walls(keep=(report,)))", "pass"))
    problem = doctor._wall_problem()
    assert problem is not None
    assert problem.split("; ") == [
        "files of others can be read",
        "files of others can be written",
        "files of others can be emptied",
        "modes of others' files can be changed",
        "times of others' files can be changed",
        "sockets can be opened",
        "processes can be started",
        "processes can be signalled",
        "pipes can signal processes",
    ]


@pytest.mark.parametrize(("user", "reach", "noted"), [(0, False, True), (0, True, False), (1000, False, False)])
def test_exams_that_keep_roots_user_are_noted(
    monkeypatch: pytest.MonkeyPatch, user: int, reach: bool, noted: bool
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr("grader.exam.users.python_in_reach", lambda: reach)
    notes = [line.text for line in doctor._walls() if line.level == "note"]
    assert [text.startswith("exams keep the user root") for text in notes] == [True] * noted


def test_a_data_folder_that_exams_can_read_is_refused(settings: Callable[..., Path]) -> None:
    (text,) = fixes(examine(settings(f"data: {sys.prefix}/data")))
    assert "which exams can read: set `data`" in text


def test_every_fault_of_the_settings_is_a_line(settings: Callable[..., Path]) -> None:
    lines = examine(settings("limts: {}\nexam: {attempts: 0}\n"))
    assert len(fixes(lines)) == 2
    assert "did you mean `limits`?" in said(lines, "limts").text


def test_a_course_that_is_not_there_is_said(settings: Callable[..., Path], tmp_path: Path) -> None:
    text = "tenants: [{id: nord, name: {en: N}, courses: [{id: first, source: courses/first}]}]"
    (found,) = fixes(examine(settings(text)))
    assert found.startswith(f"course first of nord: no course.yaml in {tmp_path / 'courses/first'}")
    small_course(tmp_path / "courses" / "first")
    lines = examine(settings(text))
    assert fixes(lines) == []
    assert said(lines, "course folder").text.endswith("courses/first: small, units: 1")


def test_every_fault_of_a_course_folder_is_a_line(settings: Callable[..., Path], tmp_path: Path) -> None:
    folder = small_course(tmp_path / "first")
    (folder / "units/double/solution/double.py").unlink()
    (folder / "units/double/wrong/double/wrong_0.py").unlink()
    offered = "courses: [{id: first, source: first}]"
    text = f"tenants: [{{id: nord, name: {{en: N}}, {offered}}}, {{id: sued, name: {{en: S}}, {offered}}}]"
    found = fixes(examine(settings(text)))
    assert len(found) == 2
    assert all(line.startswith(f"{folder}/units/double/unit.en.py:4: ") for line in found)


def test_a_gpu_that_is_asked_for_and_not_there_is_needed(
    settings: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.device.cuda.available", lambda: None)
    assert said(examine(settings()), "no GPU here").level == "note"
    (text,) = fixes(examine(settings("exam: {device: cuda}")))
    assert "no GPU was found" in text


@pytest.mark.parametrize(("version", "shared", "levels"), [(12080, 0, ["ok"]), (11040, 1, ["ok", "fix", "note"])])
def test_a_gpu_is_described_and_an_old_driver_is_not_enough(
    monkeypatch: pytest.MonkeyPatch, version: int, shared: int, levels: list[str]
) -> None:
    from cuda.bindings import driver

    values = {
        driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR: 9,
        driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_PAGEABLE_MEMORY_ACCESS: shared,
    }
    monkeypatch.setattr(driver, "cuDriverGetVersion", lambda: (0, version))
    monkeypatch.setattr(driver, "cuDeviceGetAttribute", lambda what, _: (0, values.get(what, 0)))
    monkeypatch.setattr(doctor, "driver_version", lambda: "570.1")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: True)
    lines = list(doctor._gpu("Some GPU", "auto"))
    assert [line.level for line in lines] == levels
    cuda = f"CUDA {version // 1000}.{version % 1000 // 10}"
    assert lines[0].text == f"GPU: Some GPU, compute capability 9.0, driver 570.1, {cuda}"


def test_the_drivers_version_comes_from_nvidia_smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = tmp_path / "nvidia-smi"
    command.write_text("#!/bin/sh\necho 570.86.15\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert doctor.driver_version() == "570.86.15"


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("not a url", "no database URL"),
        ("mysql://x@127.0.0.1/y", "mysql is not supported"),
        ("postgresql://nobody:hidden@127.0.0.1:1/y", "does not answer"),
    ],
)
def test_a_database_that_cannot_be_used_is_said_without_its_password(
    settings: Callable[..., Path], url: str, word: str
) -> None:
    (text,) = fixes(examine(settings(f"storage: {{database: '{url}'}}")))
    assert word in text
    assert "hidden" not in text


def test_a_data_folder_that_cannot_be_made_is_said(
    settings: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    (text,) = fixes(examine(settings("data: file/data")))
    assert "cannot be written" in text


def test_little_room_is_a_note(settings: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: type("Usage", (), {"free": 1 << 20}))
    assert said(examine(settings()), "data folder").level == "note"


def test_a_taken_port_is_needed_and_our_own_is_not(settings: Callable[..., Path], tmp_path: Path) -> None:
    headers = {}

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, format: str, *args: object) -> None:
            pass

    here = runtime.prepare(Settings(data=tmp_path / ".lehrwerk", hub=Address(port=0)))
    elsewhere = runtime.prepare(Settings(data=tmp_path / "elsewhere", hub=Address(port=0)))
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_port
        file = settings(f"hub: {{port: {port}}}")
        for installation in ("", elsewhere.installation):
            headers[runtime.INSTALLATION] = installation
            (text,) = fixes(examine(file))
            assert text.startswith(f"port {port} on 127.0.0.1 is in use")
        headers[runtime.INSTALLATION] = here.installation
        assert said(examine(file), f"port {port}").text.endswith("Lehrwerk is running")
        server.shutdown()
    assert said(examine(file), f"port {port}").text.endswith("is free")


def test_a_port_held_by_something_silent_is_in_use(settings: Callable[..., Path]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        (text,) = fixes(examine(settings(f"hub: {{port: {other.getsockname()[1]}}}")))
    assert "hub.port" in text
