"""Proofs that are kept: a unit whose files, and all that proves it, are as they were is not proved again.

A proof has the name of a hash over everything that went into it, and is only kept where there was no problem. What
course code could write is never read here.
"""

from __future__ import annotations

import functools
import hashlib
import json
import logging
import os
import platform
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from grader.course.modes import Difference, Mode
from grader.course.reader import Course, Unit
from grader.exam.room import ExamLimits

log = logging.getLogger("lehrwerk.course")

#: What computes in an exam, beside this package.
_LIBRARIES = ("numpy", "numba", "numba-cuda", "ipython", "nbgrader", "pandas")


def folder() -> Path:
    """Where proofs are kept on this machine: below `XDG_CACHE_HOME`, or `~/.cache`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lehrwerk" / "proofs"


def key(course: Course, unit: Unit, limits: ExamLimits) -> str:
    """The hash of all that a proof of this unit rests on."""
    digest = hashlib.sha256()
    for part in (
        _platform(),
        limits.model_dump_json(),
        json.dumps(course.file.languages),
        unit.entry.model_dump_json(),
        *_content(unit.folder),
    ):
        digest.update(f"{len(part)}:{part}".encode())
    return digest.hexdigest()


def find(kept: Path, name: str) -> Mode | None:
    """The mode of a unit that was proved, None where it was not, or where that cannot be read."""
    try:
        content = json.loads((kept / name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return Mode(content["assignment"], content["tests"], tuple(Difference(**one) for one in content["differences"]))


def keep(kept: Path, name: str, mode: Mode) -> None:
    """Where that cannot be, the unit is proved again next time."""
    try:
        kept.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=kept, delete=False, encoding="utf-8") as draft:
            json.dump(asdict(mode), draft)
        os.replace(draft.name, kept / name)
    except OSError as error:
        log.warning("the proof of %s is not kept: %s", mode.assignment, error)


@functools.cache
def _platform() -> str:
    """This package's code, the libraries and the processor: a device's rounding may depend on each."""
    libraries = [f"{name} {version(name)}" for name in _LIBRARIES]
    package = Path(__file__).parents[1]
    return "\n".join([platform.python_version(), platform.machine(), *libraries, *_content(package)])


def _content(root: Path) -> Iterator[str]:
    for path in sorted(root.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield f"{path.relative_to(root)} {hashlib.sha256(path.read_bytes()).hexdigest()}"
