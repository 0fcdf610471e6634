"""From the queue to the gradebook: the worker, the registrar, and what a kill leaves behind."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.preprocessors import ComputeChecksums

from campus.extensions import enter
from grader.course.archives import pack, pack_files
from grader.course.build import answered
from grader.course.model import Assessment, Bundle, BundleUnit, Licences, Text
from grader.dispatch.exams import Exams
from grader.dispatch.regrade import Change, Regrade, replay
from grader.dispatch.worker import Worker
from grader.exam.room import ExamError, ExamRoom
from grader.exam.verdict import CellVerdict, Verdict
from grader.records import GradebookRefused, Place, Registrar
from grader.records.convert import Converter
from grader.safe_id import safe_id
from grader.store import State, Store, Submission, UnknownSubmission
from tests.notebooks import given, manual, notebook, solution, task, test, text

COURSE = "nord--first"
TEXT: Text = {"en": "First"}
BUNDLE = Bundle(
    schema=1,
    course="first",
    title=TEXT,
    summary=TEXT,
    languages=["en", "de"],
    licences=Licences(code="MIT", content="MIT"),
    units=[BundleUnit(id="unit", title=TEXT, minutes=5, max_score=9, notebooks=["unit"])],
)
MODEL, STARTER = "def double(x):\n    return 2 * x", "def double(x):\n    pass"


def source(points: int = 4, check: str = "assert double(4) == 8", more: bool = False) -> bytes:
    """As a course is built: model solutions, with the checksums of the starters."""
    released = notebook(
        given("import numpy as np"),
        solution("double", STARTER),
        test("double-test", points, check),
        manual("why", 3, "because"),
        task("draw", 2, "Draw it."),
        *([test("more-test", 1, "assert double(1) == 2")] if more else []),
    )
    made, _ = ComputeChecksums().preprocess(nbformat.reads(released.decode(), 4), {})
    return nbformat.writes(answered(made, {"double": MODEL})).encode()


def write_manifest(folder: Path, deadline: str | None = None, assessment: Assessment | None = None) -> dict[str, Any]:
    """The manifest of a version that lies in `folder`."""
    unit = BUNDLE.units[0].model_copy(update={"deadline": deadline, "assessment": assessment})
    bundle = BUNDLE.model_copy(update={"units": [unit]})
    (folder / "bundle.json").write_text(bundle.model_dump_json(by_alias=True))
    return bundle.model_dump(mode="json", by_alias=True)


@dataclass
class Desk:
    """A published course, a worker and a registrar."""

    store: Store
    registrar: Registrar
    worker: Worker

    def hand_in(self, code: str, person: str = "anna", why: str = "I think so", language: str = "de") -> Submission:
        handed = notebook(solution("double", code), manual("why", 3, why), task("draw", 2, "done"))
        return self.store.receive(COURSE, "unit", person, pack_files({"unit.ipynb": handed}), language=language)

    def grade(self, person: str = "anna") -> tuple[float, float, bool]:
        """(score, maximum, a person must look)"""
        found = self.registrar.grade_of(COURSE, "unit", person)
        assert found is not None
        return found.score, found.max_score, found.needs_manual

    def deliver(self, submission: Submission, outcome: str = "passed", score: float = 4.0) -> None:
        """A verdict arrives; the submission must be the one that waits longest."""
        verdict = Verdict(
            assignment="unit",
            device="emulated",
            protection="full",
            cells=[
                CellVerdict(notebook="unit", grade_id="double-test", score=score, max_score=4, outcome=outcome),
                CellVerdict(notebook="unit", grade_id="why", score=None, max_score=3, outcome="manual"),
                CellVerdict(notebook="unit", grade_id="draw", score=None, max_score=2, outcome="manual"),
            ],
        )
        (lease,) = self.store.lease("w", 60)
        assert lease.submission.id == submission.id
        assert self.store.deliver(lease.token, verdict.model_dump_json())

    def publish(
        self,
        folder: Path,
        digest: str,
        deadline: str | None = None,
        assessment: Assessment | None = None,
        **changes: Any,
    ) -> None:
        """Another version of the course."""
        (folder / "source" / "unit").mkdir(parents=True)
        (folder / "source" / "unit" / "unit.ipynb").write_bytes(source(**changes))
        manifest = write_manifest(folder, deadline, assessment)
        self.registrar.prepare(COURSE, manifest, digest, folder)
        self.store.publish(COURSE, manifest, pack(folder), digest, "instructor")

    def gradebook(self) -> Gradebook:
        return Gradebook(self.registrar.gradebook_url(COURSE), COURSE)


def open_registrar(store: Store, folder: Path) -> Registrar:
    courses = folder / "courses"
    return Registrar(store, courses, lambda course: f"sqlite:///{courses / course / 'gradebook.db'}")


@pytest.fixture(scope="module")
def converter() -> Iterator[Converter]:
    """One warm converter for all tests: its start takes seconds."""
    warm = Converter()
    yield warm
    warm.close()


@pytest.fixture(scope="module")
def other_converter() -> Iterator[Converter]:
    """Another process's."""
    warm = Converter()
    yield warm
    warm.close()


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, converter: Converter) -> Path:
    """A data folder with a published course, to be copied for each test."""
    folder, bundle = tmp_path_factory.mktemp("published"), tmp_path_factory.mktemp("bundle")
    (bundle / "source" / "unit").mkdir(parents=True)
    (bundle / "source" / "unit" / "unit.ipynb").write_bytes(source())
    german = source(check="checks.double(double)").replace(b"Draw it.", b"Zeichne es.")
    (bundle / "release" / "de" / "unit").mkdir(parents=True)
    (bundle / "release" / "de" / "unit" / "unit.ipynb").write_bytes(german)
    store = Store(f"sqlite:///{folder / 'store.sqlite'}")
    store.migrate()
    registrar = open_registrar(store, folder)
    registrar._converter = converter
    manifest = write_manifest(bundle, "2020-01-01T12:00:00+01:00")
    registrar.prepare(COURSE, manifest, "v1", bundle)
    store.publish(COURSE, manifest, pack(bundle), "v1", "instructor")
    store.close()
    return folder


@pytest.fixture
def desk(tmp_path: Path, room: ExamRoom, published: Path, converter: Converter) -> Iterator[Desk]:
    shutil.copytree(published, tmp_path, dirs_exist_ok=True)
    store = Store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    registrar = open_registrar(store, tmp_path)
    registrar._converter = converter
    yield Desk(store, registrar, Worker("w1", store, registrar, Exams(store, room, tmp_path / "cache"), 60))
    store.close()


def states(desk: Desk, submission: Submission) -> list[str]:
    return [event.state.value for event in desk.store.log(submission.id)]


def test_a_submission_reaches_gradebook_and_feedback(desk: Desk) -> None:
    submission = desk.hand_in("def double(x):\n    return 2 * x")
    assert desk.worker.once()
    assert not desk.worker.once()
    assert states(desk, submission) == ["received", "queued", "running", "graded"]
    grade = desk.registrar.grade_of(COURSE, "unit", "anna")
    assert grade is not None
    assert (grade.score, grade.max_score, grade.needs_manual) == (4, 9, True)
    feedback = desk.registrar.feedback(submission.id)
    assert feedback is not None
    assert "Rückmeldung" in feedback
    assert "assert double" not in feedback


def test_cells_are_named_by_the_notebook_that_the_learner_got(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "v2"
    for language, title in (("en", "Doubling"), ("de", "Verdoppeln")):
        released = folder / "release" / language / "unit" / "unit.ipynb"
        released.parent.mkdir(parents=True)
        released.write_bytes(notebook(text(f"## {title}"), solution("double", STARTER), test("double-test", 4, "")))
    desk.publish(folder, "v2")
    for language, title in (("de", "Verdoppeln"), ("en", "Doubling"), ("fr", "Doubling")):
        assert desk.registrar.outline("v2", "unit", language)["unit", "double-test"] == Place(3, title)
    submission = desk.hand_in(MODEL)
    desk.worker.once()
    feedback = desk.registrar.feedback(submission.id)
    assert feedback is not None
    assert "<h2>Verdoppeln</h2>" in feedback
    assert "unit.ipynb, Zelle 3" in feedback


def test_people_of_any_name_have_a_folder_and_a_grade_of_their_own(desk: Desk, tmp_path: Path) -> None:
    """As sign-ins may call them: one that leads elsewhere, one that is a pattern, two that look alike, and a thief."""
    wrong = "def double(x):\n    return 0"
    handed = {
        "../../../..": MODEL,
        "anna*": wrong,
        "Änne": MODEL,
        "A\u0308nne": wrong,
        safe_id("Änne"): wrong,
        "anna": MODEL,
    }
    for person, code in handed.items():
        desk.hand_in(code, person)
    while desk.worker.once():
        pass
    assert {person: desk.grade(person)[0] for person in handed} == {
        person: 4 if code == MODEL else 0 for person, code in handed.items()
    }
    courses = tmp_path / "courses" / COURSE
    for step in ("submitted", "autograded"):
        assert {path.name for path in (courses / step).iterdir()} == {safe_id(person) for person in handed}
    with desk.gradebook() as book:
        assert {student.last_name for student in book.students} == set(handed)


def test_points_given_by_hand_count(desk: Desk) -> None:
    desk.hand_in("def double(x):\n    return 0")
    desk.worker.once()
    with desk.gradebook() as book:
        for name, points in (("why", 2), ("draw", 1)):
            mark = book.find_grade(name, "unit", "unit", "anna")
            mark.manual_score, mark.needs_manual_grade = points, False
        book.db.commit()
    grade = desk.registrar.grade_of(COURSE, "unit", "anna")
    assert grade is not None
    assert (grade.score, grade.needs_manual) == (3, False)


def test_the_last_submission_counts_and_a_manual_mark_is_kept_for_review(desk: Desk) -> None:
    desk.hand_in("def double(x):\n    return 0")
    desk.worker.once()
    with desk.gradebook() as book:
        mark = book.find_grade("why", "unit", "unit", "anna")
        mark.manual_score, mark.needs_manual_grade = 2, False
        book.db.commit()
    desk.hand_in("def double(x):\n    return x + x")
    desk.worker.once()
    grade = desk.registrar.grade_of(COURSE, "unit", "anna")
    assert grade is not None
    assert (grade.score, grade.needs_manual) == (6, True)


@pytest.mark.parametrize(("code", "comment"), [(STARTER, "No response."), (MODEL, None)])
def test_graders_see_which_answer_was_left_as_it_was(desk: Desk, code: str, comment: str | None) -> None:
    desk.hand_in(code)
    desk.worker.once()
    with desk.gradebook() as book:
        assert book.find_comment("double", "unit", "unit", "anna").comment == comment


def test_graders_read_a_name_in_nbgraders_pages(desk: Desk) -> None:
    desk.hand_in(MODEL)
    desk.worker.once()
    with desk.gradebook() as book:
        student = book.find_student("anna")
        assert (student.last_name, student.first_name) == ("anna", "")


def test_the_gradebook_counts_how_late_a_submission_is(desk: Desk) -> None:
    submission = desk.hand_in(MODEL)
    desk.worker.once()
    with desk.gradebook() as book:
        found = book.find_submission("unit", "anna")
        assert found.duedate == datetime(2020, 1, 1, 11)
        assert found.total_seconds_late == (submission.received_at.replace(tzinfo=None) - found.duedate).total_seconds()


def test_recording_twice_changes_nothing(desk: Desk) -> None:
    submission = desk.hand_in("def double(x):\n    return 2 * x")
    desk.worker.once()
    before = (desk.registrar.grade_of(COURSE, "unit", "anna"), states(desk, submission))
    desk.registrar.record(submission.id)
    assert (desk.registrar.grade_of(COURSE, "unit", "anna"), states(desk, submission)) == before


def test_a_verdict_delivered_before_a_kill_is_recorded_at_the_next_start(desk: Desk) -> None:
    submission = desk.hand_in("def double(x):\n    return 2 * x")
    lease = desk.store.lease("doomed", 60)[0]
    desk.store.deliver(lease.token, desk.worker.exams.verdict(lease.submission).model_dump_json())
    assert desk.registrar.grade_of(COURSE, "unit", "anna") is None
    desk.worker.record_all()
    assert states(desk, submission)[-1] == "graded"
    grade = desk.registrar.grade_of(COURSE, "unit", "anna")
    assert grade is not None
    assert grade.score == 4


def test_a_worker_that_died_in_an_exam_leaves_it_to_the_next(desk: Desk) -> None:
    submission = desk.hand_in("def double(x):\n    return 2 * x")
    desk.store.lease("doomed", -1)
    assert desk.worker.once()
    assert states(desk, submission) == ["received", "queued", "running", "queued", "running", "graded"]


@pytest.mark.parametrize(
    "cells",
    [
        [("unit", "double-test", 5.0, 4.0)],
        [("unit", "double-test", -1.0, 4.0)],
        [("unit", "double-test", 4.0, 4.0), ("unit", "bonus", 90.0, 90.0)],
        [("unit", "why", 3.0, 3.0)],
        [],
    ],
)
def test_a_verdict_that_lies_is_refused(desk: Desk, cells: list[tuple[str, str, float, float]]) -> None:
    submission = desk.hand_in("def double(x):\n    return 0")
    verdict = Verdict(
        assignment="unit",
        device="emulated",
        protection="full",
        cells=[CellVerdict(notebook=n, grade_id=g, score=s, max_score=m, outcome="passed") for n, g, s, m in cells],
    )
    lease = desk.store.lease("liar", 60)[0]
    desk.store.deliver(lease.token, verdict.model_dump_json())
    assert desk.registrar.record(submission.id) == State.NEEDS_REVIEW
    found = desk.store.submission(submission.id)
    assert found is not None
    assert "verdict refused" in found.note
    assert desk.registrar.grade_of(COURSE, "unit", "anna") is None


@pytest.mark.parametrize(("language", "words"), [("de", "Zeichne es."), ("en", "Draw it.")])
def test_graders_read_a_task_in_the_submissions_language(desk: Desk, language: str, words: str) -> None:
    desk.hand_in(MODEL, language=language)
    desk.worker.once()
    file = desk.registrar.courses / COURSE / "autograded" / "anna" / "unit" / "unit.ipynb"
    cells = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in nbformat.read(file, 4).cells}
    assert cells["draw"].source == words


def test_a_learners_html_reaches_graders_as_text(desk: Desk) -> None:
    desk.hand_in("double = 1", why="<script>steal()</script><img src=x onerror=steal()>")
    desk.worker.once()
    shown = (desk.registrar.courses / COURSE / "autograded" / "anna" / "unit" / "unit.ipynb").read_text()
    assert "steal()" in shown
    assert "<script" not in shown
    assert "<img" not in shown


def test_a_failure_of_ours_is_never_zero_points(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    submission = desk.hand_in("def double(x):\n    return 2 * x")
    monkeypatch.setattr(desk.worker.exams, "bundle", lambda digest: Path("/nowhere"))
    monkeypatch.setattr("grader.dispatch.worker._PAUSE", 0)
    for _ in range(3):
        assert desk.worker.once()
    assert not desk.worker.once()
    assert states(desk, submission)[-1] == "needs review"
    assert desk.store.verdict(submission.id) is None


def test_a_submission_that_a_store_lost_for_a_moment_holds_is_examined_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.dispatch.worker._PAUSE", 0.01)
    submission = desk.hand_in(MODEL)
    works, failures = desk.store.lease, [OSError("disk I/O error"), OSError("disk I/O error")]

    def lease(worker: str, seconds: float) -> Any:
        if failures:
            raise failures.pop()
        return works(worker, seconds)

    monkeypatch.setattr(desk.store, "lease", lease)
    working = Thread(target=desk.worker.run)
    working.start()
    seen = 0
    while states(desk, submission)[-1] != "graded":
        assert working.is_alive()
        seen = max([seen, *(event.seq for event in desk.store.wait(seen, 30))])
    desk.worker.stop()
    working.join()
    assert not failures


def test_a_verdict_that_cannot_be_recorded_now_is_recorded_later_and_shown_meanwhile(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission = desk.hand_in(MODEL)

    def full(job: dict[str, Any]) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(desk.registrar._converter, "run", full)
        assert desk.worker.once()
    found = desk.store.submission(submission.id)
    assert found is not None
    assert (found.state, found.recorded) == (State.RUNNING, False)
    assert "No space left" in found.note
    assert desk.store.unrecorded(due=True) == []
    desk.worker.record_all()
    assert states(desk, submission)[-1] == "graded"
    assert desk.grade()[0] == 4


def test_recording_the_same_person_at_once_keeps_the_newest(
    desk: Desk, tmp_path: Path, other_converter: Converter
) -> None:
    older, newer = desk.hand_in("def double(x):\n    return 0"), desk.hand_in(MODEL)
    desk.deliver(older, "failed", 0.0)
    desk.deliver(newer)
    other = open_registrar(desk.store, tmp_path)
    other._converter = other_converter
    ready = Barrier(2)

    def record(registrar: Registrar, submission: Submission) -> State:
        ready.wait()
        return registrar.record(submission.id)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(record, desk.registrar, older), pool.submit(record, other, newer)]:
            assert done.result() == State.GRADED
    assert desk.grade()[0] == 4
    assert desk.store.unrecorded() == []


@pytest.mark.parametrize("outcome", ["passed", "review"])
def test_an_older_verdict_that_comes_late_never_counts(desk: Desk, outcome: str) -> None:
    older, newer = desk.hand_in("def double(x):\n    return 0"), desk.hand_in(MODEL)
    desk.deliver(older, "failed", 0.0)
    desk.deliver(newer, outcome, 3.0)
    desk.registrar.record(newer.id)
    assert desk.registrar.record(older.id) == State.GRADED
    assert desk.grade()[0] == 3
    assert desk.store.log(older.id)[-1].why == "a newer one counts"


def test_a_verdict_is_judged_by_the_course_version_it_is_on(desk: Desk, tmp_path: Path) -> None:
    submission = desk.hand_in(MODEL)
    desk.publish(tmp_path / "v2", "v2", points=6, more=True)
    assert desk.worker.once()
    assert states(desk, submission)[-1] == "graded"
    # The four points of its own version; the cell that is worth more now, and the new one, wait for a person.
    assert desk.grade() == (4, 12, True)
    with desk.gradebook() as book:
        waiting = {
            name: book.find_grade(name, "unit", "unit", "anna").needs_manual_grade
            for name in ("double-test", "more-test")
        }
    assert waiting == {"double-test": True, "more-test": True}


def test_cells_that_hold_marks_neither_come_nor_go(desk: Desk, tmp_path: Path) -> None:
    desk.hand_in(MODEL)
    desk.worker.once()
    with pytest.raises(GradebookRefused, match="more-test"):
        desk.publish(tmp_path / "v2", "v2", more=True)
    current = desk.store.course(COURSE)
    assert current is not None
    assert current.digest == "v1"
    desk.publish(tmp_path / "v3", "v3", points=6)
    assert desk.grade() == (4, 11, True)


def test_a_learners_own_deadline_reaches_the_gradebook(desk: Desk, tmp_path: Path) -> None:
    due = datetime.now(UTC) - timedelta(days=1)
    desk.publish(tmp_path / "v2", "v2", deadline=due.isoformat())
    desk.hand_in(MODEL)
    desk.worker.once()

    def late() -> float:
        with desk.gradebook() as book:
            return book.find_submission("unit", "anna").total_seconds_late

    assert 86_000 < late() < 90_000

    def extend(until: datetime | None, attempts: int = 0) -> None:
        version = desk.store.course(COURSE)
        assert version is not None
        given = {"until": until, "attempts": attempts, "who": "instructor", "why": "ill"}
        enter(desk.store, desk.registrar, version, "unit", "anna", **given)

    extend(due + timedelta(days=2))
    assert late() == 0
    assert desk.grade()[0] == 4
    extend(None, attempts=1)
    assert 86_000 < late() < 90_000


def test_an_extension_that_nbgrader_was_given_stays(desk: Desk, tmp_path: Path) -> None:
    due = datetime.now(UTC) - timedelta(days=1)
    desk.publish(tmp_path / "v2", "v2", deadline=due.isoformat())
    desk.hand_in(MODEL)
    desk.worker.once()
    with desk.gradebook() as book:
        book.grant_extension("unit", "anna", days=2)
    desk.registrar.rewrite(COURSE, "unit", "anna")
    with desk.gradebook() as book:
        assert book.find_submission("unit", "anna").total_seconds_late == 0


#: The check of the second version: one point less strict, and of no use to whoever did it right before.
KINDER = "assert double(0) == 0"


def regrade(desk: Desk) -> Regrade:
    return Regrade(desk.store, desk.worker.exams, COURSE, "unit")


def told(changes: list[Change]) -> dict[str, tuple[float, float]]:
    """(old, difference) by person."""
    return {change.submission.person: (change.old.score, change.difference) for change in changes}


def test_a_regrade_tells_first_and_writes_then(desk: Desk, tmp_path: Path) -> None:
    first = desk.hand_in("def double(x):\n    return x")
    desk.hand_in(MODEL, "berta")
    desk.hand_in("def double(x):\n    return x - 8", "carl")
    while desk.worker.once():
        pass
    with desk.gradebook() as book:
        mark = book.find_grade("why", "unit", "unit", "anna")
        mark.manual_score, mark.needs_manual_grade = 2, False
        book.db.commit()
    desk.publish(tmp_path / "v2", "v2", check=KINDER)
    expected = {"anna": (0, 4), "berta": (4, 0), "carl": (0, 0)}
    before = desk.store.log()
    assert told(list(regrade(desk).preview())) == expected
    assert (desk.store.log(), desk.grade()) == (before, (2, 9, True))
    assert told(list(regrade(desk).apply(desk.registrar, "ines", "the test was too strict"))) == expected
    # The points given by hand stay, and somebody looks again.
    assert desk.grade() == (6, 9, True)
    with desk.gradebook() as book:
        assert book.find_grade("why", "unit", "unit", "anna").needs_manual_grade
    (earlier,) = desk.store.earlier_verdicts(first.id)
    assert Verdict.model_validate_json(earlier.verdict).score == 0
    assert [(e.who, e.why) for e in desk.store.log(first.id)][-2:] == [
        ("ines", "regraded: the test was too strict"),
        ("registrar", "in the gradebook"),
    ]
    assert list(regrade(desk).apply(desk.registrar, "ines", "again")) == []


def test_a_regrade_that_was_killed_goes_on_where_it_ended(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for person in ("anna", "berta"):
        desk.hand_in("def double(x):\n    return x", person)
        desk.worker.once()
    desk.publish(tmp_path / "v2", "v2", check=KINDER)

    def killed(submission_id: str) -> State:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(desk.registrar, "record", killed)
        with pytest.raises(KeyboardInterrupt):
            list(regrade(desk).apply(desk.registrar, "ines", "too strict"))
    assert told(list(regrade(desk).apply(desk.registrar, "ines", "too strict"))) == {"berta": (0, 4)}
    assert (desk.grade("anna")[0], desk.grade("berta")[0]) == (4, 4)
    assert desk.store.unrecorded() == []


def test_a_regrade_leaves_out_what_does_not_count(desk: Desk, tmp_path: Path) -> None:
    desk.hand_in("def double(x):\n    return x")
    desk.hand_in(MODEL)
    while desk.worker.once():
        pass
    waits = desk.hand_in(MODEL, "berta")
    desk.publish(tmp_path / "v2", "v2", check="assert double(4) == 9")
    work = regrade(desk)
    assert told(list(work.apply(desk.registrar, "ines", "stricter"))) == {"anna": (4, -4)}
    assert work.waiting() == 1
    assert desk.store.verdict(waits.id) is None


def test_of_an_assessment_the_best_attempt_counts_and_of_equals_the_newest(desk: Desk, tmp_path: Path) -> None:
    desk.publish(tmp_path / "v2", "v2", assessment=Assessment())
    attempts = [desk.hand_in(f"def double(x):\n    return 2 * x + {number}") for number in range(5)]
    counted = []
    for attempt, score in zip(attempts, (1.0, 3.0, 2.0, 3.0, 0.0), strict=True):
        desk.deliver(attempt, score=score)
        desk.registrar.record(attempt.id)
        (held,) = desk.store.latest(COURSE, "unit", in_gradebook=True)
        counted.append((held.number, desk.grade()[0]))
    assert counted == [(1, 1), (2, 3), (2, 3), (4, 3), (4, 3)]
    assert [event.why for event in desk.store.log(attempts[2].id)][-1] == "a better one counts"


def test_an_attempt_at_an_assessment_that_is_recorded_late_is_compared_all_the_same(desk: Desk, tmp_path: Path) -> None:
    desk.publish(tmp_path / "v2", "v2", assessment=Assessment())
    first, second = desk.hand_in(MODEL), desk.hand_in(f"{MODEL} + 0")
    desk.deliver(first, score=4)
    desk.deliver(second, score=1)
    desk.registrar.record(second.id)
    assert desk.grade()[0] == 1
    desk.registrar.record(first.id)
    assert desk.grade()[0] == 4
    assert [one.id for one in desk.store.latest(COURSE, "unit", in_gradebook=True)] == [first.id]


def test_a_verdict_that_lies_is_no_best_attempt(desk: Desk, tmp_path: Path) -> None:
    desk.publish(tmp_path / "v2", "v2", assessment=Assessment())
    liar, honest = desk.hand_in(MODEL), desk.hand_in(f"{MODEL} + 0")
    desk.deliver(liar, score=400)
    desk.deliver(honest, score=2)
    for attempt in (liar, honest):
        desk.registrar.record(attempt.id)
    assert desk.grade()[0] == 2


def test_a_regrade_of_an_assessment_may_make_an_earlier_attempt_the_best(desk: Desk, tmp_path: Path) -> None:
    desk.publish(tmp_path / "v2", "v2", assessment=Assessment())
    codes = [f"def double(x):\n    return {what}" for what in ("x * x", "2 * x", "0 * x")]
    attempts = [desk.hand_in(code) for code in codes]
    while desk.worker.once():
        pass
    assert desk.grade()[0] == 4
    desk.publish(tmp_path / "v3", "v3", check="assert double(4) == 16", assessment=Assessment())
    changes = {change.submission.number: change.difference for change in regrade(desk).preview()}
    assert changes == {1: 4, 2: -4, 3: 0}
    assert desk.grade()[0] == 4
    for _ in regrade(desk).apply(desk.registrar, "ines", "squares were meant"):
        pass
    assert [one.id for one in desk.store.latest(COURSE, "unit", in_gradebook=True)] == [attempts[0].id]
    assert desk.grade()[0] == 4
    assert list(regrade(desk).apply(desk.registrar, "ines", "again")) == []


def test_an_exam_that_fails_on_our_side_changes_no_verdict(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission = desk.hand_in(MODEL)
    desk.worker.once()
    desk.publish(tmp_path / "v2", "v2", check="assert double(4) == 9")

    def fails(*_: Any, **__: Any) -> Verdict:
        raise ExamError("the zygote is gone")

    monkeypatch.setattr(desk.worker.exams.room, "examine", fails)
    (change,) = regrade(desk).apply(desk.registrar, "ines", "stricter")
    assert (change.new, change.failure) == (None, "the zygote is gone")
    assert desk.store.earlier_verdicts(submission.id) == []
    assert desk.grade()[0] == 4


def test_a_full_disk_costs_no_submission_an_attempt(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    submission = desk.hand_in(MODEL)
    with monkeypatch.context() as patch:
        patch.setattr("grader.exam.watch.DISK_FLOOR", 1 << 62)
        with pytest.raises(ExamError, match="make room there"):
            desk.worker.once()
    assert states(desk, submission) == ["received", "queued"]
    assert desk.worker.once()
    assert desk.grade()[0] == 4


def test_a_verdict_says_what_it_takes_to_reach_it_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEHRWERK_IMAGE", "sha256:0123")
    submission = desk.hand_in(MODEL)
    desk.worker.once()
    text = desk.store.verdict(submission.id)
    assert text is not None
    verdict = Verdict.model_validate_json(text)
    names = {"python", "numpy", "numba", "numba-cuda", "ipython", "nbgrader", "lehrwerk"}
    assert names <= {name for name, value in verdict.versions.items() if value}
    assert (verdict.image, verdict.device, verdict.bundle_digest) == ("sha256:0123", "emulated", "v1")
    assert verdict.submission_digest
    assert verdict.measurements["exam_seconds"] > 0


def test_a_replay_repeats_the_exam_by_the_version_of_its_time(desk: Desk, tmp_path: Path) -> None:
    submission = desk.hand_in(MODEL)
    desk.worker.once()
    desk.publish(tmp_path / "v2", "v2", check="assert double(4) == 9")
    found = replay(desk.store, desk.worker.exams, submission.id)
    assert (found.differences(), found.surroundings()) == ([], [])
    with pytest.raises(UnknownSubmission, match="nothing"):
        replay(desk.store, desk.worker.exams, "nothing")


def test_a_replay_says_where_it_differs(desk: Desk) -> None:
    submission = desk.hand_in("def double(x):\n    return 0")
    desk.deliver(submission)
    lines = replay(desk.store, desk.worker.exams, submission.id).differences()
    assert "double-test: score was 4.0, is 0.0" in lines
    assert any(line.startswith("double-test: findings was []") for line in lines)


def test_half_a_character_in_an_exception_is_no_failure_of_ours(desk: Desk) -> None:
    submission = desk.hand_in("def double(x):\n    raise ValueError('\\ud800')")
    desk.worker.once()
    assert states(desk, submission)[-1] == "graded"
    assert desk.grade()[0] == 0
