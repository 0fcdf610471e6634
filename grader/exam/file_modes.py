"""`shutil.copy` behind the walls: asked to change modes and times of its own files, a process leaves them as they are.

The walls refuse every such change, for they cannot tell whose file it is, and `shutil` gives up at a refusal. So in the
process's own folder, and only for Python, a refusal is kept quiet; the walls stay as they are. Imports nothing of the
project.
"""

from __future__ import annotations

import errno
import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any


def leave_as_they_are(folder: Path) -> None:
    """From here on `os.chmod` and `os.utime` of a path in `folder` do nothing where they are refused."""
    root = folder.resolve()

    def quiet(change: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(change)
        def changed(path: Any, *arguments: Any, **options: Any) -> None:
            try:
                change(path, *arguments, **options)
            except PermissionError:
                if isinstance(path, int) or options.get("dir_fd") is not None:
                    raise
                if not Path(os.fsdecode(path)).resolve(strict=True).is_relative_to(root):
                    raise

        return changed

    def without_attributes(path: Any = None, *, follow_symlinks: bool = True) -> list[str]:
        raise OSError(errno.ENOTSUP, "extended attributes are not read here", path)

    os.chmod, os.utime = quiet(os.chmod), quiet(os.utime)
    os.listxattr = without_attributes
