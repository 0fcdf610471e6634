"""`python -m campus.worker NAME`: a grading worker of one machine, from the settings."""

from __future__ import annotations

import logging
import signal
import sys
from contextlib import AbstractContextManager, nullcontext

from campus import runtime
from campus.mail import Postman
from campus.processes import dump_stacks_on_signal
from campus.publish import open_registrar, open_store
from campus.settings import Settings, load
from grader.dispatch.exams import Exams
from grader.dispatch.worker import Worker
from grader.exam.room import ExamRoom
from grader.store import Store


def _mail(settings: Settings, store: Store) -> AbstractContextManager[object]:
    if settings.mail is None:
        return nullcontext()
    here = runtime.read(settings)
    pages = f"{here.url.rstrip('/')}{here.portal_prefix}submissions/"
    return Postman(store, settings.mail, lambda submission: pages + submission)


def main() -> None:
    """Work until SIGTERM; the exam that runs is finished first."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    dump_stacks_on_signal()
    name = sys.argv[1]
    settings = load()
    store = open_store(settings)
    registrar = open_registrar(settings, store)
    scratch = settings.data / "exam" / name
    with (
        ExamRoom(settings.limits, device=settings.exam.device, scratch=scratch) as room,
        _mail(settings, store),
    ):
        exams = Exams(store, room, settings.data / "exam" / "versions")
        worker = Worker(name, store, registrar, exams, settings.exam.lease_seconds)
        signal.signal(signal.SIGTERM, lambda *_: worker.stop())
        worker.run()
    registrar.close()
    store.close()


if __name__ == "__main__":
    main()
