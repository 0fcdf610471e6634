"""nbgrader's own commands and buttons against a served exchange."""

from __future__ import annotations

import gzip
import io
import json
import logging
import os
import socket
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeError, ExchangeFactory
from traitlets.config import Config

from grader.course.archives import read
from grader.exchange.client import exchange_config
from grader.exchange.client.assignments import Assignments
from grader.safe_id import safe_id
from tests.notebooks import given, notebook
from tests.service.exchange_room import COURSE, RELEASE, UNIT, Campus, campus, member, publish, released, tar_of
from tests.service.portal_room import BUNDLE, OTHER, SETTINGS, archive_of

LOG = logging.getLogger("tests.exchange")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[Campus]:
    with campus(tmp_path) as opened:
        opened.sit_down(monkeypatch)
        caplog.set_level(logging.INFO, logger=LOG.name)
        monkeypatch.chdir(opened.home)
        yield opened


@pytest.fixture
def buttons(here: Campus) -> Assignments:
    return Assignments(here.home, log=LOG)


def nbgrader(here: Campus, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=here.home,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def part(name: str, course: str = COURSE, assignment: str = UNIT, student: str = "*", **traits: object):
    """One of nbgrader's exchange classes, as its factory makes it."""
    config = Config()
    exchange_config(config)
    directory = CourseDirectory(config=config, course_id=course, assignment_id=assignment, student_id=student)
    made = getattr(ExchangeFactory(config=config), name)(
        coursedir=directory, authenticator=Authenticator(config=config), config=config, log=LOG
    )
    for key, value in traits.items():
        setattr(made, key, value)
    return made


def test_a_learner_fetches_submits_and_reads_feedback_by_nbgraders_commands(here):
    told = nbgrader(here, "fetch_assignment", UNIT, "--course", COURSE)
    assert told.returncode == 0, told.stderr
    folder = here.home / COURSE / UNIT
    assert sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()) == [
        "checks.py",
        "data/x.csv",
        f"{UNIT}.ipynb",
    ]
    mine = notebook(given("print('mine')"))
    (folder / f"{UNIT}.ipynb").write_bytes(mine)

    told = nbgrader(here, "submit", UNIT, "--course", COURSE)
    assert told.returncode == 0, told.stderr
    (submission,) = here.room.store.submissions()
    assert "It is marked next." in told.stderr
    assert f"{submission.received_at.astimezone():%Y-%m-%d %H:%M:%S}" in told.stderr
    assert read(here.room.store.archive(submission.id), SETTINGS.limits)[f"{UNIT}.ipynb"] == mine

    told = nbgrader(here, "list", "--cached", "--course", COURSE)
    assert "learner-nord" in told.stderr
    assert "no feedback yet" in told.stderr

    here.room.grade(submission.id)
    told = nbgrader(here, "fetch_feedback", UNIT, "--course", COURSE, LEHRWERK_LANG="de")
    assert told.returncode == 0, told.stderr
    (page,) = (folder / "feedback").rglob("*.html")
    assert page.read_text() == f"<p>{submission.id}</p>"
    assert "Rückmeldung liegt in" in told.stderr


def test_a_failed_command_says_a_sentence_and_no_stack_trace(here):
    told = nbgrader(here, "submit", UNIT, "--course", COURSE, LEHRWERK_LANG="de")
    assert told.returncode == 1
    assert "Hole zuerst die Aufgabe." in told.stderr
    assert "Traceback" not in told.stderr


def test_the_release_comes_in_the_learners_language(here, buttons, monkeypatch):
    monkeypatch.setenv("LEHRWERK_LANG", "de")
    assert buttons.fetch_assignment(COURSE, UNIT)["success"]
    assert (here.home / COURSE / UNIT / f"{UNIT}.ipynb").read_bytes() == released("Hallo")


def test_what_is_never_shipped_is_not_in_the_folder(here, buttons):
    buttons.fetch_assignment(COURSE, UNIT)
    assert not list(here.home.rglob("exam.py"))
    assert {p.name for p in here.home.iterdir()} == {COURSE}


def test_the_list_has_what_nbgraders_pages_read(here, buttons):
    (released_one, other) = buttons.list_assignments(course_id=COURSE)["value"]
    assert released_one == {
        "course_id": COURSE,
        "assignment_id": UNIT,
        "student_id": "*",
        "status": "released",
        "path": f"{COURSE}/{UNIT}",
        "notebooks": [{"notebook_id": UNIT, "path": f"{UNIT}.ipynb"}],
    }
    assert (other["assignment_id"], other["status"]) == ("port-to-cupy", "released")

    buttons.fetch_assignment(COURSE, UNIT)
    fetched = buttons.list_released_assignments(COURSE)["value"][0]
    assert fetched["status"] == "fetched"
    assert fetched["path"] == f"{COURSE}/{UNIT}"
    assert fetched["notebooks"] == [{"notebook_id": UNIT, "path": f"{COURSE}/{UNIT}/{UNIT}.ipynb"}]

    buttons.submit_assignment(COURSE, UNIT)
    (submission,) = here.room.store.submissions()
    (group,) = buttons.list_submitted_assignments(COURSE)["value"]
    assert {key: group[key] for key in ("course_id", "assignment_id", "student_id", "status")} == {
        "course_id": COURSE,
        "assignment_id": UNIT,
        "student_id": "learner-nord",
        "status": "submitted",
    }
    (one,) = group["submissions"]
    assert one["timestamp"] == f"{submission.received_at:%Y-%m-%d %H:%M:%S.%f} UTC"
    assert (one["has_local_feedback"], one["has_exchange_feedback"], one["local_feedback_path"]) == (False, False, None)
    json.dumps(buttons.list_assignments(COURSE))


def test_feedback_is_offered_fetched_and_offered_again_when_it_changed(here, buttons, monkeypatch):
    buttons.fetch_assignment(COURSE, UNIT)
    buttons.submit_assignment(COURSE, UNIT)
    (submission,) = here.room.store.submissions()
    here.room.grade(submission.id)

    def seen() -> dict:
        return buttons.list_submitted_assignments(COURSE)["value"][0]["submissions"][0]

    assert (seen()["has_exchange_feedback"], seen()["has_local_feedback"]) == (True, False)
    assert buttons.fetch_feedback(COURSE, UNIT)["success"]
    one = seen()
    assert (one["has_local_feedback"], one["feedback_updated"]) == (True, False)
    assert one["local_feedback_path"] == f"{COURSE}/{UNIT}/feedback/{one['timestamp']}"
    (here.home / one["local_feedback_path"] / f"{UNIT}.html").write_text("as it was before a person marked it")
    assert seen()["feedback_updated"]
    buttons.fetch_feedback(COURSE, UNIT)
    assert not seen()["feedback_updated"]


def test_the_same_submission_sent_twice_is_one(here, buttons, caplog):
    buttons.fetch_assignment(COURSE, UNIT)
    first, second = part("Submit"), part("Submit")
    first.start()
    os.utime(here.home / COURSE / UNIT / "checks.py", (0, 0))
    second.start()
    assert (first.receipt.new, second.receipt.new) == (True, False)
    assert first.receipt.id == second.receipt.id
    assert len(here.room.store.submissions()) == 1
    assert "it counts once" in caplog.text
    (here.home / COURSE / UNIT / "checks.py").write_text("changed")
    part("Submit").start()
    assert len(here.room.store.submissions()) == 2


def test_a_receipt_tells_the_place_in_the_queue(here, buttons, caplog):
    here.room.submit("learner2-nord")
    buttons.fetch_assignment(COURSE, UNIT)
    buttons.submit_assignment(COURSE, UNIT)
    assert "Waiting before it: 1." in caplog.text


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "The deadline was 2020-01-01 12:00 (UTC+01:00), and later submissions are not taken."),
        ("de", "Die Frist war der 01.01.2020, 12:00 Uhr (UTC+01:00); spätere Abgaben werden nicht angenommen."),
    ],
)
def test_a_late_submission_is_refused_in_a_sentence(here, buttons, monkeypatch, language, sentence):
    publish(here.room, deadline="2020-01-01T12:00:00+01:00")
    monkeypatch.setenv("LEHRWERK_LANG", language)
    buttons.fetch_assignment(COURSE, UNIT)
    answer = buttons.submit_assignment(COURSE, UNIT)
    assert not answer["success"]
    assert sentence in answer["value"]
    assert here.room.store.submissions() == []


def test_what_was_taken_in_time_may_be_sent_again_after_the_deadline(here, buttons):
    buttons.fetch_assignment(COURSE, UNIT)
    assert buttons.submit_assignment(COURSE, UNIT)["success"]
    publish(here.room, deadline="2020-01-01T12:00:00+01:00")
    assert buttons.submit_assignment(COURSE, UNIT)["success"]
    (one,) = here.room.store.submissions()
    assert not one.late


def test_a_unit_may_take_late_submissions_and_then_calls_them_late(here, buttons, caplog, monkeypatch):
    publish(here.room, deadline="2020-01-01T12:00:00+01:00", late="accept")
    monkeypatch.setenv("LEHRWERK_LANG", "de")
    buttons.fetch_assignment(COURSE, UNIT)
    assert buttons.submit_assignment(COURSE, UNIT)["success"]
    assert here.room.store.submissions()[0].late
    assert "als verspätet vermerkt" in caplog.text
    assert buttons.list_submitted_assignments(COURSE)["value"][0]["submissions"][0]["late"]


def test_a_learners_files_are_never_overwritten(here, buttons):
    buttons.fetch_assignment(COURSE, UNIT)
    folder = here.home / COURSE / UNIT
    (folder / "checks.py").write_text("mine")
    again = buttons.fetch_assignment(COURSE, UNIT)
    assert again == {
        "success": False,
        "value": f"You have this assignment already, in {COURSE}/{UNIT}. Rename that folder to begin anew.",
    }
    (folder / "data" / "x.csv").unlink()
    part("FetchAssignment", replace_missing_files=True).start()
    assert (folder / "checks.py").read_text() == "mine"
    assert (folder / "data" / "x.csv").read_bytes() == b"1,2\n"


def test_a_failed_fetch_is_told_where_nbgrader_would_only_list_again(here, buttons):
    buttons.fetch_assignment(COURSE, UNIT)
    assert not buttons.fetch_assignment(COURSE, UNIT)["success"]
    assert "already" in buttons.list_assignments(COURSE)["value"]
    assert buttons.list_assignments(COURSE)["success"]


def test_hidden_files_checkpoints_feedback_and_links_stay_at_home(here, buttons, tmp_path, caplog):
    buttons.fetch_assignment(COURSE, UNIT)
    folder = here.home / COURSE / UNIT
    for name in (".secret", ".ipynb_checkpoints/x.ipynb", "__pycache__/x.pyc", "feedback/now/x.html", "data/.hidden"):
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text("private")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "diary.txt").write_text("private")
    (folder / "link.txt").symlink_to(tmp_path / "outside" / "diary.txt")
    (folder / "linked").symlink_to(tmp_path / "outside")
    os.mkfifo(folder / "pipe")
    assert buttons.submit_assignment(COURSE, UNIT)["success"]
    (submission,) = here.room.store.submissions()
    files = read(here.room.store.archive(submission.id), SETTINGS.limits)
    assert sorted(files) == ["checks.py", "data/x.csv", f"{UNIT}.ipynb"]
    for name in ("link.txt", "linked", "pipe"):
        assert f"{name} is not sent" in caplog.text


def test_a_missing_notebook_is_warned_of_or_refused(here, buttons, caplog):
    buttons.fetch_assignment(COURSE, UNIT)
    folder = here.home / COURSE / UNIT
    (folder / f"{UNIT}.ipynb").rename(folder / "renamed.ipynb")
    with pytest.raises(ExchangeError, match=f"{UNIT}.ipynb is missing"):
        part("Submit", strict=True).start()
    assert here.room.store.submissions() == []
    # One notebook wanted, one notebook there: the exchange takes it under its new name.
    part("Submit").start()
    assert f"Missing: {UNIT}.ipynb" in caplog.text
    assert "Not part of the assignment: renamed.ipynb" in caplog.text


@pytest.mark.parametrize("language", ["de", "en"])
def test_refusals_reach_the_learner_in_their_language(here, buttons, monkeypatch, language):
    monkeypatch.setenv("LEHRWERK_LANG", language)
    buttons.fetch_assignment(COURSE, UNIT)
    before = here.everything()
    folder = here.home / COURSE / UNIT
    told = {}

    (folder / f"{UNIT}.ipynb").write_text("not JSON")
    told["not-json"] = buttons.submit_assignment(COURSE, UNIT)
    (folder / f"{UNIT}.ipynb").write_text('{"nbformat": 4}')
    told["not-a-notebook"] = buttons.submit_assignment(COURSE, UNIT)
    (folder / f"{UNIT}.ipynb").write_bytes(RELEASE[f"release/en/{UNIT}/{UNIT}.ipynb"])
    (folder / "noise.bin").write_bytes(os.urandom(21_000_000))
    told["too-large"] = buttons.submit_assignment(COURSE, UNIT)
    (folder / "noise.bin").unlink()
    for number in range(1001):
        (folder / f"{number}.txt").touch()
    told["too-many"] = buttons.submit_assignment(COURSE, UNIT)
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "guest-nord")
    told["not-enrolled"] = buttons.submit_assignment(COURSE, UNIT)
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "learner-sued")
    told["other-tenant"] = buttons.submit_assignment(COURSE, UNIT)
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "nobody")
    told["unknown-token"] = buttons.submit_assignment(COURSE, UNIT)

    expected = {
        "not-json": {"en": "is not a notebook that can be read", "de": "ist kein lesbares Notebook"},
        "not-a-notebook": {"en": "is not a notebook that can be read", "de": "ist kein lesbares Notebook"},
        "too-large": {
            "en": "larger than 20,000,000 bytes. Remove large files and outputs, and submit again. "
            "The largest file is noise.bin with 21,000,000 bytes.",
            "de": "größer als 20.000.000 Byte. Entferne große Dateien und Ausgaben und gib noch einmal ab. "
            "Die größte Datei ist noise.bin mit 21.000.000 Byte.",
        },
        "too-many": {"en": "more than 1000 files", "de": "mehr als 1000 Dateien"},
        "not-enrolled": {"en": "You are not enrolled", "de": "nicht eingeschrieben"},
        "other-tenant": {"en": "There is no course", "de": "Es gibt keinen Kurs"},
        "unknown-token": {"en": "Stop your server and start it again", "de": "Beende deinen Server und starte ihn neu"},
    }
    for what, answer in told.items():
        assert answer["success"] is False, what
        assert expected[what][language] in answer["value"], what
        assert "Traceback" not in answer["value"]
        assert len(answer["value"].splitlines()) == 1
    assert here.everything() == before


@pytest.mark.parametrize("language", ["de", "en"])
def test_an_exchange_that_is_away_is_said_and_loses_nothing(here, buttons, monkeypatch, language):
    monkeypatch.setenv("LEHRWERK_LANG", language)
    buttons.fetch_assignment(COURSE, UNIT)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("LEHRWERK_EXCHANGE_URL", f"http://127.0.0.1:{taken.getsockname()[1]}/api")
        answers = [
            buttons.submit_assignment(COURSE, UNIT),
            buttons.list_assignments(COURSE),
            buttons.list_courses(),
        ]
    sentence = {"en": "The exchange does not answer.", "de": "Die Abgabestelle antwortet nicht."}[language]
    assert [answer["value"].startswith(sentence) for answer in answers] == [True] * 3
    assert (here.home / COURSE / UNIT / f"{UNIT}.ipynb").exists()


def test_another_kind_of_server_at_the_exchanges_place_is_not_understood(here, buttons, monkeypatch):
    # The portal's pages answer with HTML, some of them with a redirect.
    monkeypatch.setenv("LEHRWERK_EXCHANGE_URL", here.url.removesuffix("/api"))
    answer = buttons.list_courses()
    assert answer["success"] is False
    assert "not understood" in answer["value"]
    monkeypatch.delenv("LEHRWERK_EXCHANGE_URL")
    assert "not connected to the exchange" in buttons.list_courses()["value"]


def test_courses_are_the_persons_own(here, buttons, monkeypatch):
    assert buttons.list_courses() == {"success": True, "value": [COURSE]}
    assert buttons.list_assignments("sued--first-kernels") == {"success": True, "value": []}
    config = Config()
    exchange_config(config)
    authenticator = Authenticator(config=config)
    assert authenticator.has_access("*", COURSE)
    assert authenticator.has_access("learner-nord", COURSE)
    assert not authenticator.has_access("learner-nord", OTHER)
    assert not authenticator.has_access("learner2-nord", COURSE)


def test_nobody_acts_for_somebody_else(here, buttons):
    buttons.fetch_assignment(COURSE, UNIT)
    for name in ("Submit", "FetchFeedback", "FetchAssignment"):
        with pytest.raises(ExchangeError, match="cannot act for learner2-nord"):
            part(name, student="learner2-nord").start()
    with pytest.raises(ExchangeError, match="Only graders"):
        part("List", inbound=True).start()
    assert here.room.store.submissions() == []


@pytest.mark.parametrize("name", ["..", "../../etc", "/etc", "a/b", ".hidden", "a\0b"])
def test_names_lead_nowhere_else(here, buttons, name):
    for answer in (
        buttons.fetch_assignment(COURSE, name),
        buttons.fetch_assignment(name, UNIT),
        buttons.submit_assignment(COURSE, name),
        buttons.submit_assignment(name, UNIT),
    ):
        assert answer["success"] is False
        assert "Traceback" not in answer["value"]
    assert list(here.home.iterdir()) == []


@pytest.mark.parametrize(("files", "sentence"), [({}, "holds no files yet"), (None, "cannot be")])
def test_a_release_that_cannot_be_placed_leaves_nothing(here, buttons, files, sentence):
    publish(here.room, files=files)
    if files is None:
        (here.home / COURSE).write_text("a file where the folder belongs")
    answer = buttons.fetch_assignment(COURSE, UNIT)
    assert answer["success"] is False
    assert sentence in answer["value"]
    assert [p for p in here.home.rglob("*") if p.name != COURSE] == []


def test_a_grader_collects_into_nbgraders_folders(here, buttons, monkeypatch, tmp_path):
    mine = here.room.submit("learner-nord")
    here.room.submit("learner2-nord")
    here.sit_down(monkeypatch, "grader-nord")
    (tmp_path / "marking").mkdir()
    monkeypatch.chdir(tmp_path / "marking")
    part("Collect").start()
    folder = tmp_path / "marking" / "submitted" / "learner-nord" / UNIT
    assert (folder / "helper.py").read_bytes() == b"WIDTH = 256\n"
    stamp = f"{here.room.store.submission(mine).received_at:%Y-%m-%d %H:%M:%S.%f} UTC"
    assert (folder / "timestamp.txt").read_text() == stamp
    assert sorted(p.name for p in (tmp_path / "marking" / "submitted").iterdir()) == ["learner-nord", "learner2-nord"]

    newer = here.room.submit("learner-nord")
    part("Collect").start()
    assert (folder / "timestamp.txt").read_text() == stamp
    part("Collect", update=True).start()
    assert (folder / "timestamp.txt").read_text() != stamp
    listed = part("List", inbound=True).start()
    assert [(group["student_id"], len(group["submissions"])) for group in listed] == [
        ("learner-nord", 1),
        ("learner2-nord", 1),
    ]
    assert listed[0]["submissions"][0]["submission_id"] == newer


def test_people_whose_names_are_no_folders_names_are_collected_beside_each_other(here, monkeypatch, tmp_path):
    people = ["..", "../../learner-nord", "anna/unit", "Änne", "A\u0308nne"]
    for person in people:
        here.room.submit(person)
    here.sit_down(monkeypatch, "grader-nord")
    (tmp_path / "in" / "marking").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "in" / "marking")
    part("Collect").start()
    folders = {path.parent.parent for path in (tmp_path / "in").rglob("timestamp.txt")}
    assert folders == {tmp_path / "in" / "marking" / "submitted" / safe_id(person) for person in people}
    assert len(folders) == len(people)


def test_releasing_is_publishing(here, caplog):
    with pytest.raises(ExchangeError, match="lehrwerk course publish"):
        part("ReleaseAssignment").start()
    part("ReleaseFeedback").start()
    assert "nothing is left to release" in caplog.text
    with pytest.raises(ExchangeError, match="withdrawn on its own page"):
        part("List", remove=True).start()


# -- What no button sends: the exchange itself, at its door.


def repeated(part_: bytes, times: int) -> bytes:
    """A gzip stream that expands to `part_` so many times, made quickly."""
    return gzip.compress(part_, 1) * times


def zip_of(name: str, content: bytes, mode: int = 0o100644) -> bytes:
    buffer = io.BytesIO()
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(info, content)
    return buffer.getvalue()


GOOD = RELEASE[f"release/en/{UNIT}/{UNIT}.ipynb"]
EMPTY_ENTRIES = tar_of(*(member(f"{number}.txt") for number in range(1000)), compress=False)[: 1000 * 512]

BAD: dict[str, tuple[Callable[[], bytes], int, str]] = {
    "empty": (lambda: b"", 400, "not-an-archive"),
    "noise": (lambda: b"no archive at all", 400, "not-an-archive"),
    "cut short": (lambda: archive_of({f"{UNIT}.ipynb": GOOD})[:-20], 400, "not-an-archive"),
    "a zip that is none": (lambda: b"PK\x03\x04" + bytes(100), 400, "not-an-archive"),
    "no notebook": (lambda: archive_of({"notes.txt": b""}), 400, "no-notebook"),
    "another notebook and one more": (
        lambda: archive_of({"a.ipynb": GOOD, "b.ipynb": GOOD}),
        400,
        "no-notebook",
    ),
    "not JSON": (lambda: archive_of({f"{UNIT}.ipynb": b"print('hello')"}), 400, "not-a-notebook"),
    "JSON, but deep": (lambda: archive_of({f"{UNIT}.ipynb": b"[" * 100_000}), 400, "not-a-notebook"),
    "not UTF-8": (lambda: archive_of({f"{UNIT}.ipynb": b"\xff\xfe\x00"}), 400, "not-a-notebook"),
    "not a notebook": (lambda: archive_of({f"{UNIT}.ipynb": b'{"nbformat": 4, "cells": 7}'}), 400, "not-a-notebook"),
    "an old notebook": (
        lambda: archive_of({f"{UNIT}.ipynb": b'{"nbformat": 3, "worksheets": []}'}),
        400,
        "not-a-notebook",
    ),
    "a second notebook that is none": (
        lambda: archive_of({f"{UNIT}.ipynb": GOOD, "extra.ipynb": b"x"}),
        400,
        "not-a-notebook",
    ),
    "upwards": (lambda: archive_of({f"{UNIT}.ipynb": GOOD, "../outside.txt": b"x"}), 400, "bad-name"),
    "upwards, inside": (lambda: archive_of({f"{UNIT}.ipynb": GOOD, "a/../../outside.txt": b"x"}), 400, "bad-name"),
    "upwards, a folder": (lambda: tar_of(member("../outside", type=tarfile.DIRTYPE)), 400, "bad-name"),
    "upwards, in a zip": (lambda: zip_of("../outside.txt", b"x"), 400, "bad-name"),
    "absolute": (lambda: archive_of({f"{UNIT}.ipynb": GOOD, "/tmp/outside.txt": b"x"}), 400, "bad-name"),
    "backslashes": (lambda: archive_of({f"{UNIT}.ipynb": GOOD, "..\\outside.txt": b"x"}), 400, "bad-name"),
    "symbolic link": (lambda: tar_of(member("l", type=tarfile.SYMTYPE, linkname="/etc/passwd")), 400, "not-a-file"),
    "hard link": (lambda: tar_of(member("l", type=tarfile.LNKTYPE, linkname="/etc/passwd")), 400, "not-a-file"),
    "link in a zip": (lambda: zip_of("l", b"/etc/passwd", 0o120777), 400, "not-a-file"),
    "device": (lambda: tar_of(member("d", type=tarfile.CHRTYPE, devmajor=1, devminor=5)), 400, "not-a-file"),
    "pipe": (lambda: tar_of(member("p", type=tarfile.FIFOTYPE)), 400, "not-a-file"),
    "twice the same name": (
        lambda: tar_of(member(f"{UNIT}.ipynb", size=1), member(f"{UNIT}.ipynb", size=2)),
        400,
        "double-name",
    ),
    "a file and a folder of one name": (
        lambda: archive_of({f"{UNIT}.ipynb": GOOD, "a": b"", "a/b": b""}),
        400,
        "double-name",
    ),
    "a name too long for a disk": (lambda: archive_of({f"{UNIT}.ipynb": GOOD, "ü" * 130: b""}), 400, "bad-name"),
    "a name with a line break": (lambda: archive_of({f"{UNIT}.ipynb": GOOD, "a\nb": b""}), 400, "bad-name"),
    "a name that is not UTF-8": (lambda: archive_of({f"{UNIT}.ipynb": GOOD, "a\udcff": b""}), 400, "bad-name"),
    "a link's name that is not UTF-8": (lambda: tar_of(member("l\udcff", type=tarfile.SYMTYPE)), 400, "bad-name"),
    "half a character": (
        lambda: archive_of({f"{UNIT}.ipynb": GOOD.replace(b"Hello", b"\\ud800")}),
        400,
        "not-a-notebook",
    ),
    "half a character, as bytes": (
        lambda: archive_of({f"{UNIT}.ipynb": GOOD.replace(b"Hello", b"\xed\xa0\x80")}),
        400,
        "not-a-notebook",
    ),
    "files that are together more than an exam takes": (
        lambda: archive_of({f"{UNIT}.ipynb": GOOD, "a": bytes(10_000_000), "b": bytes(10_000_000)}),
        413,
        "too-large",
    ),
    "too many files": (lambda: archive_of({f"{number}.txt": b"" for number in range(1001)}), 413, "too-many-files"),
    "a million entries": (lambda: repeated(EMPTY_ENTRIES, 1000), 413, "too-large"),
    "a thousandfold expansion": (lambda: repeated(bytes(1_000_000), 1000), 413, "too-large"),
    "a file that grows": (lambda: zip_of("zeros", bytes(60_000_000)), 413, "too-large"),
    "too large as sent": (lambda: os.urandom(20_000_001), 413, "too-large"),
}


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campus]:
    """An exchange at which nothing is ever accepted."""
    with campus(tmp_path_factory.mktemp("door")) as opened:
        yield opened


def send(
    here: Campus, archive: bytes, person: str = "learner-nord", course: str = COURSE, unit: str = UNIT
) -> httpx.Response:
    return httpx.post(
        f"{here.url}/courses/{course}/assignments/{unit}/submissions",
        content=archive,
        headers={"Authorization": f"token {person}"},
        timeout=60,
    )


def is_refused(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status
    error = answer.json()["error"]
    assert error["code"] == code
    message = error["message"]
    assert set(message) == {"de", "en"}
    assert message["de"] != message["en"]
    for sentence in message.values():
        assert sentence.endswith(".")
        assert "Traceback" not in sentence
        assert "Error" not in sentence


@pytest.mark.parametrize("what", BAD)
def test_a_bad_archive_is_refused_whole(door, what):
    make, status, code = BAD[what]
    before = door.everything()
    is_refused(send(door, make()), status, code)
    assert door.everything() == before


def test_a_character_outside_the_plane_is_a_character(here):
    """A pair of halves in JSON; named beside the refusals of a lone one."""
    whole = GOOD.replace(b"Hello", b"\\ud83d\\ude00")
    assert whole != GOOD
    assert send(here, archive_of({f"{UNIT}.ipynb": whole})).status_code == 201


def test_attempts_and_pauses_are_told_at_the_door(here):
    bundle = deepcopy(BUNDLE)
    bundle["units"][0] |= {"attempts": 2}
    bundle["units"][1] |= {"cooldown_minutes": 60}
    here.room.store.publish(COURSE, bundle, b"", "c" * 64, "instructor-nord")

    def work(text: str, unit: str = UNIT) -> httpx.Response:
        archive = archive_of({f"{unit}.ipynb": GOOD.replace(b"Hello", text.encode())})
        return send(here, archive, person="learner2-nord", unit=unit)

    assert [work("one").status_code, work("two").status_code, work("two").status_code] == [201, 201, 200]
    is_refused(work("three"), 409, "no-attempts-left")
    given = {"until": None, "attempts": 1, "deadline": None, "who": "instructor-nord", "why": "ill"}
    here.room.store.extend(COURSE, UNIT, "learner2-nord", **given)
    assert work("three").status_code == 201
    assert work("one", "port-to-cupy").status_code == 201
    is_refused(work("two", "port-to-cupy"), 429, "too-soon")


def test_a_deadline_of_ones_own_is_kept(here):
    publish(here.room, deadline="2026-01-01T12:00:00+00:00")
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    given = {"until": tomorrow, "attempts": 0, "deadline": None, "who": "instructor-nord", "why": "ill"}
    here.room.store.extend(COURSE, UNIT, "learner-nord", **given)
    archive = archive_of({f"{UNIT}.ipynb": GOOD, "x": b""})
    taken = send(here, archive, person="learner-nord")
    assert (taken.status_code, taken.json()["late"]) == (201, False)
    is_refused(send(here, archive, person="learner2-nord"), 403, "late")


@pytest.mark.parametrize(
    ("person", "course", "unit", "status", "code"),
    [
        ("learner-nord", "nord--no-such-course", UNIT, 404, "unknown-course"),
        ("learner-nord", OTHER, UNIT, 404, "unknown-course"),
        ("learner-nord", COURSE, "no-such-unit", 404, "unknown-assignment"),
        ("guest-nord", COURSE, UNIT, 403, "not-enrolled"),
        ("nobody", COURSE, UNIT, 401, "unauthorized"),
    ],
)
def test_who_may_not_submit_is_told_so(door, person, course, unit, status, code):
    before = door.everything()
    is_refused(send(door, archive_of({f"{UNIT}.ipynb": GOOD}), person, course, unit), status, code)
    assert door.everything() == before


def test_nobody_reads_what_somebody_else_sent(here):
    sent = send(here, archive_of({f"{UNIT}.ipynb": GOOD}))
    assert sent.status_code == 201
    here.room.grade(sent.json()["id"])
    for end in ("", "/archive", "/verdict", "/feedback"):
        path = f"{here.url}/submissions/{sent.json()['id']}{end}"
        answers = {
            person: httpx.get(path, headers={"Authorization": f"token {person}"}).status_code
            for person in ("learner-nord", "grader-nord", "learner2-nord", "learner-sued", "grader-sued", "guest-nord")
        }
        assert answers == {
            "learner-nord": 200,
            "grader-nord": 200,
            "learner2-nord": 404,
            "learner-sued": 404,
            "grader-sued": 404,
            "guest-nord": 404,
        }
