"""A served portal with a course that can be fetched, and a learner's server at it."""

from __future__ import annotations

import io
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from campus.hub import lab
from campus.settings import Settings
from grader.course.archives import pack_files
from tests.notebooks import given, notebook, solution
from tests.service.portal_room import BUNDLE, COURSE, Room, room, served

UNIT = "guarded-map"


def released(word: str) -> bytes:
    return notebook(given(f"greeting = {word!r}"), solution("saxpy", "def saxpy(): ..."))


RELEASE = {
    f"release/{language}/{unit}/{name}": content
    for language, word in (("de", "Hallo"), ("en", "Hello"))
    for unit in (UNIT, "port-to-cupy")
    for name, content in (
        (f"{unit}.ipynb", released(word)),
        ("checks.py", b"WIDTH = 256\n"),
        ("data/x.csv", b"1,2\n"),
    )
}
SOURCE = {f"source/{UNIT}/exam.py": b"SECRET = 42\n"}


def publish(
    here: Room, course: str = COURSE, deadline: str = "", late: str = "refuse", files: dict[str, bytes] | None = None
) -> None:
    bundle = deepcopy(BUNDLE)
    if deadline:
        bundle["units"][0] |= {"deadline": deadline, "late": late}
    tar = pack_files(RELEASE | SOURCE if files is None else files)
    here.store.publish(course, bundle, tar, f"{len(deadline):032d}{len(tar):032d}", "instructor-nord")


@dataclass
class Campus:
    """`url` is the exchange's; `home` the learner's folder; `store_file` the database."""

    room: Room
    url: str
    home: Path
    store_file: Path

    def everything(self) -> list[str]:
        """All that the store holds, to compare before and after."""
        with sqlite3.connect(self.store_file) as connection:
            return list(connection.iterdump())

    def environment(self, person: str = "learner-nord", language: str = "en") -> dict[str, str]:
        """What the hub gives a person's server."""
        return {
            "LEHRWERK_EXCHANGE_URL": self.url,
            "JUPYTERHUB_API_TOKEN": person,
            "JUPYTERHUB_USER": person,
            "LEHRWERK_LANG": language,
            "HOME": str(self.home),
            "JUPYTER_CONFIG_DIR": str(self.home / ".jupyter"),
            "JUPYTER_CONFIG_PATH": str(self.home.parent / "etc" / "learner"),
            "JUPYTER_PATH": str(self.home.parent / "share" / "jupyter"),
        }

    def sit_down(self, patch: pytest.MonkeyPatch, person: str = "learner-nord", language: str = "en") -> None:
        for name, value in self.environment(person, language).items():
            patch.setenv(name, value)


@contextmanager
def campus(folder: Path) -> Iterator[Campus]:
    here = room(folder)
    publish(here)
    lab.write(Settings.model_validate({"data": folder}))
    home = folder / "home"
    home.mkdir()

    async def exchange(scope: Any, receive: Any, send: Any) -> None:
        # The feed behind the live pages starts and ends with the application; no exchange needs it.
        assert scope["type"] != "lifespan"
        await here.app(scope, receive, send)

    with served(exchange) as url:  # type: ignore[arg-type]
        yield Campus(here, f"{url}api", home, folder / "store.sqlite")


def tar_of(*members: tarfile.TarInfo, compress: bool = True) -> bytes:
    """A tar of such members; those with a size are filled with zeros."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz" if compress else "w") as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(bytes(member.size)) if member.size else None)
    return buffer.getvalue()


def member(name: str, **attributes: Any) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    for key, value in attributes.items():
        setattr(info, key, value)
    return info
