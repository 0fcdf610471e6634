"""`lehrwerk course preview`: a course in the browser as learners read it, shown anew after each save.

On this machine's loopback only. Nothing of the course is executed, and its pages run no script but our own.
"""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, cast

import uvicorn
from jinja2 import Environment, FileSystemLoader
from markdown_it import MarkdownIt
from markupsafe import Markup
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers.python import PythonLexer
from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from campus.portal.language import LANGUAGES, NAMES, mark, translations
from campus.portal.security import SecurityHeaders, policy
from grader.course.build import notebook, released
from grader.course.model import CourseError, Language
from grader.course.proofreading import FIGURES
from grader.course.reader import Draft, Unit, look

HERE = Path(__file__).parent
_PORTAL = HERE.parent / "portal" / "static"
_PAUSE = 0.3

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
_CODE = HtmlFormatter(nowrap=True, classprefix="hl-")


class Preview:
    """The pages of the course in `folder`, which is read anew for each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.templates = Environment(loader=FileSystemLoader(HERE), autoescape=True, trim_blocks=True)
        self.app = Starlette(
            routes=[
                Route("/", self.first),
                Route("/changes", self.changes),
                Route("/{language}/{unit}/", self.page),
                Route("/{language}/{unit}/figures/{name:path}", self.figure),
                Mount("/static", StaticFiles(directory=HERE / "static")),
                Mount("/portal", StaticFiles(directory=_PORTAL)),
            ],
            middleware=[
                # A page elsewhere whose name points here must not read the course.
                Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"]),
                Middleware(SecurityHeaders, content_policy=policy(), cached_below="/nothing"),
            ],
        )

    def _draft(self) -> Draft:
        try:
            return look(self.folder)
        except CourseError as error:
            return Draft(None, [], [], error.problems)

    def first(self, request: Request) -> Response:
        stamp, draft = _stamp(self.folder), self._draft()
        if draft.units and draft.languages:
            return RedirectResponse(f"/{draft.languages[0]}/{draft.units[0].folder.name}/")
        return self._show(draft, "en", None, stamp)

    def page(self, request: Request) -> Response:
        stamp, draft, language = _stamp(self.folder), self._draft(), request.path_params["language"]
        unit = next((one for one in draft.units if one.folder.name == request.path_params["unit"]), None)
        if unit is None or language not in LANGUAGES:
            raise HTTPException(404)
        return self._show(draft, language, unit, stamp)

    def _show(self, draft: Draft, language: str, unit: Unit | None, stamp: str) -> Response:
        say = translations(cast(Language, language)).gettext
        cells = None
        if unit is not None and language in unit.notebooks:
            cells = [_shown(cell, say) for cell in released(notebook(unit, language)).cells]
        page = self.templates.get_template("page.html").render(
            course=draft.file.title.get(cast(Language, language)) if draft.file else self.folder.name,
            language=language,
            languages=draft.languages,
            units=[one.folder.name for one in draft.units],
            unit=unit.folder.name if unit else None,
            cells=cells,
            problems=[str(problem).replace(f"{self.folder}/", "") for problem in draft.problems],
            names=NAMES,
            _=say,
            stamp=stamp,
        )
        return HTMLResponse(page)

    def figure(self, request: Request) -> Response:
        figures = (self.folder / "units" / request.path_params["unit"] / FIGURES).resolve()
        path = (figures / request.path_params["name"]).resolve()
        if not figures.is_relative_to(self.folder.resolve()) or not path.is_relative_to(figures) or not path.is_file():
            raise HTTPException(404)
        return FileResponse(path)

    async def changes(self, request: Request) -> Response:
        """An event as soon as the folder is not as it was when the page was made."""

        async def stream() -> AsyncIterator[dict[str, Any]]:
            while not await request.is_disconnected():
                if _stamp(self.folder) != request.query_params.get("since"):
                    yield {"event": "changed", "data": ""}
                    return
                await asyncio.sleep(_PAUSE)

        return EventSourceResponse(stream(), ping=15)


def _shown(cell: NotebookNode, say: Callable[[str], str]) -> dict[str, Any]:
    """What the page shows of a cell: HTML, and for a marked one what it is for."""
    marks = cell.metadata.get("nbgrader") or {}
    kind = ""
    if marks.get("task") or (marks.get("grade") and marks.get("solution")):
        kind = mark("Marked by a person")
    elif marks.get("grade"):
        kind = mark("Test")
    elif marks.get("solution"):
        kind = mark("Exercise")
    elif marks.get("locked"):
        kind = mark("locked")
    points = say("%(points)s points") % {"points": f"{marks['points']:g}"} if marks.get("points") else ""
    code = cell.cell_type == "code"
    html = highlight(cell.source, PythonLexer(), _CODE) if code else _MARKDOWN.render(cell.source)
    return {
        "code": code,
        "html": Markup(html),  # noqa: S704 - Pygments and markdown-it escape what is text, and raw HTML is off
        "label": " · ".join(part for part in (kind and say(kind), marks.get("grade_id", ""), points) if part),
    }


def _stamp(folder: Path) -> str:
    """Changes with each save of a file, new one, or removed one."""
    seen = []
    for path in sorted(folder.rglob("*")):
        try:
            seen.append((str(path), path.stat().st_mtime_ns))
        except FileNotFoundError:
            # Editors replace a file by another.
            continue
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]


def serve(folder: Path, port: int, say: Callable[[str], object]) -> None:
    """Until interrupted; `say` hears the address. Raises OSError where the port is taken."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        say(f"http://127.0.0.1:{listening.getsockname()[1]}/")
        config = uvicorn.Config(Preview(folder).app, log_level="warning", timeout_graceful_shutdown=1)
        uvicorn.Server(config).run(sockets=[listening])
