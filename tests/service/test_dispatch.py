"""From the queue to the gradebook: the worker, the registrar, and what a kill leaves behind."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.preprocessors import ComputeChecksums

from grader.course.archives import pack, pack_files
from grader.course.build import answered
from grader.dispatch.worker import Worker
from grader.exam.room import ExamRoom
from grader.exam.verdict import CellVerdict, Verdict
from grader.records import Registrar
from grader.records.convert import Converter
from grader.store import State, Store, Submission
from tests.notebooks import given, manual, notebook, solution, task, test

COURSE = "nord--first"
MODEL, STARTER = "def double(x):\n    return 2 * x", "def double(x):\n    pass"


def source() -> bytes:
    """As a course is built: model solutions, with the checksums of the starters."""
    released = notebook(
        given("import numpy as np"),
        solution("double", STARTER),
        test("double-test", 4, "assert double(4) == 8"),
        manual("why", 3, "because"),
        task("draw", 2, "Draw it."),
    )
    made, _ = ComputeChecksums().preprocess(nbformat.reads(released.decode(), 4), {})
    return nbformat.writes(answered(made, {"double": MODEL})).encode()


@dataclass
class Desk:
    """A published course, a worker and a registrar."""

    store: Store
    registrar: Registrar
    worker: Worker

    def hand_in(self, code: str, person: str = "anna", why: str = "I think so", language: str = "de") -> Submission:
        handed = notebook(solution("double", code), manual("why", 3, why), task("draw", 2, "done"))
        return self.store.receive(COURSE, "unit", person, pack_files({"unit.ipynb": handed}), language=language)

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
def published(tmp_path_factory: pytest.TempPathFactory, converter: Converter) -> Path:
    """A data folder with a published course, to be copied for each test."""
    folder, bundle = tmp_path_factory.mktemp("published"), tmp_path_factory.mktemp("bundle")
    (bundle / "source" / "unit").mkdir(parents=True)
    (bundle / "source" / "unit" / "unit.ipynb").write_bytes(source())
    german = source().replace(b"Draw it.", b"Zeichne es.")
    (bundle / "release" / "de" / "unit").mkdir(parents=True)
    (bundle / "release" / "de" / "unit" / "unit.ipynb").write_bytes(german)
    store = Store(f"sqlite:///{folder / 'store.sqlite'}")
    store.migrate()
    registrar = open_registrar(store, folder)
    registrar._converter = converter
    manifest = {"course": "first", "title": {}, "units": [{"id": "unit", "deadline": "2020-01-01T12:00:00+01:00"}]}
    registrar.prepare(store.publish(COURSE, manifest, pack(bundle), "v1", "instructor"), bundle)
    store.close()
    return folder


@pytest.fixture
def desk(tmp_path: Path, room: ExamRoom, published: Path, converter: Converter) -> Iterator[Desk]:
    shutil.copytree(published, tmp_path, dirs_exist_ok=True)
    store = Store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    registrar = open_registrar(store, tmp_path)
    registrar._converter = converter
    yield Desk(store, registrar, Worker("w1", store, registrar, room, tmp_path / "cache", 60))
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
    desk.store.deliver(lease.token, desk.worker._verdict(lease).model_dump_json())
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
    monkeypatch.setattr(desk.worker, "_bundle", lambda digest: Path("/nowhere"))
    monkeypatch.setattr("grader.dispatch.worker._PAUSE", 0)
    for _ in range(3):
        assert desk.worker.once()
    assert not desk.worker.once()
    assert states(desk, submission)[-1] == "needs review"
    assert desk.store.verdict(submission.id) is None
