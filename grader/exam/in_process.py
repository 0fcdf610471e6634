"""Test cells inside the candidate, in the learner's namespace, as stock nbgrader runs them.

For assignments whose tests cannot run on proxies. The candidate is walled and clocked as ever and sees no other
submission, but the learner's code shares a process with the tests: it may read hidden tests and forge results. So
these verdicts are marked, and count for no certificate. Imports this package, and checks.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from grader.exam import messages
from grader.exam.channel import Channel
from grader.exam.examiner import CandidateGone, Examiner, Result, checked_error
from grader.exam.examiner import serve as serve_examiner
from grader.exam.nbgrader_rules import ends_silently, number_shown

if TYPE_CHECKING:
    from grader.exam.candidate import Candidate


# -- in the candidate


def test(candidate: Candidate, request: dict[str, Any]) -> dict[str, Any]:
    """Run a test cell in the learner's namespace.

    Beside what a run answers: `shown`, the text of the last value where a notebook would show it, and `report`, where
    that value is a report of `grader.checks`.
    """
    answer, value = candidate.execute(request)
    if answer["error"] is not None or value is None or ends_silently(request["source"]):
        return answer
    if hasattr(value, "max_score") and hasattr(value, "findings") and hasattr(value, "score"):
        return {**answer, "report": _plain_report(value)}
    try:
        shown = candidate.shell.display_formatter.format(value)[0].get("text/plain")
    except Exception:  # a learner's __repr__ may raise anything; then nothing is shown
        return answer
    return {**answer, "shown": str(shown)[:1000]}


def _plain_report(report: Any) -> dict[str, Any]:
    return {
        "score": float(report.score),
        "max_score": float(report.max_score),
        "outcome": str(getattr(report, "outcome", "")),
        "findings": [
            {
                "kind": str(finding.kind),
                "message": {str(key): str(text) for key, text in dict(finding.message).items()},
                "line": finding.line,
                "cell": getattr(finding, "cell", None),
                "evidence": getattr(finding, "evidence", None),
            }
            for finding in report.findings
        ],
    }


# -- in the examiner


class TestRaised(Exception):
    """A test cell in the candidate ended with an exception; `error` is what the candidate says about it."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["name"])
        self.error = error


class InProcessExaminer(Examiner):
    """Sends test cells to the candidate, and believes what it says about them."""

    def _imports(self) -> None:
        """Test cells import for themselves, in the candidate."""

    def _bind(self) -> None:
        """What a test cell binds is in the learner's namespace already."""

    def _execute(self, cell: dict[str, Any]) -> Any:
        self.done.append(cell)
        body = {"do": "test", "key": cell["key"], "source": cell["source"]}
        try:
            reply = self.ask(body, self.options["cell_seconds"])
        except CandidateGone:
            self.skip.add(cell["key"])
            raise
        self._note(reply)
        if reply.get("error"):
            raise TestRaised(checked_error(reply["error"]))
        report = reply.get("report")
        if report is not None:
            findings = [SimpleNamespace(**finding) for finding in report["findings"]]
            return SimpleNamespace(**{**report, "findings": findings})
        return number_shown(reply["shown"]) if "shown" in reply else None

    def _explain(self, result: Result, error: BaseException) -> None:
        if not isinstance(error, TestRaised):
            super()._explain(result, error)
            return
        told = error.error
        evidence = (told["trace"] + "".join(self.printed))[-8000:]
        if told["cell"] not in (None, result.key):
            result.findings.append(messages.learner_exception(told["name"], told["line"], told["cell"], evidence))
        else:
            result.findings.append(messages.assertion(told["name"], evidence))
        self._hint(result)


def serve(channel: Channel, options: dict[str, Any]) -> None:
    """Examine one notebook with its tests in the candidate."""
    serve_examiner(channel, options, InProcessExaminer)
