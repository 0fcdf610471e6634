"""Fetching feedback: one HTML page for each notebook, where nbgrader's list looks for it."""

from __future__ import annotations

from pathlib import Path

from nbgrader.exchange import abc as nbgrader

from grader.exchange.client.api import Submission
from grader.exchange.client.exchange import Exchange, is_name
from grader.exchange.client.language import say


class ExchangeFetchFeedback(Exchange, nbgrader.ExchangeFetchFeedback):
    """Brings the feedback of every graded submission into `feedback/<time>/` of the assignment's folder."""

    def init_src(self) -> None:
        self.only_oneself()

    def copy_files(self) -> None:
        course = self.course
        asked = self.assignment if self.coursedir.assignment_id else None
        notebooks = {one.id: one.notebooks for one in self.api.assignments(course) if is_name(one.id)}
        submissions = self.api.submissions(course, asked)
        fetched = 0
        newest: set[str] = set()
        for one in submissions:
            if not one.graded or one.assignment not in notebooks:
                continue
            folder = self.folder(course, one.assignment) / "feedback" / self.stamp(one.received_at)
            wanted = [folder / f"{name}.html" for name in notebooks[one.assignment] if is_name(name)]
            # Newest first: only its page can have changed since, by a person's marks.
            if one.assignment in newest and all(path.is_file() for path in wanted):
                continue
            newest.add(one.assignment)
            fetched += self._fetch(one, wanted)
        if not fetched:
            self.log.warning(
                "%s", say({"en": "There is no feedback to fetch yet.", "de": "Es gibt noch keine Rückmeldung."})
            )

    def _fetch(self, one: Submission, wanted: list[Path]) -> int:
        page = self.api.feedback(one.id)
        if page is None:
            return 0
        for path in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f".{path.name}")
            draft.write_bytes(page)
            draft.replace(path)
            where = self.shown(path)
            self.log.info("%s", say({"en": f"Feedback is in {where}", "de": f"Rückmeldung liegt in {where}"}))
        return len(wanted)
