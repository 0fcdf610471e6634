"""The hub's own pages in the reader's language and in the portal's look: what their templates ask for.

Imports tornado and the portal's catalogues.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tornado.web import RequestHandler, StaticFileHandler

import campus.portal
from campus.portal.language import LANGUAGE_COOKIE, LANGUAGE_COOKIE_DAYS, NAMES, choose, mark, moment, translations
from campus.settings import Language

TEMPLATES = Path(__file__).parent / "templates"
#: Style sheet and logo lie with the portal; the hub serves them itself, so that sign-in needs no other process.
STATIC = (r"/lehrwerk/(.*)", StaticFileHandler, {"path": str(Path(campus.portal.__file__).parent / "static")})

#: Title and text by status; what the hub would say besides is English and stands in its log.
_ERRORS = {
    400: (mark("That did not work"), mark("The request was not understood. Please go back and try again.")),
    403: (
        mark("Not for you"),
        mark("You may not open this page, or its form has expired. Please go back, reload it and try again."),
    ),
    404: (mark("Nothing here"), mark("There is no such page, or it is not yours to see.")),
    429: (mark("Just a moment"), mark("Many servers are starting at once. Please try again in a minute.")),
    500: (mark("Our mistake"), mark("Something went wrong on our side. Nothing of yours is lost; it has been noted.")),
    503: (mark("Just a moment"), mark("The server is not there right now. Please try again in a moment.")),
}


class HubPage:
    """One page: its language, and texts in it."""

    languages = NAMES

    def __init__(self, handler: RequestHandler, otherwise: Language) -> None:
        self._query = dict(parse_qsl(handler.request.query, keep_blank_values=True))
        self._path = handler.request.path
        asked = self._query.pop("lang", None)
        accepted = handler.request.headers.get("Accept-Language")
        self.language = choose(asked, handler.get_cookie(LANGUAGE_COOKIE), accepted, otherwise)
        if asked == self.language:
            handler.set_cookie(
                LANGUAGE_COOKIE,
                self.language,
                expires_days=LANGUAGE_COOKIE_DAYS,
                path="/",
                httponly=True,
                samesite="lax",
                secure=handler.request.protocol == "https",
            )

    def say(self, message: str) -> str:
        """A text of the catalogues."""
        return str(translations(self.language).gettext(message))

    def moment(self, at: datetime) -> str:
        """A time stamp."""
        return moment(at, self.language)

    def in_language(self, language: str) -> str:
        """This page's address in another language."""
        return f"{self._path}?{urlencode({**self._query, 'lang': language})}"

    def error(self, status: int) -> tuple[str, str]:
        """Title and text for a status."""
        nearest = status if status in _ERRORS else 400 if status < 500 else 500
        title, text = _ERRORS[nearest]
        return self.say(title), self.say(text)


class HubPages:
    """What templates know as `lehrwerk`. The hub calls template variables that can be called, so this cannot be."""

    def __init__(self, courses: str, otherwise: Language, demo: bool) -> None:
        self.courses = courses
        self.demo = demo
        self._otherwise = otherwise

    def page(self, static_url: Callable[..., Any]) -> HubPage:
        """The page being made. Of its request the hub gives templates nothing but a method of its handler."""
        return HubPage(static_url.__self__, self._otherwise)  # type: ignore[attr-defined]
