"""The users that exams run as where the room was started as root.

Each room has users of its own, one for each kind of role, so that exams of different rooms never share one: what the
kernel counts for each user (pipes, watches, pending signals) is then not shared either. Imports nothing of the project.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterable
from pathlib import Path

#: Ids that systemd's table of users leaves unused (60578 to 61183); nobody is made with them in /etc/passwd.
_FIRST, _LAST = 60600, 61182
#: As the keeper nothing runs: its id only stands between a keeper and those that it ends.
_ROLES = ("examiner", "candidate", "bench", "device", "test-device", "yardstick", "keeper")
#: Roles that share a user: what handles a learner's PTX, and what runs the instructor's code on the clock.
_SHARED = {
    **dict.fromkeys(("emulator", "assembler"), "bench"),
    **dict.fromkeys(("baseline", "model", "echo"), "yardstick"),
}


class RoomUsers:
    """One set of users, held as long as this object is not closed. Raises OSError where all are taken.

    Which set is taken is told by a name in the kernel (an abstract socket), which goes with the process that holds it.
    """

    def __init__(self) -> None:
        self._name: socket.socket | None = None
        self._first = 0
        if os.geteuid() != 0 or not python_in_reach():
            return
        name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        for first in range(_FIRST, _LAST, len(_ROLES)):
            try:
                name.bind(f"\0lehrwerk-exam-{first}")
            except OSError:
                continue
            self._name, self._first = name, first
            return
        name.close()
        raise OSError("all users for exams are taken: fewer rooms must run on this machine")

    def close(self) -> None:
        if self._name is not None:
            self._name.close()
            self._name = None

    def of(self, role: str, paths: Iterable[Path]) -> int | None:
        """The user for this role; None keeps the room's own, without its capabilities.

        That is so where the room is not root's, and where another user could not come to Python or to `paths`.
        """
        if self._name is None or not all(map(_in_reach, paths)):
            return None
        return self._first + _ROLES.index(_SHARED.get(role, role))


def python_in_reach() -> bool:
    """May another user than this process's read this Python and this package?"""
    return all(map(_in_reach, (Path(sys.prefix), Path(sys.base_prefix), Path(__file__).resolve().parents[1])))


def _in_reach(path: Path) -> bool:
    """May everybody pass through this folder and all above?"""
    place = path.resolve()
    return all(folder.stat().st_mode & 0o001 for folder in (place, *place.parents))
