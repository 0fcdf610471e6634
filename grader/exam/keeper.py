"""The keeper of a candidate that may make processes: whatever that made ends with it.

Trusted. Forked from the zygote, still root, and the candidate's parent. When the candidate ends, at the room's SIGTERM,
or with the zygote, it ends every process of the candidate's user, which none of them can change. Nothing else stops
them: namespaces and control groups are not ours to use in a pod. Imports this package's walls.
"""

from __future__ import annotations

import contextlib
import os
import signal

from grader.exam import walls

#: How the room tells a keeper to end.
END = signal.SIGTERM


def fork_kept(zygote: int, user: int, keeper: int, descriptors: list[int]) -> None:
    """Fork, and return in the child. The parent keeps it and never returns.

    `zygote` is the process that forked this one, `user` the candidate's and nobody else's, and `keeper` a user as which
    nothing runs; `descriptors` are for the child.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {END, signal.SIGCHLD})
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    walls.die_with_parent(END)
    walls.adopt_orphans()
    kept = os.fork()
    if kept == 0:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {END, signal.SIGCHLD})
        return
    try:
        for descriptor in descriptors:
            os.close(descriptor)
        while os.getppid() == zygote and signal.sigwait({END, signal.SIGCHLD}) == signal.SIGCHLD and not _ended(kept):
            pass
        _end_all(user, keeper)
    finally:
        os._exit(0)


def _ended(kept: int) -> bool:
    """Has it ended? Reaps whatever else has."""
    while True:
        pid, _ = os.waitpid(-1, os.WNOHANG)
        if pid in (0, kept):
            return pid == kept


def _end_all(user: int, keeper: int) -> None:
    """Kill all of the user's processes and wait for their ends.

    The kernel lets no fork slip through. As the effective user this process may signal those of `user` and no others;
    its real and saved users are another's, so that none of them may signal it.
    """
    os.setgroups([])
    os.setresuid(keeper, user, keeper)
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)
