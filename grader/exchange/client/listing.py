"""Listing: what is released, fetched and submitted, as nbgrader's assignment list shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from nbgrader.exchange import abc as nbgrader

from grader.exchange.client.api import Assignment, ExchangeFailure, Submission
from grader.exchange.client.exchange import Exchange, is_name
from grader.exchange.client.language import say

Item = dict[str, Any]


class ExchangeList(Exchange, nbgrader.ExchangeList):
    """`start` returns nbgrader's dictionaries.

    By default one for each assignment, `released` or `fetched`. With `cached` the person's own submissions, with
    `inbound` everybody's newest (for who marks), both grouped by course, person and assignment.
    """

    def list_files(self) -> list[Item]:
        found: list[Item] = []
        for course in self._courses():
            assignments = [one for one in self.api.assignments(course) if self.coursedir.assignment_id in ("", one.id)]
            for one in assignments:
                if not is_name(one.id):
                    self.log.error("the exchange lists an assignment %r, which no folder can hold", one.id)
                    continue
                if not (self.cached or self.inbound):
                    found.append(self._assignment(course, one))
            if self.cached or self.inbound:
                found += self._submitted(course, assignments)
        for item in found:
            self._tell(item)
        return found

    def remove_files(self) -> NoReturn:
        raise ExchangeFailure(
            "Nothing can be removed from the exchange. A submission that waits can be withdrawn on its own page.",
            "Aus der Abgabestelle kann nichts entfernt werden. Eine wartende Abgabe lässt sich auf ihrer Seite "
            "zurückziehen.",
            code="no-removal",
        )

    def _courses(self) -> list[str]:
        """The person's courses, or the one asked for if it is among them."""
        mine = [course for course in self.api.courses() if is_name(course)]
        asked = self.coursedir.course_id if self.coursedir else ""
        if not asked or asked == "*":
            return mine
        if asked not in mine:
            self.log.warning(
                "%s",
                say(
                    {
                        "en": f"{asked} is not among your courses: {', '.join(mine)}",
                        "de": f"{asked} ist nicht unter deinen Kursen: {', '.join(mine)}",
                    }
                ),
            )
            return []
        return [asked]

    def _assignment(self, course: str, one: Assignment) -> Item:
        folder = self.folder(course, one.id)
        item: Item = {"course_id": course, "assignment_id": one.id, "student_id": self.student}
        if folder.is_dir():
            notebooks = [{"notebook_id": path.stem, "path": str(path)} for path in sorted(folder.glob("*.ipynb"))]
            return {**item, "status": "fetched", "path": str(folder), "notebooks": notebooks}
        notebooks = [{"notebook_id": name, "path": f"{name}.ipynb"} for name in one.notebooks]
        return {**item, "status": "released", "path": f"{course}/{one.id}", "notebooks": notebooks}

    def _submitted(self, course: str, assignments: list[Assignment]) -> list[Item]:
        submissions: list[Submission] = []
        if self.inbound and self.student != self.person:
            for one in assignments:
                submissions += self.api.collect(course, one.id)
        else:
            self.only_oneself()
            submissions = self.api.submissions(course, self.coursedir.assignment_id or None)
        notebooks = {one.id: one.notebooks for one in assignments}
        groups: dict[tuple[str, str], list[Submission]] = {}
        for submission in sorted(submissions, key=lambda one: one.received_at):
            person = submission.person or self.person
            if submission.assignment in notebooks and self.student in ("*", person):
                groups.setdefault((person, submission.assignment), []).append(submission)
        return [
            {
                "course_id": course,
                "student_id": person,
                "assignment_id": assignment,
                "status": "submitted",
                "submissions": self._group(person, notebooks[assignment], group),
            }
            for (person, assignment), group in sorted(groups.items())
        ]

    def _group(self, person: str, notebooks: list[str], group: list[Submission]) -> list[Item]:
        graded = [submission for submission in group if submission.graded]
        return [
            # A person's marks change the newest feedback; asking after old ones would cost a request each.
            self._submission(person, notebooks, one, may_change=bool(graded) and one is graded[-1])
            for one in group
        ]

    def _submission(self, person: str, notebooks: list[str], one: Submission, may_change: bool) -> Item:
        timestamp = self.stamp(one.received_at)
        folder = self.folder(one.course, one.assignment)
        local = folder / "feedback" / timestamp
        own = person == self.person
        pages = [self._page(name, local, one, own) for name in notebooks]
        if may_change and any(page["has_local_feedback"] for page in pages):
            newest = self.api.feedback(one.id)
            for page in pages:
                if page["has_local_feedback"] and newest is not None:
                    page["feedback_updated"] = Path(page["local_feedback_path"]).read_bytes() != newest
        fetched = bool(pages) and all(page["has_local_feedback"] for page in pages)
        return {
            "course_id": one.course,
            "student_id": person,
            "assignment_id": one.assignment,
            "timestamp": timestamp,
            "status": "submitted",
            "path": str(folder),
            "notebooks": pages,
            "has_local_feedback": fetched,
            "has_exchange_feedback": one.graded,
            "feedback_updated": any(page["feedback_updated"] for page in pages),
            "local_feedback_path": str(local) if fetched else None,
            "submission_id": one.id,
            "state": one.state,
            "late": one.late,
        }

    @staticmethod
    def _page(name: str, folder: Path, one: Submission, own: bool) -> Item:
        path = folder / f"{name}.html"
        here = own and path.is_file()
        return {
            "notebook_id": name,
            "path": str(folder.parent.parent / f"{name}.ipynb"),
            "has_local_feedback": here,
            "has_exchange_feedback": one.graded,
            "local_feedback_path": str(path) if here else None,
            "feedback_updated": False,
        }

    def _tell(self, item: Item) -> None:
        what = f"{item['course_id']} {item['assignment_id']}"
        if item["status"] == "released":
            self.log.info("%s", what)
        elif item["status"] == "fetched":
            self.log.info("%s (%s)", what, say({"en": "already fetched", "de": "schon geholt"}))
        for one in item.get("submissions", ()):
            if one["has_local_feedback"] and not one["feedback_updated"]:
                note = {"en": "feedback already fetched", "de": "Rückmeldung schon geholt"}
            elif one["has_exchange_feedback"]:
                note = {"en": "feedback ready to be fetched", "de": "Rückmeldung liegt bereit"}
            else:
                note = {"en": "no feedback yet", "de": "noch keine Rückmeldung"}
            self.log.info("%s %s %s (%s)", what, item["student_id"], one["timestamp"], say(note))
