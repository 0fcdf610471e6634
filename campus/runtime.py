"""What an installation on one machine decides once and keeps: ports, tokens and the demo password.

Written into the data folder by `lehrwerk up`, readable by its owner only; read by the hub, the portal and the
workers. Imports `campus.settings` only.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import socket
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from campus.settings import Settings

#: The service's name on the hub, and so its place under /services/.
PORTAL = "portal"
#: The header in which the portal's health page tells whose it is.
INSTALLATION = "X-Lehrwerk-Installation"


class PortInUse(Exception):
    """A port that the settings ask for is taken; the text says which and how to choose another."""


class Runtime(BaseModel):
    """Ports on the loopback address, and secrets. `public` is where people go."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str
    public: int
    hub_api: int
    proxy_api: int
    portal: int
    demo_password: str
    portal_token: str
    culler_token: str
    proxy_token: str
    cookie_secret: str
    session_secret: str

    @property
    def installation(self) -> str:
        """What tells this installation from others, and no secret."""
        return hashlib.sha256(b"installation " + self.session_secret.encode()).hexdigest()[:16]

    @property
    def url(self) -> str:
        """Where people go, with a trailing slash."""
        return f"http://{self.host}:{self.public}/"

    @property
    def portal_prefix(self) -> str:
        return f"/services/{PORTAL}/"

    @property
    def exchange_url(self) -> str:
        return f"{self.url.rstrip('/')}{self.portal_prefix}api"


def _file(settings: Settings) -> Path:
    return settings.data / "secrets" / "runtime.json"


def read(settings: Settings) -> Runtime:
    """The runtime that `prepare` wrote. Raises FileNotFoundError before the first start."""
    return Runtime.model_validate_json(_file(settings).read_text(encoding="utf-8"))


def prepare(settings: Settings) -> Runtime:
    """Make the data folder, keep secrets from the last start, and choose ports that are free now.

    Raises PortInUse when the public port of the settings is taken.
    """
    file = _file(settings)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file.parent.chmod(0o700)
    kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    host = settings.hub.host
    if settings.hub.port and not _is_free(host, settings.hub.port):
        raise PortInUse(
            f"port {settings.hub.port} on {host} is in use; stop what listens there, "
            "or set hub.port in the settings file (0 takes a free one)"
        )
    taken: set[int] = {settings.hub.port}

    def port(name: str, wanted: int = 0) -> int:
        for candidate in (wanted, kept.get(name, 0)):
            if candidate and candidate not in taken and _is_free(host, candidate):
                taken.add(candidate)
                return candidate
        while (found := _free_port(host)) in taken:
            continue
        taken.add(found)
        return found

    def secret(name: str, length: int = 32) -> str:
        return kept.get(name) or secrets.token_hex(length)

    runtime = Runtime(
        host=host,
        public=settings.hub.port or port("public"),
        hub_api=port("hub_api"),
        proxy_api=port("proxy_api"),
        portal=port("portal", settings.portal.port),
        demo_password=kept.get("demo_password") or secrets.token_urlsafe(9),
        portal_token=secret("portal_token"),
        culler_token=secret("culler_token"),
        proxy_token=secret("proxy_token"),
        cookie_secret=secret("cookie_secret"),
        session_secret=secret("session_secret"),
    )
    draft = file.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(runtime.model_dump_json(indent=1))
    draft.replace(file)
    return runtime


def _is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _free_port(host: str) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
