"""The exchange's client against answers that an exchange would not give, or gives on a bad day."""

from __future__ import annotations

import io
import json
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from grader.exchange.client.api import Api, ExchangeFailure
from grader.exchange.client.fetch import ExchangeFetchAssignment, place


@dataclass
class Odd:
    """A server that gives every request the same answer, and keeps what it was asked."""

    url: str = ""
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    hold: threading.Event | None = None
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def api(self) -> Api:
        return Api(self.url, "the-token")


@pytest.fixture
def odd() -> Iterator[Odd]:
    here = Odd()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            here.asked.append((self.command, self.path, self.headers.get("Authorization", "")))
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if here.hold:
                here.hold.wait()
            self.send_response(here.status)
            for name, value in here.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(here.body)))
            self.end_headers()
            self.wfile.write(here.body)

        do_POST = do_GET

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        here.url = f"http://127.0.0.1:{server.server_port}/api"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield here
        if here.hold:
            here.hold.set()
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (200, b"<html>a page to sign in</html>", "odd-answer"),
        (200, b'{"id": "no list"}', "odd-answer"),
        (200, b'[{"title": "no id"}]', "odd-answer"),
        (302, b"", "odd-answer"),
        (404, b"404 page not found", "odd-answer"),
        (400, b'{"error": "not as agreed"}', "odd-answer"),
        (400, b'{"error": {"code": "x", "message": {"en": "only English"}}}', "odd-answer"),
        (401, b"", "unauthorized"),
        (500, b"Internal Server Error", "odd-answer"),
        (502, b"Bad Gateway", "unreachable"),
        (503, b"Service Unavailable", "unreachable"),
        (504, b"Gateway Timeout", "unreachable"),
    ],
)
def test_an_answer_that_is_not_the_exchanges_is_told_in_both_languages(odd, status, body, code):
    odd.status, odd.body, odd.headers = status, body, {"Location": "http://127.0.0.1:9/elsewhere"}
    with pytest.raises(ExchangeFailure) as told:
        odd.api.courses()
    assert told.value.code == code
    assert told.value.message["de"] != told.value.message["en"]
    assert len(odd.asked) == 1


def test_the_exchanges_own_sentence_wins_over_the_status(odd, monkeypatch):
    odd.status = 503
    odd.body = json.dumps({"error": {"code": "unavailable", "message": {"de": "Gleich.", "en": "Soon."}}}).encode()
    with pytest.raises(ExchangeFailure) as told:
        odd.api.courses()
    monkeypatch.setenv("LEHRWERK_LANG", "de_DE.UTF-8")
    assert str(told.value) == "Gleich."
    monkeypatch.delenv("LEHRWERK_LANG")
    assert str(told.value) == "Soon."


def test_an_exchange_that_never_answers_is_given_up(odd):
    odd.hold = threading.Event()
    with pytest.raises(ExchangeFailure) as told:
        Api(odd.url, "the-token", seconds=0.2).courses()
    assert told.value.code == "timeout"


@pytest.mark.parametrize("url", ["", "no address", "http://[", "ftp://127.0.0.1/api"])
def test_an_address_that_is_none_is_a_sentence(url):
    with pytest.raises(ExchangeFailure):
        Api(url, "the-token").courses()


def test_names_stay_one_part_of_the_path_and_the_token_stays_in_the_header(odd):
    odd.body = b"[]"
    odd.api.assignments("a/../../admin?x=1#y")
    odd.api.assignments("..")
    assert odd.asked == [
        ("GET", "/api/courses/a%2F..%2F..%2Fadmin%3Fx%3D1%23y/assignments", "token the-token"),
        ("GET", "/api/courses/-/assignments", "token the-token"),
    ]


def test_proxies_for_the_internet_are_not_asked(odd, monkeypatch):
    odd.body = b"[]"
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert odd.api.courses() == []


def _tar(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        good = tarfile.TarInfo("good.txt")
        tar.addfile(good)
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = kind, link
        tar.addfile(entry)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "archive",
    [
        b"",
        b"noise",
        _tar("../outside.txt"),
        _tar("/tmp/lehrwerk-outside.txt"),
        _tar("link", tarfile.SYMTYPE, "/etc/passwd"),
        _tar("good.txt"),
    ],
    ids=["empty", "noise", "upwards", "absolute", "link", "twice"],
)
def test_a_release_is_opened_without_trust(odd, tmp_path, monkeypatch, archive):
    odd.body = archive
    monkeypatch.setenv("LEHRWERK_EXCHANGE_URL", odd.url)
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "the-token")
    part = ExchangeFetchAssignment(
        coursedir=CourseDirectory(course_id="nord--x", assignment_id="y"),
        config=Config({"Exchange": {"assignment_dir": str(tmp_path / "home")}}),
    )
    with pytest.raises(ExchangeFailure) as told:
        part.start()
    assert told.value.code == "bad-release"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_appears_meanwhile_is_left_alone(tmp_path):
    folder = tmp_path / "course" / "unit"
    folder.mkdir(parents=True)
    (folder / "mine.txt").write_text("mine")
    assert not place({"mine.txt": b"theirs"}, folder)
    assert {path: path.read_text() for path in (tmp_path / "course").rglob("*.txt")} == {folder / "mine.txt": "mine"}
    assert place({"a/b.txt": b"x"}, Path(tmp_path / "course" / "other"))
    assert sorted(path.name for path in (tmp_path / "course").iterdir()) == ["other", "unit"]
