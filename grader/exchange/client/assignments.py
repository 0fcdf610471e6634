"""What stands behind the buttons of nbgrader's assignment list, so that learners read sentences, not stack traces.

nbgrader's own manager shows a traceback where something fails, hides why a fetch failed, and changes the process's
folder while it works. This one keeps its interface and its answers: `{"success": bool, "value": list or sentence}`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nbgrader.apps import NbGrader
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeError, ExchangeFactory
from nbgrader.server_extensions.assignment_list.handlers import AssignmentList
from traitlets.config import Config

from grader.exchange.client.api import Api
from grader.exchange.client.language import say

Answer = dict[str, Any]


class Assignments(AssignmentList):
    """The list's manager; `root_dir` is the server's folder."""

    def __init__(self, root_dir: str | Path, **more: Any) -> None:
        super().__init__(**more)
        self.root_dir = str(Path(root_dir).absolute())
        self._failure: Answer | None = None

    def list_released_assignments(self, course_id: str | None = None) -> Answer:
        return self._answer(lambda: [self._relative(one) for one in self._listed(course_id)])

    def list_submitted_assignments(self, course_id: str | None = None) -> Answer:
        return self._answer(lambda: [self._relative(one) for one in self._listed(course_id, cached=True)])

    def list_assignments(self, course_id: str | None = None) -> Answer:
        """Both lists; or why the action failed after which nbgrader's handler asks for them."""
        failure, self._failure = self._failure, None
        if failure:
            return failure
        answer: Answer = super().list_assignments(course_id)
        return answer

    def list_courses(self) -> Answer:
        return self._answer(lambda: sorted(Api.from_environment().courses()))

    def fetch_assignment(self, course_id: str, assignment_id: str) -> Answer:
        return self._act("FetchAssignment", course_id, assignment_id)

    def fetch_feedback(self, course_id: str, assignment_id: str) -> Answer:
        return self._act("FetchFeedback", course_id, assignment_id)

    def submit_assignment(self, course_id: str, assignment_id: str) -> Answer:
        answer = self._act("Submit", course_id, assignment_id)
        # nbgrader's handler shows this one itself.
        self._failure = None
        return answer

    def _act(self, what: str, course: str, assignment: str) -> Answer:
        answer = self._answer(lambda: self._start(what, course, assignment))
        self._failure = None if answer["success"] else answer
        return answer

    def _listed(self, course: str | None, **traits: bool) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._start("List", course or "", "", **traits)
        return sorted(found, key=lambda one: (one["course_id"], one["assignment_id"]))

    def _start(self, what: str, course: str, assignment: str, **traits: bool) -> Any:
        app = NbGrader()
        app.load_config_file()
        config: Config = app.config
        config.CourseDirectory.course_id = course
        config.CourseDirectory.assignment_id = assignment
        config.Exchange.assignment_dir = self.root_dir
        make = getattr(ExchangeFactory(config=config), what)
        part = make(
            coursedir=CourseDirectory(config=config),
            authenticator=Authenticator(config=config),
            config=config,
            log=self.log,
        )
        for name, value in traits.items():
            setattr(part, name, value)
        return part.start()

    def _answer(self, work: Callable[[], Any]) -> Answer:
        try:
            return {"success": True, "value": work()}
        except ExchangeError as error:
            return {"success": False, "value": str(error)}
        except Exception:
            self.log.exception("the assignment list failed")
            return {"success": False, "value": say(OURS)}

    def _relative(self, item: dict[str, Any]) -> dict[str, Any]:
        """Paths as the file browser knows them."""
        if item["status"] == "fetched":
            item["path"] = self._browsed(item["path"])
            for notebook in item["notebooks"]:
                notebook["path"] = self._browsed(notebook["path"])
        for submission in item.get("submissions", ()):
            if submission["local_feedback_path"]:
                submission["local_feedback_path"] = self._browsed(submission["local_feedback_path"])
        return item

    def _browsed(self, path: str) -> str:
        return os.path.relpath(path, self.root_dir)


#: For what nobody foresaw; the server's log has the rest.
OURS = {
    "en": "Something went wrong on our side. Your files are safe; please try again, or tell your administrator.",
    "de": "Bei uns ist etwas schiefgegangen. Deine Dateien sind sicher; versuche es noch einmal oder sage deiner "
    "Administration Bescheid.",
}
