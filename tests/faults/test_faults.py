"""Whatever breaks while submissions come in: each accepted one gets exactly one verdict, in store, gradebook and log.

The load goes on while the parts of a platform are broken one after the other, and while what was accepted until then
is judged. Each part of a platform may be looked at alone (`-k`).
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable

import pytest
from nbgrader.api import Gradebook

from grader.course import archives
from grader.exam.verdict import Verdict
from grader.store import State
from tests.faults.platform import COURSE, ENDS, LEASE_SECONDS, WORKERS, Platform

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

#: Submissions that each platform takes at least.
LOAD = 200


# -- what breaks


def a_worker_is_killed(campus: Platform) -> None:
    os.kill(campus.examining("worker-1"), signal.SIGKILL)


def a_zygote_is_killed(campus: Platform) -> None:
    os.kill(campus.zygote("worker-2"), signal.SIGKILL)


def an_examiner_is_killed(campus: Platform) -> None:
    os.kill(campus.exam_process("examiner"), signal.SIGKILL)


def a_candidate_is_killed(campus: Platform) -> None:
    os.kill(campus.exam_process("candidate"), signal.SIGKILL)


def a_bench_is_killed(campus: Platform) -> None:
    campus.load.next(4, unit="guarded-map")
    os.kill(campus.exam_process("bench"), signal.SIGKILL)


def the_portal_is_killed(campus: Platform) -> None:
    os.kill(campus.pid("portal"), signal.SIGKILL)


def the_database_is_killed(campus: Platform) -> None:
    """SQLite is no process: there, all who write are killed at once."""
    campus.restart_database()
    if campus.postgres is None:
        for name in ("portal", *WORKERS):
            os.kill(campus.pid(name), signal.SIGKILL)


def the_disk_is_full(campus: Platform) -> None:
    """Longer than the attempts of a submission would last. Afterwards a database that bore it is started again too."""
    refused = campus.load.refused
    words = "bytes free on the disk"
    before = {name: campus.said(name, words) for name in WORKERS}
    with campus.full_disk():
        campus.load.next(1, padding=5_000_000)
        campus.load.rate(2)
        campus.until(lambda: campus.load.refused > refused, "a submission is not taken")
        campus.load.rate(1)
        campus.until(
            lambda: all(campus.said(name, words) >= before[name] + campus.settings.exam.attempts for name in WORKERS),
            "no worker finds room",
        )
    campus.restart_database()


def the_clock_jumps_ahead_and_back(campus: Platform) -> None:
    """Every lease has run out at once; then leases end in two hours, and a worker that holds one is killed.

    Who comes afterwards seems to have come before, and so the load has to pause for the others' turn to come.
    """
    campus.jump(2 * 3600)
    campus.examining("worker-1")
    os.kill(campus.examining("worker-2"), signal.SIGKILL)
    campus.jump(-3600)
    campus.load.rate(0)


def a_worker_stops_and_comes_back(campus: Platform) -> None:
    worker = campus.examining("worker-1")
    os.kill(worker, signal.SIGSTOP)
    try:
        stopped = campus.patient(campus.store.last_event)
        campus.until(lambda: any(campus.lost(stopped, "worker-1")), f"a lease of {LEASE_SECONDS} s runs out")
    finally:
        os.kill(worker, signal.SIGCONT)


FAULTS = [
    a_worker_is_killed,
    a_zygote_is_killed,
    an_examiner_is_killed,
    a_candidate_is_killed,
    a_bench_is_killed,
    the_portal_is_killed,
    the_database_is_killed,
    the_disk_is_full,
    the_clock_jumps_ahead_and_back,
    a_worker_stops_and_comes_back,
]
#: A process of the learner's that ends is the learner's fault to the exam, whoever ended it.
BLAMED_ON_LEARNERS = {"candidate": 1, "bench": 1}


# -- what must hold


def check(campus: Platform) -> None:
    """All that was accepted until now ends, and each in one verdict."""
    accepted = dict(campus.load.accepted)
    campus.until(lambda: accepted.keys() <= campus.load.ended, "all that was accepted ends")
    campus.load.rate(1)
    history: dict[str, list[State]] = {}
    for event in campus.patient(campus.store.log):
        history.setdefault(event.submission_id, []).append(event.state)
    verdicts: dict[tuple[str, str], Verdict] = {}
    for submission_id, work in accepted.items():
        states = history[submission_id]
        assert states[:2] == [State.RECEIVED, State.QUEUED], states
        assert sum(state in ENDS for state in states) == 1, states
        assert states[-1] == State.GRADED, (states, campus.store.log(submission_id))
        stored = campus.store.submission(submission_id)
        assert stored is not None
        assert (stored.recorded, stored.in_gradebook, stored.person) == (True, True, work.person)
        assert archives.read(campus.store.archive(submission_id), archives.ACCEPTED) == archives.read(
            work.archive, archives.ACCEPTED
        )
        text = campus.store.verdict(submission_id)
        assert text is not None
        verdicts[work.unit, work.person] = Verdict.model_validate_json(text)
    assert len(verdicts) == len(accepted)
    check_gradebook(campus, verdicts)
    odd = [
        (key, verdicts[key].score, sorted({cell.outcome for cell in verdicts[key].cells}))
        for key in verdicts
        for work in [next(w for w in accepted.values() if (w.unit, w.person) == key)]
        if verdicts[key].score != work.score
    ]
    assert len(odd) <= sum(BLAMED_ON_LEARNERS.values()), odd
    assert all("crashed" in outcomes for _, _, outcomes in odd), odd


def check_gradebook(campus: Platform, verdicts: dict[tuple[str, str], Verdict]) -> None:
    with Gradebook(campus.settings.gradebook_url(COURSE), COURSE) as gradebook:
        found = [
            (unit, one.student_id, one.score)
            for unit in {unit for unit, _ in verdicts}
            for one in gradebook.assignment_submissions(unit)
        ]
    times = Counter((unit, person) for unit, person, _ in found)
    assert {key: times[key] for key in verdicts} == dict.fromkeys(verdicts, 1)
    scores = {(unit, person): score for unit, person, score in found}
    assert {key: scores[key] for key in verdicts} == {key: verdict.score for key, verdict in verdicts.items()}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_each_accepted_submission_gets_one_verdict_when(campus: Platform, fault: Callable[[Platform], None]) -> None:
    campus.busy()
    campus.exam_processes()
    fault(campus)
    check(campus)


def test_in_the_end_nothing_is_left_over(campus: Platform) -> None:
    """Of the whole load: no submission that nobody knows of, no row without what belongs to it, no process, no file."""
    campus.until(lambda: len(campus.load.accepted) >= LOAD, f"{LOAD} are handed in")
    campus.load.stop()
    check(campus)
    assert {one.id for one in campus.store.submissions(limit=10_000)} == set(campus.load.accepted)
    campus.exam_processes()
    campus.end()
    assert campus.still_running() == set()
    left = [path for name in WORKERS for path in (campus.settings.data / "exam" / name).glob("*")]
    assert left == []
