"""Sign-in for trying Lehrwerk out on one machine: printed names, one shared password.

Only the names in the settings may sign in; the settings refuse demo people on any address but loopback.
"""

from __future__ import annotations

from typing import Any

from jupyterhub.authenticators.shared import SharedPasswordAuthenticator
from traitlets import Dict, List, Unicode


class DemoAuthenticator(SharedPasswordAuthenticator):
    """JupyterHub's shared-password authenticator, with each person's groups from the settings."""

    groups_of = Dict(
        key_trait=Unicode(),
        value_trait=List(Unicode()),
        config=True,
        help="Groups of each person who may sign in; nobody else may.",
    )

    async def authenticate(self, handler: Any, data: dict[str, str]) -> dict[str, Any] | None:
        name = self.normalize_username(data["username"])
        # The comparison in the base class takes ASCII only and would raise for anything else.
        if name not in self.groups_of or not data["password"].isascii():
            return None
        model = await super().authenticate(handler, {**data, "username": name})
        if model is None:
            return None
        return {"name": name, "admin": False, "groups": self.groups_of[name]}
