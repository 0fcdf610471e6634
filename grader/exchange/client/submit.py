"""Submitting: the assignment's folder is packed and sent; the exchange stamps the time and gives a receipt."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from nbgrader.exchange import abc as nbgrader

from grader.course import archives
from grader.exchange.client.api import ExchangeFailure, Receipt, local_time
from grader.exchange.client.exchange import Exchange
from grader.exchange.client.language import say

#: No more than this is read to be packed. The exchange's own limits are lower and are told by its refusals.
_READ_BYTES = 1 << 29
_READ_FILES = 100_000


class ExchangeSubmit(Exchange, nbgrader.ExchangeSubmit):
    """`receipt` is what the exchange answered. `strict` refuses where a notebook is missing."""

    receipt: Receipt

    def init_src(self) -> None:
        self.only_oneself()
        self.source = self.folder(self.course, self.assignment)
        if not self.source.is_dir():
            where = self.shown(self.source)
            raise ExchangeFailure(
                f"There is no folder {where} to submit. Fetch the assignment first.",
                f"Es gibt keinen Ordner {where}, der abzugeben wäre. Hole zuerst die Aufgabe.",
                code="not-fetched",
            )

    def copy_files(self) -> None:
        self._compare()
        files = self._read()
        try:
            self.receipt = self.api.submit(self.course, self.assignment, archives.pack_files(files))
        except ExchangeFailure as failure:
            if failure.code == "too-large":
                raise _with_the_largest(failure, files) from failure
            raise
        self.log.info("%s", say(told(self.receipt)))

    def _compare(self) -> None:
        """Warn of missing and extra notebooks; with `strict` a missing one ends it."""
        found = {path.stem for path in self.source.glob("*.ipynb") if path.is_file()}
        for one in self.api.assignments(self.course):
            if one.id != self.assignment:
                continue
            missing = ", ".join(f"{name}.ipynb" for name in one.notebooks if name not in found)
            extra = ", ".join(f"{name}.ipynb" for name in sorted(found - set(one.notebooks)))
            if missing and self.strict:
                raise ExchangeFailure(
                    f"Nothing was submitted: {missing} is missing in {self.shown(self.source)}.",
                    f"Nichts wurde abgegeben: In {self.shown(self.source)} fehlt {missing}.",
                    code="missing-notebook",
                )
            if missing:
                self.log.warning("%s", say({"en": f"Missing: {missing}", "de": f"Es fehlt: {missing}"}))
            if extra:
                self.log.warning(
                    "%s", say({"en": f"Not part of the assignment: {extra}", "de": f"Nicht Teil der Aufgabe: {extra}"})
                )

    def _read(self) -> dict[str, bytes]:
        """What is to be sent, by name."""
        files: dict[str, bytes] = {}
        total = 0
        for path in self._paths(self.source):
            # A link put here meanwhile is not followed.
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as stream:
                content = stream.read(_READ_BYTES - total + 1)
            files[path.relative_to(self.source).as_posix()] = content
            total += len(content)
            if total > _READ_BYTES or len(files) > _READ_FILES:
                tried = ExchangeFailure(
                    "The folder is far too large to be submitted. Remove what does not belong to the assignment.",
                    "Der Ordner ist viel zu groß für eine Abgabe. Entferne, was nicht zur Aufgabe gehört.",
                    code="too-large",
                )
                raise _with_the_largest(tried, files)
        return files

    def _paths(self, folder: Path) -> Iterator[Path]:
        """Plain files to send. Hidden ones, nbgrader's ignored ones and links stay here."""
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
        for entry in found:
            path = Path(entry.path)
            if entry.name.startswith(".") or any(fnmatchcase(entry.name, glob) for glob in self.coursedir.ignore):
                continue
            try:
                entry.name.encode()
            except UnicodeEncodeError as error:
                raise ExchangeFailure(
                    f"The file name {entry.name!r} is not readable text. Rename the file and submit again.",
                    f"Der Dateiname {entry.name!r} ist kein lesbarer Text. Benenne die Datei um und gib neu ab.",
                    code="bad-name",
                ) from error
            if entry.is_dir(follow_symlinks=False):
                yield from self._paths(path)
            elif entry.is_file(follow_symlinks=False):
                yield path
            else:
                name = path.relative_to(self.source).as_posix()
                self.log.warning(
                    "%s",
                    say(
                        {
                            "en": f"{name} is not sent: it is a link or no plain file",
                            "de": f"{name} wird nicht gesandt: ein Verweis oder keine gewöhnliche Datei",
                        }
                    ),
                )


def _with_the_largest(failure: ExchangeFailure, files: dict[str, bytes]) -> ExchangeFailure:
    largest = max(files, key=lambda name: len(files[name]))
    size = len(files[largest])
    return ExchangeFailure(
        f"{failure.message['en']} The largest file is {largest} with {size:,} bytes.",
        f"{failure.message['de']} Die größte Datei ist {largest} mit {archives.german(size)} Byte.",
        code=failure.code,
        status=failure.status,
    )


def told(receipt: Receipt) -> dict[str, str]:
    """The receipt as a sentence in each language."""
    when = local_time(receipt.received_at)
    en = f"Submitted {receipt.course} {receipt.assignment} at {when}."
    de = f"{receipt.course} {receipt.assignment} ist abgegeben um {when}."
    if not receipt.new:
        en = f"You submitted exactly this before, at {when}; it counts once."
        de = f"Genau das hast du schon abgegeben, um {when}; es zählt einmal."
    if receipt.late:
        en += " That is after the deadline, and it is marked as late."
        de += " Das ist nach der Frist und als verspätet vermerkt."
    if receipt.queue_position is not None:
        before = receipt.queue_position
        en += f" Waiting before it: {before}." if before else " It is marked next."
        de += f" Davor warten: {before}." if before else " Sie wird als nächste bewertet."
    return {"en": en, "de": de}
