"""A worker: leases submissions, examines them, delivers verdicts and has them recorded.

It may be killed at any moment. A lease that is not renewed runs out and goes to another; a verdict that was delivered
and not recorded is recorded by whoever comes next. What fails on our side (a full disk, a database that is away) ends
no worker: it is tried again after a pause that grows.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from grader.dispatch.exams import Exams
from grader.records import Registrar
from grader.store import Lease, Store

log = logging.getLogger("lehrwerk.worker")

#: How long to wait for news of the queue at a time, in seconds.
_WAIT = 2.0
#: A failure of ours is not tried again at once; the pause doubles up to the longest, in seconds.
_PAUSE, _LONGEST_PAUSE = 1.0, 60.0


class Worker:
    """One submission at a time."""

    def __init__(self, name: str, store: Store, registrar: Registrar, exams: Exams, lease_seconds: float) -> None:
        self.name = name
        self.store = store
        self.registrar = registrar
        self.exams = exams
        self.lease_seconds = lease_seconds
        # Set by a signal's handler, and so a mere flag: an event takes a lock, for which a handler could wait for ever.
        self._stopping = False

    def stop(self) -> None:
        """Finish the exam that runs, then return from `run`."""
        self._stopping = True

    def run(self) -> None:
        """Until `stop`: examine whatever is queued."""
        log.info("%s waits for submissions", self.name)
        pause, due = _PAUSE, False
        while not self._stopping:
            try:
                seen = self.store.last_event()
                self.record_all(due=due)
                due = True
                if not self.once():
                    self.store.wait(seen, _WAIT, until=lambda: self._stopping)
                pause = _PAUSE
            except Exception:
                log.exception("there is no work without disk and store; trying again in %g s", pause)
                time.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    def once(self) -> bool:
        """Examine one submission; False where none waits. Raises ExamError where the disk is full.

        That is found before a submission is taken, for which each failed exam would be an attempt.
        """
        self.exams.room.check_disk()
        leases = self.store.lease(self.name, self.lease_seconds)
        for lease in leases:
            self._examine(lease)
        return bool(leases)

    def record_all(self, *, due: bool = False) -> None:
        """Record verdicts that were delivered and are in no gradebook yet; `due`: those that nobody else is at."""
        for submission_id in self.store.unrecorded(due=due):
            self._record(submission_id)

    def _examine(self, lease: Lease) -> None:
        submission = lease.submission
        log.info("submission %s of %s, attempt %d", submission.id, submission.course_id, lease.attempt)
        started = time.monotonic()
        try:
            with self._heartbeat(lease):
                verdict = self.exams.verdict(submission)
                text = verdict.model_dump_json()
        except Exception as error:
            # A failure of ours must not end the worker: the lease goes back, and a person looks after the last try.
            log.exception("submission %s: attempt %d failed", submission.id, lease.attempt)
            self.store.give_up(lease.token, f"{type(error).__name__}: {error}"[:500])
            time.sleep(_PAUSE)
            return
        if not self.store.deliver(lease.token, text):
            log.warning("submission %s: the lease was lost; the verdict is dropped", submission.id)
            return
        self._record(submission.id)
        log.info("submission %s: %s in %.2f s", submission.id, verdict.score, time.monotonic() - started)

    def _record(self, submission_id: str) -> None:
        try:
            self.registrar.record(submission_id)
        except Exception as error:
            # The registrar itself refuses bad verdicts, so this is ours: the verdict stays and is recorded later.
            log.exception("submission %s cannot be recorded yet", submission_id)
            self.store.postpone_recording(submission_id, f"{type(error).__name__}: {error}"[:500], self.name)

    @contextmanager
    def _heartbeat(self, lease: Lease) -> Iterator[None]:
        done = threading.Event()

        def beat() -> None:
            while not done.wait(self.lease_seconds / 3):
                try:
                    held = self.store.heartbeat(lease.token, self.lease_seconds)
                except Exception:
                    # The lease may outlast a store that is away for a moment.
                    log.exception("submission %s: no heartbeat", lease.submission.id)
                    continue
                if not held:
                    log.warning("submission %s: the lease is lost", lease.submission.id)
                    return

        thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
