"""Semaphores for `multiprocessing` behind walls, where a name in `/dev/shm` would be seen by other exams.

Children made by `fork` share an anonymous mapping, and need no name. Imports nothing of the project.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import threading
import time

_LIBC = ctypes.CDLL(None, use_errno=True)
#: What `sem_t` takes, in bytes, with room to spare (32 on 64-bit Linux).
_SIZE = 64
_RECURSIVE = 0


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class SemLock:
    """What `_multiprocessing.SemLock` is: a semaphore, or for `kind` 0 a mutex that its holder may take again.

    `name` and `unlink` are taken for the sake of its callers.
    """

    SEM_VALUE_MAX = (1 << 31) - 1

    def __init__(self, kind: int, value: int, maxvalue: int, name: str, unlink: bool) -> None:
        self.kind, self.maxvalue, self.name = kind, maxvalue, None
        self._memory = mmap.mmap(-1, _SIZE)
        self._semaphore = ctypes.byref(ctypes.c_char.from_buffer(self._memory))
        self.handle = id(self)
        self._count_here, self._holder = 0, 0
        _call("sem_init", self._semaphore, 1, ctypes.c_uint(value))

    def acquire(self, block: bool = True, timeout: float | None = None) -> bool:
        if self.kind == _RECURSIVE and self._is_mine():
            self._count_here += 1
            return True
        if not self._wait(block, timeout):
            return False
        self._count_here, self._holder = self._count_here + 1, threading.get_ident()
        return True

    def _wait(self, block: bool, timeout: float | None) -> bool:
        if not block or (timeout is not None and timeout <= 0):
            return _taken("sem_trywait", self._semaphore)
        if timeout is None:
            return _taken("sem_wait", self._semaphore)
        until = time.time() + timeout
        end = _Timespec(int(until), int(until % 1 * 1e9))
        return _taken("sem_timedwait", self._semaphore, ctypes.byref(end))

    def release(self) -> None:
        """Raises AssertionError where another holds a mutex, ValueError where a semaphore would pass its maximum."""
        if self.kind == _RECURSIVE:
            if not self._is_mine():
                raise AssertionError("attempt to release recursive lock not owned by thread")
            if self._count_here > 1:
                self._count_here -= 1
                return
        elif self._get_value() >= self.maxvalue:
            raise ValueError("semaphore or lock released too many times")
        self._count_here -= 1
        _call("sem_post", self._semaphore)

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def _count(self) -> int:
        return self._count_here

    def _is_mine(self) -> bool:
        return self._count_here > 0 and self._holder == threading.get_ident()

    def _get_value(self) -> int:
        value = ctypes.c_int()
        _call("sem_getvalue", self._semaphore, ctypes.byref(value))
        return max(value.value, 0)

    def _is_zero(self) -> bool:
        return self._get_value() == 0

    def _after_fork(self) -> None:
        self._count_here = 0


def install() -> None:
    """Let this process's `multiprocessing` use them, make children by fork, and share memory by files of its own."""
    import multiprocessing
    from multiprocessing import heap, synchronize

    multiprocessing.set_start_method("fork", force=True)
    synchronize._multiprocessing.SemLock = SemLock  # type: ignore[attr-defined]
    synchronize.SEM_VALUE_MAX = SemLock.SEM_VALUE_MAX  # type: ignore[attr-defined]
    heap.Arena._dir_candidates = []  # type: ignore[attr-defined]


def _taken(name: str, *arguments: object) -> bool:
    while getattr(_LIBC, name)(*arguments):
        code = ctypes.get_errno()
        if code in (errno.EAGAIN, errno.ETIMEDOUT):
            return False
        if code != errno.EINTR:
            raise OSError(code, os.strerror(code))
    return True


def _call(name: str, *arguments: object) -> None:
    if getattr(_LIBC, name)(*arguments):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
