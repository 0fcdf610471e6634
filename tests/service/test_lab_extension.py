"""A learner's notebook server as it really starts: the way from the portal into a unit, languages, and bad days."""

from __future__ import annotations

import http.client
import re
import shutil
import socket
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from jupyter_client.blocking import BlockingKernelClient

from campus.portal.signin import Places
from campus.processes import wait_until
from tests.service.exchange_room import COURSE, UNIT, Campus, campus, released
from tests.service.jupyter_room import jupyter_server
from tests.service.portal_room import OTHER

TOKEN = "a-token-of-this-test"
BASE = "/user/learner-nord/"
NOTEBOOK = f"{COURSE}/{UNIT}/{UNIT}.ipynb"


@dataclass
class Lab:
    campus: Campus
    url: str
    home: Path
    runtime: Path

    def ask(self, path: str, method: str = "GET", *, signed_in: bool = True, **more) -> httpx.Response:
        headers = {"Authorization": f"token {TOKEN}"} if signed_in else {}
        return httpx.request(method, self.url + path, headers=headers, timeout=60, **more)

    def open(self, course: str = COURSE, assignment: str = UNIT) -> httpx.Response:
        return self.ask("lehrwerk/open", params={"course": course, "assignment": assignment})

    def kernel_says(self, code: str) -> str:
        """What a kernel started now prints."""
        kernel = self.ask("api/kernels", "POST", json={"name": "python3"}).json()["id"]
        client = BlockingKernelClient()
        client.load_connection_file(str(self.runtime / f"kernel-{kernel}.json"))
        client.start_channels()
        said = []

        def ready() -> bool:
            try:
                client.wait_for_ready(timeout=60)
            except RuntimeError:
                # A kernel that starts slowly misses heartbeats and is taken for dead.
                return False
            return True

        try:
            assert wait_until(ready, 60)
            client.execute_interactive(
                code, timeout=60, output_hook=lambda message: said.append(message["content"].get("text", ""))
            )
        finally:
            client.stop_channels()
            self.ask(f"api/kernels/{kernel}", "DELETE")
        return "".join(said).strip()


@contextmanager
def started(here: Campus, **environment: str) -> Iterator[Lab]:
    """A notebook server of learner-nord, as the hub configures it but with a token instead of the hub's sign-in."""
    folder = Path(tempfile.mkdtemp(dir=here.home))
    work, runtime = folder / "work", folder / "runtime"
    work.mkdir()
    variables = {**here.environment(), "JUPYTER_RUNTIME_DIR": str(runtime), **environment}
    with jupyter_server(work, BASE, TOKEN, folder / "log", variables) as url:
        yield Lab(here, url, work, runtime)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campus]:
    with campus(tmp_path_factory.mktemp("campus")) as opened:
        yield opened


@pytest.fixture(scope="module")
def lab(here: Campus) -> Iterator[Lab]:
    with started(here) as running:
        yield running


@pytest.fixture(autouse=True)
def english(here: Campus) -> None:
    here.room.store.set_language("learner-nord", "en")


def test_a_unit_opens_and_is_fetched_only_once(lab):
    answer = lab.open()
    assert (answer.status_code, answer.headers["location"]) == (302, f"{BASE}lab/tree/{NOTEBOOK}")
    assert (lab.home / NOTEBOOK).read_bytes() == released("Hello")
    (lab.home / NOTEBOOK).write_text("{}")
    (lab.home / COURSE / UNIT / "checks.py").unlink()
    assert lab.open().headers["location"] == f"{BASE}lab/tree/{NOTEBOOK}"
    assert (lab.home / NOTEBOOK).read_text() == "{}"
    assert not (lab.home / COURSE / UNIT / "checks.py").exists()


def test_a_folder_without_its_notebook_gets_it_back(lab):
    lab.open(assignment="port-to-cupy")
    folder = lab.home / COURSE / "port-to-cupy"
    (folder / "port-to-cupy.ipynb").unlink()
    (folder / "checks.py").write_text("mine")
    assert lab.open(assignment="port-to-cupy").status_code == 302
    assert (folder / "port-to-cupy.ipynb").exists()
    assert (folder / "checks.py").read_text() == "mine"


def test_a_unit_is_begun_anew_and_the_old_copy_stays_beside_it(lab):
    where = {"course": COURSE, "assignment": "port-to-cupy", "language": "de"}
    lab.open(assignment="port-to-cupy")
    folder = lab.home / COURSE / "port-to-cupy"
    (folder / "port-to-cupy.ipynb").write_text("mine")
    asked = lab.ask("lehrwerk/reset", params=where)
    assert (asked.status_code, "Diese Einheit neu beginnen?" in asked.text) == (200, True)
    assert (folder / "port-to-cupy.ipynb").read_text() == "mine"
    for _ in range(2):
        done = lab.ask("lehrwerk/reset", "POST", params=where)
        assert done.headers["location"] == f"{BASE}lab/tree/{COURSE}/port-to-cupy/port-to-cupy.ipynb"
    assert (folder / "port-to-cupy.ipynb").read_bytes() == released("Hallo")
    kept = sorted((lab.home / COURSE).glob("port-to-cupy-before-*/port-to-cupy.ipynb"))
    assert [file.read_bytes() for file in kept].count(b"mine") == 1
    assert len(kept) == 2


def test_a_reset_that_the_exchange_refuses_changes_nothing(lab):
    folder = lab.home / OTHER / UNIT
    folder.mkdir(parents=True)
    (folder / f"{UNIT}.ipynb").write_text("mine")
    refused = lab.ask("lehrwerk/reset", "POST", params={"course": OTHER, "assignment": UNIT})
    assert refused.status_code == 404
    assert [path.name for path in folder.parent.iterdir()] == [UNIT]
    assert (folder / f"{UNIT}.ipynb").read_text() == "mine"
    shutil.rmtree(folder.parent)


def test_a_reset_is_asked_for_by_a_form_of_the_servers_own(lab):
    """As a browser that is signed in: by its cookie, which another site's form would bring along."""
    lab.open()
    where = {"course": COURSE, "assignment": UNIT}
    with httpx.Client() as browser:
        page = browser.get(f"{lab.url}lehrwerk/reset", params={**where, "token": TOKEN})
        assert page.status_code == 200
        assert browser.post(f"{lab.url}lehrwerk/reset", params=where).status_code == 403
        form = re.search(r'name="_xsrf" value="([^"]+)"', page.text)
        assert form
        done = browser.post(f"{lab.url}lehrwerk/reset", params=where, data={"_xsrf": form.group(1)})
        assert done.status_code == 302


def test_clicks_at_the_same_time_fetch_once(here):
    with started(here) as lab, ThreadPoolExecutor(4) as people:
        answers = list(people.map(lambda _: lab.open(), range(4)))
        assert [answer.status_code for answer in answers] == [302] * 4
        assert [path.name for path in (lab.home / COURSE).iterdir()] == [UNIT]


@pytest.mark.parametrize(
    ("course", "assignment"),
    [
        ("", ""),
        (COURSE, ""),
        ("", UNIT),
        ("first-kernels", UNIT),
        (COURSE, ".."),
        (COURSE, "../../etc"),
        ("..--..", UNIT),
        (f"{COURSE}/..", UNIT),
        (f"/{COURSE}", UNIT),
        (COURSE, "guarded\nmap"),
        (COURSE, "a\0b"),
        (COURSE, "Guarded"),
        ("<script>alert(1)</script>--x", UNIT),
        (COURSE, "a" * 101),
    ],
)
def test_only_names_of_courses_and_units_are_taken(lab, course, assignment):
    before = sorted(lab.home.rglob("*"))
    answer = lab.open(course, assignment)
    assert answer.status_code == 400
    assert "<h1>" in answer.text
    assert "<script" not in answer.text
    assert sorted(lab.home.rglob("*")) == before


def test_what_stands_in_the_link_is_text_on_the_page(lab):
    place = urlsplit(lab.url)
    connection = http.client.HTTPConnection(place.hostname, place.port)
    connection.request(
        "GET", f'{BASE}lehrwerk/open?course="><script>alert(1)</script>', headers={"Authorization": f"token {TOKEN}"}
    )
    answer = connection.getresponse()
    page = answer.read().decode()
    connection.close()
    assert answer.status == 400
    assert "&quot;&gt;&lt;script&gt;" in page
    assert "<script" not in page
    assert answer.headers["content-security-policy"].startswith("default-src 'none';")


@pytest.mark.parametrize(
    ("course", "assignment", "said"),
    [
        (OTHER, UNIT, f"There is no course {OTHER}."),
        (COURSE, "no-such-unit", "The course has no assignment no-such-unit"),
    ],
)
def test_what_the_exchange_refuses_is_said_with_its_status(lab, course, assignment, said):
    answer = lab.open(course, assignment)
    assert answer.status_code == 404
    assert said in answer.text
    assert not (lab.home / course / assignment).exists()


def test_nobody_opens_anything_without_signing_in(lab):
    before = sorted(lab.home.rglob("*"))
    answer = lab.ask("lehrwerk/open", signed_in=False, params={"course": COURSE, "assignment": "port-to-cupy"})
    assert answer.status_code in (302, 403)
    assert "lab/tree" not in answer.headers.get("location", "")
    assert sorted(lab.home.rglob("*")) == before


def test_the_buttons_of_the_assignment_list_say_sentences(lab):
    def press(action: str, course: str = COURSE, assignment: str = "port-to-cupy") -> dict:
        body = {"course_id": course, "assignment_id": assignment}
        return lab.ask(f"assignments/{action}", "POST", json=body).json()

    assert lab.ask("courses").json() == {"success": True, "value": [COURSE]}
    assert "Fetch the assignment first." in press("submit", assignment="never-fetched")["value"]
    listed = press("fetch")["value"] if not (lab.home / COURSE / "port-to-cupy").exists() else []
    assert all(one["course_id"] == COURSE for one in listed)
    assert press("submit")["success"]
    (submission,) = lab.campus.room.store.submissions(assignment="port-to-cupy")
    assert submission.person == "learner-nord"
    assert press("fetch", course=OTHER)["value"].startswith(f"There is no course {OTHER}.")
    listed = lab.ask("assignments", params={"course_id": COURSE}).json()
    assert listed["success"]
    assert "submitted" in {one["status"] for one in listed["value"]}


def test_kernels_and_pages_speak_the_language_chosen_in_the_portal(here, lab):
    ask = "import os; print(os.environ['LEHRWERK_LANG'])"
    lab.open()
    assert lab.kernel_says(ask) == "en"
    here.room.store.set_language("learner-nord", "de")
    # Whoever comes from the portal brings the new choice along; a new server has it from its start.
    assert "Diese Einheit lässt sich gerade nicht öffnen" in lab.open(OTHER).text
    assert lab.kernel_says(ask) == "de"
    with started(here) as another:
        assert another.kernel_says(ask) == "de"


@pytest.mark.parametrize(
    ("language", "said"), [("en", "The exchange does not answer."), ("de", "Die Abgabestelle antwortet nicht.")]
)
def test_a_server_starts_without_the_portal_and_says_what_is_wrong(here, language, said):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}/services/portal/api"
        with started(here, LEHRWERK_EXCHANGE_URL=nobody, LEHRWERK_LANG=language) as lab:
            answer = lab.open()
            assert answer.status_code == 503
            assert f'<html lang="{language}">' in answer.text
            assert said in answer.text
            assert "Traceback" not in answer.text
            assert list(lab.home.iterdir()) == []
            # What was fetched before opens all the same.
            (lab.home / COURSE / UNIT).mkdir(parents=True)
            (lab.home / NOTEBOOK).write_text("{}")
            assert lab.open().headers["location"] == f"{BASE}lab/tree/{NOTEBOOK}"
            listed = lab.ask("assignments", params={"course_id": COURSE}).json()
            assert (listed["success"], listed["value"].startswith(said)) == (False, True)


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_portals_link_leads_here_in_the_language_of_its_page(lab, language):
    # JupyterHub's user-redirect puts what follows it below the person's own server.
    def follow(course: str) -> httpx.Response:
        link = urlsplit(Places().lab(course, UNIT, language))
        assert link.path.startswith("/hub/user-redirect/")
        return lab.ask(f"{link.path.removeprefix('/hub/user-redirect/')}?{link.query}")

    assert follow(COURSE).headers["location"] == f"{BASE}lab/tree/{NOTEBOOK}"
    assert f'<html lang="{language}">' in follow(OTHER).text
    assert lab.kernel_says("import os; print(os.environ['LEHRWERK_LANG'])") == language


@pytest.mark.parametrize("language", ["", "fr", "../de"])
def test_another_language_in_the_link_counts_as_none(here, lab, language):
    here.room.store.set_language("learner-nord", "de")
    answer = lab.ask("lehrwerk/open", params={"course": OTHER, "assignment": UNIT, "language": language})
    assert '<html lang="de">' in answer.text
