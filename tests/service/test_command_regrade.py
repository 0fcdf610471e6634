"""`lehrwerk regrade` and `lehrwerk extend` on an installation: what they print, write and answer."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

from campus.publish import open_registrar, open_store, publish
from campus.settings import Settings, load
from grader.course.archives import pack_files
from grader.course.build import answered, notebook, released
from grader.course.reader import read
from grader.dispatch.exams import Exams
from grader.dispatch.worker import Worker
from grader.exam.room import ExamRoom
from grader.store import Store
from tests.courses import MODEL, small_course

COURSE = "nord--small"
SETTINGS = "data: data\ntenants: [{id: nord, name: {en: North}, courses: [{id: small}]}]\nexam: {device: emulated}\n"


@dataclass
class Here:
    """An installation with one published course."""

    settings: Settings
    file: Path
    course: Path
    store: Store

    def lehrwerk(self, *arguments: object) -> tuple[int, str]:
        """(exit code, what it printed)"""
        done = subprocess.run(
            [sys.executable, "-m", "campus", *map(str, arguments), "--settings", str(self.file)],
            capture_output=True,
            text=True,
            env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "COLUMNS": "200", "LOGNAME": "ines"},
        )
        return done.returncode, done.stdout + done.stderr

    def hand_in(self, person: str, code: str) -> str:
        unit = read(self.course).units[0]
        content = nbformat.writes(answered(released(notebook(unit, "en")), {"double": code})).encode()
        return self.store.receive(COURSE, "double", person, pack_files({"double.ipynb": content})).id

    def replace(self, old: str, new: str) -> None:
        """Change the unit and publish it."""
        file = self.course / "units" / "double" / "unit.en.py"
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")
        publish(self.settings, self.course, "nord", by="test")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    """One for all tests, which differ in what they hand in: publishing takes seconds."""
    folder = tmp_path_factory.mktemp("here")
    file = folder / "lehrwerk.yaml"
    file.write_text(SETTINGS, encoding="utf-8")
    settings = load(file)
    (settings.data / "exam").mkdir(parents=True)
    store = open_store(settings)
    store.migrate()
    (folder / "small").mkdir()
    course = small_course(folder / "small")
    publish(settings, course, "nord", by="test")
    yield Here(settings, file, course, store)
    store.close()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["regrade"], "say COURSE_ID and ASSIGNMENT"),
        (["regrade", "nord--other", "double"], "there is no course nord--other"),
        (["regrade", COURSE, "triple"], "it has: double"),
        (["regrade", "--replay", "0123"], "there is no submission 0123"),
        (["extend", COURSE, "double", "anna"], "say --until TIME"),
        (["extend", COURSE, "double", "anna", "--until", "tomorrow"], "write it as 2026-05-31T18:00+02:00"),
        (["extend", COURSE, "double", "anna", "--until", "2030-01-01T12:00+00:00"], "has no deadline"),
        (["extend", COURSE, "triple", "anna", "--attempts", "1"], "it has: double"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(here: Here, arguments: list[str], words: str) -> None:
    code, text = here.lehrwerk(*arguments)
    assert (code, words in text) == (2, True), text


def test_regrading_by_command(here: Here, room: ExamRoom) -> None:
    registrar = open_registrar(here.settings, here.store)
    worker = Worker("w", here.store, registrar, Exams(here.store, room, here.settings.data / "exam" / "versions"), 60)
    loser, winner = here.hand_in("anna", MODEL), here.hand_in("berta", "def double(x):\n    return x + 21")
    while worker.once():
        pass
    code, text = here.lehrwerk("regrade", "--replay", loser)
    assert code == 0, text
    assert "the same verdict" in text
    assert "exam_seconds" in text
    here.replace("assert double(1) == 2\n", "assert double(1) in (2, 22)\n")
    here.replace("assert double(21) == 42\n", "assert double(2) == 23\n")
    code, text = here.lehrwerk("regrade", COURSE, "double")
    assert code == 0, text
    assert text.splitlines()[-1] == "2 would be regraded: 1 gain, 1 lose"
    assert [line.split()[1::2] for line in text.splitlines() if "anna" in line] == [["anna", "4", "0", "-4"]]
    assert here.store.earlier_verdicts(winner) == []
    code, text = here.lehrwerk("regrade", COURSE, "double", "--apply")
    assert (code, "--reason" in text) == (2, True)
    code, text = here.lehrwerk("regrade", COURSE, "double", "--apply", "--reason", "the test was wrong")
    assert text.splitlines()[-1] == "2 regraded: 1 gain, 1 lose"
    assert "regraded: the test was wrong" in [event.why for event in here.store.log(winner)]
    assert [registrar.grade_of(COURSE, "double", person).score for person in ("anna", "berta")] == [0, 4]  # type: ignore[union-attr]
    code, text = here.lehrwerk("regrade", COURSE, "double", "--apply", "--reason", "again")
    assert text.splitlines()[-1] == "0 regraded: 0 gain, 0 lose"
    registrar.close()


def test_more_time_by_command(here: Here) -> None:
    manifest = here.course / "course.yaml"
    manifest.write_text(manifest.read_text() + "    deadline: 2026-01-01T12:00:00+00:00\n")
    publish(here.settings, here.course, "nord", by="test")
    code, text = here.lehrwerk("extend", COURSE, "double", "anna", "--until", "2030-01-01T12:00+00:00", "--attempts", 2)
    assert code == 0, text
    assert "2 extra attempts" in text
    code, text = here.lehrwerk("extend", COURSE, "double", "anna", "--attempts", 3, "--reason", "was ill")
    assert code == 0, text
    granted = here.store.extension(COURSE, "double", "anna")
    assert granted is not None
    assert granted.until is not None
    assert (granted.until.isoformat(), granted.attempts) == ("2030-01-01T12:00:00+00:00", 3)
    assert (granted.who, granted.why) == ("command:ines", "was ill")
    code, text = here.lehrwerk("extend", COURSE, "double", "anna", "--until", "2025-12-31T12:00+00:00")
    assert (code, "not after the deadline" in text) == (2, True), text
