"""The registrar: prepares a course's gradebook, accepts verdicts, and reads grades back."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import nbformat
from nbgrader.api import MissingEntry

from grader.course import archives
from grader.course.model import assessment_of
from grader.exam.verdict import Verdict
from grader.records.convert import Converter
from grader.records.feedback import page
from grader.records.gradebook import WarmGradebook
from grader.records.outline import Place, outline
from grader.records.readable import marks_of, readable, task_texts
from grader.safe_id import safe_id
from grader.store import State, Store, Submission, UnknownSubmission

log = logging.getLogger("lehrwerk.records")

#: In a course directory: what learners got, by language. nbgrader's own folders know one language.
_LANGUAGES = "languages"


class GradebookRefused(RuntimeError):
    """The gradebook cannot take a course version; the text says why and what to do."""


@dataclass(frozen=True)
class Grade:
    """What the gradebook says: points by machine and person, less a penalty for being late."""

    score: float
    max_score: float
    needs_manual: bool
    late_penalty: float


class Registrar:
    """`courses` is the folder of nbgrader's course directories; `gradebook_url` names each course's database.

    With `mail` every verdict that is recorded puts a mail to its learner into the store's outbox.
    """

    def __init__(self, store: Store, courses: Path, gradebook_url: Callable[[str], str], *, mail: bool = False) -> None:
        self.mail = mail
        self.store = store
        self.courses = courses
        self.gradebook_url = gradebook_url
        self._converter = Converter()
        self._maxima: dict[tuple[str, str], dict[tuple[str, str], float]] = {}
        self._outlines: dict[tuple[str, str, str], dict[tuple[str, str], Place]] = {}

    def close(self) -> None:
        self._converter.close()

    # -- courses

    def prepare(
        self,
        course: str,
        bundle: dict[str, Any],
        digest: str,
        folder: Path,
        say: Callable[[str], object] = lambda text: None,
    ) -> None:
        """Lay out nbgrader's course directory and the gradebook's assignments for a version; repeatable.

        `bundle` is its bundle.json, `folder` holds its `source` and `release`; `say` is told which unit it is at.
        Raises GradebookRefused, and changes nothing, where marks would lose their cells.
        """
        root = self.courses / course
        root.mkdir(parents=True, exist_ok=True)
        with self._alone(course):
            stamp = root / ".version"
            if stamp.exists() and stamp.read_text() == digest:
                return
            for unit in bundle["units"]:
                self._check_cells(course, folder / "source" / unit["id"])
            for unit in bundle["units"]:
                say(f"gradebook of {course}: {unit['id']}")
                places = {folder / "source" / unit["id"]: root / "source" / unit["id"]}
                for released in (folder / "release").glob(f"*/{unit['id']}"):
                    places[released] = root / _LANGUAGES / released.parent.name / unit["id"]
                for made, target in places.items():
                    shutil.rmtree(target, ignore_errors=True)
                    shutil.copytree(made, target)
                self._converter.run(
                    {
                        "kind": "generate",
                        "root": str(root),
                        "course": course,
                        "gradebook": self.gradebook_url(course),
                        "assignment": unit["id"],
                        "deadline": unit.get("deadline"),
                    }
                )
            draft = stamp.with_suffix(".new")
            draft.write_text(digest)
            draft.replace(stamp)

    def _check_cells(self, course: str, source: Path) -> None:
        """nbgrader keeps the marked cells of a notebook for which there are marks."""
        with self._gradebook(course) as gradebook:
            try:
                assignment = gradebook.find_assignment(source.name)
            except MissingEntry:
                return
            if not assignment.submissions:
                return
            for notebook in assignment.notebooks:
                file = source / f"{notebook.name}.ipynb"
                here = {marks["grade_id"] for marks in marks_of(file.read_bytes())} if file.exists() else set()
                if odd := sorted(here ^ {cell.name for cell in notebook.source_cells}):
                    raise GradebookRefused(
                        f"{source.name}: there are submissions, so that no marked cell may come or go "
                        f"({', '.join(odd[:5])}); keep the cells, or make it a new unit with another id"
                    )

    # -- verdicts

    def record(self, submission_id: str) -> State:
        """Write a delivered verdict into the gradebook; repeatable. Returns the submission's state afterwards."""
        with self._alone(self._submission(submission_id).course_id):
            # Another process may have been quicker.
            submission = self._submission(submission_id)
            if submission.recorded:
                return submission.state
            verdict = self._verdict(submission_id)
            problem = implausible(
                verdict, submission.assignment, self._cells(submission.bundle_digest, submission.assignment)
            )
            if problem is not None:
                log.error("submission %s: the verdict is refused: %s", submission_id, problem)
                why = f"verdict refused: {problem}"
                self.store.mark_recorded(submission_id, State.NEEDS_REVIEW, why, in_gradebook=False)
                return State.NEEDS_REVIEW
            state = State.NEEDS_REVIEW if verdict.needs_review else State.GRADED
            if assessment_of(self.store.bundle(submission.bundle_digest), submission.assignment) is not None:
                best, its_verdict = self._best(submission, verdict)
                if best.id == submission_id or [best.id] != [one.id for one in self._held(submission)]:
                    # A regrade may have taken from the one that counted, so that an older one does again.
                    self._write(best, its_verdict)
                counts, why, holder = best.id == submission_id, "a better one counts", best.id
            else:
                # The last submission counts; a verdict that comes late must not replace a newer one's.
                counts, why, holder = not self._newer(submission), "a newer one counts", None
                if counts:
                    self._write(submission, verdict)
            self.store.mark_recorded(
                submission_id,
                state,
                "in the gradebook" if counts else why,
                in_gradebook=counts,
                holder=holder,
                mail=self.mail,
            )
            return state

    def rewrite(self, course: str, assignment: str, person: str) -> None:
        """Write the verdict that counts once more, by the deadline that holds for the person now."""
        with self._alone(course):
            for submission in self.store.latest(course, assignment, person, in_gradebook=True):
                self._write(submission, self._verdict(submission.id))

    def _alone(self, course: str) -> AbstractContextManager[None]:
        """One writer at a time for a gradebook and its folder, in all processes."""
        return self.store.alone("gradebook", course)

    def _submission(self, submission_id: str) -> Submission:
        submission = self.store.submission(submission_id)
        if submission is None:
            raise UnknownSubmission(f"no submission {submission_id}")
        return submission

    def _verdict(self, submission_id: str) -> Verdict:
        text = self.store.verdict(submission_id)
        if text is None:
            raise UnknownSubmission(f"{submission_id} has no verdict")
        return Verdict.model_validate_json(text)

    def _held(self, submission: Submission) -> list[Submission]:
        """The submission of the same person whose verdict the gradebook holds, if there is one."""
        return self.store.latest(submission.course_id, submission.assignment, submission.person, in_gradebook=True)

    def _newer(self, submission: Submission) -> bool:
        return any(held.number > submission.number for held in self._held(submission))

    def _best(self, submission: Submission, verdict: Verdict) -> tuple[Submission, Verdict]:
        """Of the person's attempts, this one included, that with most points; of those with as many the newest."""
        attempts = [(submission, verdict)]
        for other in self.store.submissions(submission.course_id, submission.assignment, submission.person):
            text = self.store.verdict(other.id) if other.recorded and other.id != submission.id else None
            if text is None:
                continue
            its_verdict = Verdict.model_validate_json(text)
            cells = self._cells(other.bundle_digest, other.assignment)
            if implausible(its_verdict, other.assignment, cells) is None:
                attempts.append((other, its_verdict))
        return max(attempts, key=lambda attempt: (attempt[1].score, attempt[0].number))

    def _write(self, submission: Submission, verdict: Verdict) -> None:
        root = self.courses / submission.course_id
        try:
            files = archives.read(self.store.archive(submission.id), archives.ACCEPTED)
        except archives.ArchiveError:
            # The verdict says so; here every marked cell is missing.
            files = {}
        student = safe_id(submission.person)
        folder = root / "submitted" / student / submission.assignment
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
        extension = self.store.extension(submission.course_id, submission.assignment, submission.person)
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
                    "student": student,
                    "person": submission.person,
                    "verdict": str(file),
                    "language": submission.language,
                    "extended": extension is not None,
                    "deadline": extension.until.isoformat() if extension and extension.until else None,
                    "tasks": tasks,
                }
            )

    def _cells(self, digest: str, assignment: str) -> dict[tuple[str, str], float]:
        """Maxima of the graded cells in a course version, by notebook and grade id."""
        known = self._maxima.get((digest, assignment))
        if known is None:
            bundle = archives.read(self.store.bundle_tar(digest), archives.ACCEPTED)
            known = self._maxima[(digest, assignment)] = {
                (path.stem, marks["grade_id"]): float(marks["points"])
                for path in map(PurePosixPath, bundle)
                if path.parent == PurePosixPath("source", assignment) and path.suffix == ".ipynb"
                for marks in marks_of(bundle[path.as_posix()])
                if marks.get("grade") or marks.get("task")
            }
        return known

    # -- reading

    def _gradebook(self, course: str) -> WarmGradebook:
        return WarmGradebook(self.gradebook_url(course), course)

    def grade_of(self, course: str, assignment: str, person: str) -> Grade | None:
        """Points by machine and person, or None while nothing is recorded."""
        if not (self.courses / course / ".version").exists():
            return None
        with self._gradebook(course) as gradebook:
            try:
                found = gradebook.find_submission(assignment, safe_id(person))
            except MissingEntry:
                return None
            penalty = float(found.late_submission_penalty or 0.0)
            return Grade(
                score=max(float(found.score) - penalty, 0.0),
                max_score=float(found.max_score),
                needs_manual=bool(found.needs_manual_grade),
                late_penalty=penalty,
            )

    def outline(self, digest: str, assignment: str, language: str) -> dict[tuple[str, str], Place]:
        """Where a course version's marked cells stand in the notebooks that a reader of this language gets, by notebook
        and grade id."""
        key = (digest, assignment, language)
        if key not in self._outlines:
            bundle = archives.read(self.store.bundle_tar(digest), archives.ACCEPTED)
            languages = self.store.bundle(digest)["languages"]
            chosen = language if language in languages else languages[0]
            folder = PurePosixPath("release", chosen, assignment)
            self._outlines[key] = {
                (path.stem, grade_id): place
                for path in map(PurePosixPath, bundle)
                if path.parent == folder and path.suffix == ".ipynb"
                for grade_id, place in outline(bundle[path.as_posix()]).items()
            }
        return self._outlines[key]

    def feedback(self, submission_id: str) -> str | None:
        """The verdict as a page without scripts, or None while there is none."""
        submission = self.store.submission(submission_id)
        text = None if submission is None else self.store.verdict(submission_id)
        if submission is None or text is None:
            return None
        grade = self.grade_of(submission.course_id, submission.assignment, submission.person)
        places = self.outline(submission.bundle_digest, submission.assignment, submission.language)
        return page(Verdict.model_validate_json(text), submission.language, grade.score if grade else None, places)


def implausible(verdict: Verdict, assignment: str, maxima: dict[tuple[str, str], float]) -> str | None:
    """Why a verdict cannot be what an exam of this assignment found; None where it can."""
    if verdict.assignment != assignment:
        return f"it is about {verdict.assignment!r}"
    given = {(cell.notebook, cell.grade_id): cell for cell in verdict.cells}
    if len(given) != len(verdict.cells):
        return "a cell stands in it twice"
    if set(given) != set(maxima):
        odd = sorted(f"{n}/{c}" for n, c in set(given) ^ set(maxima))
        return f"its cells are not the assignment's: {', '.join(odd[:5])}"
    for key, cell in given.items():
        score = cell.score
        if score is not None and not 0 <= score <= maxima[key]:
            return f"{cell.grade_id} got {score} of {maxima[key]}"
        if cell.max_score != maxima[key]:
            return f"{cell.grade_id} has maximum {cell.max_score}, the assignment says {maxima[key]}"
    return None
