"""The registrar: prepares a course's gradebook, accepts verdicts, and reads grades back."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook, MissingEntry

from grader.course import archives
from grader.exam.verdict import Verdict
from grader.records.convert import Converter
from grader.records.feedback import page
from grader.records.readable import readable, task_texts
from grader.store import CourseVersion, State, Store, UnknownSubmission

log = logging.getLogger("lehrwerk.records")

#: In a course directory: what learners got, by language. nbgrader's own folders know one language.
_LANGUAGES = "languages"


@dataclass(frozen=True)
class Grade:
    """What the gradebook says: points by machine and person, less a penalty for being late."""

    score: float
    max_score: float
    needs_manual: bool
    late_penalty: float


class Registrar:
    """`courses` is the folder of nbgrader's course directories; `gradebook_url` names each course's database."""

    def __init__(self, store: Store, courses: Path, gradebook_url: Callable[[str], str]) -> None:
        self.store = store
        self.courses = courses
        self.gradebook_url = gradebook_url
        self._converter = Converter()

    def close(self) -> None:
        self._converter.close()

    # -- courses

    def prepare(self, version: CourseVersion, bundle: Path, say: Callable[[str], object] = lambda text: None) -> None:
        """Lay out nbgrader's course directory and the gradebook's assignments for a version; repeatable.

        `say` is told which unit it is at.
        """
        root = self.courses / version.course_id
        root.mkdir(parents=True, exist_ok=True)
        stamp = root / ".version"
        if stamp.exists() and stamp.read_text() == version.digest:
            return
        for unit in version.bundle["units"]:
            say(f"gradebook of {version.course_id}: {unit['id']}")
            target = root / "source" / unit["id"]
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(bundle / "source" / unit["id"], target)
            for released in (bundle / "release").glob(f"*/{unit['id']}"):
                target = root / _LANGUAGES / released.parent.name / unit["id"]
                shutil.rmtree(target, ignore_errors=True)
                shutil.copytree(released, target)
            self._converter.run(
                {
                    "kind": "generate",
                    "root": str(root),
                    "course": version.course_id,
                    "gradebook": self.gradebook_url(version.course_id),
                    "assignment": unit["id"],
                    "deadline": unit.get("deadline"),
                }
            )
        draft = stamp.with_suffix(".new")
        draft.write_text(version.digest)
        draft.replace(stamp)

    # -- verdicts

    def record(self, submission_id: str) -> State:
        """Write a delivered verdict into the gradebook; repeatable. Returns the submission's state afterwards."""
        submission = self.store.submission(submission_id)
        text = self.store.verdict(submission_id)
        if submission is None or text is None:
            raise UnknownSubmission(f"{submission_id} has no verdict")
        verdict = Verdict.model_validate_json(text)
        problem = self._implausible(submission.course_id, submission.assignment, verdict)
        if problem is not None:
            log.error("submission %s: the verdict is refused: %s", submission_id, problem)
            self.store.mark_recorded(submission_id, State.NEEDS_REVIEW, f"verdict refused: {problem}")
            return State.NEEDS_REVIEW
        newest = self.store.submissions(
            course_id=submission.course_id, assignment=submission.assignment, person=submission.person
        )
        graded_later = [
            other
            for other in newest
            if other.recorded and other.state == State.GRADED and other.received_at > submission.received_at
        ]
        # The last submission counts; a verdict that comes late must not replace a newer one's.
        if not graded_later:
            self._write(submission_id, verdict)
        state = State.NEEDS_REVIEW if verdict.needs_review else State.GRADED
        self.store.mark_recorded(submission_id, state, "in the gradebook" if not graded_later else "a newer one counts")
        return state

    def _write(self, submission_id: str, verdict: Verdict) -> None:
        submission = self.store.submission(submission_id)
        assert submission is not None
        root = self.courses / submission.course_id
        files = archives.read(self.store.archive(submission_id), _Stored())
        folder = root / "submitted" / submission.person / submission.assignment
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        wanted = sorted((root / "source" / submission.assignment).glob("*.ipynb"))
        sent = {name: data for name, data in files.items() if name.endswith(".ipynb") and "/" not in name}
        for source in wanted:
            # A single notebook is the assignment's, whatever the learner called it.
            only = next(iter(sent.values())) if len(sent) == len(wanted) == 1 else b""
            nbformat.write(readable(source.read_bytes(), sent.get(source.name, only)), folder / source.name)
        tasks: dict[str, dict[str, str]] = {}
        for file in (root / _LANGUAGES / submission.language / submission.assignment).glob("*.ipynb"):
            tasks[file.stem] = task_texts(file.read_bytes())
        stamp = submission.received_at.strftime("%Y-%m-%d %H:%M:%S.%f UTC")
        (folder / "timestamp.txt").write_text(stamp)
        with tempfile.TemporaryDirectory() as scratch:
            file = Path(scratch) / "verdict.json"
            file.write_text(verdict.model_dump_json(), encoding="utf-8")
            self._converter.run(
                {
                    "kind": "record",
                    "root": str(root),
                    "course": submission.course_id,
                    "gradebook": self.gradebook_url(submission.course_id),
                    "assignment": submission.assignment,
                    "person": submission.person,
                    "verdict": str(file),
                    "language": submission.language,
                    "tasks": tasks,
                }
            )

    def _implausible(self, course: str, assignment: str, verdict: Verdict) -> str | None:
        """Why a verdict cannot be what an exam of this assignment found; None where it can."""
        if verdict.assignment != assignment:
            return f"it is about {verdict.assignment!r}"
        expected: dict[tuple[str, str], float] = {}
        with self._gradebook(course) as gradebook:
            try:
                found = gradebook.find_assignment(assignment)
            except MissingEntry:
                return f"the gradebook has no assignment {assignment!r}"
            for notebook in found.notebooks:
                for cell in [*notebook.grade_cells, *notebook.task_cells]:
                    expected[(notebook.name, cell.name)] = float(cell.max_score)
        given = {(cell.notebook, cell.grade_id): cell for cell in verdict.cells}
        if len(given) != len(verdict.cells):
            return "a cell stands in it twice"
        if set(given) != set(expected):
            odd = sorted(f"{n}/{c}" for n, c in set(given) ^ set(expected))
            return f"its cells are not the assignment's: {', '.join(odd[:5])}"
        for key, cell in given.items():
            score = cell.score
            if score is not None and not 0 <= score <= expected[key]:
                return f"{cell.grade_id} got {score} of {expected[key]}"
            if cell.max_score != expected[key]:
                return f"{cell.grade_id} has maximum {cell.max_score}, the gradebook says {expected[key]}"
        return None

    # -- reading

    def _gradebook(self, course: str) -> Gradebook:
        return Gradebook(self.gradebook_url(course), course)

    def grade_of(self, course: str, assignment: str, person: str) -> Grade | None:
        """Points by machine and person, or None while nothing is recorded."""
        if not (self.courses / course / ".version").exists():
            return None
        with self._gradebook(course) as gradebook:
            try:
                found = gradebook.find_submission(assignment, person)
            except MissingEntry:
                return None
            penalty = float(found.late_submission_penalty or 0.0)
            return Grade(
                score=max(float(found.score) - penalty, 0.0),
                max_score=float(found.max_score),
                needs_manual=bool(found.needs_manual_grade),
                late_penalty=penalty,
            )

    def feedback(self, submission_id: str) -> str | None:
        """The verdict as a page without scripts, or None while there is none."""
        submission = self.store.submission(submission_id)
        text = None if submission is None else self.store.verdict(submission_id)
        if submission is None or text is None:
            return None
        grade = self.grade_of(submission.course_id, submission.assignment, submission.person)
        return page(Verdict.model_validate_json(text), submission.language, grade.score if grade else None)


class _Stored:
    """Caps for an archive that was accepted."""

    submission_bytes = unpacked_bytes = file_bytes = 1 << 32
    archive_entries = 100_000
