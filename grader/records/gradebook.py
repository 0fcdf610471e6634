"""nbgrader's gradebook with a database engine that stays.

nbgrader makes an engine for every `Gradebook`, and a converter makes a gradebook at every step: each connects anew,
asks for the tables and compiles every statement once more. Here the gradebooks of one database share an engine for as
long as the process lives. Imports nbgrader and SQLAlchemy.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from threading import Lock
from typing import Any

from nbgrader.api import Gradebook
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.orm import scoped_session, sessionmaker

#: By URL: which file it was, where it is one, the engine, and the courses that are known to be there.
_engines: dict[str, tuple[tuple[int, int] | None, Engine, set[str]]] = {}
_lock = Lock()


class WarmGradebook(Gradebook):
    """As nbgrader's, on the process's engine for the database."""

    def __init__(self, db_url: str, course_id: str = "default_course", authenticator: Any = None) -> None:
        self.engine, checked = _engine(db_url)
        self.db = scoped_session(sessionmaker(autoflush=True, bind=self.engine, future=True))
        self.course_id = course_id
        self.authenticator = authenticator
        if course_id not in checked:
            self.check_course(course_id=course_id)
            checked.add(course_id)

    def close(self) -> None:
        self.db.remove()


def _engine(url: str) -> tuple[Engine, set[str]]:
    with _lock:
        file, engine, checked = _engines.get(url, (None, None, set()))
        # A restored backup is another file of the same name.
        if engine is None or file != _file(url):
            if engine is not None:
                engine.dispose()
            _with_commands_on_path()
            # nbgrader makes the tables of a new database.
            Gradebook(url).close()
            engine, checked = _new_engine(url), set()
            _engines[url] = _file(url), engine, checked
        return engine, checked


def _file(url: str) -> tuple[int, int] | None:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database is None or not os.path.exists(parsed.database):
        return None
    found = os.stat(parsed.database)
    return found.st_dev, found.st_ino


def _new_engine(url: str) -> Engine:
    engine = create_engine(url, future=True, pool_pre_ping=True)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def connect(connection: Any, _: Any) -> None:
            # A formgrader writes there too.
            connection.execute("PRAGMA busy_timeout=30000")

    return engine


def _with_commands_on_path() -> None:
    """A new gradebook makes nbgrader start `alembic` from PATH."""
    bin_folder = str(Path(sys.executable).parent)
    if bin_folder not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = bin_folder + os.pathsep + os.environ.get("PATH", os.defpath)


def stay_warm() -> None:
    """Let nbgrader's own converters and preprocessors share engines in this process."""
    import nbgrader.converters  # noqa: F401 - brings the preprocessors with it

    for name, module in list(sys.modules.items()):
        if name.startswith("nbgrader.") and name != Gradebook.__module__ and hasattr(module, "Gradebook"):
            module.Gradebook = WarmGradebook  # type: ignore[attr-defined]
