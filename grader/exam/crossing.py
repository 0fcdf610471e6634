"""Arrays of the device that one question hands to learner code, and those that its answer speaks of.

In an emulated exam they lie in the candidate's bench: what is handed over is placed there, what comes back is read
there, all in one go, and what became of an argument is read, too, so that it is not the candidate's to say. On a real
GPU they travel as values. In the examiner they are arrays of its own device or, for checks, `OnDevice`.
Imports this package, and checks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.checks.surroundings import OnDevice
from grader.device.heap import ELEMENTS, Library
from grader.exam.channel import ChannelError, decode, encode
from grader.exam.device_link import ExamMemory, Placed
from grader.exam.own_device import OwnDevice

#: What an answer may bring along from device memory: arrays, and bytes in all.
_ARRAYS, _ARRAY_BYTES = 256, 256 << 20
_UNREAD = np.zeros(0)


@dataclass(frozen=True)
class _Given:
    """An array that was handed over: what it held, and where it lies for the candidate (None: on a real GPU)."""

    array: Any
    library: Library
    content: np.ndarray
    placed: Placed | None


class Crossing:
    """One question's. `memory` is the candidate's, None on a real GPU; `for_checks` gives `OnDevice` back.

    Raises ChannelError for what is malformed and for more than the candidate's memory holds.
    """

    def __init__(self, memory: ExamMemory | None, own: OwnDevice, *, for_checks: bool = False) -> None:
        self._memory = memory
        self._own = own
        self._for_checks = for_checks
        self._given: dict[int, _Given] = {}
        self._awaited: list[tuple[Placed, Any]] = []
        self._size = 0

    def takes(self, item: Any) -> bool:
        """Is it an array of the device?"""
        return isinstance(item, OnDevice) or self._own.holds(item)

    def give(self, items: Iterable[Any]) -> None:
        """Hand over the arrays of the device among `items`; one that stands there twice is one."""
        new = {id(item): item for item in items if self.takes(item) and id(item) not in self._given}
        own = [item for item in new.values() if not isinstance(item, OnDevice)]
        read = dict(zip(map(id, own), self._own.values(own), strict=True))
        contents = [item.array if isinstance(item, OnDevice) else read[number] for number, item in new.items()]
        views = iter(self._memory.place(contents) if self._memory is not None and contents else ())
        for (number, item), content in zip(new.items(), contents, strict=True):
            library = item.kind if isinstance(item, OnDevice) else self._own.library(item)
            placed = None if self._memory is None else Placed(next(views), library)
            self._given[number] = _Given(item, library, content, placed)

    def plain(self, item: Any) -> dict[str, Any]:
        """An array of the device as it travels."""
        self.give([item])
        given = self._given[id(item)]
        if given.placed is not None:
            return given.placed.plain()
        return {"~": "device", "v": encode(given.content), "k": given.library}

    def take(self, said: dict[str, Any]) -> Any:
        """The array that the candidate speaks of; its content comes with `settle`."""
        if self._memory is not None:
            return self._await(Placed.from_plain(said))
        content = decode(said["v"])
        if not isinstance(content, np.ndarray) or content.dtype.kind not in ELEMENTS:
            raise ChannelError("no array")
        library: Library = "cupy" if said.get("k") == "cupy" else "numba"
        if self._for_checks:
            return OnDevice(content, library)
        array = self._own.empty(library, content.shape, content.dtype)
        self._own.put([array], [content])
        return array

    def _await(self, placed: Placed) -> Any:
        self._size += placed.view.nbytes
        if len(self._awaited) >= _ARRAYS or self._size > _ARRAY_BYTES:
            raise ChannelError("more device arrays than an answer may bring")
        view = placed.view
        array = (
            OnDevice(_UNREAD, placed.library)
            if self._for_checks
            else self._own.empty(placed.library, view.shape, np.dtype(view.dtype), fortran=view.fortran)
        )
        self._awaited.append((placed, array))
        return array

    def left(self, item: Any, said: Any) -> Any:
        """What a call made of an argument, of which the candidate says what is `said`; its content comes with
        `settle` where it lies in the candidate's bench."""
        given = self._given.get(id(item))
        if given is None:
            return said
        if isinstance(item, OnDevice):
            return said if given.placed is None else self._await(given.placed)
        if given.placed is None and said is not item and self._own.holds(said):
            self._write(given, self._own.values([said])[0])
        return item

    def settle(self, *, let_go: bool = False) -> None:
        """Read what is awaited, and what became of the test's own arrays. `let_go` then lets go of what was given."""
        lent = [one for one in self._given.values() if one.placed is not None and not isinstance(one.array, OnDevice)]
        if self._memory is None or not (self._awaited or self._given):
            return
        placed = [place for place, _ in self._awaited] + [one.placed for one in lent if one.placed is not None]
        contents = self._memory.read(placed, let_go=let_go)
        fresh = list(zip(self._awaited, contents, strict=False))
        for (_, array), content in fresh:
            if isinstance(array, OnDevice):
                object.__setattr__(array, "array", content)
        own = [(array, content) for (_, array), content in fresh if not isinstance(array, OnDevice)]
        self._own.put([array for array, _ in own], [content for _, content in own])
        self._awaited.clear()
        for one, content in zip(lent, contents[len(fresh) :], strict=True):
            self._write(one, content)

    def _write(self, given: _Given, content: np.ndarray) -> None:
        """Change an array of the test's where learner code changed it."""
        same = content.shape == given.content.shape and content.dtype == given.content.dtype
        if same and content.tobytes() != given.content.tobytes():
            self._own.put([given.array], [content])
