"""What stands between the pages and a hostile browser tab: response headers and CSRF tokens."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable

from fastapi import HTTPException, Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CSRF_FIELD = "csrf"
CSRF_HEADER = "X-CSRF-Token"
CSRF_COOKIE = "lehrwerk-csrf"


class CsrfError(Exception):
    """A form came without this session's token."""


class Csrf:
    """Double submit, tied to the session: a random cookie and, in the form, its HMAC with the session.

    Another site can neither read the cookie nor make the HMAC; a token of one session is worth nothing in another.
    """

    def __init__(self, secret: str | None = None) -> None:
        self._key = hashlib.sha256(b"portal forms " + (secret or secrets.token_hex(32)).encode()).digest()

    def token(self, cookie: str, session: str) -> str:
        return hmac.new(self._key, f"{len(cookie)}:{cookie}{session}".encode(), hashlib.sha256).hexdigest()

    def check(self, request: Request, session: str, sent: str) -> None:
        """Raises CsrfError unless `sent` fits cookie and session, and the browser calls the request its own."""
        cookie = request.cookies.get(CSRF_COOKIE, "")
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            raise CsrfError("the form was sent by another site")
        if not cookie or not hmac.compare_digest(self.token(cookie, session).encode(), sent.encode()):
            raise CsrfError("the form's token is missing or of another session")


async def refuse_nul(request: Request) -> None:
    """Nothing has a name with NUL, which PostgreSQL cannot even look for. Raises 404."""
    if any("\0" in value for value in (*request.path_params.values(), *request.query_params.values())):
        raise HTTPException(404)


def policy(form_targets: Iterable[str] = ()) -> str:
    """The Content-Security-Policy of every page: nothing inline, nothing from elsewhere, never in a frame."""
    targets = " ".join(["'self'", *form_targets])
    return (
        "default-src 'self'; base-uri 'none'; object-src 'none'; frame-src 'none'; frame-ancestors 'none'; "
        f"form-action {targets}"
    )


class SecurityHeaders:
    """ASGI middleware that adds the headers and leaves the body alone, so that event streams flow."""

    def __init__(self, app: ASGIApp, content_policy: str, cached_below: str) -> None:
        self.app = app
        self.content_policy = content_policy
        self.cached_below = cached_below

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                # An answer that holds foreign content brings a stricter policy of its own.
                headers.setdefault("Content-Security-Policy", self.content_policy)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["X-Frame-Options"] = "DENY"
                headers["Referrer-Policy"] = "same-origin"
                headers["Cross-Origin-Opener-Policy"] = "same-origin"
                headers["Cross-Origin-Resource-Policy"] = "same-origin"
                headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
                if not scope["path"].startswith(self.cached_below):
                    headers["Cache-Control"] = "no-store"
            await send(message)

        await self.app(scope, receive, with_headers)
