"""Jupyter Server extension of a formgrader's server: nbgrader's pages for marking by hand, and nothing else.

A formgrader's server is a whole Jupyter Server beside a gradebook. Of all that it could answer, this lets through what
marking needs, by a list: pages and calls that read, and those that write points, comments and flags. What nbgrader
would do besides (generate, release, collect, autograde, feedback, editing assignments and people) the platform has
done already, and nbgrader's way of doing it would destroy what stands here; so it is refused before nbgrader sees it.
Imports tornado and nbgrader.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from jupyter_server.utils import url_path_join
from nbgrader.server_extensions.formgrader import formgrader, handlers
from tornado import routing, web
from tornado.httputil import HTTPServerRequest

#: Where marking begins, and where the pages lead that have nothing to offer here.
START = "formgrader/gradebook"
_INSTEAD = re.compile(r"|formgrader/?|formgrader/manage_assignments/?|formgrader/manage_submissions/[^/]+/?")

_NAME = r"[^/]+"
#: Paths below the server's own, by method.
_SERVED = {
    "GET": re.compile(
        "|".join(
            (
                # The hub asks whether the server is up; the rest is the hub's sign-in.
                r"api|oauth_callback|logout|favicon\.ico|static/favicons?/.+",
                rf"formgrader/gradebook(/{_NAME}){{0,2}}/?",
                rf"formgrader/manage_students(/{_NAME}){{0,2}}/?",
                rf"formgrader/submissions/{_NAME}(/|/(next|prev)(_incorrect)?/?)?",
                r"formgrader/static/.+",
                r"formgrader/api/(status|assignments|students|grades|comments)",
                rf"formgrader/api/(assignment|notebooks|submissions|student|student_submissions|grade|comment)/{_NAME}",
                rf"formgrader/api/(submission|submitted_notebooks|student_notebook_submissions)/{_NAME}/{_NAME}",
            )
        )
    ),
    "PUT": re.compile(rf"formgrader/api/(grade|comment)/{_NAME}"),
    "POST": re.compile(rf"formgrader/api/submitted_notebook/{_NAME}/flag"),
}
_SERVED["HEAD"] = _SERVED["GET"]

REFUSAL = (
    "The platform does this itself: submissions are collected and marked in the exam room as they come in, courses are "
    "published from their folders, and people come from the sign-in. Here you give points and comments by hand."
)

#: Hides what would be refused, and the way to files that are not served.
_STYLE = """
a[href$="/formgrader/manage_assignments"], tfoot,
#main-table .edit, thead:has(~ #main-table .edit) th:last-child { display: none !important; }
.live-notebook > a { color: inherit; cursor: default; pointer-events: none; }
"""


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(serverapp: Any) -> None:
    formgrader.load_jupyter_server_extension(serverapp)
    application = serverapp.web_app
    base = application.settings["base_url"]
    start = url_path_join(base, START)
    style = url_path_join(base, "formgrader", "static", "css", r"(formgrade|nbgrader)\.css")
    # Rules are asked in order, and these come before all others.
    application.default_router.rules[:0] = [
        routing.Rule(_Below(base, _instead), web.RedirectHandler, {"url": start, "permanent": False}),
        routing.Rule(_Below(base, _refused), RefusedHandler),
        routing.Rule(routing.PathMatches(style), StyleHandler),
    ]


def _instead(method: str, path: str) -> bool:
    return method in ("GET", "HEAD") and _INSTEAD.fullmatch(path) is not None


def _refused(method: str, path: str) -> bool:
    served = _SERVED.get(method)
    return served is None or served.fullmatch(path) is None


class _Below(routing.Matcher):
    """Requests whose method and path, taken below `base`, `judge` says yes to."""

    def __init__(self, base: str, judge: Any) -> None:
        self.base = base
        self.judge = judge

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        inside = request.path.startswith(self.base)
        # Of what lies outside, nothing is served; a path that begins with a slash is in no list.
        path = request.path.removeprefix(self.base) if inside else request.path
        return {} if self.judge(request.method, path) else None


class RefusedHandler(web.RequestHandler):
    """403 for what nbgrader would change, 404 for everything that is not here; both as nbgrader's pages read them."""

    def prepare(self) -> None:
        if "/formgrader/api/" in self.request.path:
            self.set_status(403)
            self.finish({"success": False, "error": REFUSAL, "log": ""})
        else:
            self.set_status(404)
            self.finish({"success": False, "error": "The formgrader's server has no such page.", "log": ""})

    def check_xsrf_cookie(self) -> None:
        """Nothing is done here that another site could have asked for."""


class StyleHandler(web.RequestHandler):
    """nbgrader's stylesheets, each followed by ours."""

    def get(self, name: str) -> None:
        self.set_header("Content-Type", "text/css")
        self.write((Path(handlers.static_path) / "css" / f"{name}.css").read_text(encoding="utf-8") + _STYLE)
