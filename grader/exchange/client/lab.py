"""Jupyter Server extension of learners' servers.

`GET <base>/lehrwerk/open?course=C&assignment=A&language=L` is where the portal's "open in the lab" leads: the
assignment is fetched if it is not here, and its notebook opens. `<base>/lehrwerk/reset`, with the same names, asks and
then fetches it afresh; the old copy stays beside it. Kernels started afterwards speak the language of the
page that the person came from; at the server's start, and for a link without a language, the portal is asked for it.
Behind nbgrader's assignment list stands our manager. None of this may keep the server from starting.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable
from datetime import datetime
from html import escape
from itertools import count
from logging import Logger
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeError
from tornado import web
from traitlets.config import Config

from grader.exchange.client.api import Api, ExchangeFailure
from grader.exchange.client.assignments import OURS, Assignments
from grader.exchange.client.fetch import ExchangeFetchAssignment
from grader.exchange.client.language import VARIABLE, language, say

_SLUG = r"[a-z0-9]+(-[a-z0-9]+)*"
_COURSE = re.compile(rf"{_SLUG}--{_SLUG}")
_ASSIGNMENT = re.compile(_SLUG)
_LONGEST = 100
#: The server's start does not wait longer than this for the portal.
_PATIENCE = 3.0

_PAGE = """\
<!doctype html>
<html lang="{language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>
<style>body {{ font: 1.1rem/1.5 system-ui, sans-serif; color: #1b1b1b; background: #fff; max-width: 38rem;
margin: 15vh auto; padding: 0 1rem }} a {{ color: #0b57d0 }}</style></head>
<body><main><h1>{title}</h1><p>{text}</p>
{action}<p><a href="{lab}">{lab_text}</a></p></main>
</body></html>
"""


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(serverapp: Any) -> None:
    take_language(serverapp.log)
    settings = serverapp.web_app.settings
    desk = Desk(Path(serverapp.root_dir))
    for name, handler in (("open", OpenHandler), ("reset", ResetHandler)):
        pattern = re.escape(url_path_join(settings["base_url"], "lehrwerk", name))
        serverapp.web_app.add_handlers(".*$", [(pattern, handler, {"desk": desk})])


async def _start_jupyter_server_extension(serverapp: Any) -> None:
    # nbgrader puts its own manager there while extensions load, in an order that is not ours to choose.
    settings = serverapp.web_app.settings
    if "assignment_list_manager" in settings:
        settings["assignment_list_manager"] = Assignments(serverapp.root_dir, parent=serverapp)


def take_language(log: Logger) -> None:
    """Let kernels speak the language that the person chose in the portal; without a choice, or an answer, as before."""
    try:
        chosen = Api.from_environment(seconds=_PATIENCE).me().language
    except ExchangeFailure as failure:
        log.warning("the language chosen in the portal is not known: %s", failure.message["en"])
        return
    if chosen in ("de", "en"):
        os.environ[VARIABLE] = chosen


class Desk:
    """The learner's folder `root`, and how an assignment gets there."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    def notebook(self, course: str, assignment: str) -> str:
        """Path of the assignment's notebook below `root`, with the assignment fetched where it was not there.

        Raises ExchangeError.
        """
        folder = self.root / course / assignment
        wanted = folder / f"{assignment}.ipynb"
        if not wanted.is_file() and not (folder.is_dir() and any(folder.glob("*.ipynb"))):
            self._fetch(course, assignment)
        found = [wanted] if wanted.is_file() else sorted(folder.glob("*.ipynb"))
        return (found[0] if found else folder).relative_to(self.root).as_posix()

    def reset(self, course: str, assignment: str) -> str:
        """As `notebook`, with the assignment as it was at first; what was here stays beside it under another name.

        Raises ExchangeError, and then all is as before.
        """
        folder = self.root / course / assignment
        if not os.path.lexists(folder):
            return self.notebook(course, assignment)
        kept = self._beside(folder)
        folder.rename(kept)
        try:
            return self.notebook(course, assignment)
        except BaseException:
            if not os.path.lexists(folder):
                kept.rename(folder)
            raise

    @staticmethod
    def _beside(folder: Path) -> Path:
        name = f"{folder.name}-before-{datetime.now().astimezone():%Y%m%d-%H%M%S}"
        numbers = count(2)
        kept = folder.with_name(name)
        while os.path.lexists(kept):
            kept = folder.with_name(f"{name}-{next(numbers)}")
        return kept

    def _fetch(self, course: str, assignment: str) -> None:
        part = ExchangeFetchAssignment(
            coursedir=CourseDirectory(course_id=course, assignment_id=assignment),
            config=Config({"Exchange": {"assignment_dir": str(self.root)}}),
        )
        # A folder without a notebook gets it back; nothing that is there is touched.
        part.replace_missing_files = True
        part.start()


class _UnitHandler(JupyterHandler):
    """One unit, named by the query: to its notebook, or a small page that says why not."""

    def initialize(self, desk: Desk) -> None:
        self.desk = desk
        self.busy = self.settings.setdefault("lehrwerk_open_lock", asyncio.Lock())

    def _unit(self) -> tuple[str, str] | None:
        """Course and assignment; None, and the answer is given, where the link is no good."""
        course = self.get_query_argument("course", "")
        assignment = self.get_query_argument("assignment", "")
        if _is(_COURSE, course) and _is(_ASSIGNMENT, assignment):
            return course, assignment
        self._say(400, _MALFORMED)
        return None

    async def _take_language(self) -> None:
        if (chosen := self.get_query_argument("language", "")) in ("de", "en"):
            os.environ[VARIABLE] = chosen
        else:
            await asyncio.get_running_loop().run_in_executor(None, take_language, self.log)

    async def _lead_to(self, notebook: Callable[[str, str], str], course: str, assignment: str) -> None:
        try:
            # Two clicks on one link must not fetch twice.
            async with self.busy:
                await self._take_language()
                path = await asyncio.get_running_loop().run_in_executor(None, notebook, course, assignment)
        except ExchangeFailure as failure:
            self._say(failure.status if 400 <= failure.status < 500 else 503, failure.message)
        except ExchangeError as error:
            self._say(409, {"de": str(error), "en": str(error)})
        except Exception:
            self.log.exception("opening %s of %s failed", assignment, course)
            self._say(500, OURS)
        else:
            self.redirect(url_path_join(self.base_url, "lab", "tree", quote(path)))

    def _say(self, status: int, text: dict[str, str]) -> None:
        self.set_status(status)
        again = f'<p><a href="{escape(self.request.uri or "")}">{escape(say(_WORDS["again"]))}</a></p>'
        self._page("title", text, again)

    def _page(self, title: str, text: dict[str, str], action: str) -> None:
        """`action` is HTML."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header(
            "Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; "
            "frame-ancestors 'none'",
        )
        self.set_header("Cache-Control", "no-store")
        self.finish(
            _PAGE.format(
                language=language(),
                title=escape(say(_WORDS[title])),
                text=escape(say(text)),
                action=action,
                lab=escape(url_path_join(self.base_url, "lab")),
                lab_text=escape(say(_WORDS["lab"])),
            )
        )


class OpenHandler(_UnitHandler):
    """Fetches where need be, and redirects."""

    @web.authenticated
    async def get(self) -> None:
        if unit := self._unit():
            await self._lead_to(self.desk.notebook, *unit)


class ResetHandler(_UnitHandler):
    """Asks, and then begins a unit anew."""

    @web.authenticated
    async def get(self) -> None:
        if self._unit():
            await self._take_language()
            form = (
                f'<form method="post" action="{escape(self.request.uri or "")}">{self.xsrf_form_html()}'
                f"<button>{escape(say(_WORDS['reset']))}</button></form>"
            )
            self._page("anew", _ANEW, form)

    @web.authenticated
    async def post(self) -> None:
        if unit := self._unit():
            await self._lead_to(self.desk.reset, *unit)


def _is(pattern: re.Pattern[str], text: str) -> bool:
    return len(text) <= _LONGEST and pattern.fullmatch(text) is not None


_MALFORMED = {
    "en": "This link is incomplete or misspelt. Open the unit from the course's page.",
    "de": "Dieser Verweis ist unvollständig oder falsch geschrieben. Öffne die Einheit von der Seite des Kurses.",
}
_ANEW = {
    "en": "You get the unit as it was at first. What you have done so far stays beside it in a folder of its own, "
    "and what you have submitted stays submitted.",
    "de": "Du bekommst die Einheit, wie sie am Anfang war. Was Du bisher gemacht hast, bleibt daneben in einem eigenen "
    "Ordner, und was Du abgegeben hast, bleibt abgegeben.",
}
_WORDS = {
    "title": {"en": "This unit cannot be opened now", "de": "Diese Einheit lässt sich gerade nicht öffnen"},
    "again": {"en": "Try again", "de": "Noch einmal versuchen"},
    "lab": {"en": "Go to the lab", "de": "Zum Lab"},
    "anew": {"en": "Begin this unit anew?", "de": "Diese Einheit neu beginnen?"},
    "reset": {"en": "Begin anew", "de": "Neu beginnen"},
}
