"""The formgrader of a course: a notebook server of its own account, started through the hub's API.

The portal may start it for graders; whether a browser may enter it is the hub's own decision.
"""

from __future__ import annotations

import os
from typing import Literal, Protocol

import httpx

from campus.hub.roles import formgrader_account

ServerState = Literal["stopped", "starting", "ready"]

__all__ = ["FormgraderError", "HubServers", "ServerState", "Servers", "formgrader_account"]


class FormgraderError(Exception):
    """The hub did not start the server; the text is for the operator's log."""


class Servers(Protocol):
    """What the portal asks of the hub about one account's server."""

    async def state(self, account: str) -> ServerState: ...

    async def start(self, account: str) -> None: ...


class HubServers:
    """The hub's REST API, with the portal's own token."""

    def __init__(self, api_url: str, token: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._client = httpx.AsyncClient(
            base_url=api_url.rstrip("/"),
            headers={"Authorization": f"token {token}"},
            timeout=30.0,
            transport=transport,
            trust_env=False,
        )

    @classmethod
    def from_environment(cls) -> HubServers:
        """As JupyterHub tells its services."""
        return cls(os.environ["JUPYTERHUB_API_URL"], os.environ["JUPYTERHUB_API_TOKEN"])

    async def state(self, account: str) -> ServerState:
        """Where the default server of `account` stands. Raises FormgraderError."""
        answer = await self._ask("GET", f"/users/{account}")
        if answer.status_code == 404:
            return "stopped"
        if answer.status_code != 200:
            raise FormgraderError(_complaint(answer))
        server = answer.json().get("servers", {}).get("", {})
        if server.get("ready"):
            return "ready"
        return "starting" if server.get("pending") == "spawn" else "stopped"

    async def start(self, account: str) -> None:
        """Start the server unless it runs or starts already. Raises FormgraderError."""
        answer = await self._ask("POST", f"/users/{account}/server")
        if answer.status_code in (201, 202):
            return
        # The hub answers 400 when somebody else was quicker; that is just as well.
        if answer.status_code == 400 and await self.state(account) != "stopped":
            return
        raise FormgraderError(_complaint(answer))

    async def close(self) -> None:
        await self._client.aclose()

    async def _ask(self, method: str, path: str) -> httpx.Response:
        try:
            return await self._client.request(method, path)
        except httpx.HTTPError as error:
            raise FormgraderError(f"the hub's API does not answer: {error}") from error


def _complaint(answer: httpx.Response) -> str:
    asked = f"{answer.request.method} {answer.request.url.path}"
    return f"the hub answered {answer.status_code} to {asked}: {answer.text:.300}"
