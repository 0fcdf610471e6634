"""An event loop for `await` in cells. Walls allow no socket, so it wakes itself by a pipe. Imports nothing of ours."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from typing import Any


class _End:
    """One end of a pipe, as asyncio's loop uses the ends of its socket pair."""

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor

    def fileno(self) -> int:
        return self._descriptor

    def recv(self, size: int) -> bytes:
        return os.read(self._descriptor, size)

    def send(self, data: bytes) -> int:
        return os.write(self._descriptor, data)

    def close(self) -> None:
        os.close(self._descriptor)


class PipeLoop(asyncio.SelectorEventLoop):
    """asyncio's own loop but for what it wakes itself with."""

    def _make_self_pipe(self) -> None:
        reading, writing = os.pipe()
        self._ssock, self._csock = _End(reading), _End(writing)
        self._internal_fds: int = getattr(self, "_internal_fds", 0) + 1
        self._add_reader(reading, self._read_from_self)  # type: ignore[attr-defined]


_loop: PipeLoop | None = None


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """The result of a cell that awaits; one loop serves all cells of a process."""
    global _loop
    if _loop is None or _loop.is_closed():
        _loop = PipeLoop()
    return _loop.run_until_complete(coroutine)
