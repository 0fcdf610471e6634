"""Backup and restore of everything that Lehrwerk keeps, at one point in time, while it runs.

May import the store and nbgrader's model of a gradebook; knows no HTTP and runs no course code.

The archive is a gzipped tar with the layout of the data folder. Databases lie in it as SQLite files whatever they were
before, so a backup made from SQLite goes back into PostgreSQL and the other way round:

    lehrwerk-backup.json     what it is, first
    store.sqlite             the store, with all blobs, also those that lay in S3
    hub/jupyterhub.sqlite    people, groups, tokens
    secrets/                 ports, tokens, the demo password
    courses/COURSE/          nbgrader's course directory and gradebook.db
    homes/                   people's files
    digests.json             SHA-256 of every file, last

Why the point in time is one: nobody writes to the store while courses, gradebooks, hub and secrets are copied, and the
store itself is read from a snapshot of just that time. Every verdict goes through the store before it reaches a
gradebook. So a grade in the copied gradebooks has its submission and verdict in the copied store, and a submission that
the copied store calls recorded was in its gradebook before. A verdict that was on its way is in the store and not
called recorded; a worker records it again at its start, as after a kill. Homes depend on nothing else and are copied
afterwards.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.metadata
import io
import json
import logging
import os
import shutil
import sqlite3
import stat
import tarfile
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from alembic import command as alembic
from alembic.config import Config
from alembic.util import CommandError
from nbgrader.api import Base as GradebookBase
from sqlalchemy import (
    Column,
    Connection,
    LargeBinary,
    MetaData,
    String,
    Table,
    create_engine,
    func,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

import grader.store
from grader.store import Store
from grader.store.blobs import S3Blobs, S3Settings
from grader.store.models import Base as StoreBase

log = logging.getLogger("lehrwerk.backup")

KIND, SCHEMA = "lehrwerk-backup", 1
_HEAD, _DIGESTS = "lehrwerk-backup.json", "digests.json"
_STORE, _HUB, _GRADEBOOK = "store.sqlite", "hub/jupyterhub.sqlite", "gradebook.db"
_PARTS = {_HEAD, _DIGESTS, _STORE, "hub", "secrets", "courses", "homes"}

#: Larger files in homes are left out, and named in the log, in bytes.
HOME_FILE_BYTES = 2 << 30
#: Deeper paths in homes are left out: no file system could take them back, in characters.
_HOME_PATH = 1000
#: How long to wait for a database that others use, in seconds.
_BUSY = 30.0
#: A file may change without a new time of change within a tick of the file system's clock, in seconds.
_TICK = 2.0

GradebookUrl = Callable[[str], str]
Say = Callable[[str], object]


class BackupError(Exception):
    """A backup cannot be made or brought back, and everything is as it was. The text says why and what to do."""


def backup(
    data: Path,
    database_url: str,
    target: Path,
    *,
    gradebook_url: GradebookUrl | None = None,
    s3: S3Settings | None = None,
    say: Say = lambda text: None,
) -> None:
    """Write the archive `target`, readable by its owner only. Lehrwerk may run; submissions wait for a moment.

    `gradebook_url` gives a course's gradebook where it is not in the course's folder; `s3` is where blobs lie; `say` is
    told what is being done. Raises BackupError, and then there is no `target`.
    """
    if target.exists():
        raise BackupError(f"{target} exists already; choose another name")
    if not target.parent.is_dir():
        raise BackupError(f"{target.parent} is no folder; make it, or choose another place")
    file = _sqlite_file(database_url)
    if file is not None and not file.exists():
        raise BackupError(f"{file}: there is no store yet; start Lehrwerk once, or name its settings file")
    store = Store(database_url)
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as scratch:
            staging, draft = Path(scratch) / "data", Path(scratch) / "archive"
            staging.mkdir()
            _collect(data, store, staging, gradebook_url or _in_folder(data), s3, say)
            say("writing the archive")
            _write(draft, staging, data / "homes")
            draft.rename(target)
    except (OSError, sqlite3.Error, SQLAlchemyError) as error:
        raise BackupError(f"the backup was not made: {error}") from error
    finally:
        store.close()


def restore(
    archive: Path,
    data: Path,
    database_url: str,
    force: bool = False,
    *,
    gradebook_url: GradebookUrl | None = None,
    s3: S3Settings | None = None,
    say: Say = lambda text: None,
) -> Path | None:
    """Bring back what `backup` wrote, whole or not at all, and migrate it to this version. Lehrwerk must not run.

    With `force` what is there is replaced and stays beside: the data folder under another name, which is returned,
    tables of PostgreSQL in a schema of that name. `say` is told what is being done. Raises BackupError.
    """
    data = data.absolute()
    gradebook_url = gradebook_url or _in_folder(data)
    aside = datetime.now(UTC).strftime("replaced-%Y%m%d-%H%M%S")
    _refuse_where_something_is(data, database_url, force)
    data.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=data.parent, prefix=f".{data.name}.restore-"))
    try:
        say("checking and unpacking the archive")
        _unpack(archive, draft)
        say("bringing the store up to date")
        _bring_up(draft, s3)
        with ExitStack() as connections, ExitStack() as undo:
            place = _Place(draft, data, aside, force, connections, undo)
            say("putting the store in place")
            place.store(database_url)
            for folder in sorted((draft / "courses").iterdir()):
                say(f"putting {folder.name} in place")
                place.gradebook(folder, gradebook_url(folder.name))
            replaced = place.folder()
            place.commit()
            # From here on it is done; before, every step is taken back in reverse order.
            undo.pop_all()
    except (OSError, sqlite3.Error, SQLAlchemyError) as error:
        raise BackupError(f"{archive} was not restored: {error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return replaced


# -- collecting


def _collect(
    data: Path, store: Store, staging: Path, gradebook_url: GradebookUrl, s3: S3Settings | None, say: Say
) -> None:
    with ExitStack() as reading:
        say("copying courses")
        # A first round without the lock, so that the round under it has little to copy.
        since = time.time()
        _mirror(data / "courses", staging / "courses")
        with _still(store):
            snapshot = reading.enter_context(_snapshot(store))
            _mirror(data / "courses", staging / "courses", since)
            for folder in sorted((staging / "courses").iterdir()):
                say(f"copying the gradebook of {folder.name}")
                _take_gradebook(gradebook_url(folder.name), folder)
            (staging / "hub").mkdir()
            if (data / _HUB).exists():
                _copy_sqlite(data / _HUB, staging / _HUB)
            _mirror(data / "secrets", staging / "secrets")
        say("copying the store")
        _take_store(snapshot, staging / _STORE)
    _take_blobs(staging / _STORE, s3)
    _tell_half_published(staging)


@contextmanager
def _still(store: Store) -> Iterator[None]:
    """While this is open nobody writes to the store; reading goes on."""
    with store.engine.connect() as lock:
        if lock.dialect.name == "postgresql":
            lock.execute(text(f"SET LOCAL lock_timeout = '{int(_BUSY)}s'"))
            # One after the other, in the order in which the store's own transactions take them.
            for table in ("blob", "course_version", "submission", "event", "preference"):
                lock.execute(text(f"LOCK TABLE {table} IN SHARE MODE"))
        else:
            lock.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            lock.rollback()


@contextmanager
def _snapshot(store: Store) -> Iterator[Connection]:
    """A connection that goes on seeing the store as it is now."""
    with store.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        else:
            connection.exec_driver_sql("BEGIN")
        # The snapshot begins with the first read.
        connection.execute(text("SELECT count(*) FROM alembic_version"))
        try:
            yield connection
        finally:
            connection.rollback()


def _take_store(snapshot: Connection, file: Path) -> None:
    if snapshot.dialect.name == "sqlite":
        with closing(sqlite3.connect(file)) as target:
            source: Any = snapshot.connection.driver_connection
            source.backup(target)
        file.chmod(0o600)
        return
    copy = Store(f"sqlite:///{file}")
    try:
        copy.migrate()
        with copy.engine.connect() as target_connection:
            here, ours = (
                connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
                for connection in (snapshot, target_connection)
            )
            if here != ours:
                raise BackupError(
                    f"the store has version {here}, this Lehrwerk has {ours}; start it once, so that it migrates"
                )
            target_connection.exec_driver_sql("BEGIN")
            _copy_tables(snapshot, target_connection, StoreBase.metadata.sorted_tables)
            target_connection.commit()
    finally:
        copy.close()
    file.chmod(0o600)


def _take_blobs(file: Path, s3: S3Settings | None) -> None:
    """Fetch into the copied store what lies in S3. A blob never changes, so this needs no lock."""
    with closing(sqlite3.connect(file)) as database:
        outside = [row[0] for row in database.execute("SELECT digest FROM blob WHERE data IS NULL")]
        if not outside:
            return
        if s3 is None:
            raise BackupError(f"{len(outside)} blobs lie in S3, and storage.s3 is not set")
        blobs = S3Blobs(s3)
        for digest in outside:
            content = blobs.get(digest)
            if hashlib.sha256(content).hexdigest() != digest:
                raise BackupError(f"the blob {digest} in S3 is not what was stored there")
            database.execute("UPDATE blob SET data = ? WHERE digest = ?", (content, digest))
            database.commit()


def _take_gradebook(url: str, folder: Path) -> None:
    """Copy a course's gradebook into its staged folder, as a SQLite file."""
    file = _sqlite_file(url)
    if file is not None and file.exists():
        _copy_sqlite(file, folder / _GRADEBOOK)
        return
    if file is not None:
        if (folder / ".version").exists():
            raise BackupError(f"{folder.name}: its gradebook is not in {file}; name the settings file that says where")
        return
    with _connection(url) as source, _connection(f"sqlite:///{folder / _GRADEBOOK}") as target:
        GradebookBase.metadata.create_all(target)
        _VERSION.create(target)
        _copy_tables(source, target, [*GradebookBase.metadata.sorted_tables, _VERSION])
        target.commit()


def _tell_half_published(staging: Path) -> None:
    """A course whose gradebook is not yet at the store's version gets there by publishing it again."""
    with closing(sqlite3.connect(staging / _STORE)) as database:
        query = "SELECT course_id, digest FROM course_version ORDER BY id"
        current = dict(database.execute(query).fetchall())
    for course, digest in current.items():
        stamp = staging / "courses" / course / ".version"
        if not stamp.exists() or stamp.read_text() != digest:
            log.warning("%s was being published; after a restore publish it again", course)


def _mirror(source: Path, target: Path, since: float = 0.0) -> None:
    """Make `target` hold the plain files of `source`, copying only what changed since an earlier call at `since`.

    A folder's files come before its folders: a course's stamp must not be newer than what it vouches for.
    """
    target.mkdir(exist_ok=True)
    for name, folders, files in os.walk(source):
        folder = Path(name)
        here = target / folder.relative_to(source)
        here.mkdir(exist_ok=True)
        here.chmod(_mode(folder, 0o755) | 0o700)
        for gone in set(os.listdir(here)) - {*folders, *files}:
            if (here / gone).is_dir():
                shutil.rmtree(here / gone)
            else:
                (here / gone).unlink()
        for file in sorted(files):
            # The gradebook and its journals are copied as a database.
            if not (folder.parent == source and file.startswith(_GRADEBOOK)):
                _mirror_file(folder / file, here / file, since)


def _mirror_file(source: Path, target: Path, since: float) -> None:
    try:
        found = source.lstat()
        if not stat.S_ISREG(found.st_mode):
            return
        if target.exists():
            known = target.stat()
            same = (known.st_size, known.st_mtime_ns) == (found.st_size, found.st_mtime_ns)
            if same and found.st_mtime < since - _TICK:
                return
        shutil.copy2(source, target, follow_symlinks=False)
    except FileNotFoundError:
        # It is being replaced; what replaces it comes from a verdict that is not called recorded yet.
        target.unlink(missing_ok=True)


def _mode(path: Path, otherwise: int) -> int:
    """Permission bits; `otherwise` where nothing is there, or not any more."""
    try:
        return path.lstat().st_mode & 0o777
    except FileNotFoundError:
        return otherwise


# -- the archive


class _Writer:
    """A tar with a digest of each file."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.digests: dict[str, str] = {}

    def folder(self, name: str, mode: int) -> None:
        entry = tarfile.TarInfo(name)
        entry.type, entry.mode = tarfile.DIRTYPE, mode & 0o777
        self._tar.addfile(entry)

    def file(
        self, name: str, content: BinaryIO | tempfile.SpooledTemporaryFile[bytes], mode: int = 0o600, mtime: float = 0.0
    ) -> None:
        """`content` is read twice and must not change meanwhile."""
        entry = tarfile.TarInfo(name)
        self.digests[name] = _digest(content)
        entry.size = content.tell()
        entry.mode, entry.mtime = mode & 0o777, mtime
        content.seek(0)
        self._tar.addfile(entry, content)

    def json(self, name: str, value: Any) -> None:
        self.file(name, io.BytesIO(json.dumps(value).encode("ascii")))


def _digest(content: BinaryIO | tempfile.SpooledTemporaryFile[bytes]) -> str:
    found = hashlib.sha256()
    while chunk := content.read(1 << 20):
        found.update(chunk)
    return found.hexdigest()


def _write(draft: Path, staging: Path, homes: Path) -> None:
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as raw:
        with tarfile.open(fileobj=raw, mode="w:gz", format=tarfile.PAX_FORMAT, compresslevel=3) as tar:
            writer = _Writer(tar)
            made = datetime.now(UTC).isoformat(timespec="seconds")
            version = importlib.metadata.version("lehrwerk")
            writer.json(_HEAD, {"kind": KIND, "schema": SCHEMA, "made_at": made, "version": version})
            for path in sorted(staging.rglob("*")):
                name, found = path.relative_to(staging).as_posix(), path.stat()
                if path.is_dir():
                    writer.folder(name, found.st_mode)
                    continue
                with path.open("rb") as content:
                    writer.file(name, content, found.st_mode, found.st_mtime)
            _write_homes(writer, homes)
            writer.json(_DIGESTS, writer.digests)
        raw.flush()
        os.fsync(raw.fileno())


def _write_homes(writer: _Writer, homes: Path) -> None:
    """People's files as they are when their turn comes. What is no plain file stays out and is named in the log."""
    writer.folder("homes", 0o755)
    waiting = [homes] if homes.is_dir() else []
    while waiting:
        folder = waiting.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            log.warning("left out of the backup: %s: %s", folder, error.strerror)
            continue
        for entry in entries:
            path = Path(entry.path)
            name = f"homes/{path.relative_to(homes).as_posix()}"
            if len(name) > _HOME_PATH:
                log.warning("left out of the backup: %s: its path is too long", name[:200])
            elif entry.is_dir(follow_symlinks=False):
                writer.folder(name, _mode(path, 0o755))
                waiting.append(path)
            else:
                _write_home_file(writer, path, name)


def _write_home_file(writer: _Writer, path: Path, name: str) -> None:
    try:
        # A person may put a link or a pipe where a file was a moment ago.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        log.warning("left out of the backup: %s: %s", name, error.strerror)
        return
    with os.fdopen(descriptor, "rb") as source, tempfile.SpooledTemporaryFile(8 << 20) as content:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            log.warning("left out of the backup: %s: no plain file", name)
            return
        if found.st_size > HOME_FILE_BYTES:
            log.warning("left out of the backup: %s: larger than %d bytes", name, HOME_FILE_BYTES)
            return
        # It may grow while it is read.
        left = HOME_FILE_BYTES
        while left > 0 and (chunk := source.read(min(1 << 20, left))):
            content.write(chunk)
            left -= len(chunk)
        content.seek(0)
        writer.file(name, content, found.st_mode, found.st_mtime)


def _unpack(archive: Path, draft: Path) -> None:
    """Write the archive's files below `draft`, trusting no name in it. Raises BackupError."""
    if not archive.is_file():
        raise BackupError(f"{archive}: no such file")
    digests: dict[str, str] = {}
    try:
        with gzip.open(archive) as plain, tarfile.open(fileobj=plain, mode="r:") as tar:
            for number, entry in enumerate(tar):
                _judge(archive, entry, number)
                path = draft / entry.name
                if entry.isdir():
                    path.mkdir(exist_ok=True, parents=True)
                    path.chmod(entry.mode & 0o777 | 0o700)
                    continue
                path.parent.mkdir(exist_ok=True, parents=True)
                digests[entry.name] = _unpack_file(tar, entry, path)
                if number == 0:
                    _judge_head(archive, path)
            # Read to the end, where the check sum of the whole stands.
            while plain.read(1 << 20):
                pass
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, ValueError, OverflowError) as error:
        raise BackupError(f"{archive} is damaged or no backup of Lehrwerk: {error}") from error
    if digests.pop(_DIGESTS, None) is None:
        raise BackupError(f"{archive} is damaged: its end is missing; use another backup")
    try:
        expected = dict(json.loads((draft / _DIGESTS).read_text("ascii")))
    except (ValueError, TypeError) as error:
        raise BackupError(f"{archive} is damaged at its end; use another backup") from error
    if digests != expected:
        odd = sorted(name for name in {*digests, *expected} if digests.get(name) != expected.get(name))
        raise BackupError(f"{archive} is damaged at {odd[0]!r}; use another backup")
    if not (draft / _STORE).exists():
        raise BackupError(f"{archive} holds no store; use another backup")
    for name in ("hub", "secrets", "courses", "homes"):
        (draft / name).mkdir(exist_ok=True)
    (draft / "secrets").chmod(0o700)
    for secret in (draft / "secrets").rglob("*"):
        secret.chmod(0o700 if secret.is_dir() else 0o600)


def _unpack_file(tar: tarfile.TarFile, entry: tarfile.TarInfo, path: Path) -> str:
    """Returns the SHA-256 of what was written."""
    source = tar.extractfile(entry)
    assert source is not None
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w+b") as target:
        shutil.copyfileobj(source, target, 1 << 20)
        target.flush()
        os.fsync(descriptor)
        os.fchmod(descriptor, entry.mode & 0o777 | 0o600)
        os.utime(descriptor, (entry.mtime, entry.mtime))
        target.seek(0)
        return _digest(target)


def _judge(archive: Path, entry: tarfile.TarInfo, number: int) -> None:
    path = PurePosixPath(entry.name)
    if path.is_absolute() or ".." in path.parts or "\0" in entry.name or not path.parts:
        raise BackupError(f"{archive} is refused: the name {entry.name[:80]!r} leaves the data folder")
    if number == 0 and entry.name != _HEAD:
        raise BackupError(f"{archive} is no backup of Lehrwerk: it does not begin with {_HEAD}")
    if path.parts[0] not in _PARTS:
        raise BackupError(f"{archive} is refused: {entry.name[:80]!r} belongs to no backup")
    if not (entry.isreg() or entry.isdir()):
        raise BackupError(f"{archive} is refused: {entry.name[:80]!r} is no plain file")


def _judge_head(archive: Path, file: Path) -> None:
    head = json.loads(file.read_text("ascii"))
    if not isinstance(head, dict) or head.get("kind") != KIND:
        raise BackupError(f"{archive} is no backup of Lehrwerk")
    if head.get("schema") != SCHEMA:
        raise BackupError(
            f"{archive} has schema {head.get('schema')}, this Lehrwerk reads {SCHEMA}; "
            f"restore it with Lehrwerk {head.get('version')}"
        )


# -- putting back


def _refuse_where_something_is(data: Path, database_url: str, force: bool) -> None:
    if _hub_runs(data):
        raise BackupError(f"Lehrwerk is running in {data}; stop it first")
    if force:
        return
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise BackupError(f"{data} is not empty; move it away, or use --force, which keeps it under another name")
    file = _sqlite_file(database_url)
    if file is not None and file.exists():
        raise BackupError(f"{file} exists; move it away, or use --force, which keeps it under another name")


def _hub_runs(data: Path) -> bool:
    try:
        process = int((data / "hub" / "jupyterhub.pid").read_text())
        return b"jupyterhub" in Path(f"/proc/{process}/cmdline").read_bytes()
    except (OSError, ValueError):
        return False


def _bring_up(draft: Path, s3: S3Settings | None) -> None:
    """Check the databases, migrate the store, and forget notebook servers of the time of the backup."""
    for file in [draft / _STORE, draft / _HUB, *sorted(draft.glob(f"courses/*/{_GRADEBOOK}"))]:
        if file.exists():
            with closing(sqlite3.connect(file)) as database:
                verdict = database.execute("PRAGMA quick_check").fetchone()[0]
            if verdict != "ok":
                raise BackupError(f"the database {file.relative_to(draft)} is damaged: {verdict}; use another backup")
    store = Store(f"sqlite:///{draft / _STORE}")
    try:
        store.migrate()
    except CommandError as error:
        raise BackupError(f"the backup was made by a newer Lehrwerk; install that one ({error})") from error
    finally:
        store.close()
    if s3 is not None:
        _give_blobs(draft / _STORE, s3)
    if (draft / _HUB).exists():
        with closing(sqlite3.connect(draft / _HUB)) as hub:
            if hub.execute("SELECT 1 FROM sqlite_master WHERE name = 'spawners'").fetchone():
                # Their process numbers belong to others by now, which the hub would stop.
                hub.execute("UPDATE spawners SET server_id = NULL, state = NULL")
                hub.commit()


def _give_blobs(file: Path, s3: S3Settings) -> None:
    blobs = S3Blobs(s3)
    with closing(sqlite3.connect(file)) as database:
        for (digest,) in database.execute("SELECT digest FROM blob WHERE data IS NOT NULL").fetchall():
            blobs.put(digest, database.execute("SELECT data FROM blob WHERE digest = ?", (digest,)).fetchone()[0])
            database.execute("UPDATE blob SET data = NULL WHERE digest = ?", (digest,))
        database.commit()
        database.execute("VACUUM")


class _Place:
    """Puts the draft's parts where the settings want them; every step knows its way back."""

    def __init__(
        self, draft: Path, data: Path, aside: str, force: bool, connections: ExitStack, undo: ExitStack
    ) -> None:
        self._draft, self._data, self._aside, self._force = draft, data, aside, force
        self._connections, self._undo = connections, undo
        self._transactions: list[Connection] = []

    def store(self, url: str) -> None:
        def create(connection: Connection) -> None:
            config = Config()
            config.set_main_option("script_location", str(Path(grader.store.__file__).parent / "migrations"))
            config.attributes["connection"] = connection
            alembic.upgrade(config, "head")

        self._database(self._draft / _STORE, url, StoreBase.metadata.sorted_tables, create)

    def gradebook(self, folder: Path, url: str) -> None:
        def create(connection: Connection) -> None:
            GradebookBase.metadata.create_all(connection)
            _VERSION.create(connection)

        if (folder / _GRADEBOOK).exists():
            tables = [*GradebookBase.metadata.sorted_tables, _VERSION]
            self._database(folder / _GRADEBOOK, url, tables, create)

    def folder(self) -> Path | None:
        """Put the draft in the data folder's place; returns where the old one lies, if there was one."""
        self._draft.chmod(_mode(self._data, 0o755))
        (self._draft / _HEAD).unlink()
        (self._draft / _DIGESTS).unlink()
        kept: Path | None = None
        if self._data.exists() and any(self._data.iterdir()):
            kept = self._data.with_name(f"{self._data.name}.{self._aside}")
            self._data.rename(kept)
            self._undo.callback(kept.rename, self._data)
        # An empty folder is simply replaced.
        self._draft.rename(self._data)
        self._undo.callback(self._data.rename, self._draft)
        return kept

    def commit(self) -> None:
        for transaction in self._transactions:
            transaction.commit()

    def _database(self, source: Path, url: str, tables: list[Table], create: Callable[[Connection], None]) -> None:
        file = _sqlite_file(url)
        if file is None:
            self._tables(source, url, tables, create)
            source.unlink()
        elif file.is_relative_to(self._data):
            target = self._draft / file.relative_to(self._data)
            target.parent.mkdir(parents=True, exist_ok=True)
            source.rename(target)
        else:
            self._file(source, file)

    def _file(self, source: Path, file: Path) -> None:
        """Bring a SQLite file to a place outside of the data folder."""
        file.parent.mkdir(parents=True, exist_ok=True)
        for suffix in ("", "-wal", "-shm", "-journal"):
            old = file.with_name(file.name + suffix)
            if old.exists():
                kept = file.with_name(f"{file.name}.{self._aside}{suffix}")
                old.rename(kept)
                self._undo.callback(kept.rename, old)
        self._undo.callback(file.unlink, missing_ok=True)
        shutil.move(source, file)

    def _tables(self, source: Path, url: str, tables: list[Table], create: Callable[[Connection], None]) -> None:
        """Copy a SQLite file into PostgreSQL, in a transaction that `commit` ends."""
        target = self._connections.enter_context(_connection(url))
        present = set(inspect(target).get_table_names()) & {"alembic_version", *(table.name for table in tables)}
        if present and not self._force:
            shown = make_url(url).render_as_string()
            raise BackupError(f"the database {shown} is in use; name an empty one, or use --force, which keeps it")
        if present:
            schema = self._aside.replace("-", "_")
            target.execute(text(f"CREATE SCHEMA {schema}"))
            for name in sorted(present):
                target.execute(text(f"ALTER TABLE {name} SET SCHEMA {schema}"))
            if target.execute(text("SELECT to_regproc('event_only_grows')")).scalar():
                target.execute(text(f"ALTER FUNCTION event_only_grows() SET SCHEMA {schema}"))
        create(target)
        with _connection(f"sqlite:///{source}") as origin:
            _copy_tables(origin, target, tables)
        for table in tables:
            counter = table.autoincrement_column
            if counter is not None and target.execute(select(counter).limit(1)).first():
                sequence = func.pg_get_serial_sequence(table.name, counter.name)
                target.execute(select(func.setval(sequence, func.max(counter))))
        self._transactions.append(target)


# -- databases

#: nbgrader's own mark of the gradebook's version, which is not in its model.
_VERSION = Table("alembic_version", MetaData(), Column("version_num", String(32), nullable=False))


def _in_folder(data: Path) -> GradebookUrl:
    return lambda course: f"sqlite:///{data.absolute() / 'courses' / course / _GRADEBOOK}"


def _sqlite_file(url: str) -> Path | None:
    """Where a SQLite database lies; None for another database."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return None
    return Path(parsed.database or "").absolute()


@contextmanager
def _connection(url: str) -> Iterator[Connection]:
    """A connection of its own that sees one state; rolled back at the end unless it was committed."""
    parsed = make_url(url)
    options: dict[str, Any] = {}
    if parsed.get_backend_name() == "postgresql":
        options["isolation_level"] = "REPEATABLE READ"
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(parsed, **options)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _copy_sqlite(source: Path, target: Path) -> None:
    """SQLite's online backup: one consistent state, while others write."""
    with closing(sqlite3.connect(source, timeout=_BUSY)) as origin, closing(sqlite3.connect(target)) as copy:
        origin.backup(copy)
    target.chmod(0o600)


def _copy_tables(source: Connection, target: Connection, tables: Iterable[Table]) -> None:
    for table in tables:
        # Blobs one by one: a hundred of them might not fit into memory.
        batch = 1 if any(isinstance(column.type, LargeBinary) for column in table.columns) else 500
        rows = source.execute(select(table), execution_options={"yield_per": batch}).mappings()
        for part in rows.partitions(batch):
            target.execute(insert(table), [dict(row) for row in part])
