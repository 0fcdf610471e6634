"""`lehrwerk up`: prepares the data folder, starts the processes of this machine and prints where to go."""

from __future__ import annotations

import json
import logging
import math
import os
import shutil
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from campus import doctor, publish, runtime
from campus.hub import lab
from campus.processes import Process, Stop, Supervisor, python, wait_until
from campus.runtime import Runtime
from campus.settings import ENVIRONMENT, Settings, SettingsError, load

log = logging.getLogger("lehrwerk")

#: A notebook server without activity for this long is stopped, in seconds.
IDLE_SECONDS = 2 * 60 * 60
#: How long a start may take on a slow machine, in seconds.
START_SECONDS = 120.0

HUB_CONFIG = Path(__file__).parent.parent / "jupyterhub_config.py"


class StartError(Exception):
    """Lehrwerk cannot start; the text says why and what to do."""


def run(settings_file: Path | None, console: Console) -> None:
    """Start everything, print URL and accounts, and stay until SIGINT or SIGTERM."""
    stop = Stop()
    with console.status("starting") as status:
        settings, here = prepare(settings_file, status.update)
        supervisor = Supervisor(processes(settings, here))
        supervisor.__enter__()
        try:
            status.update("waiting for the first page")
            _wait(here, supervisor, stop)
        except BaseException:
            supervisor.__exit__()
            raise
    try:
        _announce(settings, here, console)
        wait_until(lambda: stop.asked, math.inf, step=0.2)
        console.print("stopping")
    finally:
        supervisor.__exit__()


def prepare(settings_file: Path | None, say: Any = lambda text: None) -> tuple[Settings, Runtime]:
    """All that comes before the first process: checks, ports, databases, courses, configuration files."""
    try:
        settings = load(settings_file)
    except SettingsError as error:
        raise StartError(str(error)) from error
    say("looking at this machine")
    missing = [line.text for line in doctor.examine(settings_file) if line.level == "fix"]
    if missing:
        raise StartError("\n".join(missing))
    if not any(tenant.signin.demo and tenant.signin.demo.people for tenant in settings.tenants):
        raise StartError("nobody could sign in: the settings name no people; add a tenant with `signin.demo.people`")
    say("choosing ports")
    try:
        here = runtime.prepare(settings)
    except runtime.PortInUse as error:
        raise StartError(str(error)) from error
    say("preparing databases")
    publish.prepare(settings)
    for tenant in settings.tenants:
        for course in tenant.courses:
            if course.source is not None:
                publish.publish(
                    settings, course.source, tenant.id, by="start", say=say, tell=lambda mode: say(str(mode))
                )
    lab.write(settings)
    write_proxy(settings, here)
    return settings, here


def write_proxy(settings: Settings, here: Runtime) -> None:
    """Traefik's static configuration. The hub writes the routes beside it."""
    folder = settings.data / "hub"
    quoted = json.dumps(str(folder / "traefik-routes.toml"))
    (folder / "traefik.toml").write_text(
        f"""\
[global]
checkNewVersion = false
sendAnonymousUsage = false
[log]
level = "WARN"
[api]
[entryPoints.http]
address = "{here.host}:{here.public}"
[entryPoints.auth_api]
address = "{here.host}:{here.proxy_api}"
[providers]
providersThrottleDuration = "0s"
[providers.file]
filename = {quoted}
watch = true
""",
        encoding="utf-8",
    )
    # Traefik refuses to start without the file it watches.
    (folder / "traefik-routes.toml").touch()


def processes(settings: Settings, here: Runtime) -> list[Process]:
    """What runs on this machine, in the order of starting."""
    logs = settings.data / "log"
    bin_folder = Path(sys.executable).parent
    # Workers and servers find this installation's commands first, and no secret in the environment.
    environment = {
        "PATH": f"{bin_folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "HOME": os.environ.get("HOME", "/"),
        "LANG": os.environ.get("LANG", "C.UTF-8"),
        "PYTHONUNBUFFERED": "1",
        ENVIRONMENT: str(_settings_file(settings)),
    }
    traefik = shutil.which("traefik", path=environment["PATH"])
    if traefik is None:
        raise StartError("traefik is missing: run `make install`")
    static = settings.data / "hub" / "traefik.toml"
    hub_api = f"http://{here.host}:{here.hub_api}/hub/api"
    culler = {"JUPYTERHUB_API_URL": hub_api, "JUPYTERHUB_API_TOKEN": here.culler_token}
    portal = {
        "JUPYTERHUB_SERVICE_NAME": runtime.PORTAL,
        "JUPYTERHUB_SERVICE_PREFIX": here.portal_prefix,
        "JUPYTERHUB_SERVICE_URL": f"http://{here.host}:{here.portal}",
        "JUPYTERHUB_API_URL": hub_api,
        "JUPYTERHUB_API_TOKEN": here.portal_token,
        "JUPYTERHUB_CLIENT_ID": f"service-{runtime.PORTAL}",
        "JUPYTERHUB_BASE_URL": "/",
        "JUPYTERHUB_HOST": "",
        "JUPYTERHUB_OAUTH_SCOPES": json.dumps([f"access:services!service={runtime.PORTAL}"]),
        "JUPYTERHUB_OAUTH_ACCESS_SCOPES": json.dumps([f"access:services!service={runtime.PORTAL}"]),
    }
    return [
        Process("proxy", [traefik, f"--configfile={static}"], environment, logs / "proxy.log"),
        Process("hub", python("-m", "jupyterhub", "-f", str(HUB_CONFIG)), environment, logs / "hub.log", 30.0),
        Process(
            "portal",
            python("-m", "campus.portal"),
            environment | portal,
            logs / "portal.log",
            dumps_stacks=True,
        ),
        Process(
            "culler",
            python("-m", "jupyterhub_idle_culler", f"--timeout={IDLE_SECONDS}"),
            environment | culler,
            logs / "culler.log",
        ),
        *(
            Process(
                f"worker-{number}",
                python("-m", "campus.worker", f"worker-{number}"),
                environment,
                logs / f"worker-{number}.log",
                stop_seconds=60.0,
                dumps_stacks=True,
            )
            for number in range(1, settings.exam.workers + 1)
        ),
    ]


def _settings_file(settings: Settings) -> Path:
    """The children read the same settings, with every path absolute, from the data folder."""
    file = settings.data / "hub" / "settings.yaml"
    # JSON is YAML.
    file.write_text(settings.model_dump_json(indent=1), encoding="utf-8")
    return file


def _wait(here: Runtime, supervisor: Supervisor, stop: Stop) -> None:
    page = here.url.rstrip("/") + here.portal_prefix + "health"

    def ready() -> bool:
        if stop.asked:
            return True
        try:
            with urllib.request.urlopen(page, timeout=2) as answer:  # noqa: S310 - our own loopback URL
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    if not wait_until(ready, START_SECONDS, step=0.1):
        reports = [
            f"{process.name}, {process.log_file}:\n{process.tail()}"
            for process in supervisor.processes
            if process.process is None or process.process.poll() is not None or process.pause > 1
        ]
        raise StartError("no page after two minutes\n" + "\n\n".join(reports))


def _announce(settings: Settings, here: Runtime, console: Console) -> None:
    table = Table()
    for heading in ("tenant", "role", "name"):
        table.add_column(heading)
    for tenant in settings.tenants:
        for person in tenant.signin.demo.people if tenant.signin.demo else []:
            table.add_row(tenant.name.get("en", tenant.id), person.role, person.name)
    console.print(table)
    console.print(f"Password for all of them: {here.demo_password}", soft_wrap=True, highlight=False, markup=False)
    console.print(
        "Notebook servers here run as your own user and are not walled, only exams are: "
        "for trying out, not for strangers.",
        style="yellow",
    )
    console.print(f"Lehrwerk is at {here.url}", style="bold green", highlight=False)
    console.print("Ctrl-C stops it.")
