"""A worker: leases submissions, examines them, delivers verdicts and has them recorded.

It may be killed at any moment. A lease that is not renewed runs out and goes to another; a verdict that was delivered
and not recorded is recorded at the next start.
"""

from __future__ import annotations

import logging
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grader.course import archives
from grader.exam.paper import marks, read_notebook
from grader.exam.room import ExamRoom, SubmissionError
from grader.exam.verdict import CellVerdict, ExamFinding, Verdict
from grader.records import Registrar
from grader.records.convert import ConvertError
from grader.store import Lease, State, Store

log = logging.getLogger("lehrwerk.worker")

#: How long to wait for news of the queue at a time, in seconds.
_WAIT = 2.0
#: A failure of ours is not tried again at once, in seconds.
_PAUSE = 1.0


class Worker:
    """`cache` holds unpacked course versions by digest; several workers may share it."""

    def __init__(
        self, name: str, store: Store, registrar: Registrar, room: ExamRoom, cache: Path, lease_seconds: float
    ) -> None:
        self.name = name
        self.store = store
        self.registrar = registrar
        self.room = room
        self.cache = cache
        self.lease_seconds = lease_seconds
        # Set by a signal's handler, and so a mere flag: an event takes a lock, for which a handler could wait for ever.
        self._stopping = False

    def stop(self) -> None:
        """Finish the exam that runs, then return from `run`."""
        self._stopping = True

    def run(self) -> None:
        """Until `stop`: examine whatever is queued."""
        self.record_all()
        log.info("%s waits for submissions", self.name)
        while not self._stopping:
            seen = self.store.last_event()
            if not self.once():
                self.store.wait(seen, _WAIT, until=lambda: self._stopping)

    def once(self) -> bool:
        """Examine one submission; False where none waits."""
        leases = self.store.lease(self.name, self.lease_seconds)
        for lease in leases:
            self._examine(lease)
        return bool(leases)

    def record_all(self) -> None:
        """Record verdicts that were delivered and are in no gradebook yet."""
        for submission_id in self.store.unrecorded():
            self._record(submission_id)

    def _examine(self, lease: Lease) -> None:
        submission = lease.submission
        log.info("submission %s of %s, attempt %d", submission.id, submission.course_id, lease.attempt)
        started = time.monotonic()
        try:
            with self._heartbeat(lease):
                verdict = self._verdict(lease)
        except Exception as error:
            # A failure of ours must not end the worker: the lease goes back, and a person looks after the last try.
            log.exception("submission %s: attempt %d failed", submission.id, lease.attempt)
            self.store.give_up(lease.token, f"{type(error).__name__}: {error}"[:500])
            time.sleep(_PAUSE)
            return
        if not self.store.deliver(lease.token, verdict.model_dump_json()):
            log.warning("submission %s: the lease was lost; the verdict is dropped", submission.id)
            return
        self._record(submission.id)
        log.info("submission %s: %s in %.2f s", submission.id, verdict.score, time.monotonic() - started)

    def _record(self, submission_id: str) -> None:
        try:
            self.registrar.record(submission_id)
        except ConvertError as error:
            log.error("submission %s cannot be recorded: %s", submission_id, error)
            self.store.mark_recorded(submission_id, State.NEEDS_REVIEW, "the gradebook could not be written")

    def _verdict(self, lease: Lease) -> Verdict:
        submission = lease.submission
        bundle = self._bundle(submission.bundle_digest)
        source = bundle / "source" / submission.assignment
        given = bundle / "release" / submission.language / submission.assignment
        files = archives.read(self.store.archive(submission.id), _Accepted())
        try:
            verdict = self.room.examine(source, submission.assignment, files, given=given, language=submission.language)
        except SubmissionError as error:
            verdict = unreadable(source, submission.assignment, error.message, self.room.device)
        return verdict.model_copy(update={"bundle_digest": submission.bundle_digest})

    def _bundle(self, digest: str) -> Path:
        """The unpacked course version; whoever is first unpacks it, and it appears whole or not at all."""
        folder = self.cache / digest
        if folder.is_dir():
            return folder
        self.cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.cache) as scratch:
            draft = Path(scratch) / "bundle"
            archives.unpack(self.store.bundle_tar(digest), draft, _Accepted())
            try:
                os.rename(draft, folder)
            except OSError:
                # Another worker was quicker.
                if not folder.is_dir():
                    raise
        return folder

    @contextmanager
    def _heartbeat(self, lease: Lease) -> Iterator[None]:
        done = threading.Event()

        def beat() -> None:
            while not done.wait(self.lease_seconds / 3):
                if not self.store.heartbeat(lease.token, self.lease_seconds):
                    log.warning("submission %s: the lease is lost", lease.submission.id)
                    return

        thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def unreadable(source: Path, assignment: str, message: dict[str, str], device: str) -> Verdict:
    """The verdict on what cannot be read: every cell missing, and the reason."""
    finding = ExamFinding(kind="missing-cell", message=message)
    cells = []
    for notebook in sorted(source.glob("*.ipynb")):
        for cell in read_notebook(notebook.name, notebook.read_bytes())["cells"]:
            found = marks(cell)
            if found.get("grade") or found.get("task"):
                by_hand = bool(found.get("solution") or found.get("task"))
                cells.append(
                    CellVerdict(
                        notebook=notebook.stem,
                        grade_id=found["grade_id"],
                        score=None if by_hand else 0.0,
                        max_score=float(found.get("points") or 0),
                        outcome="manual" if by_hand else "missing",
                        findings=[finding],
                    )
                )
    return Verdict(assignment=assignment, device=device, protection="full", cells=cells, findings=[finding])


class _Accepted:
    """Caps for archives that the exchange accepted, and for ours."""

    submission_bytes = unpacked_bytes = file_bytes = 1 << 34
    archive_entries = 1_000_000
