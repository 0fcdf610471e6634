"""One request of one person: who it is, in which language, and how its page is made."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool

from campus.portal import language as languages
from campus.portal.access import Access
from campus.portal.formgrader import Servers
from campus.portal.language import LANGUAGE_COOKIE, LANGUAGE_COOKIE_DAYS
from campus.portal.live import Feed
from campus.portal.reasons import reason
from campus.portal.security import CSRF_COOKIE, CSRF_FIELD, CSRF_HEADER, Csrf
from campus.portal.signin import Auth, Places, is_https
from campus.settings import Language, Settings

if TYPE_CHECKING:
    from grader.records import Registrar
    from grader.store import Store

_HERE = Path(__file__).parent


class SigninNeeded(Exception):
    """Nobody is signed in on a page that needs somebody."""


@dataclass
class Portal:
    """Everything a page may use; one for the process."""

    settings: Settings
    store: Store
    registrar: Registrar
    auth: Auth
    places: Places
    servers: Servers
    csrf: Csrf
    feed: Feed = field(init=False)

    def __post_init__(self) -> None:
        self.feed = Feed(self.store)


@cache
def environment(language: Language) -> Environment:
    """The pages in one language. Everything put into a page is escaped."""
    pages = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.policies["ext.i18n.trimmed"] = True
    catalogue = languages.translations(language)
    pages.install_gettext_callables(catalogue.ugettext, catalogue.ungettext, newstyle=True)  # type: ignore[attr-defined]
    pages.filters["number"] = lambda value: languages.number(value, language)
    pages.filters["moment"] = lambda at: languages.moment(at, language)
    pages.filters["pick"] = lambda text: languages.pick(text, language)
    pages.filters["reason"] = lambda why: reason(why, catalogue.ugettext)
    pages.globals["asset"] = _asset
    return pages


@cache
def _asset(name: str) -> str:
    """A static file's path with its digest, so that a browser may keep it for ever."""
    digest = hashlib.sha256((_HERE / "static" / name).read_bytes()).hexdigest()[:12]
    return f"static/{name}?v={digest}"


@dataclass
class Visit:
    """One request of somebody who is signed in; `person` is None on pages for anybody."""

    request: Request
    portal: Portal
    person: Access | None
    language: Language
    csrf_cookie: str
    #: What was already asked of store and gradebook while making this page.
    remembered: dict[tuple[str, ...], Any] = field(default_factory=dict)

    @property
    def access(self) -> Access:
        if self.person is None:
            raise SigninNeeded
        return self.person

    @cached_property
    def csrf_token(self) -> str:
        return self.portal.csrf.token(self.csrf_cookie, self.portal.auth.session(self.request))

    def say(self, message: str) -> str:
        """A text of the catalogues in this request's language."""
        return str(languages.translations(self.language).gettext(message))

    def pick(self, text: Mapping[Any, str] | None) -> str:
        return languages.pick(text, self.language)

    def moment(self, at: datetime) -> str:
        return languages.moment(at, self.language)

    def fragment(self, template: str, **context: Any) -> str:
        """A piece of a page as HTML."""
        page = environment(self.language).get_template(template)
        return page.render(
            visit=self,
            person=self.person,
            language=self.language,
            languages=languages.NAMES,
            prefix=self.portal.places.prefix,
            places=self.portal.places,
            path=self.request.url.path,
            csrf=self.csrf_token,
            csrf_field=CSRF_FIELD,
            **context,
        )

    def page(self, template: str, status: int = 200, **context: Any) -> HTMLResponse:
        """A whole page, with the cookies it needs."""
        response = HTMLResponse(self.fragment(template, **context), status_code=status)
        if self.request.cookies.get(CSRF_COOKIE) != self.csrf_cookie:
            self._keep(response, CSRF_COOKIE, self.csrf_cookie, None, self.portal.places.prefix)
        if self.request.query_params.get("lang") == self.language:
            self.keep_language(response, self.language)
        return response

    def keep_language(self, response: Response, language: Language) -> None:
        """This browser's language from now on, on the hub's pages, too."""
        self._keep(response, LANGUAGE_COOKIE, language, LANGUAGE_COOKIE_DAYS * 86400, "/")

    def _keep(self, response: Response, name: str, value: str, seconds: int | None, path: str) -> None:
        response.set_cookie(
            name,
            value,
            max_age=seconds,
            path=path,
            httponly=True,
            samesite="lax",
            secure=is_https(self.request),
        )

    # -- the three answers to "may I?"

    def see_course(self, course: str) -> None:
        """404 unless the course exists for this person."""
        if not self.access.sees(course):
            raise HTTPException(404)

    def mark_course(self, course: str) -> None:
        """404 for a course of another tenant, 403 without a marking role."""
        self.see_course(course)
        if not self.access.marks(course):
            raise HTTPException(403)

    def read_submission(self, submission: Any) -> None:
        """404 unless it is the own one or of a course the person marks; nobody learns that others exist."""
        if submission is None or not self.access.reads(submission.course_id, submission.person):
            raise HTTPException(404)


def portal_of(request: Request) -> Portal:
    portal: Portal = request.app.state.portal
    return portal


async def open_visit(request: Request) -> Visit:
    """A visit by anybody, signed in or not."""
    portal = portal_of(request)
    person = await portal.auth.current(request)
    asked = request.query_params.get("lang")
    preferred = request.cookies.get(LANGUAGE_COOKIE)
    if person is not None and preferred is None:
        preferred = await run_in_threadpool(portal.store.language, person.name)
    language = languages.choose(asked, preferred, request.headers.get("Accept-Language"), portal.settings.language)
    cookie = request.cookies.get(CSRF_COOKIE) or secrets.token_urlsafe(24)
    return Visit(request, portal, person, language, cookie)


async def signed_in(request: Request) -> Visit:
    """Dependency of every page: a visit by somebody."""
    visit = await open_visit(request)
    if visit.person is None:
        raise SigninNeeded
    return visit


async def form_sent(request: Request) -> Visit:
    """Dependency of every route that changes something: signed in, and the form is this session's own."""
    visit = await signed_in(request)
    sent = request.headers.get(CSRF_HEADER) or str((await request.form()).get(CSRF_FIELD, ""))
    visit.portal.csrf.check(request, visit.portal.auth.session(request), sent)
    return visit


#: The number of a table's page.
Page = Annotated[int, Query(ge=1, le=10_000)]
Reader = Depends(signed_in)
Sender = Depends(form_sent)
