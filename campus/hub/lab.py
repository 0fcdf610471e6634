"""Configuration files for the notebook servers: what JupyterLab and nbgrader read at their start.

Written into the data folder at each start of Lehrwerk; nothing is read from a person's own configuration.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from campus.settings import Settings
from grader.device.kernel import write_kernelspec

#: nbgrader's parts by server extension and by JupyterLab plugin.
_SERVER_PARTS = ("assignment_list", "course_list", "formgrader", "validate_assignment")
#: JupyterLab's server extensions, and those that other packages enable for it.
_LAB_SERVERS = (
    "jupyterlab",
    "jupyter_lsp",
    "jupyter_server_terminals",
    "jupyterlab_jupytext",
    "notebook",
    "notebook_shim",
)
_LAB_PARTS = {
    "assignment_list": ["@jupyter/nbgrader:assignment-list"],
    "course_list": ["@jupyter/nbgrader:course-list"],
    "create_assignment": ["@jupyter/nbgrader:create-assignment"],
    "formgrader": ["@jupyter/nbgrader:formgrader"],
    "validate_assignment": ["@jupyter/nbgrader:validate-assignment"],
}

_LEARNER = """\
from grader.exchange.client import exchange_config

c = get_config()
exchange_config(c)
"""

_FORMGRADER = """\
from grader.records.formgrader import formgrader_config

c = get_config()
formgrader_config(c)
"""

#: Loads nbgrader's formgrader itself, and shuts everything else.
MARKING = "grader.records.marking"
_FORMGRADER_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; frame-ancestors 'none'; form-action 'self'; base-uri 'self'"
)


def write(settings: Settings) -> None:
    """Write `etc/learner`, `etc/formgrader` and the kernelspec below the data folder."""
    _server(settings.data / "etc" / "learner", _LEARNER, ["assignment_list"], ["grader.exchange.client.lab"])
    _server(settings.data / "etc" / "formgrader", _FORMGRADER, [], [MARKING])
    write_kernelspec(
        settings.data / "share" / "jupyter" / "kernels",
        python=sys.executable,
        language=settings.language,
        device=settings.exam.device,
    )


def _server(folder: Path, nbgrader_config: str, parts: list[str], extensions: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "nbgrader_config.py").write_text(nbgrader_config, encoding="utf-8")
    enabled = {f"nbgrader.server_extensions.{part}": part in parts for part in _SERVER_PARTS}
    enabled.update(dict.fromkeys(extensions, True))
    server: dict[str, Any] = {"jpserver_extensions": enabled}
    if MARKING in extensions:
        # nbgrader's part for JupyterLab is not needed, and JupyterLab itself neither.
        enabled.update(dict.fromkeys(_LAB_SERVERS, False))
        # Whoever marks needs no shell beside a gradebook, and the page asks nothing of other hosts: nbgrader's template
        # would load a typesetter from one, and a learner's text could name pictures there.
        server["terminals_enabled"] = False
        server["tornado_settings"] = {"headers": {"Content-Security-Policy": _FORMGRADER_POLICY}}
    _json(folder / "jupyter_server_config.json", {"ServerApp": server})
    hidden = {plugin: True for part, plugins in _LAB_PARTS.items() if part not in parts for plugin in plugins}
    # No news feed, no extension manager: a notebook server asks nothing of other hosts.
    hidden["@jupyterlab/apputils-extension:announcements"] = True
    hidden["@jupyterlab/extensionmanager-extension"] = True
    (folder / "labconfig").mkdir(exist_ok=True)
    _json(folder / "labconfig" / "page_config.json", {"disabledExtensions": hidden})


def _json(file: Path, content: Any) -> None:
    file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
