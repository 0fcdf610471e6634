"""State changes of submissions as they happen, from the store's log to any number of open pages.

One thread waits at the store for the whole process, however many people watch: an open page costs a queue in memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

if TYPE_CHECKING:
    from grader.store import Event, Store

log = logging.getLogger("lehrwerk.portal")

#: States in which nothing more happens by itself.
FINAL = frozenset({"graded", "needs review", "failed", "withdrawn"})
#: How long the store is asked to wait at a time, in seconds; also the longest that stopping takes.
_WAIT = 1.0
#: What happens within this time after news is told together with what comes then, in seconds.
_PAUSE = 0.1
#: How often a waiting page looks for its new place in the queue, in seconds.
_PLACE = 3.0
#: A page that does not read for this many events is cut off, and connects again by itself.
_BACKLOG = 1000


class Feed:
    """Hands the store's new events to listeners on the event loop. Use `start` and `stop` in the lifespan."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._listeners: set[asyncio.Queue[Event | None]] = set()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to listen; called on the event loop that serves the pages."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._watch, name="portal-feed", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        self._stopping.set()
        for listener in list(self._listeners):
            self._end(listener)
        if self._thread is not None:
            await run_in_threadpool(self._thread.join)

    @contextlib.contextmanager
    def listen(self) -> Iterator[asyncio.Queue[Event | None]]:
        """A queue of every event from now on; None in it means that the feed ended."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue(_BACKLOG)
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)

    def _watch(self) -> None:
        after: int | None = None
        while not self._stopping.is_set():
            try:
                if after is None:
                    after = self._store.last_event()
                events = self._store.wait(after, _WAIT)
            except Exception:
                # A database that restarts must not end live pages for good.
                log.exception("the store cannot be read; trying again")
                self._stopping.wait(_WAIT)
                continue
            if events:
                after = max(event.seq for event in events)
                with contextlib.suppress(RuntimeError):  # the loop closed while stopping
                    self._loop.call_soon_threadsafe(self._hand_out, events)
                self._stopping.wait(_PAUSE)

    def _hand_out(self, events: list[Event]) -> None:
        for event in events:
            for listener in list(self._listeners):
                try:
                    listener.put_nowait(event)
                except asyncio.QueueFull:
                    self._end(listener)

    def _end(self, listener: asyncio.Queue[Event | None]) -> None:
        self._listeners.discard(listener)
        while listener.full():
            listener.get_nowait()
        listener.put_nowait(None)


async def follow(feed: Feed, store: Store, submission: str, after: int) -> AsyncIterator[Event | None]:
    """Events of one submission after `after`, in order, each once, until it reaches a final state.

    None in between means: nothing new, look at the place in the queue.
    """
    with feed.listen() as queue:
        last = ""
        while True:
            # The log is the truth and the feed a wake-up call: nothing is lost if the feed was late.
            for event in await run_in_threadpool(store.log, submission, after):
                after, last = event.seq, event.state
                yield event
            if not last:
                found = await run_in_threadpool(store.submission, submission)
                last = found.state if found else "withdrawn"
            if last in FINAL:
                return
            try:
                while (news := await asyncio.wait_for(queue.get(), _PLACE)) is not None:
                    if news.submission_id == submission and news.seq > after:
                        break
                else:
                    return
            except TimeoutError:
                yield None
