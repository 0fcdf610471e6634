"""Connections, transactions, locks and wake-up calls on SQLite or PostgreSQL, whatever the tables mean."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, Engine, bindparam, create_engine, event, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

#: How long SQLite waits for another writer, in seconds.
_BUSY = 30.0
_CHANNEL = "lehrwerk_event"
_MIGRATION_LOCK = 0x4C656872
_LOCK = text("SELECT pg_advisory_xact_lock(key) FROM unnest(:keys) AS key").bindparams(
    bindparam("keys", type_=ARRAY(BigInteger))
)


class Database:
    """`url` is an SQLAlchemy URL of SQLite or PostgreSQL."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self.postgres = self.engine.dialect.name == "postgresql"
        # Here a read is one statement, and PostgreSQL need not be told where it begins and ends.
        self._reader = self.engine.execution_options(isolation_level="AUTOCOMMIT") if self.postgres else self.engine
        self._listeners: list[Any] = []

    def close(self) -> None:
        while self._listeners:
            self._listeners.pop().close()
        self.engine.dispose()

    def migrate(self, revision: str) -> None:
        """Bring the tables to this version. Several processes may call it at once."""
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        with self.engine.connect() as connection:
            if self.postgres:
                connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _MIGRATION_LOCK})
                connection.commit()
            else:
                # A table that is changed is made anew under its old name, and rows of others refer to it meanwhile.
                connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                config.attributes["connection"] = connection
                command.upgrade(config, revision)
                connection.commit()
            finally:
                if self.postgres:
                    connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _MIGRATION_LOCK})
                    connection.commit()
                else:
                    connection.rollback()
                    connection.exec_driver_sql("PRAGMA foreign_keys=ON")

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction, committed unless it raises."""
        with Session(self.engine) as session, session.begin():
            if not self.postgres:
                # A transaction that will write takes SQLite's lock at once, or it could be refused half-way.
                session.connection().exec_driver_sql("BEGIN IMMEDIATE")
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """For reads, of which each sees what is committed at its time."""
        with Session(self._reader) as session:
            yield session

    def one_by_one(self, session: Session, *things: tuple[str, ...]) -> None:
        """Until this transaction ends no other one goes on here with any of `things`; SQLite has one writer anyway."""
        if self.postgres:
            # In one order for all, so that no two wait for each other.
            session.execute(_LOCK, {"keys": sorted(_lock_key(*thing) for thing in things)})

    @contextmanager
    def alone(self, *what: str) -> Iterator[None]:
        """Hold the lock on `what`, of which one holder at a time exists in all processes; waits for it.

        It ends with its holder's process or connection.
        """
        if not self.postgres:
            with self._alone_here(_lock_key(*what)):
                yield
            return
        key = {"key": _lock_key(*what)}
        with self._reader.connect() as connection:
            # Outside a transaction: the lock is the session's, and nothing stays open behind it.
            connection.execute(text("SELECT pg_advisory_lock(:key)"), key)
            try:
                yield
            finally:
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), key)

    @contextmanager
    def _alone_here(self, key: int) -> Iterator[None]:
        # Everything that works on a SQLite store is on one machine.
        folder = Path(f"{self.engine.url.database}.locks")
        folder.mkdir(exist_ok=True)
        with (folder / f"{key & 0xFFFFFFFFFFFFFFFF:016x}").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def notify(self, session: Session) -> None:
        """When this transaction is committed, whoever is `listening` is woken; SQLite has nobody to tell."""
        if self.postgres:
            session.connection().exec_driver_sql(f"NOTIFY {_CHANNEL}")

    @contextmanager
    def listening(self) -> Iterator[Any]:
        """PostgreSQL only: a connection of the driver that hears of every `notify` from its making on.

        It is kept for the next who listens, since making one costs the server a process.
        """
        try:
            driver = self._listeners.pop()
        except IndexError:
            driver = self._listener()
        try:
            yield driver
        except BaseException:
            driver.close()
            raise
        self._listeners.append(driver)

    def _listener(self) -> Any:
        connection = self.engine.raw_connection()
        driver: Any = connection.driver_connection
        # The pool would give to others a connection that listens.
        connection.detach()
        driver.autocommit = True
        driver.execute(f"LISTEN {_CHANNEL}")
        return driver


def _engine(url: str) -> Engine:
    if url.startswith("postgresql://"):
        url = "postgresql+psycopg://" + url.removeprefix("postgresql://")
    if not url.startswith("sqlite:"):
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _: Any) -> None:
        # Transactions begin where the store says so, not where the driver thinks best.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            f"busy_timeout={int(_BUSY * 1000)}",
            "foreign_keys=ON",
            "synchronous=FULL",
        ):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _lock_key(*what: str) -> int:
    """A signed 64-bit number for an advisory lock."""
    return int.from_bytes(hashlib.sha256("\0".join(what).encode()).digest()[:8], "big", signed=True)
