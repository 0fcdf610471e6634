"""nbgrader preprocessors that take the place of execution: the verdict is what a cell got.

Imports nbgrader and the verdict's model.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbformat.v4 import new_output
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Dict, Unicode

from grader.exam.verdict import CellVerdict, Verdict
from grader.records.gradebook import WarmGradebook


class ApplyVerdict(NbGraderPreprocessor):
    """Writes the verdict's scores into the gradebook and its findings under the cells."""

    verdict_file = Unicode(help="The verdict's JSON.").tag(config=True)
    person = Unicode(help="The learner's name as the sign-in gives it.").tag(config=True)
    language = Unicode("en", help="Language of the findings.").tag(config=True)
    extended = Bool(False, help="Whether the learner was ever given time or attempts.").tag(config=True)
    deadline = Unicode(None, allow_none=True, help="The learner's own deadline, ISO 8601.").tag(config=True)
    tasks = Dict(help="What tasks ask for in that language, by notebook and grade id.").tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        verdict = Verdict.model_validate_json(Path(self.verdict_file).read_text(encoding="utf-8"))
        known = resources["nbgrader"]
        tasks = self.tasks.get(known["notebook"], {})
        cells = {cell.grade_id: cell for cell in verdict.cells if cell.notebook == known["notebook"]}
        with WarmGradebook(known["db_url"]) as gradebook:
            self._extend(gradebook, known)
            self._name(gradebook, known["student"])
            for cell in nb.cells:
                marks = cell.metadata.get("nbgrader", {})
                found = cells.get(marks.get("grade_id"))
                if utils.is_grade(cell) or utils.is_task(cell):
                    self._record(gradebook, known, marks["grade_id"], found)
                if found is not None:
                    self._show(cell, found)
                if utils.is_task(cell):
                    # nbgrader has put the gradebook's text there, in the course's first language.
                    cell.source = tasks.get(marks["grade_id"], cell.source)
                if utils.is_solution(cell) or utils.is_task(cell):
                    self._comment(gradebook, known, cell)
            gradebook.db.commit()
        return nb, resources

    def _extend(self, gradebook: Gradebook, known: dict[str, str]) -> None:
        """The learner's own deadline, as nbgrader keeps it: time on top of the assignment's. Where nobody ever gave
        them one, what nbgrader itself was told stays."""
        if not self.extended:
            return
        submission = gradebook.find_submission(known["assignment"], known["student"])
        due = submission.assignment.duedate
        own = self.deadline is not None and due is not None
        submission.extension = utils.parse_utc(self.deadline) - due if own else None

    def _name(self, gradebook: Gradebook, student_id: str) -> None:
        """nbgrader's pages and exports show last and first name; the sign-in gives one name, of which the id may hold a
        part only."""
        student = gradebook.find_student(student_id)
        if student.last_name is None:
            student.last_name, student.first_name = self.person, ""

    @staticmethod
    def _record(gradebook: Gradebook, known: dict[str, str], grade_id: str, found: CellVerdict | None) -> None:
        grade = gradebook.find_grade(grade_id, known["notebook"], known["assignment"], known["student"])
        # The verdict may be on an earlier version of the course than the gradebook's.
        other = found is None or found.max_score != grade.max_score
        grade.auto_score = None if found is None or found.score is None else min(found.score, grade.max_score)
        # As nbgrader has it: a person looks again where a person had marked, or where no machine can.
        grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None or other

    @staticmethod
    def _comment(gradebook: Gradebook, known: dict[str, str], cell: Any) -> None:
        comment = gradebook.find_comment(
            cell.metadata["nbgrader"]["grade_id"], known["notebook"], known["assignment"], known["student"]
        )
        unchanged = cell.metadata.nbgrader.get("checksum") == utils.compute_checksum(cell)
        comment.auto_comment = "No response." if unchanged and not utils.is_task(cell) else None

    def _show(self, cell: Any, found: CellVerdict) -> None:
        if cell.cell_type != "code":
            return
        lines = [f"{found.outcome}: {'-' if found.score is None else found.score} / {found.max_score}"]
        lines += [
            f"{f'line {finding.line}: ' if finding.line else ''}{finding.text(self.language)}"
            for finding in found.findings
        ]
        cell.outputs = [new_output("stream", name="stdout", text="\n".join(lines) + "\n")]


class RefuseToRun(NbGraderPreprocessor):
    """In a formgrader: learner code is never executed there."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        raise RuntimeError("Submissions are marked in the exam room, not here. The score appears by itself.")
