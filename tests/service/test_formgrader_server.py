"""A formgrader's server as it really starts: marking by hand works, and nothing else is answered."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from nbgrader.api import Gradebook

from campus.hub import lab
from campus.settings import Settings
from tests.notebooks import manual, notebook
from tests.service.jupyter_room import jupyter_server

COURSE, UNIT, PERSON = "nord--first", "unit", "anna"
BASE, TOKEN = f"/user/grader-{COURSE}/", "a-token-of-this-test"


@dataclass
class Formgrader:
    url: str
    folder: Path
    database: str

    def ask(self, path: str, method: str = "GET", **more) -> httpx.Response:
        return httpx.request(method, self.url + path, headers={"Authorization": f"token {TOKEN}"}, timeout=60, **more)

    def files(self) -> dict[str, bytes]:
        """Everything in the course's folder but the database and what SQLite keeps beside it."""
        found = (path for path in self.folder.rglob("*") if path.is_file() and "gradebook.db" not in path.name)
        return {str(path): path.read_bytes() for path in found}


@pytest.fixture(scope="module")
def formgrader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Formgrader]:
    data = tmp_path_factory.mktemp("data")
    lab.write(Settings(data=data))
    folder = data / "courses" / COURSE
    database = f"sqlite:///{folder / 'gradebook.db'}"
    for step in (f"source/{UNIT}", f"submitted/{PERSON}/{UNIT}", f"autograded/{PERSON}/{UNIT}"):
        (folder / step).mkdir(parents=True)
        (folder / step / f"{UNIT}.ipynb").write_bytes(notebook(manual("why", 3, "because")))
    with pytest.MonkeyPatch.context() as patch:
        # A new gradebook makes nbgrader start `alembic` from PATH.
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        Gradebook(database, COURSE).close()
    with Gradebook(database, COURSE) as gradebook:
        gradebook.add_assignment(UNIT)
        gradebook.add_notebook(UNIT, UNIT)
        gradebook.add_grade_cell("why", UNIT, UNIT, max_score=3, cell_type="markdown")
        gradebook.add_solution_cell("why", UNIT, UNIT)
        gradebook.add_student(PERSON)
        gradebook.add_submission(UNIT, PERSON)
    environment = {
        "HOME": str(data),
        "JUPYTER_CONFIG_PATH": str(data / "etc" / "formgrader"),
        "JUPYTER_CONFIG_DIR": str(data / ".jupyter"),
        "JUPYTER_PATH": str(data / "share" / "jupyter"),
        "JUPYTER_RUNTIME_DIR": str(data / "runtime"),
        "LEHRWERK_COURSE": COURSE,
        "LEHRWERK_GRADEBOOK": database,
    }
    with jupyter_server(folder, BASE, TOKEN, data / "log", environment) as url:
        yield Formgrader(url, folder, database)


@pytest.mark.parametrize(
    "path",
    [
        f"submission/{UNIT}/{PERSON}/autograde",
        *(f"assignment/{UNIT}/{verb}" for verb in ("assign", "release", "unrelease", "collect")),
        *(f"assignment/{UNIT}/{verb}" for verb in ("generate_feedback", "release_feedback")),
        *(f"assignment/{UNIT}/{PERSON}/{verb}" for verb in ("generate_feedback", "release_feedback")),
    ],
)
def test_what_the_platform_does_itself_is_refused_and_touches_no_file(formgrader, path):
    before = formgrader.files()
    answer = formgrader.ask(f"formgrader/api/{path}", "POST")
    assert answer.status_code == 403
    assert answer.json()["success"] is False
    assert "in the exam room" in answer.json()["error"]
    assert formgrader.files() == before


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (f"assignment/{UNIT}", {"duedate_notimezone": "2001-01-01T00:00:00", "duedate_timezone": "UTC"}),
        ("assignment/another", {}),
        (f"student/{PERSON}", {"last_name": "Somebody else"}),
        ("student/nobody", {"last_name": "Nobody"}),
    ],
)
def test_assignments_and_people_are_not_edited_here(formgrader, path, content):
    assert formgrader.ask(f"formgrader/api/{path}", "PUT", json=content).status_code == 403
    with Gradebook(formgrader.database, COURSE) as gradebook:
        assert [one.name for one in gradebook.assignments] == [UNIT]
        assert gradebook.find_assignment(UNIT).duedate is None
        assert [(one.id, one.last_name) for one in gradebook.students] == [(PERSON, None)]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "api/contents"),
        ("GET", "api/contents/gradebook.db"),
        ("PUT", "api/contents/new.txt"),
        ("GET", "files/gradebook.db"),
        ("GET", "formgrader/submissions/x/../../gradebook.db"),
        ("POST", "api/kernels"),
        ("POST", "api/sessions"),
        ("POST", "api/terminals"),
        ("POST", "api/shutdown"),
        ("GET", "lab"),
        ("GET", "tree"),
        ("GET", "terminals/1"),
        ("GET", "nbconvert/html/gradebook.db"),
        ("DELETE", f"formgrader/api/student/{PERSON}"),
    ],
)
def test_nothing_of_a_notebook_server_is_there(formgrader, method, path):
    assert formgrader.ask(path, method).status_code in (403, 404)


def test_the_server_opens_on_marking_by_hand(formgrader):
    start = f"{BASE}formgrader/gradebook"
    for path in ("", "formgrader", f"formgrader?path={formgrader.folder}", "formgrader/manage_assignments"):
        answer = formgrader.ask(path)
        assert answer.status_code == 302, path
        assert answer.headers["location"].partition("?")[0] == start, path
    assert "Manual Grading" in formgrader.ask("formgrader/gradebook").text


def test_points_comments_and_flags_are_taken(formgrader):
    page = formgrader.ask("formgrader/gradebook")
    token = page.cookies["_xsrf"]

    def send(path: str, method: str, content: object) -> None:
        answer = httpx.request(
            method,
            f"{formgrader.url}formgrader/api/{path}",
            json=content,
            headers={"Authorization": f"token {TOKEN}", "X-CSRFToken": token},
            cookies={"_xsrf": token},
        )
        assert answer.status_code == 200, answer.text

    submitted = formgrader.ask(f"formgrader/api/submitted_notebooks/{UNIT}/{UNIT}").json()[0]["id"]
    assert formgrader.ask(f"formgrader/submissions/{submitted}/").status_code == 200
    grade = formgrader.ask("formgrader/api/grades", params={"submission_id": submitted}).json()[0]
    comment = formgrader.ask("formgrader/api/comments", params={"submission_id": submitted}).json()[0]
    send(f"grade/{grade['id']}", "PUT", {"manual_score": 2})
    send(f"comment/{comment['id']}", "PUT", {"manual_comment": "Good."})
    send(f"submitted_notebook/{submitted}/flag", "POST", None)
    with Gradebook(formgrader.database, COURSE) as gradebook:
        found = gradebook.find_submission_notebook(UNIT, UNIT, PERSON)
        assert (found.score, found.flagged) == (2, True)
        assert found.comments[0].manual_comment == "Good."


def test_what_would_be_refused_is_hidden_by_the_stylesheet(formgrader):
    style = formgrader.ask("formgrader/static/css/nbgrader.css").text
    assert ".jupyter-logo" in style
    assert "manage_assignments" in style
