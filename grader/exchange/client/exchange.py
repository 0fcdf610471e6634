"""What all of our exchange classes share: who asks, where folders lie, how failures are told."""

from __future__ import annotations

import os
import re
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

from dateutil.tz import gettz
from nbgrader.exchange import ExchangeError
from nbgrader.exchange import abc as nbgrader
from traitlets import Bool

from grader.exchange.client.api import Api, ExchangeFailure

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


def is_name(text: str) -> bool:
    """Whether `text` can be one folder's name: nothing hidden, nothing that leads elsewhere."""
    return _NAME.fullmatch(text) is not None


class Exchange(nbgrader.Exchange):
    """Base of the platform's exchange."""

    path_includes_course = Bool(True, help="Put assignments into a folder of their course.").tag(config=True)

    def start(self) -> Any:
        try:
            return super().start()
        except ExchangeFailure as failure:
            self.log.critical("%s", failure)
            raise
        except OSError as error:
            unusable = ExchangeFailure(
                f"{error.filename or 'A file'} cannot be read or written: {error.strerror}.",
                f"{error.filename or 'Eine Datei'} ist nicht zu lesen oder zu schreiben: {error.strerror}.",
                code="files",
            )
            self.log.critical("%s", unusable)
            raise unusable from error

    def fail(self, msg: str) -> NoReturn:
        self.log.critical("%s", msg)
        raise ExchangeError(msg) from None

    @cached_property
    def api(self) -> Api:
        return Api.from_environment()

    @cached_property
    def person(self) -> str:
        """Who the exchange takes this server for."""
        return os.environ.get("JUPYTERHUB_USER") or self.api.me().name

    @property
    def course(self) -> str:
        name: str = self.coursedir.course_id if self.coursedir else ""
        if not is_name(name):
            raise ExchangeFailure(
                "Say which course is meant: choose it in the list, or add --course tenant--course.",
                "Sage, welcher Kurs gemeint ist: Wähle ihn in der Liste, oder ergänze --course tenant--course.",
                code="no-course",
            )
        return name

    @property
    def assignment(self) -> str:
        name: str = self.coursedir.assignment_id if self.coursedir else ""
        if not is_name(name):
            raise ExchangeFailure(
                f"There can be no assignment with the name {name[:80]!r}.",
                f"Eine Aufgabe mit dem Namen {name[:80]!r} kann es nicht geben.",
                code="no-assignment",
            )
        return name

    @property
    def student(self) -> str:
        """The student id asked for, or `*`."""
        return (self.coursedir.student_id if self.coursedir else "") or "*"

    def only_oneself(self) -> None:
        """Raises ExchangeFailure where another person is named: the exchange goes by the token alone."""
        if self.student != "*" and self.student != self.person:
            raise ExchangeFailure(
                f"You are signed in as {self.person} and cannot act for {self.student[:80]}.",
                f"Du bist als {self.person} angemeldet und kannst nicht für {self.student[:80]} handeln.",
                code="another-person",
            )

    def folder(self, course: str, assignment: str) -> Path:
        """Where a learner works on the assignment, absolute."""
        root = Path(self.assignment_dir).absolute()
        return root / course / assignment if self.path_includes_course else root / assignment

    def shown(self, folder: Path) -> str:
        """`folder` as people see it in the file browser."""
        root = Path(self.assignment_dir).absolute()
        return folder.relative_to(root).as_posix()

    def stamp(self, when: datetime) -> str:
        """A moment as nbgrader writes it."""
        zone = gettz(self.timezone)
        if zone is None:
            raise ExchangeFailure(
                f"Exchange.timezone is {self.timezone!r}, which is no time zone.",
                f"Exchange.timezone ist {self.timezone!r}, und das ist keine Zeitzone.",
                code="timezone",
            )
        return when.astimezone(zone).strftime(self.timestamp_format)

    def init_src(self) -> None: ...

    def init_dest(self) -> None: ...

    def copy_files(self) -> None: ...
