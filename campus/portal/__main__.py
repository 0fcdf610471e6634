"""`python -m campus.portal`: the portal as a service of the hub, told where it runs by JupyterHub's environment."""

from __future__ import annotations

import logging
import os
from urllib.parse import urlsplit

import uvicorn

from campus import runtime
from campus.portal.api import exchange_router
from campus.portal.app import create_app
from campus.portal.signin import HubSignin, places_from_environment
from campus.processes import dump_stacks_on_signal
from campus.publish import open_registrar, open_store
from campus.settings import load
from grader.exchange.server import ExchangeService


def main() -> None:
    """Serve until SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    dump_stacks_on_signal()
    settings = load()
    here = runtime.read(settings)
    secret = here.session_secret
    store = open_store(settings)
    registrar = open_registrar(settings, store)
    places = places_from_environment()
    auth = HubSignin(secret, places)

    app = create_app(
        settings,
        store,
        registrar,
        auth,
        places=places,
        exchange=exchange_router(ExchangeService(store, registrar, settings.limits), auth),
        secret=secret,
        installation=here.installation,
    )
    address = urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
    try:
        uvicorn.run(
            app,
            host=address.hostname or "127.0.0.1",
            port=address.port or 80,
            # The access log would hold query strings, and with them one-time codes of sign-ins.
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=10,
        )
    finally:
        registrar.close()
        store.close()


if __name__ == "__main__":
    main()
