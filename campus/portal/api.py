"""The exchange's routes in the portal: who asks is told by a token, never by a cookie."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request

from campus.portal.signin import Auth
from grader.exchange import Person
from grader.exchange.server import ExchangeService, router


def exchange_router(service: ExchangeService, auth: Auth) -> APIRouter:
    """The exchange for people whom `auth` knows by their token; others get 401."""

    async def caller(request: Request) -> Person:
        person = await auth.bearer(request)
        if person is None:
            raise HTTPException(401, headers={"WWW-Authenticate": "token"})
        return Person(name=person.name, groups=person.groups)

    return router(service, caller)
