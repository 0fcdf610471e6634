"""For people who mark: collecting submissions into a course folder. Nothing is released by hand here."""

from __future__ import annotations

import shutil
from pathlib import Path

from nbgrader.exchange import abc as nbgrader

from grader.exchange.client.api import ExchangeFailure, Submission
from grader.exchange.client.exchange import Exchange
from grader.exchange.client.fetch import opened, place
from grader.exchange.client.language import say
from grader.safe_id import safe_id

_TIMESTAMP = "timestamp.txt"


class ExchangeCollect(Exchange, nbgrader.ExchangeCollect):
    """Writes everybody's newest submission to `submitted/<student>/<assignment>` with `timestamp.txt`; the student is
    called as in the gradebook.

    The platform marks without this; it is for who wants to look at the work with tools of their own.
    """

    def init_src(self) -> None:
        if self.before_duedate:
            raise ExchangeFailure(
                "The newest submissions are collected; late ones are marked as such. Leave --before-duedate out.",
                "Eingesammelt werden die neuesten Abgaben; verspätete sind vermerkt. Lass --before-duedate weg.",
                code="before-duedate",
            )
        self.found = [
            one
            for one in self.api.collect(self.course, self.assignment)
            if one.person and self.student in ("*", one.person)
        ]

    def copy_files(self) -> None:
        if not self.found:
            self.log.warning(
                "%s", say({"en": "There are no submissions to collect.", "de": "Es gibt keine Abgaben einzusammeln."})
            )
        for one in self.found:
            self._collect(one)

    def _collect(self, one: Submission) -> None:
        assert one.person
        # What a server says is no path, whoever speaks for it.
        person = safe_id(one.person)
        folder = Path(
            self.coursedir.format_path(self.coursedir.submitted_directory, person, self.assignment)
        ).absolute()
        timestamp = self.stamp(one.received_at)
        if folder.exists():
            here = folder / _TIMESTAMP
            same = here.is_file() and here.read_text(encoding="utf-8").strip() == timestamp
            if same or not self.update:
                note = {"en": "already here", "de": "schon da"}
                if not same:
                    note = {"en": "already here, --update takes the newer one", "de": "schon da, --update holt neuere"}
                self.log.info("%s %s: %s", person, self.assignment, say(note))
                return
        files = {**opened(self.api.archive(one.id)), _TIMESTAMP: timestamp.encode()}
        if folder.exists():
            shutil.rmtree(folder)
        place(files, folder)
        self.log.info("%s %s: %s", person, self.assignment, say({"en": "collected", "de": "eingesammelt"}))


class ExchangeReleaseAssignment(Exchange, nbgrader.ExchangeReleaseAssignment):
    """There is nothing to do by hand: publishing a course releases its assignments."""

    def init_src(self) -> None:
        raise ExchangeFailure(
            "Assignments are released by publishing the course: lehrwerk course publish DIR. Nothing was changed.",
            "Aufgaben werden freigegeben, indem der Kurs veröffentlicht wird: lehrwerk course publish DIR. "
            "Nichts wurde geändert.",
            code="published-instead",
        )


class ExchangeReleaseFeedback(Exchange, nbgrader.ExchangeReleaseFeedback):
    """There is nothing to do by hand: learners have their feedback as soon as it is recorded."""

    def copy_files(self) -> None:
        self.log.info(
            "%s",
            say(
                {
                    "en": "Learners see their feedback as soon as it is recorded; nothing is left to release.",
                    "de": "Lernende sehen ihre Rückmeldung, sobald sie eingetragen ist; freizugeben bleibt nichts.",
                }
            ),
        )
