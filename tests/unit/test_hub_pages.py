"""The hub's own pages: in the reader's language, complete in both, with nothing of the hub's own words."""

from __future__ import annotations

import re
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from campus.hub.pages import TEMPLATES, HubPages

PAGES = sorted(file.name for file in TEMPLATES.glob("*.html") if file.name != "lehrwerk.html")


class Handler:
    """A request's handler, as far as pages need it."""

    def __init__(self, uri: str = "/hub/page", accepted: str = "en", cookie: str | None = None) -> None:
        path, _, query = uri.partition("?")
        headers = {"Accept-Language": accepted}
        self.request = SimpleNamespace(path=path, query=query, headers=headers, protocol="http")
        self.cookie = cookie
        self.kept: dict[str, str] = {}

    def get_cookie(self, name: str) -> str | None:
        return self.cookie

    def set_cookie(self, name: str, value: str, **_: Any) -> None:
        self.kept[name] = value

    def static_url(self, path: str) -> str:
        return path


def render(name: str, handler: Handler, **more: Any) -> str:
    pages = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    at = datetime(2026, 5, 4, 12)
    context = {
        "lehrwerk": HubPages("/services/portal/", "en", demo=True),
        "static_url": handler.static_url,
        "base_url": "/hub/",
        "user": SimpleNamespace(name="anna", escaped_name="anna"),
        "login_url": "/hub/login",
        "logout_url": "/hub/logout",
        "authenticator_login_url": "/hub/login?next=",
        "login_error": "Invalid username or password",
        "username": "<anna>",
        "xsrf": "token",
        "status_code": 404,
        "failed": True,
        "implicit_spawn_seconds": 0,
        "spawn_url": "/hub/spawn/anna",
        "progress_url": "/hub/api/users/anna/server/progress",
        "default_server": SimpleNamespace(active=True),
        "url": "/user/anna/",
        "api_tokens": [SimpleNamespace(note="script", last_activity=at, expires_at=None, api_id="a1")],
    }
    return pages.get_template(name).render(context | more)


def words(html: str) -> set[str]:
    """Texts between tags, outside scripts."""
    shown = re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)
    return {text.strip() for text in re.findall(r">([^<>]+)<", shown) if len(text.strip()) > 3}


@pytest.mark.parametrize("name", PAGES)
def test_no_text_of_a_page_is_the_same_in_both_languages(name: str) -> None:
    german, english = render(name, Handler(accepted="de")), render(name, Handler(accepted="en"))
    assert '<html lang="de">' in german
    assert '<html lang="en">' in english
    same = {"Deutsch", "English", "Lehrwerk", "anna", "script", ": script", "404"}
    assert words(german) & words(english) <= same


@pytest.mark.parametrize(
    ("handler", "language"),
    [
        (Handler(accepted="de-AT,en;q=0.5"), "de"),
        (Handler(accepted="fr"), "en"),
        (Handler(accepted="en", cookie="de"), "de"),
        (Handler("/hub/page?lang=de", "en", "en"), "de"),
        (Handler("/hub/page?lang=xx", "en", "de"), "de"),
    ],
)
def test_the_language_is_asked_for_kept_or_the_browsers(handler: Handler, language: str) -> None:
    assert f'<html lang="{language}">' in render("error.html", handler)


def test_a_choice_of_language_is_kept_for_the_portal_too_and_the_way_back_is_not_lost() -> None:
    handler = Handler("/hub/login?next=%2Fservices%2Fportal%2F&lang=de")
    html = render("login.html", handler)
    assert handler.kept == {"lehrwerk-language": "de"}
    assert 'href="/hub/login?next=%2Fservices%2Fportal%2F&amp;lang=en"' in html


def test_what_somebody_typed_is_text() -> None:
    assert 'value="&lt;anna&gt;"' in render("login.html", Handler())


@pytest.mark.parametrize(("status", "title"), [(403, "Not for you"), (418, "That did not work"), (599, "Our mistake")])
def test_every_status_has_a_sentence(status: int, title: str) -> None:
    assert f"<h1>{title}</h1>" in render("error.html", Handler(), status_code=status)
