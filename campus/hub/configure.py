"""The one function that turns settings into JupyterHub's configuration for one machine."""

from __future__ import annotations

import os
import sys
from typing import Any

from campus.hub.pages import STATIC, TEMPLATES, HubPages
from campus.hub.roles import CULLER, formgrader_account, roles
from campus.hub.spawner import HomeSpawner
from campus.runtime import PORTAL, Runtime
from campus.settings import Settings
from campus.signin.demo import DemoAuthenticator
from campus.signin.groups import groups_for


def configure(c: Any, settings: Settings, runtime: Runtime) -> None:
    """Fill `c`. Proxy, portal, culler and workers are processes beside the hub, not its children."""
    _hub(c, settings, runtime)
    _proxy(c, settings, runtime)
    _signin(c, settings, runtime)
    _services(c, settings, runtime)
    _spawner(c, settings, runtime)


def _hub(c: Any, settings: Settings, runtime: Runtime) -> None:
    folder = settings.data / "hub"
    hub = c.JupyterHub
    hub.bind_url = runtime.url.rstrip("/")
    hub.hub_bind_url = f"http://{runtime.host}:{runtime.hub_api}"
    hub.db_url = f"sqlite:///{folder / 'jupyterhub.sqlite'}"
    hub.cookie_secret = bytes.fromhex(runtime.cookie_secret)
    hub.pid_file = str(folder / "jupyterhub.pid")
    hub.default_url = runtime.portal_prefix
    # A hub that ends in order takes the notebook servers with it; one that is killed finds them again.
    hub.cleanup_servers = True
    hub.shutdown_on_logout = False
    hub.template_paths = [str(TEMPLATES)]
    hub.extra_handlers = [STATIC]
    demo = any(tenant.signin.demo for tenant in settings.tenants)
    hub.template_vars = {"lehrwerk": HubPages(runtime.portal_prefix, settings.language, demo)}


def _proxy(c: Any, settings: Settings, runtime: Runtime) -> None:
    """Traefik runs beside the hub (campus.processes), so routes stay while the hub restarts."""
    c.JupyterHub.proxy_class = "traefik_file"
    proxy = c.TraefikFileProviderProxy
    proxy.should_start = False
    proxy.dynamic_config_file = str(settings.data / "hub" / "traefik-routes.toml")
    proxy.static_config_file = str(settings.data / "hub" / "traefik.toml")
    proxy.traefik_api_url = f"http://{runtime.host}:{runtime.proxy_api}"
    proxy.traefik_api_username = "hub"
    proxy.traefik_api_password = runtime.proxy_token
    proxy.traefik_entrypoint = "http"


def _signin(c: Any, settings: Settings, runtime: Runtime) -> None:
    people = {
        person.name: groups_for(tenant, person.role, list(person.courses))
        for tenant in settings.tenants
        if tenant.signin.demo
        for person in tenant.signin.demo.people
    }
    c.JupyterHub.authenticator_class = DemoAuthenticator
    c.DemoAuthenticator.groups_of = people
    c.DemoAuthenticator.user_password = runtime.demo_password
    c.Authenticator.manage_groups = True
    # Accounts of formgraders may exist; they have no groups, and DemoAuthenticator lets nobody in as one.
    c.Authenticator.allowed_users = set(people) | {formgrader_account(course) for course in settings.course_ids()}
    c.Authenticator.allow_all = False
    c.Authenticator.allow_existing_users = False
    c.Authenticator.admin_users = set()


def _services(c: Any, settings: Settings, runtime: Runtime) -> None:
    c.JupyterHub.load_roles = roles(settings)
    # The portal and the formgraders are parts of one house: signing in once is consent enough. The hub would also
    # take the portal's from its service, but this setting replaces that list.
    accounts = [formgrader_account(course) for course in settings.course_ids()]
    c.JupyterHub.tornado_settings = {
        "oauth_no_confirm_list": {f"service-{PORTAL}", *(f"jupyterhub-user-{name}" for name in accounts)}
    }
    c.JupyterHub.services = [
        {
            "name": PORTAL,
            "url": f"http://{runtime.host}:{runtime.portal}",
            "api_token": runtime.portal_token,
            "oauth_client_id": f"service-{PORTAL}",
            "display": False,
            "oauth_client_allowed_scopes": [
                "read:users:name!user",
                "read:users:groups!user",
                f"access:services!service={PORTAL}",
            ],
        },
        {"name": CULLER, "api_token": runtime.culler_token},
    ]


def _spawner(c: Any, settings: Settings, runtime: Runtime) -> None:
    c.JupyterHub.spawner_class = HomeSpawner
    spawner = c.HomeSpawner
    spawner.data = str(settings.data)
    spawner.gradebooks = {course: settings.gradebook_url(course) for course in settings.course_ids()}
    spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
    spawner.default_url = "/lab"
    spawner.disable_user_config = True
    spawner.start_timeout = 120
    spawner.http_timeout = 120
    spawner.env_keep = ["LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH"]
    spawner.environment = {
        "PATH": os.environ["PATH"],
        "LEHRWERK_EXCHANGE_URL": runtime.exchange_url,
        "LEHRWERK_LANG": settings.language,
        "LEHRWERK_DEVICE": settings.exam.device,
    }
