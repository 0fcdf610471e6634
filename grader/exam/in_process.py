"""Test cells inside the candidate, in the learner's namespace, as stock nbgrader runs them.

For assignments whose tests cannot run on proxies. The candidate is walled and clocked as ever and sees no other
submission, but the learner's code shares a process with the tests: it may read hidden tests and forge results. So
these verdicts are marked, and count for no certificate. Imports this package, and checks.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from grader.checks.report import CheckFinding, Part, Report
from grader.exam.candidate_link import exception
from grader.exam.examiner import Examiner
from grader.exam.nbgrader_rules import ends_silently, number_shown

if TYPE_CHECKING:
    from grader.exam.candidate import Candidate


# -- in the candidate


def test(candidate: Candidate, request: dict[str, Any]) -> dict[str, Any]:
    """Run a test cell in the learner's namespace.

    Beside what a run answers: `shown`, the text of the last value where a notebook would show it, and `report`, where
    that value is a report of `grader.checks`.
    """
    from grader.exam.candidate import error_told

    candidate.shell.shown = None
    answer, value = candidate.execute(request)
    if answer["error"] is None and candidate.shell.shown is not None:
        # A notebook shows it as an error, and nbgrader goes by what is shown.
        answer["error"] = error_told(candidate.shell.shown)
    if answer["error"] is not None or value is None or ends_silently(request["source"]):
        return answer
    if isinstance(value, Report):
        report = {"parts": [asdict(part) for part in value.parts], "findings": [asdict(one) for one in value.findings]}
        return {**answer, "report": {**report, "seed": value.seed}}
    try:
        shown = candidate.shell.display_formatter.format(value)[0].get("text/plain")
    except Exception:  # a learner's __repr__ may raise anything; then nothing is shown
        return answer
    return {**answer, "shown": str(shown)[:1000]}


# -- in the examiner

_PARTS, _FINDINGS, _SEED = TypeAdapter(list[Part]), TypeAdapter(list[CheckFinding]), TypeAdapter(int | None)


class InProcessExaminer(Examiner):
    """Sends test cells to the candidate, and believes what it says about them."""

    def _run_own(self, cell: dict[str, Any]) -> None:
        """Given cells run in the candidate, where the tests are."""

    def _bind(self, cell: dict[str, Any]) -> None:
        """What a test cell binds is in the learner's namespace already."""

    def _execute(self, cell: dict[str, Any]) -> Any:
        reply = self.link.ask(
            {"do": "test", "key": cell["key"], "source": cell["source"]}, self.options["cell_seconds"]
        )
        self.done.append(cell)
        self.link.told = True
        error = self.link.error(reply)
        if error is not None:
            raised = exception(error)
            if error.cell in (None, cell["key"]):
                # A test's own assertion is no exception of the learner's.
                raised.learners = None  # type: ignore[attr-defined]
            raised.add_note(error.trace)
            raise raised
        if "report" in reply:
            return self._report(reply["report"])
        return number_shown(reply["shown"]) if isinstance(reply.get("shown"), str) else None

    def _report(self, said: Any) -> Report:
        try:
            parts, findings = _PARTS.validate_python(said["parts"]), _FINDINGS.validate_python(said["findings"])
            return Report(parts=parts, findings=findings, seed=_SEED.validate_python(said["seed"]))
        except (ValidationError, TypeError, KeyError) as error:
            raise self.link.lost("malformed") from error
