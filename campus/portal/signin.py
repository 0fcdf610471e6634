"""Who is asking: the hub's sign-in for pages (a cookie) and for the exchange API (a token in the header).

The hub is the only one who knows people; the portal keeps no sessions. What a browser holds is the token that the
hub gave the portal for this person, signed and out of reach of scripts. May import JupyterHub's `services.auth`.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import re
import secrets
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qs, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from jupyterhub.services.auth import HubOAuth
from starlette.datastructures import URL
from tornado.web import HTTPError as HubError
from tornado.web import create_signed_value, decode_signed_value

from campus.portal.access import Access

log = logging.getLogger("lehrwerk.portal")

#: How long a person's groups are believed without asking the hub again, in seconds.
CACHE_SECONDS = 30
#: A sign-in begun must end within this time, in seconds.
STATE_SECONDS = 600
_SESSION_DAYS = 14
_HEADER = re.compile(r"(?:token|bearer)\s+(\S+)", re.IGNORECASE)


class SigninUnavailable(Exception):
    """The hub did not answer; nobody can be recognised now."""


class SigninRefused(Exception):
    """A sign-in came back that cannot be right: another browser's, an old one, or one without permission."""


class Auth(Protocol):
    """How the portal learns who is asking."""

    async def current(self, request: Request) -> Access | None:
        """The person at the browser, by cookie; None if nobody is signed in."""

    async def bearer(self, request: Request) -> Access | None:
        """The person whose token the Authorization header holds. Cookies never count here."""

    def session(self, request: Request) -> str:
        """What makes this sign-in unlike any other; CSRF tokens are bound to it."""

    def login_redirect(self, request: Request, next_path: str) -> Response:
        """Send the browser to sign in, and afterwards to `next_path` of the portal."""

    def logout(self, request: Request) -> Response:
        """Forget the sign-in and go where people sign in."""

    def router(self) -> APIRouter:
        """Routes that signing in needs, mounted under the portal's prefix."""


@dataclass(frozen=True)
class Places:
    """Where things lie as a browser sees them. `prefix` and `base` are paths with slashes at both ends;
    `hub_host` is empty, or scheme and host where the hub has one of its own."""

    prefix: str = "/services/portal/"
    base: str = "/"
    hub_host: str = ""

    @property
    def hub(self) -> str:
        return f"{self.hub_host}{self.base}hub/"

    def lab(self, course: str, assignment: str, language: str) -> str:
        """Opens one unit in the person's own notebook server, starting it if need be, in the language of the page."""
        return self._unit("open", course, assignment, language)

    def reset(self, course: str, assignment: str, language: str) -> str:
        """Asks there whether to begin the unit anew."""
        return self._unit("reset", course, assignment, language)

    def _unit(self, what: str, course: str, assignment: str, language: str) -> str:
        query = urlencode({"course": course, "assignment": assignment, "language": language})
        return f"{self.hub}user-redirect/lehrwerk/{what}?{query}"

    def formgrader(self, account: str) -> str:
        """The formgrader in a running server of `account`."""
        return f"{self.hub_host}{self.base}user/{account}/formgrader"


def places_from_environment() -> Places:
    """Read what JupyterHub tells a service about where it runs."""
    return Places(
        prefix=os.environ.get("JUPYTERHUB_SERVICE_PREFIX", "/services/portal/"),
        base=os.environ.get("JUPYTERHUB_BASE_URL", "/"),
        hub_host=os.environ.get("JUPYTERHUB_HOST", ""),
    )


class HubSignin:
    """Sign-in by the hub's OAuth with PKCE; `secret` signs the cookies.

    The state of a sign-in under way lies in a signed cookie, so it survives a restart and needs no shared memory.
    """

    def __init__(self, secret: str, places: Places, hub: HubOAuth | None = None) -> None:
        self.hub = hub or HubOAuth()
        self.hub.cache_max_age = CACHE_SECONDS
        self.places = places
        self._secret = hashlib.sha256(b"portal cookies " + secret.encode()).hexdigest()
        self._session_cookie = "lehrwerk-session"
        self._state_cookie = "lehrwerk-signin"

    async def current(self, request: Request) -> Access | None:
        token = self._token(request)
        return await self._person(token) if token else None

    async def bearer(self, request: Request) -> Access | None:
        match = _HEADER.fullmatch(request.headers.get("Authorization", ""))
        return await self._person(match.group(1)) if match else None

    def session(self, request: Request) -> str:
        return self._token(request) or ""

    def login_redirect(self, request: Request, next_path: str) -> Response:
        state = secrets.token_urlsafe(16)
        verifier, challenge, method = self.hub.generate_pkce_code_challenge()
        target = URL(self.hub.login_url).include_query_params(
            state=state, code_challenge=challenge, code_challenge_method=method
        )
        response = RedirectResponse(str(target), status_code=303)
        signed = self._sign(self._state_cookie, urlencode({"s": state, "v": verifier, "n": next_path}))
        self._set(response, request, self._state_cookie, signed, STATE_SECONDS)
        return response

    def logout(self, request: Request) -> Response:
        response = RedirectResponse(f"{self.places.hub}logout", status_code=303)
        response.delete_cookie(self._session_cookie, path=self.places.prefix)
        return response

    def router(self) -> APIRouter:
        router = APIRouter()
        router.add_api_route("/oauth_callback", self._callback, methods=["GET"], include_in_schema=False)
        return router

    async def _callback(self, request: Request, code: str = "", state: str = "", error: str = "") -> Response:
        """The hub sends the browser back here with a code for the token."""
        raw = self._unsign(self._state_cookie, request.cookies.get(self._state_cookie), STATE_SECONDS / 86400)
        begun = {key: values[0] for key, values in parse_qs(raw or "").items()}
        if error or not code:
            raise SigninRefused(f"the hub answered {error or 'without a code'}")
        if not begun or not hmac.compare_digest(begun["s"].encode(), state.encode()):
            # A second tab may have finished meanwhile; whoever is signed in is simply let in.
            if await self.current(request):
                return RedirectResponse(self.places.prefix, status_code=303)
            raise SigninRefused("the sign-in was begun elsewhere or too long ago")
        try:
            token = await self.hub.token_for_code(code, code_verifier=begun["v"], sync=False)
        except HubError as failure:
            if failure.status_code in (400, 403):
                raise SigninRefused("the hub refused the code") from failure
            raise SigninUnavailable(str(failure)) from failure
        if await self._person(token) is None:
            raise SigninRefused("the account may not use the portal")
        response = RedirectResponse(begun["n"], status_code=303)
        response.delete_cookie(self._state_cookie, path=self.places.prefix)
        self._set(
            response, request, self._session_cookie, self._sign(self._session_cookie, token), _SESSION_DAYS * 86400
        )
        return response

    async def _person(self, token: str) -> Access | None:
        try:
            model: dict[str, Any] | None = await self.hub.user_for_token(token, sync=False)
        except HubError as failure:
            raise SigninUnavailable(str(failure)) from failure
        if model is None or model.get("kind") != "user":
            return None
        if not self.hub.check_scopes(self.hub.access_scopes, model):
            log.warning("%s may not use the portal: the token lacks %s", model["name"], self.hub.access_scopes)
            return None
        return Access(name=model["name"], groups=frozenset(model.get("groups", ())))

    def _token(self, request: Request) -> str | None:
        return self._unsign(self._session_cookie, request.cookies.get(self._session_cookie), _SESSION_DAYS)

    def _sign(self, name: str, value: str) -> str:
        return create_signed_value(self._secret, name, value).decode("ascii")

    def _unsign(self, name: str, value: str | None, days: float) -> str | None:
        content = decode_signed_value(self._secret, name, value, max_age_days=days) if value else None
        return content.decode("utf-8") if content else None

    def _set(self, response: Response, request: Request, name: str, value: str, seconds: int) -> None:
        response.set_cookie(
            name,
            value,
            max_age=seconds,
            path=self.places.prefix,
            httponly=True,
            samesite="lax",
            secure=is_https(request),
        )


def is_https(request: Request) -> bool:
    """Whether the browser came by HTTPS; the proxy in front says so."""
    if os.environ.get("JUPYTERHUB_PUBLIC_URL", "").startswith("https:"):
        return True
    return request.headers.get("X-Forwarded-Proto", request.url.scheme).split(",")[0].strip() == "https"
