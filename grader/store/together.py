"""Group commit: what several threads want done at the same time is done in one go. Imports nothing of the project."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

log = logging.getLogger("lehrwerk.store")

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass
class _Place(Generic[Item, Result]):
    """One thread's item. The thread is woken when its outcome is known, or when it is to lead."""

    item: Item
    woken: threading.Event = field(default_factory=threading.Event)
    outcome: Result | BaseException | None = None


class Together(Generic[Item, Result]):
    """Calls `run` for up to `most` waiting items, on the thread of the first; what comes meanwhile is the next run.

    `run` gives each item's result, or an exception for that item's caller alone. Where it raises an `own_fault`, which
    one item may have caused, each is tried by itself; where it raises anything else, it is so for all of them. Items of
    the same `key` go into different runs, in the order in which they came.
    """

    def __init__(
        self,
        run: Callable[[Sequence[Item]], Sequence[Result | Exception]],
        key: Callable[[Item], Hashable],
        own_fault: tuple[type[Exception], ...],
        most: int = 64,
    ) -> None:
        self._run, self._key, self._own_fault, self._most = run, key, own_fault, most
        self._lock = threading.Lock()
        self._waiting: list[_Place[Item, Result]] = []
        self._led = False

    def __call__(self, item: Item) -> Result:
        """What `run` gave for `item`, as soon as its run is over."""
        mine: _Place[Item, Result] = _Place(item)
        with self._lock:
            self._waiting.append(mine)
            leads, self._led = not self._led, True
        if not leads:
            mine.woken.wait()
        if mine.outcome is None:
            self._lead()
        assert mine.outcome is not None
        if isinstance(mine.outcome, BaseException):
            raise mine.outcome
        return mine.outcome

    def _lead(self) -> None:
        """Run the first who waits, which is the caller, with those behind it; then the next one leads."""
        batch = self._next()
        try:
            for place, outcome in zip(batch, self._outcomes([place.item for place in batch]), strict=True):
                place.outcome = outcome
        except BaseException as error:
            for place in batch:
                place.outcome = error
            raise
        finally:
            with self._lock:
                self._led = bool(self._waiting)
                if self._led:
                    self._waiting[0].woken.set()
            for place in batch:
                place.woken.set()

    def _next(self) -> list[_Place[Item, Result]]:
        """Take those out of the line that run now: the first of each key."""
        with self._lock:
            batch: dict[Hashable, _Place[Item, Result]] = {}
            left = []
            for place in self._waiting:
                key = self._key(place.item)
                if len(batch) < self._most and key not in batch:
                    batch[key] = place
                else:
                    left.append(place)
            self._waiting = left
        return list(batch.values())

    def _outcomes(self, items: Sequence[Item]) -> Sequence[Result | Exception]:
        try:
            return self._run(items)
        except self._own_fault as error:
            if len(items) == 1:
                return [error]
            log.warning("%d together failed, and are tried one by one: %s", len(items), error)
            return [outcome for item in items for outcome in self._outcomes([item])]
