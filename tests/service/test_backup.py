"""Backup and restore: one point in time, whole or not at all, from and to either database."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from grader.dispatch.exams import Exams
from grader.dispatch.worker import Worker
from grader.exam.room import ExamRoom
from grader.records import Registrar
from grader.records import backup as module
from grader.records.backup import BackupError, backup, restore
from grader.records.convert import Converter
from grader.store import State, Store, Submission
from tests.service.test_dispatch import COURSE, Desk, converter, open_registrar, published  # noqa: F401

RIGHT, WRONG = "def double(x):\n    return 2 * x", "def double(x):\n    return 0"


@pytest.fixture
def new_database(request: pytest.FixtureRequest) -> Iterator[Callable[[str, Path], str]]:
    """(kind, data folder) -> the URL of an empty database."""
    made: list[tuple[Any, str]] = []

    def make(kind: str, data: Path) -> str:
        if kind == "sqlite":
            return f"sqlite:///{data / 'store.sqlite'}"
        server = request.getfixturevalue("postgres_url")
        name = f"t{os.urandom(6).hex()}"
        engine = create_engine(server.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        made.append((engine, name))
        return server.rpartition("/")[0] + f"/{name}"

    yield make
    for engine, name in made:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()


@dataclass
class House:
    """An installation: its data folder, its database, and a desk to work at."""

    data: Path
    url: str
    room: ExamRoom
    converter: Converter
    desks: list[Desk] = field(default_factory=list)

    def open(self) -> Desk:
        store = Store(self.url)
        store.migrate()
        registrar = open_registrar(store, self.data)
        registrar._converter = self.converter
        worker = Worker("w", store, registrar, Exams(store, self.room, self.data / "exam" / "versions"), 60)
        self.desks.append(Desk(store, registrar, worker))
        return self.desks[-1]

    def close(self) -> None:
        while self.desks:
            self.desks.pop().store.close()

    def destroy(self) -> None:
        self.close()
        shutil.rmtree(self.data)


@pytest.fixture
def house(
    tmp_path: Path,
    room: ExamRoom,
    converter: Converter,  # noqa: F811
    published: Path,  # noqa: F811
    new_database: Callable[[str, Path], str],
) -> Iterator[Callable[..., House]]:
    """(database kind, name of the data folder, with content) -> an installation."""
    built: list[House] = []

    def build(kind: str = "sqlite", name: str = "data", filled: bool = True) -> House:
        data = tmp_path / name
        made = House(data, new_database(kind, data), room, converter)
        built.append(made)
        if filled:
            fill(made, published)
        return made

    yield build
    for made in built:
        made.close()


def fill(house: House, course: Path) -> None:
    """A published course, people at the hub, secrets and a home."""
    shutil.copytree(course, house.data)
    if not house.url.startswith("sqlite"):
        origin = Store(f"sqlite:///{house.data / 'store.sqlite'}")
        version, bundle = origin.courses()[0], origin.bundle_tar("v1")
        origin.close()
        house.open().store.publish(COURSE, version.bundle, bundle, version.digest, version.published_by)
        (house.data / "store.sqlite").unlink()
    for folder in ("hub", "secrets", "homes/anna/work"):
        (house.data / folder).mkdir(parents=True)
    with closing(sqlite3.connect(house.data / "hub" / "jupyterhub.sqlite")) as hub:
        hub.execute("CREATE TABLE users (name TEXT)")
        hub.execute("CREATE TABLE spawners (server_id INTEGER, state TEXT)")
        hub.execute("INSERT INTO users VALUES ('anna')")
        hub.execute("""INSERT INTO spawners VALUES (3, '{"pid": 1}')""")
        hub.commit()
    (house.data / "secrets" / "runtime.json").write_text('{"portal_token": "t"}')
    (house.data / "secrets" / "runtime.json").chmod(0o600)
    (house.data / "homes" / "anna" / "work" / "unit.ipynb").write_bytes(b"anna's notes")


def mark_by_hand(desk: Desk, person: str, points: float) -> None:
    with desk.gradebook() as book:
        mark = book.find_grade("why", "unit", "unit", person)
        mark.manual_score, mark.needs_manual_grade = points, False
        book.db.commit()


def examine_again(desk: Desk, submission: Submission) -> float | None:
    """What the exam room says about a stored submission now."""
    return desk.worker.exams.verdict(submission).score


def score(desk: Desk, person: str) -> float:
    grade = desk.registrar.grade_of(COURSE, "unit", person)
    assert grade is not None
    return grade.score


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize(
    ("origin", "goal"),
    [("sqlite", "sqlite"), ("postgres", "postgres"), ("sqlite", "postgres"), ("postgres", "sqlite")],
)
def test_what_was_lost_is_marked_on_after_a_restore(
    origin: str, goal: str, house: Callable[..., House], tmp_path: Path
) -> None:
    old = house(origin)
    desk = old.open()
    graded = desk.hand_in(RIGHT, "anna")
    desk.worker.once()
    mark_by_hand(desk, "anna", 2.5)
    queued = desk.hand_in(WRONG, "bert")
    desk.store.set_language("anna", "de")
    log = desk.store.log()
    backup(old.data, old.url, tmp_path / "b.tar.gz")
    old.destroy()

    new = house(goal, "restored", filled=False)
    restore(tmp_path / "b.tar.gz", new.data, new.url)
    desk = new.open()
    assert desk.store.log() == log
    assert desk.store.submission(graded.id) is not None
    assert score(desk, "anna") == 6.5
    assert examine_again(desk, graded) == 4
    assert desk.store.language("anna") == "de"
    assert desk.worker.once()
    assert not desk.worker.once()
    assert [event.state.value for event in desk.store.log(queued.id)] == ["received", "queued", "running", "graded"]
    assert score(desk, "bert") == 0
    later = desk.hand_in(RIGHT, "carl")
    assert desk.store.log(later.id)[0].seq > log[-1].seq

    secret = new.data / "secrets" / "runtime.json"
    assert secret.read_text() == '{"portal_token": "t"}'
    assert [stat.S_IMODE(path.stat().st_mode) for path in (secret, secret.parent)] == [0o600, 0o700]
    for database in [*new.data.glob("*.sqlite"), *new.data.glob("*/*.sqlite")]:
        assert stat.S_IMODE(database.stat().st_mode) == 0o600
    assert (new.data / "homes" / "anna" / "work" / "unit.ipynb").read_bytes() == b"anna's notes"
    with closing(sqlite3.connect(new.data / "hub" / "jupyterhub.sqlite")) as hub:
        assert hub.execute("SELECT name FROM users").fetchall() == [("anna",)]
        # A notebook server of then is not taken for the process that has its number now.
        assert hub.execute("SELECT server_id, state FROM spawners").fetchall() == [(None, None)]


def test_only_its_owner_reads_an_archive_and_nothing_is_overwritten(
    house: Callable[..., House], tmp_path: Path
) -> None:
    here = house()
    target = tmp_path / "b.tar.gz"
    backup(here.data, here.url, target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with pytest.raises(BackupError, match="exists already"):
        backup(here.data, here.url, target)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.tar.gz", "data"]


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_verdict_on_its_way_is_recorded_after_the_restore(
    kind: str, house: Callable[..., House], tmp_path: Path
) -> None:
    old = house(kind)
    desk = old.open()
    submission = desk.hand_in(RIGHT)
    lease = desk.store.lease("doomed", 60)[0]
    desk.store.deliver(lease.token, desk.worker.exams.verdict(lease.submission).model_dump_json())
    backup(old.data, old.url, tmp_path / "b.tar.gz")
    old.destroy()
    new = house(kind, "restored", filled=False)
    restore(tmp_path / "b.tar.gz", new.data, new.url)
    desk = new.open()
    assert desk.registrar.grade_of(COURSE, "unit", "anna") is None
    desk.worker.record_all()
    assert score(desk, "anna") == 4
    found = desk.store.submission(submission.id)
    assert found is not None
    assert found.state == State.GRADED


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_nobody_writes_to_the_store_while_gradebooks_are_copied_and_all_may_read(
    kind: str, house: Callable[..., House], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = house(kind)
    desk = here.open()
    submission = desk.hand_in(RIGHT)
    asked = []
    real = module._take_gradebook

    def meanwhile(url: str, folder: Path) -> None:
        with desk.store.engine.connect() as other:
            if kind == "sqlite":
                other.exec_driver_sql("PRAGMA busy_timeout=0")
            else:
                other.execute(text("SET lock_timeout = '1ms'"))
            with pytest.raises(OperationalError):
                other.execute(text("UPDATE submission SET note = 'late'"))
            other.rollback()
            other.invalidate()
        asked.append(desk.store.submission(submission.id))
        real(url, folder)

    monkeypatch.setattr(module, "_take_gradebook", meanwhile)
    backup(here.data, here.url, tmp_path / "b.tar.gz")
    assert [found.id for found in asked if found] == [submission.id]
    # Afterwards everybody may write again.
    assert desk.hand_in(WRONG).id != submission.id


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_gradebooks_and_store_agree_in_a_backup_made_while_a_worker_works(
    kind: str, house: Callable[..., House], tmp_path: Path
) -> None:
    old = house(kind)
    desk = old.open()
    people = [f"p{number}" for number in range(6)]
    halfway = threading.Event()

    def work() -> None:
        worker = old.open().worker
        for number, person in enumerate(people):
            desk.hand_in(RIGHT, person)
            worker.once()
            if number == 1:
                halfway.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert halfway.wait(60)
    backup(old.data, old.url, tmp_path / "b.tar.gz")
    thread.join()
    assert [score(desk, person) for person in people] == [4] * len(people)

    new = house(kind, "restored", filled=False)
    restore(tmp_path / "b.tar.gz", new.data, new.url)
    desk = new.open()
    sent = {found.person: found for found in desk.store.submissions()}
    assert set(sent) >= {"p0", "p1"}
    with desk.gradebook() as book:
        for grade in book.find_assignment("unit").submissions:
            assert desk.store.verdict(sent[grade.student_id].id) is not None
    for person, found in sent.items():
        if found.recorded:
            assert score(desk, person) == 4
    desk.worker.record_all()
    while desk.worker.once():
        pass
    # One that the dead installation was examining is waiting for its lease to run out.
    waiting = {found.person for found in desk.store.submissions() if found.state == State.RUNNING}
    assert {person for person in sent if desk.registrar.grade_of(COURSE, "unit", person)} == set(sent) - waiting


def test_long_work_says_what_it_does(whole: tuple[House, Path], tmp_path: Path) -> None:
    here, _ = whole
    told: list[str] = []
    backup(here.data, here.url, tmp_path / "told.tar.gz", say=told.append)
    assert f"copying the gradebook of {COURSE}" in told
    assert told[-1] == "writing the archive"
    told.clear()
    restore(tmp_path / "told.tar.gz", here.data, here.url, force=True, say=told.append)
    assert told[0] == "checking and unpacking the archive"
    assert told[-1] == f"putting {COURSE} in place"


def test_a_restore_replaces_nothing_unless_told_and_then_keeps_it(house: Callable[..., House], tmp_path: Path) -> None:
    here = house()
    desk = here.open()
    first = desk.hand_in(RIGHT)
    backup(here.data, here.url, tmp_path / "b.tar.gz")
    second = desk.hand_in(WRONG)
    here.close()
    with pytest.raises(BackupError, match="not empty"):
        restore(tmp_path / "b.tar.gz", here.data, here.url)
    kept = restore(tmp_path / "b.tar.gz", here.data, here.url, force=True)
    assert kept is not None
    assert [found.id for found in here.open().store.submissions()] == [first.id]
    assert {found.id for found in Store(f"sqlite:///{kept / 'store.sqlite'}").submissions()} == {first.id, second.id}


def test_tables_in_use_are_replaced_only_when_told_and_stay_in_a_schema(
    house: Callable[..., House], tmp_path: Path
) -> None:
    here = house("postgres")
    first = here.open().hand_in(RIGHT)
    backup(here.data, here.url, tmp_path / "b.tar.gz")
    second = here.open().hand_in(WRONG)
    shutil.rmtree(here.data)
    with pytest.raises(BackupError, match="in use"):
        restore(tmp_path / "b.tar.gz", here.data, here.url)
    assert not here.data.exists()
    here.close()
    restore(tmp_path / "b.tar.gz", here.data, here.url, force=True)
    store = here.open().store
    assert [found.id for found in store.submissions()] == [first.id]
    with store.engine.connect() as connection:
        schema = connection.execute(
            text("SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE 'replaced%'")
        ).scalar()
        kept = connection.execute(text(f"SELECT id FROM {schema}.submission")).scalars().all()
        with pytest.raises(Exception, match="the log only grows"):
            connection.execute(text("DELETE FROM event"))
    assert set(kept) == {first.id, second.id}


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_restore_that_fails_at_its_last_step_changes_nothing(
    kind: str, house: Callable[..., House], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = house(kind)
    backup(here.data, here.url, tmp_path / "b.tar.gz")
    submission = here.open().hand_in(RIGHT)
    here.close()
    before = files(here.data)

    def fail(self: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(module._Place, "commit", fail)
    with pytest.raises(BackupError, match="the disk is full"):
        restore(tmp_path / "b.tar.gz", here.data, here.url, force=True)
    assert files(here.data) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.tar.gz", "data"]
    assert [found.id for found in here.open().store.submissions()] == [submission.id]


# -- archives that are not to be trusted


def members(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar if entry.isreg()}  # type: ignore[union-attr]


def forge(target: Path, content: dict[str, bytes], extra: tarfile.TarInfo | None = None) -> Path:
    """An archive with these files, the digests being right."""
    content = {name: data for name, data in content.items() if name != "digests.json"}
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
    content["digests.json"] = json.dumps(digests).encode()
    with tarfile.open(target, "w:gz") as tar:
        for name, data in content.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
            if extra is not None and name == "lehrwerk-backup.json":
                tar.addfile(extra)
    return target


def link(name: str, to: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, to
    return entry


@pytest.fixture
def whole(house: Callable[..., House], tmp_path: Path) -> tuple[House, Path]:
    """An installation and a good backup of it."""
    here = house()
    here.open().hand_in(RIGHT)
    backup(here.data, here.url, tmp_path / "good.tar.gz")
    here.close()
    return here, tmp_path / "good.tar.gz"


def refuses(here: House, archive: Path, why: str) -> None:
    beside = sorted(path.name for path in here.data.parent.iterdir())
    before = files(here.data)
    with pytest.raises(BackupError, match=why):
        restore(archive, here.data, here.url, force=True)
    assert files(here.data) == before
    assert sorted(path.name for path in here.data.parent.iterdir()) == beside


def test_a_damaged_archive_leaves_everything_as_it_was(whole: tuple[House, Path], tmp_path: Path) -> None:
    here, good = whole
    content = good.read_bytes()
    bad = tmp_path / "bad.tar.gz"
    for place in (30, len(content) // 3, len(content) // 2, len(content) - 200):
        bad.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        refuses(here, bad, r"damaged|no backup|refused")
    for length in (0, 10, len(content) // 2, len(content) - 1):
        bad.write_bytes(content[:length])
        refuses(here, bad, r"damaged|no backup")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../evil", "leaves the data folder"),
        ("homes/../../evil", "leaves the data folder"),
        ("/tmp/evil", "leaves the data folder"),
        ("etc/evil", "belongs to no backup"),
    ],
)
def test_names_that_lead_elsewhere_are_refused(whole: tuple[House, Path], tmp_path: Path, name: str, why: str) -> None:
    here, good = whole
    refuses(here, forge(tmp_path / "bad.tar.gz", members(good) | {name: b"evil"}), why)
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize(
    "entry",
    [
        link("homes/x", "/etc"),
        link("homes/x", "secrets/runtime.json", tarfile.LNKTYPE),
        link("p", "", tarfile.FIFOTYPE),
    ],
)
def test_links_and_pipes_are_refused(whole: tuple[House, Path], tmp_path: Path, entry: tarfile.TarInfo) -> None:
    here, good = whole
    refuses(here, forge(tmp_path / "bad.tar.gz", members(good), entry), "no plain file|belongs to no backup")


def test_what_is_no_backup_of_ours_is_refused(whole: tuple[House, Path], tmp_path: Path) -> None:
    here, good = whole
    content = members(good)
    head = json.loads(content["lehrwerk-backup.json"])
    bad = tmp_path / "bad.tar.gz"

    def with_head(**change: object) -> dict[str, bytes]:
        return content | {"lehrwerk-backup.json": json.dumps(head | change).encode()}

    refuses(here, forge(bad, {"notes.txt": b"hello"}), "does not begin with")
    refuses(here, forge(bad, with_head(kind="other")), "no backup of Lehrwerk")
    refuses(here, forge(bad, with_head(schema=99)), "schema 99, this Lehrwerk reads 1")
    refuses(here, forge(bad, with_head() | {"store.sqlite": b"not a database" * 100}), "not a database")
    refuses(here, forge(bad, {name: data for name, data in content.items() if name != "store.sqlite"}), "no store")
    refuses(here, tmp_path / "nowhere", "no such file")


def test_a_file_that_was_exchanged_is_noticed(whole: tuple[House, Path], tmp_path: Path) -> None:
    here, good = whole
    bad = tmp_path / "bad.tar.gz"
    content = members(good) | {"homes/anna/work/unit.ipynb": b"others' notes"}
    with tarfile.open(bad, "w:gz") as tar:
        for name, data in content.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    refuses(here, bad, "damaged at 'homes/anna/work/unit.ipynb'")


def test_a_backup_of_a_newer_version_is_refused(whole: tuple[House, Path], tmp_path: Path) -> None:
    here, good = whole
    content = members(good)
    file = tmp_path / "newer.sqlite"
    file.write_bytes(content["store.sqlite"])
    with closing(sqlite3.connect(file)) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
    content["store.sqlite"] = file.read_bytes()
    refuses(here, forge(tmp_path / "bad.tar.gz", content), "newer Lehrwerk")


def test_nothing_is_restored_under_a_hub_that_runs(whole: tuple[House, Path]) -> None:
    here, good = whole
    command = [sys.executable, "-c", "print(flush=True); input()", "jupyterhub"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        (here.data / "hub" / "jupyterhub.pid").write_text(str(process.pid))
        refuses(here, good, "is running")
        process.communicate(b"\n")
    restore(good, here.data, here.url, force=True)


# -- what a person may have put into a home, and where things may lie


def test_a_home_cannot_smuggle_a_secret_or_stop_a_backup(
    house: Callable[..., House], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = house()
    home = here.data / "homes" / "anna"
    (home / "link").symlink_to(here.data / "secrets" / "runtime.json")
    (home / "secrets").symlink_to(here.data / "secrets")
    os.mkfifo(home / "pipe")
    (home / b"odd \xff name\n".decode("utf-8", "surrogateescape")).write_bytes(b"odd")
    with (home / "huge").open("wb") as huge:
        huge.truncate(module.HOME_FILE_BYTES + 1)
    deep = home
    for _ in range(20):
        deep = deep / ("d" * 100)
        deep.mkdir()
    (deep / "end").write_bytes(b"far")
    backup(here.data, here.url, tmp_path / "b.tar.gz")
    kept = {name for name in members(tmp_path / "b.tar.gz") if name.startswith("homes/")}
    assert kept == {"homes/anna/work/unit.ipynb", "homes/anna/odd \udcff name\n"}
    new = house("sqlite", "restored", filled=False)
    restore(tmp_path / "b.tar.gz", new.data, new.url)
    assert (new.data / "homes" / "anna" / "odd \udcff name\n").read_bytes() == b"odd"


def test_databases_outside_of_the_data_folder_are_covered(house: Callable[..., House], tmp_path: Path) -> None:
    here = house()
    here.open().hand_in(RIGHT)
    here.open().worker.once()
    here.close()
    far, books = tmp_path / "far" / "store.sqlite", tmp_path / "books"
    far.parent.mkdir()
    books.mkdir()
    (here.data / "store.sqlite").rename(far)
    (here.data / "courses" / COURSE / "gradebook.db").rename(books / f"{COURSE}.db")
    url = f"sqlite:///{far}"

    def book(course: str) -> str:
        return f"sqlite:///{books / course}.db"

    with pytest.raises(BackupError, match="its gradebook is not in"):
        backup(here.data, url, tmp_path / "b.tar.gz")
    backup(here.data, url, tmp_path / "b.tar.gz", gradebook_url=book)
    shutil.rmtree(here.data)
    with pytest.raises(BackupError, match=r"store\.sqlite exists"):
        restore(tmp_path / "b.tar.gz", here.data, url, gradebook_url=book)
    shutil.rmtree(far.parent)
    shutil.rmtree(books)
    restore(tmp_path / "b.tar.gz", here.data, url, gradebook_url=book)
    assert not (here.data / "store.sqlite").exists()
    assert not (here.data / "courses" / COURSE / "gradebook.db").exists()
    store = Store(url)
    grade = Registrar(store, here.data / "courses", book).grade_of(COURSE, "unit", "anna")
    assert grade is not None
    assert grade.score == 4
    store.close()


def test_gradebooks_go_to_postgresql_and_back(
    house: Callable[..., House], tmp_path: Path, new_database: Callable[[str, Path], str]
) -> None:
    here = house()
    desk = here.open()
    desk.hand_in(RIGHT)
    desk.worker.once()
    mark_by_hand(desk, "anna", 1)
    backup(here.data, here.url, tmp_path / "b1.tar.gz")
    here.close()
    book = new_database("postgres", here.data).replace("postgresql:", "postgresql+psycopg:")
    restore(tmp_path / "b1.tar.gz", here.data, here.url, force=True, gradebook_url=lambda _: book)
    store = here.open().store
    grade = Registrar(store, here.data / "courses", lambda _: book).grade_of(COURSE, "unit", "anna")
    assert grade is not None
    assert grade.score == 5
    backup(here.data, here.url, tmp_path / "b2.tar.gz", gradebook_url=lambda _: book)
    here.destroy()
    restore(tmp_path / "b2.tar.gz", here.data, here.url)
    desk = here.open()
    assert score(desk, "anna") == 5
    # nbgrader takes it for one of its own: it can be written.
    desk.hand_in(WRONG)
    desk.worker.once()
    assert score(desk, "anna") == 1
    with Gradebook(desk.registrar.gradebook_url(COURSE), COURSE) as opened:
        assert opened.db.execute(text("SELECT count(*) FROM alembic_version")).scalar() == 1


@dataclass
class Bucket:
    """An S3 client that keeps objects in memory."""

    objects: dict[str, bytes] = field(default_factory=dict)

    def put_object(self, Bucket: str, Key: str, Body: bytes) -> None:
        self.objects[f"{Bucket}/{Key}"] = Body

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        return {"Body": io.BytesIO(self.objects[f"{Bucket}/{Key}"])}


@dataclass
class Place:
    bucket: str = "b"
    endpoint: str | None = None
    prefix: str = "p/"


def test_blobs_in_s3_are_in_the_archive_and_go_where_the_settings_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket, other = Bucket(), Bucket()
    monkeypatch.setattr("boto3.client", lambda *_, **__: bucket)
    data = tmp_path / "data"
    data.mkdir()
    url = f"sqlite:///{data / 'store.sqlite'}"
    store = Store(url, s3=Place())
    store.migrate()
    store.publish(COURSE, {"units": []}, b"tar", "v1", "instructor")
    submission = store.receive(COURSE, "unit", "anna", b"work")
    store.close()
    with pytest.raises(BackupError, match=r"storage\.s3 is not set"):
        backup(data, url, tmp_path / "b.tar.gz")
    backup(data, url, tmp_path / "b.tar.gz", s3=Place())
    shutil.rmtree(data)
    bucket.objects.clear()

    restore(tmp_path / "b.tar.gz", data, url)
    assert Store(url).archive(submission.id) == b"work"
    shutil.rmtree(data)
    monkeypatch.setattr("boto3.client", lambda *_, **__: other)
    restore(tmp_path / "b.tar.gz", data, url, s3=Place())
    assert sorted(other.objects.values()) == [b"tar", b"work"]
    assert Store(url, s3=Place()).archive(submission.id) == b"work"


def test_a_place_without_a_store_is_said(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="no store yet"):
        backup(tmp_path / "data", f"sqlite:///{tmp_path / 'data' / 'store.sqlite'}", tmp_path / "b.tar.gz")
    assert list(tmp_path.iterdir()) == []
