"""Fetching: an assignment comes into the learner's folder, whole, and never over the learner's own files."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path

from nbgrader.exchange import abc as nbgrader

from grader.course import archives
from grader.course.archives import ArchiveError
from grader.exchange.client.api import ExchangeFailure
from grader.exchange.client.exchange import Exchange
from grader.exchange.client.language import say


class Received:
    """Caps for an archive that the exchange sends; wide, but no learner's disk is filled."""

    submission_bytes = file_bytes = 1 << 30
    archive_entries = 10_000


def opened(archive: bytes) -> dict[str, bytes]:
    """Files of an archive from the exchange, by name. Raises ExchangeFailure where it is unfit."""
    try:
        return archives.read(archive, Received())
    except ArchiveError as error:
        raise ExchangeFailure(
            f"What the exchange sent cannot be unpacked ({error.code}). Nothing was changed; tell the instructor.",
            f"Was die Abgabestelle gesandt hat, ist nicht auszupacken ({error.code}). "
            "Nichts wurde geändert; sage der Lehrperson Bescheid.",
            code="bad-release",
        ) from error


def place(files: dict[str, bytes], folder: Path) -> bool:
    """Write `files` as the new folder `folder`: all of them or none. False where `folder` exists by now."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".new-", dir=folder.parent))
    try:
        for name, content in files.items():
            path = draft / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        draft.chmod(0o755)
        try:
            draft.rename(folder)
        except OSError as error:
            if error.errno in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                return False
            raise
        return True
    finally:
        shutil.rmtree(draft, ignore_errors=True)


class ExchangeFetchAssignment(Exchange, nbgrader.ExchangeFetchAssignment):
    """`replace_missing_files` brings back what was deleted; what is there stays as it is."""

    def init_src(self) -> None:
        self.only_oneself()

    def init_dest(self) -> None:
        self.dest = self.folder(self.course, self.assignment)
        if os.path.lexists(self.dest) and not (self.dest.is_dir() and self.replace_missing_files):
            raise self._there()

    def copy_files(self) -> None:
        files = opened(self.api.release(self.course, self.assignment))
        if not files:
            raise ExchangeFailure(
                f"The assignment {self.assignment} holds no files yet. Tell the instructor.",
                f"Die Aufgabe {self.assignment} enthält noch keine Dateien. Sage der Lehrperson Bescheid.",
                code="empty-release",
            )
        if self.dest.is_dir():
            self._fill(files)
        elif not place(files, self.dest):
            raise self._there()
        where = self.shown(self.dest)
        self.log.info("%s", say({"en": f"Fetched to {where}", "de": f"Geholt nach {where}"}))

    def _fill(self, files: dict[str, bytes]) -> None:
        for name, content in files.items():
            path = self.dest / name
            if os.path.lexists(path):
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as stream:
                stream.write(content)
            self.log.warning("%s", say({"en": f"Brought back {name}", "de": f"{name} wurde wieder hergeholt"}))

    def _there(self) -> ExchangeFailure:
        where = self.shown(self.dest)
        return ExchangeFailure(
            f"You have this assignment already, in {where}. Rename that folder to begin anew.",
            f"Du hast diese Aufgabe schon, in {where}. Benenne den Ordner um, wenn du neu beginnen willst.",
            code="already-fetched",
        )
