"""The store on SQLite and on PostgreSQL: what it keeps, the queue, and the log."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.event import listen
from sqlalchemy.exc import DBAPIError

from campus.processes import wait_until
from grader.store import (
    Extension,
    ExtensionChanged,
    Received,
    State,
    Store,
    StoreError,
    Submission,
    Terms,
    TooLate,
    TooManyAttempts,
    TooSoon,
    UnknownSubmission,
    standing,
)

COURSE = "nord--first"
BUNDLE = {"schema": 1, "units": [{"id": "unit"}]}
PASSED, LATER = datetime(2020, 1, 2, 3, tzinfo=UTC), datetime(2030, 1, 2, 3, tzinfo=UTC)


def published(store: Store, digest: str = "d1") -> None:
    store.publish(COURSE, BUNDLE, f"tar of {digest}".encode(), digest, "instructor")


def receive(store: Store, person: str = "anna", content: bytes = b"work") -> Received:
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
    assert (first.new, second.new) == (True, False)
    assert second == replace(first, new=False)
    assert store.archive(first.id) == b"work"
    assert first.received_at.tzinfo is not None
    assert states(store, first) == ["received", "queued"]


def test_the_same_submission_sent_by_many_at_once_is_one(store: Store) -> None:
    published(store)
    with ThreadPoolExecutor(8) as pool:
        ids = {found.id for found in pool.map(lambda _: receive(store), range(16))}
    assert len(ids) == 1


def test_work_that_was_taken_back_may_be_handed_in_again(store: Store) -> None:
    published(store)
    first = receive(store)
    store.withdraw(first.id, "anna")
    again = receive(store)
    assert again.new
    assert [lease.submission.id for lease in store.lease("w", 60, batch=5)] == [again.id]


def test_going_back_to_earlier_work_is_a_new_submission(store: Store) -> None:
    published(store)
    first, other, third = receive(store, content=b"a"), receive(store, content=b"b"), receive(store, content=b"a")
    assert (third.new, first.number, other.number, third.number) == (True, 1, 2, 3)
    assert [found.id for found in store.latest(COURSE, "unit")] == [third.id]
    store.withdraw(third.id, "anna")
    assert [found.id for found in store.latest(COURSE, "unit")] == [other.id]
    assert not receive(store, content=b"b").new


SENDER = """
import sys
from grader.store import Store
store = Store(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for number in range(20):
    print(store.receive("nord--first", "unit", "anna", b"%d" % (number // 2)).number)
"""


def test_processes_that_send_for_one_person_at_once_agree_on_the_order(store: Store, database_url: str) -> None:
    published(store)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    senders = [subprocess.Popen([sys.executable, "-c", SENDER, database_url], **pipes) for _ in range(3)]
    for sender in senders:
        assert sender.stdout.readline() == "ready\n"
    for sender in senders:
        sender.stdin.write("go\n")
        sender.stdin.flush()
    for sender in senders:
        sender.communicate()
        assert sender.returncode == 0
    found = sorted(store.submissions(person="anna"), key=lambda one: one.number)
    assert [one.number for one in found] == list(range(1, len(found) + 1))
    # The same work never stands beside itself.
    assert all(before.digest != after.digest for before, after in pairwise(found))


def test_two_people_may_hand_in_the_same_at_once(store: Store) -> None:
    published(store)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: receive(store, f"p{number}"), range(16)))
    assert all(one.new for one in found)


@contextmanager
def nothing_is_stored(store: Store) -> Iterator[None]:
    """While this is open, whoever takes a submission in waits before storing it."""
    with store.engine.connect() as holding:
        holding.exec_driver_sql(
            "LOCK TABLE blob IN SHARE MODE" if holding.dialect.name == "postgresql" else "BEGIN IMMEDIATE"
        )
        try:
            yield
        finally:
            holding.rollback()


@contextmanager
def sent_at_once(store: Store, *sends: Callable[[], Received]) -> Iterator[list[Future[Received]]]:
    """The first is being stored while the others wait, in their order, until this is left."""
    with ThreadPoolExecutor(len(sends)) as pool, nothing_is_stored(store):
        sent = []
        line = store._intake.receive
        for number, send in enumerate(sends):
            sent.append(pool.submit(send))
            # The first one takes itself out of the line.
            assert wait_until(lambda number=number: line._led and len(line._waiting) == number, 60)
        yield sent


def test_what_comes_while_others_are_stored_is_stored_in_one_transaction(store: Store) -> None:
    published(store)
    receive(store, "dora")
    commits: list[object] = []
    listen(store.engine, "commit", commits.append)
    people = ("anna", "berta", "carl", "dora")
    sends = [partial(receive, store, person) for person in people]
    with sent_at_once(store, *sends) as sent:
        pass
    found = [one.result(60) for one in sent]
    assert [one.new for one in found] == [True, True, True, False]
    assert len(commits) == 2
    assert [(one.person, one.place) for one in found] == [("anna", 1), ("berta", 2), ("carl", 3), ("dora", 0)]
    for one in found:
        assert (store.submission(one.id), store.archive(one.id)) == (
            Submission(**{key: value for key, value in vars(one).items() if key not in ("new", "place")}),
            b"work",
        )
        assert states(store, one) == ["received", "queued"]
        assert store.queue_position(one.id) == one.place


def test_one_that_cannot_be_stored_or_is_refused_keeps_nobody_else_out(store: Store) -> None:
    published(store)
    receive(store, "carl")
    once = Terms(attempts=1)
    sends = [
        partial(store.receive, COURSE, "unit", person, b"new", terms=once) for person in ("a", "\ud800", "carl", "b")
    ]
    with sent_at_once(store, *sends) as sent:
        pass
    assert isinstance(sent[1].exception(60), UnicodeError | DBAPIError)
    assert isinstance(sent[2].exception(60), TooManyAttempts)
    assert [sent[number].result(60).new for number in (0, 3)] == [True, True]
    assert sorted(one.person for one in store.submissions()) == ["a", "b", "carl"]


def test_the_time_of_a_submission_is_when_it_came_not_when_it_could_be_stored(store: Store) -> None:
    published(store)
    with sent_at_once(store, partial(receive, store), partial(receive, store, "berta")) as sent:
        came = datetime.now(UTC)
    assert all(one.result(60).received_at <= came for one in sent)


def test_after_the_deadline_only_what_was_handed_in_before_is_taken(store: Store) -> None:
    published(store)
    first = receive(store)
    over = Terms(deadline=PASSED)
    with pytest.raises(TooLate) as refused:
        store.receive(COURSE, "unit", "anna", b"other", terms=over)
    assert refused.value.deadline == PASSED
    assert store.receive(COURSE, "unit", "anna", b"work", terms=over).id == first.id
    extend(store, until=LATER)
    assert not store.receive(COURSE, "unit", "anna", b"other", terms=over).late
    with pytest.raises(TooLate):
        store.receive(COURSE, "unit", "berta", b"work", terms=over)


COUNTER = """
import sys
from pathlib import Path
from grader.store import Store
store, file = Store(sys.argv[1]), Path(sys.argv[2])
for _ in range(40):
    with store.alone("gradebook", "nord--first"):
        file.write_text(str(int(file.read_text()) + 1))
"""


def test_one_process_at_a_time_holds_a_lock(store: Store, database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "count"
    file.write_text("0")
    command = [sys.executable, "-c", COUNTER, database_url, str(file)]
    running = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert file.read_text() == "120"


HOLDER = """
import signal, sys
from grader.store import Store
with Store(sys.argv[1]).alone("gradebook"):
    print("held", flush=True)
    signal.pause()
"""


def test_a_lock_ends_with_the_process_that_held_it(store: Store, database_url: str) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, database_url], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        os.kill(holder.pid, signal.SIGKILL)
    with store.alone("gradebook"):
        pass


def test_attempts_are_counted_at_the_door(store: Store) -> None:
    published(store)

    def send(content: bytes) -> Received:
        return store.receive(COURSE, "unit", "anna", content, terms=Terms(attempts=2))

    send(b"1")
    store.withdraw(send(b"2").id, "anna")
    second = send(b"2")
    with pytest.raises(TooManyAttempts) as refused:
        send(b"3")
    assert refused.value.allowed == 2
    assert send(b"2").id == second.id
    extend(store, attempts=1)
    assert send(b"3").new
    with pytest.raises(TooManyAttempts):
        send(b"4")


def test_a_cool_down_says_when_the_next_attempt_is_possible(store: Store) -> None:
    published(store)
    terms = Terms(cooldown=timedelta(hours=1))
    first = store.receive(COURSE, "unit", "anna", b"1", terms=terms)
    with pytest.raises(TooSoon) as refused:
        store.receive(COURSE, "unit", "anna", b"2", terms=terms)
    assert refused.value.until == first.received_at + timedelta(hours=1)
    assert store.receive(COURSE, "unit", "berta", b"2", terms=terms).new


def extend(store: Store, person: str = "anna", why: str = "ill", **more: Any) -> Extension:
    terms: dict[str, Any] = {"until": None, "attempts": 0, "deadline": None, "who": "ines", **more}
    return store.extend(COURSE, "unit", person, why=why, **terms)


def test_the_newest_extension_of_a_learner_holds_and_all_stay_in_a_log_that_only_grows(store: Store) -> None:
    first = extend(store, until=LATER)
    second = extend(store, until=LATER, attempts=2, who="jan", why="ill again")
    other = extend(store, "berta", attempts=1)
    assert store.extension(COURSE, "unit", "anna") == second
    assert (second.until, second.attempts, second.who, second.why) == (LATER, 2, "jan", "ill again")
    assert standing(store.extension_log(COURSE)) == [second, other]
    back = extend(store, "berta", why="a mistake")
    assert (store.extension(COURSE, "unit", "berta"), standing(store.extension_log(COURSE))) == (back, [second])
    assert store.extension_log(COURSE) == [back, other, second, first]
    assert store.extension(COURSE, "unit", "carl") is None
    for change in ("UPDATE extension_log SET attempts = 99", "DELETE FROM extension_log"):
        with pytest.raises(DBAPIError, match="the log only grows"), store.engine.begin() as connection:
            connection.execute(text(change))


def test_an_extension_that_somebody_else_has_changed_is_not_replaced_unseen(store: Store) -> None:
    first = extend(store, attempts=1, replaces=0)
    second = extend(store, attempts=2, replaces=first.seq)
    for seen in (0, first.seq):
        with pytest.raises(ExtensionChanged):
            extend(store, attempts=3, replaces=seen)
    assert store.extension(COURSE, "unit", "anna") == second


def test_a_later_deadline_holds_for_what_was_handed_in_before(store: Store) -> None:
    published(store)
    for person in ("anna", "berta"):
        assert store.receive(COURSE, "unit", person, b"work", terms=Terms(deadline=PASSED, takes_late=True)).late

    def late() -> dict[str, bool]:
        return {one.person: one.late for one in store.submissions()}

    extend(store, until=LATER, deadline=PASSED)
    assert late() == {"anna": False, "berta": True}
    extend(store, attempts=1, until=LATER, deadline=PASSED)
    extend(store, "berta", attempts=1, deadline=None)
    assert late() == {"anna": False, "berta": True}
    extend(store, deadline=PASSED)
    assert late() == {"anna": True, "berta": True}


def graded(store: Store, verdict: str = "{}", person: str = "anna") -> Submission:
    submission = receive(store, person)
    store.deliver(store.lease("w", 60)[0].token, verdict)
    store.mark_recorded(submission.id, State.GRADED)
    return submission


def test_a_replaced_verdict_is_kept_and_the_reason_logged(store: Store) -> None:
    published(store)
    submission = graded(store, '{"score": 1}')
    new = {"verdict": '{"score": 2}', "bundle_digest": "d2", "who": "ines", "why": "a test was wrong"}
    assert not store.revise(submission.id, replaces='{"score": 7}', **new)
    assert store.revise(submission.id, replaces='{"score": 1}', **new)
    assert not store.revise(submission.id, replaces='{"score": 2}', **new)
    assert store.unrecorded() == [submission.id]
    store.mark_recorded(submission.id, State.GRADED)
    assert store.verdict(submission.id) == '{"score": 2}'
    (earlier,) = store.earlier_verdicts(submission.id)
    assert (earlier.verdict, earlier.bundle_digest, earlier.replaced_by) == ('{"score": 1}', "d1", "ines")
    assert "regraded: a test was wrong" in [event.why for event in store.log(submission.id)]
    found = store.submission(submission.id)
    assert found is not None
    assert found.bundle_digest == "d2"


def test_a_verdict_that_cannot_be_recorded_comes_up_again_later(store: Store) -> None:
    published(store)
    submission = receive(store)
    store.deliver(store.lease("w", 60)[0].token, "{}")
    assert store.unrecorded() == [submission.id]
    assert store.unrecorded(due=True) == []
    for number in (1, 2, 3):
        store.postpone_recording(submission.id, "the disk is full")
        assert f"try {number} to record: the disk is full; again in {2**number} s" in store.log(submission.id)[-1].why
    assert store.unrecorded(due=True) == []
    found = store.submission(submission.id)
    assert found is not None
    assert found.note == "the disk is full"
    store.mark_recorded(submission.id, State.GRADED)
    store.postpone_recording(submission.id, "too late")
    found = store.submission(submission.id)
    assert found is not None
    assert (found.state, found.note) == (State.GRADED, "")


def test_one_mail_waits_for_each_verdict_and_one_process_takes_it(store: Store) -> None:
    published(store)
    submission = receive(store)
    store.deliver(store.lease("w", 60)[0].token, "{}")
    for _ in range(2):
        store.mark_recorded(submission.id, State.GRADED, mail=True)
    taken = store.take_mail()
    assert taken is not None
    assert taken.id == submission.id
    # It is due again later, unless somebody says that it is sent.
    assert store.take_mail() is None
    store.mail_done(submission.id)
    with store.engine.connect() as connection:
        assert connection.execute(text("SELECT tries, due_at FROM mail")).all() == [(1, None)]


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


def test_a_store_of_the_first_version_is_brought_up_to_date(database_url: str) -> None:
    store = Store(database_url)
    store.migrate("0001")
    row = (
        "INSERT INTO submission (id, course_id, assignment, person, digest, blob, language, bundle_digest,"
        " received_at, state, late, note, attempts, recorded)"
        " VALUES ('{0}', 'c', 'u', 'anna', '{0}', 'b', 'en', 'd', '2026-01-0{1} 00:00:00', '{2}', false,"
        " '{3}', 0, true)"
    )
    with store.engine.begin() as connection:
        connection.execute(text("INSERT INTO blob (digest, size) VALUES ('b', 0)"))
        for values in (("y", 2, "graded", ""), ("x", 1, "graded", ""), ("z", 3, "needs review", "verdict refused: -")):
            connection.execute(text(row.format(*values)))
            connection.execute(
                text(
                    "INSERT INTO event (submission_id, state, who, why, at)"
                    f" VALUES ('{values[0]}', 'graded', 'w', '', '2026-01-01 00:00:00')"
                )
            )
    store.migrate("0002")
    with store.engine.begin() as connection:
        for person, day in (("berta", 2), ("anna", 1)):
            connection.execute(
                text(
                    "INSERT INTO extension (course_id, assignment, person, until, attempts, granted_by, granted_at)"
                    f" VALUES ('c', 'u', '{person}', NULL, 2, 'ines', '2026-01-0{day} 00:00:00')"
                )
            )
    store.migrate()
    log = [(one.person, one.attempts, one.who, one.why) for one in store.extension_log("c")]
    assert log == [("berta", 2, "ines", ""), ("anna", 2, "ines", "")]
    assert [(one.id, one.number) for one in store.submissions()] == [("z", 3), ("y", 2), ("x", 1)]
    assert [one.id for one in store.latest("c", "u", in_gradebook=True)] == ["y"]
    with pytest.raises(DBAPIError), store.engine.begin() as connection:
        connection.execute(text("UPDATE submission SET blob = 'nowhere'"))
    store.close()


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
    store._blobs._s3 = S3Blobs(Settings(), bucket)
    store.migrate()
    published(store)
    submission = receive(store)
    assert store.archive(submission.id) == b"work"
    assert all(key.startswith("b/p/") for key in bucket.objects)
    assert len(bucket.objects) == 2
    with store.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM blob WHERE data IS NOT NULL")).scalar() == 0


def test_a_clock_that_was_ahead_holds_neither_lease_nor_verdict_back(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = 7200.0
    monkeypatch.setattr("grader.store.store._now", lambda: datetime.now(UTC) + timedelta(seconds=ahead))
    published(store)
    leased, delivered = receive(store), receive(store, "berta")
    for lease in store.lease("doomed", 60, batch=2):
        if lease.submission.id == delivered.id:
            assert store.deliver(lease.token, "{}")
    ahead = 0.0
    assert store.lease("other", 60) == []
    assert store.unrecorded(due=True) == [delivered.id]
    ahead = 61.0
    (again,) = store.lease("other", 60)
    assert again.submission.id == leased.id
