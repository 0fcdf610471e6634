"""The store on SQLite and on PostgreSQL: what it keeps, the queue, and the log."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from grader.store import State, Store, StoreError, Submission, UnknownSubmission

COURSE = "nord--first"
BUNDLE = {"schema": 1, "units": [{"id": "unit"}]}


def published(store: Store, digest: str = "d1") -> None:
    store.publish(COURSE, BUNDLE, f"tar of {digest}".encode(), digest, "instructor")


def receive(store: Store, person: str = "anna", content: bytes = b"work") -> Submission:
    return store.receive(COURSE, "unit", person, content, language="de")


def states(store: Store, submission: Submission) -> list[str]:
    return [event.state.value for event in store.log(submission.id)]


def test_the_newest_version_of_a_course_is_the_current_one(store: Store) -> None:
    published(store)
    published(store, "d2")
    current = store.course(COURSE)
    assert current is not None
    assert (current.digest, current.bundle, current.published_by) == ("d2", BUNDLE, "instructor")
    assert [version.course_id for version in store.courses()] == [COURSE]
    assert store.bundle_tar("d1") == b"tar of d1"
    assert store.course("nord--other") is None
    with pytest.raises(StoreError, match="d9"):
        store.bundle_tar("d9")


def test_publishing_the_same_again_changes_nothing(store: Store) -> None:
    published(store)
    first = store.course(COURSE)
    published(store)
    assert store.course(COURSE) == first


def test_the_same_submission_sent_twice_is_one(store: Store) -> None:
    published(store)
    first, second = receive(store), receive(store)
    assert second == first
    assert store.archive(first.id) == b"work"
    assert first.received_at.tzinfo is not None
    assert states(store, first) == ["received", "queued"]


def test_the_same_submission_sent_by_many_at_once_is_one(store: Store) -> None:
    published(store)
    with ThreadPoolExecutor(8) as pool:
        ids = {found.id for found in pool.map(lambda _: receive(store), range(16))}
    assert len(ids) == 1


def test_nothing_is_taken_for_a_course_that_is_not_there(store: Store) -> None:
    with pytest.raises(StoreError, match="nord--first"):
        receive(store)
    assert store.submissions() == []


def test_submissions_are_found_by_course_assignment_and_person(store: Store) -> None:
    published(store)
    mine, other = receive(store, "anna"), receive(store, "berta")
    assert [s.id for s in store.submissions(person="anna")] == [mine.id]
    assert [s.id for s in store.submissions(course_id=COURSE)] == [other.id, mine.id]
    assert store.submissions(assignment="nothing") == []
    assert store.submission("unknown") is None
    with pytest.raises(UnknownSubmission):
        store.archive("unknown")


def test_the_oldest_is_leased_first_and_places_follow(store: Store) -> None:
    published(store)
    first, second = receive(store, "anna"), receive(store, "berta")
    assert (store.queue_position(first.id), store.queue_position(second.id)) == (0, 1)
    lease = store.lease("w", 60)[0]
    assert (lease.submission.id, lease.attempt) == (first.id, 1)
    assert (store.queue_position(first.id), store.queue_position(second.id)) == (None, 0)


def test_a_verdict_is_stored_once_and_only_by_who_holds_the_lease(store: Store) -> None:
    published(store)
    submission = receive(store)
    lease = store.lease("w", 60)[0]
    assert not store.deliver("forged", "{}")
    assert store.deliver(lease.token, '{"score": 1}')
    assert not store.deliver(lease.token, '{"score": 9}')
    assert store.verdict(submission.id) == '{"score": 1}'
    assert store.unrecorded() == [submission.id]
    store.mark_recorded(submission.id, State.GRADED)
    store.mark_recorded(submission.id, State.GRADED)
    assert store.unrecorded() == []
    assert states(store, submission) == ["received", "queued", "running", "graded"]


def test_a_lost_lease_goes_to_another_and_the_first_may_not_deliver(store: Store) -> None:
    published(store)
    submission = receive(store)
    slow = store.lease("slow", -1)[0]
    quick = store.lease("quick", 60)[0]
    assert quick.attempt == 2
    assert not store.heartbeat(slow.token, 60)
    assert not store.deliver(slow.token, "{}")
    assert store.heartbeat(quick.token, 60)
    assert store.deliver(quick.token, '{"by": "quick"}')
    assert store.verdict(submission.id) == '{"by": "quick"}'


def test_after_three_ended_attempts_a_person_looks(store: Store) -> None:
    published(store)
    submission = receive(store)
    for _ in range(3):
        assert store.give_up(store.lease("w", 60)[0].token, "the examiner ended")
    assert store.lease("w", 60) == []
    found = store.submission(submission.id)
    assert found is not None
    assert (found.state, found.note) == (State.NEEDS_REVIEW, "the examiner ended")


def test_a_submission_that_needs_review_gets_another_verdict_when_somebody_asks(store: Store) -> None:
    published(store)
    submission = receive(store)
    assert not store.mark_again(submission.id, "inge")
    lease = store.lease("w1", 60)[0]
    assert store.deliver(lease.token, "a lie")
    store.mark_recorded(submission.id, State.NEEDS_REVIEW, "verdict refused: a lie")
    assert store.mark_again(submission.id, "inge")
    assert not store.mark_again(submission.id, "inge")
    assert store.verdict(submission.id) is None
    assert store.unrecorded() == []
    (again,) = store.lease("w2", 60)
    assert (again.submission.id, again.attempt, again.submission.note) == (submission.id, 1, "")
    assert store.deliver(again.token, "the truth")
    store.mark_recorded(submission.id, State.GRADED)
    assert store.verdict(submission.id) == "the truth"
    assert [event.who for event in store.log(submission.id) if event.why == "to be marked again"] == ["inge"]


def test_a_withdrawn_submission_is_not_examined(store: Store) -> None:
    published(store)
    submission = receive(store)
    assert store.withdraw(submission.id, "anna")
    assert not store.withdraw(submission.id, "anna")
    assert store.lease("w", 60) == []


def test_the_log_only_grows(store: Store) -> None:
    published(store)
    receive(store)
    for statement in ("UPDATE event SET who = 'x'", "DELETE FROM event"):
        with pytest.raises(DBAPIError, match="only grows"), store.engine.begin() as connection:
            connection.execute(text(statement))


def test_waiting_ends_with_the_next_event(store: Store) -> None:
    published(store)
    seen: list[Any] = []
    start = store.last_event()
    waiter = threading.Thread(target=lambda: seen.extend(store.wait(start, 30)))
    waiter.start()
    submission = receive(store)
    waiter.join(30)
    assert seen
    assert seen[0].submission_id == submission.id
    assert store.wait(store.last_event(), 0.05) == []


def test_many_workers_share_the_queue_without_a_double(store: Store) -> None:
    published(store)
    ids = {receive(store, f"p{number}").id for number in range(30)}
    taken: list[str] = []

    def work(name: int) -> None:
        while leases := store.lease(f"w{name}", 60):
            for lease in leases:
                if store.deliver(lease.token, "{}"):
                    taken.append(lease.submission.id)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert sorted(taken) == sorted(ids)


KILLED = """
import sys, signal
from grader.store import Store
store = Store(sys.argv[1])
lease = store.lease("doomed", float(sys.argv[2]))[0]
print(lease.token, flush=True)
signal.pause()
"""


def test_a_killed_worker_loses_nothing(store: Store, database_url: str) -> None:
    published(store)
    submission = receive(store)
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, database_url, "-1"], stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout is not None
        token = worker.stdout.readline().strip()
        os.kill(worker.pid, signal.SIGKILL)
    again = store.lease("other", 60)[0]
    assert again.submission.id == submission.id
    assert not store.deliver(token, "{}")
    assert store.deliver(again.token, "{}")
    assert states(store, submission) == ["received", "queued", "running", "queued", "running"]


def test_several_processes_may_migrate_at_once(database_url: str) -> None:
    code = "import sys; from grader.store import Store; Store(sys.argv[1]).migrate()"
    running = [subprocess.Popen([sys.executable, "-c", code, database_url]) for _ in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert Store(database_url).courses() == []


def test_a_language_is_kept_for_each_person(store: Store) -> None:
    assert store.language("anna") is None
    store.set_language("anna", "de")
    store.set_language("anna", "en")
    assert (store.language("anna"), store.language("berta")) == ("en", None)


@dataclass
class Bucket:
    """An S3 client that keeps objects in memory."""

    objects: dict[str, bytes] = field(default_factory=dict)

    def put_object(self, Bucket: str, Key: str, Body: bytes) -> None:
        self.objects[f"{Bucket}/{Key}"] = Body

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        import io

        return {"Body": io.BytesIO(self.objects[f"{Bucket}/{Key}"])}


def test_blobs_lie_in_s3_where_the_settings_say_so(tmp_path: Path) -> None:
    from grader.store.blobs import S3Blobs

    @dataclass
    class Settings:
        bucket: str = "b"
        endpoint: str | None = None
        prefix: str = "p/"

    bucket = Bucket()
    store = Store(f"sqlite:///{tmp_path / 's.sqlite'}")
    store._s3 = S3Blobs(Settings(), bucket)
    store.migrate()
    published(store)
    submission = receive(store)
    assert store.archive(submission.id) == b"work"
    assert all(key.startswith("b/p/") for key in bucket.objects)
    assert len(bucket.objects) == 2
    with store.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM blob WHERE data IS NOT NULL")).scalar() == 0
