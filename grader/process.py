"""What processes of this project ask of the kernel about themselves. Imports nothing of the project."""

from __future__ import annotations

import ctypes
import signal

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


def end_with_parent(number: int = signal.SIGTERM) -> None:
    """Called in a child: the kernel sends it this signal when the thread that started it ends, even by SIGKILL."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
