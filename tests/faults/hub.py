"""A hub that knows everybody as a learner of one course: whoever shows a token is called as the token says."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from campus import runtime


@contextmanager
def hub_double(groups: list[str]) -> Iterator[str]:
    """Yields the URL of its API."""

    class Handler(BaseHTTPRequestHandler):
        # As the hub does, it keeps connections, and what it writes goes out at once.
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            name = self.headers["Authorization"].rpartition(" ")[2]
            user = {"kind": "user", "name": name, "groups": groups, "scopes": ["access:services!service=portal"]}
            body = json.dumps(user).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/hub/api"
        finally:
            server.shutdown()
            thread.join()


def as_service(here: runtime.Runtime, hub: str) -> dict[str, str]:
    """What JupyterHub tells a service of where it runs: the portal's environment."""
    return {
        "JUPYTERHUB_SERVICE_NAME": runtime.PORTAL,
        "JUPYTERHUB_SERVICE_PREFIX": here.portal_prefix,
        "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{here.portal}",
        "JUPYTERHUB_API_URL": hub,
        "JUPYTERHUB_API_TOKEN": here.portal_token,
        "JUPYTERHUB_CLIENT_ID": f"service-{runtime.PORTAL}",
        "JUPYTERHUB_BASE_URL": "/",
        "JUPYTERHUB_HOST": "",
        "JUPYTERHUB_OAUTH_SCOPES": f'["access:services!service={runtime.PORTAL}"]',
        "JUPYTERHUB_OAUTH_ACCESS_SCOPES": f'["access:services!service={runtime.PORTAL}"]',
    }
