"""Open the way to this Python and this package for all users, in a mount namespace of its own, and run the tests there.

Each closed folder on the way gets an open one in its place that holds the same.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from grader.exam import walls
from grader.exam.users import python_in_reach

LIBC = ctypes.CDLL(None, use_errno=True)
NEW_MOUNTS = 0x20000
HERE = Path(__file__).parent


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def closed() -> Path | None:
    """The topmost folder on the way that is not everybody's to pass through."""
    for place in map(Path, (sys.prefix, sys.base_prefix, walls.__file__)):
        for folder in reversed(place.resolve().parents):
            if not folder.stat().st_mode & 0o001:
                return folder
    return None


def open_up(folder: Path) -> None:
    held = Path(tempfile.mkdtemp())
    mount("--bind", str(folder), str(held))
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", str(folder))
    for entry in held.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            (folder / entry.name).mkdir()
            mount("--bind", str(entry), str(folder / entry.name))
    subprocess.run(["umount", "--lazy", str(held)], check=True)
    held.rmdir()


if __name__ == "__main__":
    if LIBC.unshare(NEW_MOUNTS):
        sys.exit(f"no mount namespace: {os.strerror(ctypes.get_errno())}")
    mount("--make-rprivate", "/")
    while (folder := closed()) is not None:
        open_up(folder)
    assert python_in_reach()
    sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", str(HERE / "exams.py")]))
