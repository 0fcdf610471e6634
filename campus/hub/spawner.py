"""Local notebook servers: a learner's own, and the formgrader of a course.

Everything runs as the user who started Lehrwerk: this is for trying out, not for strangers.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from jupyterhub.spawner import SimpleLocalProcessSpawner
from traitlets import Dict, Unicode, default

from campus.hub.roles import formgrader_account
from grader.safe_id import safe_id


class HomeSpawner(SimpleLocalProcessSpawner):
    """A server in the person's home; for a course's formgrader account, in the course's folder."""

    data = Unicode(config=True, help="Lehrwerk's data folder.")
    gradebooks = Dict(
        key_trait=Unicode(),
        value_trait=Unicode(),
        config=True,
        help="Database URL of each course's gradebook, by course id (tenant--course).",
    )

    @property
    def course(self) -> str | None:
        """The course whose formgrader this server is, or None for a person's own server."""
        for course in self.gradebooks:
            if self.user.name == formgrader_account(course):
                return course
        return None

    @default("home_dir")
    def _folder(self) -> str:
        if self.course:
            return str(Path(self.data) / "courses" / self.course)
        return str(self.private)

    @property
    def private(self) -> Path:
        """The folder of whoever the server belongs to: a person's home, or a formgrader's own settings."""
        return Path(self.data) / "homes" / safe_id(self.user.name)

    def user_env(self, env: dict[str, str]) -> dict[str, str]:
        env = super().user_env(env)
        data = Path(self.data)
        kind = "formgrader" if self.course else "learner"
        env["JUPYTER_CONFIG_PATH"] = str(data / "etc" / kind)
        env["JUPYTER_PATH"] = str(data / "share" / "jupyter")
        # Nothing of Jupyter's own may be read from, or written to, the folder a grader works in.
        env["HOME"] = str(self.private)
        env["JUPYTER_CONFIG_DIR"] = str(self.private / ".jupyter")
        env["IPYTHONDIR"] = str(self.private / ".ipython")
        if self.course:
            env["LEHRWERK_COURSE"] = self.course
            env["LEHRWERK_GRADEBOOK"] = self.gradebooks[self.course]
            env.pop("LEHRWERK_EXCHANGE_URL", None)
        return env

    def get_args(self) -> list[str]:
        arguments = super().get_args()
        if os.geteuid() == 0:
            arguments.append("--allow-root")
        return arguments

    async def start(self) -> Any:
        self.private.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.course:
            self.default_url = "/formgrader/gradebook"
        return await super().start()
