"""The portal as an ASGI application: pages, the exchange API and what both share."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from campus.portal import extensions, operation, pages, teaching
from campus.portal.formgrader import HubServers, Servers
from campus.portal.language import LANGUAGES, mark, translations
from campus.portal.security import Csrf, CsrfError, SecurityHeaders, policy, refuse_nul
from campus.portal.signin import Auth, Places, SigninRefused, SigninUnavailable, places_from_environment
from campus.portal.visit import Portal, SigninNeeded, Visit, open_visit
from campus.runtime import INSTALLATION
from campus.settings import Settings

if TYPE_CHECKING:
    from grader.records import Registrar
    from grader.store import Store

log = logging.getLogger("lehrwerk.portal")

_ERRORS = {
    400: (mark("That did not work"), mark("The request was not understood. Please go back and try again.")),
    401: (mark("Sign in again"), mark("The token is missing, or the hub does not know it any more.")),
    403: (mark("Not for you"), mark("Your role in this course does not include this page.")),
    404: (mark("Nothing here"), mark("There is no such page, or it is not yours to see.")),
    409: (
        mark("Too late for that"),
        mark("The submission has moved on meanwhile. Reload the page to see how it stands."),
    ),
    422: (mark("That did not work"), mark("The request was not understood. Please go back and try again.")),
    500: (mark("Our mistake"), mark("Something went wrong on our side. Nothing of yours is lost; it has been noted.")),
    502: (
        mark("The hub did not help"),
        mark("The server could not be started. Please try again in a moment, or tell your administrator."),
    ),
    503: (mark("Signing in is not possible right now"), mark("The hub does not answer. Please try again in a moment.")),
}
_CSRF = (mark("This form has expired"), mark("Please go back, reload the page and send it again."))
_SIGNIN = (mark("Signing in did not work"), mark("Please begin again from the start page."))


def create_app(
    settings: Settings,
    store: Store,
    registrar: Registrar,
    auth: Auth,
    *,
    places: Places | None = None,
    servers: Servers | None = None,
    exchange: APIRouter | None = None,
    secret: str | None = None,
    installation: str = "",
) -> FastAPI:
    """Build the application. It answers below `places.prefix`.

    `exchange` is the exchange's router, put at `api`. `secret` signs form tokens; without one they end with the
    process. `installation` is what the health page tells of where it runs.
    """
    places = places or places_from_environment()
    prefix = places.prefix.rstrip("/")
    portal = Portal(settings, store, registrar, auth, places, servers or HubServers.from_environment(), Csrf(secret))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        portal.feed.start()
        yield
        await portal.feed.stop()

    app = FastAPI(
        title="Lehrwerk",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[Depends(refuse_nul)],
    )
    app.state.portal = portal
    for router in (auth.router(), pages.router, teaching.router, extensions.router, operation.router):
        app.include_router(router, prefix=prefix)
    if exchange is not None:
        app.include_router(exchange, prefix=f"{prefix}/api")

    def health() -> Response:
        """For whoever starts the portal or watches it."""
        return PlainTextResponse("ok", headers={INSTALLATION: installation})

    app.add_api_route(f"{prefix}/health", health, methods=["GET"])
    app.mount(f"{prefix}/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    _errors(app, f"{prefix}/api/")
    hub = urlsplit(places.hub_host)
    app.add_middleware(
        SecurityHeaders,
        content_policy=policy([f"{hub.scheme}://{hub.netloc}"] if hub.netloc else []),
        cached_below=f"{prefix}/static/",
    )
    return app


def _errors(app: FastAPI, api: str) -> None:
    async def page(request: Request, status: int, texts: tuple[str, str]) -> Response:
        portal: Portal = request.app.state.portal
        try:
            visit = await open_visit(request)
        except SigninUnavailable:
            visit = Visit(request, portal, None, portal.settings.language, "")
        return visit.page("error.html", status=status, title=visit.say(texts[0]), text=visit.say(texts[1]), code=status)

    def on(kind: type[Exception]) -> Callable[[Callable[..., object]], object]:
        return app.exception_handler(kind)

    @on(SigninNeeded)
    async def signin(request: Request, _: SigninNeeded) -> Response:
        portal: Portal = request.app.state.portal
        if "HX-Request" in request.headers or "text/event-stream" in request.headers.get("Accept", ""):
            # A page's own follow-up request cannot sign in; the page must be loaded anew.
            return Response(status_code=401, headers={"HX-Refresh": "true"})
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return portal.auth.login_redirect(
            request, target if request.method in ("GET", "HEAD") else portal.places.prefix
        )

    @on(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        if request.url.path.startswith(api):
            return JSONResponse({"error": _for_programs(error.status_code)}, error.status_code, error.headers)
        return await page(request, error.status_code, _ERRORS.get(error.status_code, _ERRORS[400]))

    @on(RequestValidationError)
    async def invalid(request: Request, _: RequestValidationError) -> Response:
        if request.url.path.startswith(api):
            return JSONResponse({"error": _for_programs(422)}, 422)
        return await page(request, 422, _ERRORS[422])

    @on(CsrfError)
    async def csrf(request: Request, error: CsrfError) -> Response:
        log.warning("%s %s: %s", request.method, request.url.path, error)
        return await page(request, 403, _CSRF)

    @on(SigninRefused)
    async def refused(request: Request, error: SigninRefused) -> Response:
        log.warning("sign-in refused: %s", error)
        return await page(request, 403, _SIGNIN)

    @on(SigninUnavailable)
    async def unavailable(request: Request, error: SigninUnavailable) -> Response:
        log.error("the hub does not answer: %s", error)
        if request.url.path.startswith(api):
            return JSONResponse({"error": _for_programs(503)}, 503)
        return await page(request, 503, _ERRORS[503])

    @on(Exception)
    async def ours(request: Request, error: Exception) -> Response:
        # Starlette raises the error again afterwards, so that the server's log has its stack.
        if request.url.path.startswith(api):
            return JSONResponse({"error": _for_programs(500)}, 500)
        return await page(request, 500, _ERRORS[500])


def _for_programs(status: int) -> dict[str, object]:
    text = _ERRORS.get(status, _ERRORS[400])[1]
    code = {
        401: "unauthorized",
        403: "forbidden",
        404: "not-found",
        422: "invalid",
        503: "unavailable",
        500: "internal",
    }.get(status, "error")
    return {"code": code, "message": {tag: translations(tag).gettext(text) for tag in LANGUAGES}}
