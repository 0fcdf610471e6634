"""Folders of exams: made private, measured while foreign code fills them, and removed whatever it left in them.

Learner code may nest folders deeper than Python recurses, deeper than a path is long and deeper than a process has
descriptors. So nothing here recurses without a bound, and everything goes by descriptor.

Imports nothing of the project.
"""

from __future__ import annotations

import logging
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

log = logging.getLogger("lehrwerk.exam")

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_PREFIX = "exam-"
#: Folders nested deeper than this count as too many files: no honest answer needs them, and measuring stays cheap.
MAX_DEPTH = 50


class TooMany(Exception):
    """More files than were to be counted, or folders too deep or too closed to count what is in them."""


def make(room: Path) -> Path:
    """A new folder for one exam: processes of other users may pass through it, and not list it."""
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=room))
    folder.chmod(0o711)
    return folder


def measure(folder: Path, most: int) -> int:
    """Bytes on disk below `folder`, which may change meanwhile. Raises TooMany beyond `most` files and folders."""
    size = 0
    for files, taken in enumerate(_entries(os.open(folder, _FOLDER), 0), 1):
        if files > most:
            raise TooMany(f"more than {most} files")
        size += taken
    return size


def _entries(descriptor: int, depth: int) -> Iterator[int]:
    """Bytes on disk of each entry below. Closes the descriptor."""
    try:
        if depth > MAX_DEPTH:
            raise TooMany(f"folders more than {MAX_DEPTH} deep")
        with os.scandir(descriptor) as entries:
            for entry in entries:
                try:
                    found = entry.stat(follow_symlinks=False)
                    yield found.st_blocks * 512
                    if stat.S_ISDIR(found.st_mode):
                        yield from _entries(os.open(entry.name, _FOLDER, dir_fd=descriptor), depth + 1)
                except (FileNotFoundError, NotADirectoryError):
                    # Removed or replaced since it was listed.
                    continue
                except PermissionError as error:
                    # A folder made without the right to read it may hold anything.
                    raise TooMany("a folder that cannot be read") from error
    finally:
        os.close(descriptor)


def remove(folder: Path) -> None:
    """Remove `folder` and all in it, once nothing runs there any more. Never raises; says in the log what is left.

    Every folder found inside is first moved to the top, so the depth never grows and two descriptors are enough.
    """
    try:
        top = os.open(folder, _FOLDER)
        try:
            while inner := _empty(top, top):
                for name in inner:
                    _remove_one(name, top)
        finally:
            os.close(top)
        os.rmdir(folder)
    except OSError as error:
        log.warning("%s stays behind until the next start: %s", folder, error)


def _remove_one(name: str, top: int) -> None:
    descriptor = os.open(name, _FOLDER, dir_fd=top)
    try:
        _empty(descriptor, top)
    finally:
        os.close(descriptor)
    os.rmdir(name, dir_fd=top)


def _empty(folder: int, top: int) -> list[str]:
    """Remove the files of `folder` and move its folders to `top`. Where it is the top: the folders that are in it."""
    with os.scandir(folder) as entries:
        listed = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_folder in listed:
        if not is_folder:
            os.unlink(name, dir_fd=folder)
            continue
        # It may have been made without rights. Nothing runs that could put a link in its place.
        os.chmod(name, 0o700, dir_fd=folder)
        if folder != top:
            os.rename(name, secrets.token_hex(16), src_dir_fd=folder, dst_dir_fd=top)
    return [name for name, is_folder in listed if is_folder] if folder == top else []


def sweep(room: Path) -> None:
    """Remove what exams that were killed left. Only one room may use a folder at a time."""
    for left in room.glob(f"{_PREFIX}*"):
        remove(left)
