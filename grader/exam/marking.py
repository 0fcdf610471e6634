"""From what a test cell did to points and findings. Imports this package's messages and verdict, and checks' report.

The learner reads an exception's class, the line in their own source and our sentence; texts that learner code chose are
evidence for the instructor, since hidden values can be carried in them.
"""

from __future__ import annotations

import builtins
import math
import traceback
from dataclasses import dataclass, field
from typing import Any

from grader.checks.learner import LearnerError
from grader.checks.report import Report
from grader.device.interface import DeviceError
from grader.exam import messages
from grader.exam.channel import ChannelError
from grader.exam.nbgrader_rules import number_of
from grader.exam.proxy import Proxy
from grader.exam.verdict import ExamFinding

#: No finding says more than this, in characters; no cell has more findings.
MAX_MESSAGE, MAX_EVIDENCE, MAX_FINDINGS = 2_000, 8_000, 40


@dataclass
class Result:
    """What a graded cell got. `protected` is False where a comparison rested on the learner's word."""

    key: str
    grade_id: str
    score: float | None
    max_score: float
    outcome: str = "failed"
    findings: list[ExamFinding] = field(default_factory=list)
    protected: bool = True
    seed: int | None = None
    measurements: dict[str, Any] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        return {
            "grade_id": self.grade_id,
            "score": self.score,
            "outcome": self.outcome,
            "findings": [finding.model_dump() for finding in self.findings[:MAX_FINDINGS]],
            "protected": self.protected,
            "seed": self.seed,
            "measurements": self.measurements,
        }


@dataclass(frozen=True)
class LearnersError:
    """What the candidate says about an exception, with every field of the kind it must have.

    `kind` is the builtin class that it is or descends from, `text` and `trace` are the learner's words. `cell` is a key
    of the paper and `line` a line of that cell, or both are None.
    """

    kind: str
    name: str
    text: str
    trace: str
    cell: str | None
    line: int | None

    @property
    def unwritten(self) -> bool:
        return self.kind == "NotImplementedError"


def learners_error(said: Any, lines: dict[str, int]) -> LearnersError:
    """Read a candidate's word about an exception; `lines` counts the lines of each cell. Raises ChannelError."""
    if not isinstance(said, dict) or not isinstance(said.get("classes", []), list):
        raise ChannelError("not an error")
    cell, line = said.get("cell"), said.get("line")
    if not isinstance(cell, str) or not isinstance(line, int) or not 1 <= line <= lines.get(cell, 0):
        cell = line = None
    return LearnersError(
        kind=next((name for name in said.get("classes", []) if _is_exception(name)), "Exception"),
        name=clean(said.get("name"), 80),
        text=clean(said.get("text"), MAX_MESSAGE),
        trace=clean(said.get("trace"), MAX_EVIDENCE),
        cell=cell,
        line=line,
    )


def _is_exception(name: Any) -> bool:
    kind = getattr(builtins, name, None) if isinstance(name, str) else None
    return isinstance(kind, type) and issubclass(kind, BaseException)


def clean(text: Any, limit: int) -> str:
    """Text that can be stored and shown, whoever wrote it; '' for anything else."""
    if not isinstance(text, str):
        return ""
    return text[:limit].encode("utf-8", "replace").decode("utf-8")


def mark(result: Result, value: Any) -> None:
    """Points for a test cell that came to its end; `value` is that of its last expression, or None.

    What an object of the learner's would show is the learner's word, and no number.
    """
    points = result.max_score
    value = None if isinstance(value, Proxy) else value
    if type(value) is Report:
        share = value.score / value.max_score if value.max_score else 1.0
        result.score = round(points * min(max(share, 0.0), 1.0), 6)
        result.seed = value.seed
        result.measurements = value.measurements
        for finding in value.findings:
            add(
                result,
                ExamFinding(
                    kind=finding.kind,
                    message=finding.message,
                    line=finding.line,
                    cell=finding.cell,
                    evidence=finding.evidence,
                ),
            )
    elif value is not None and (number := number_of(value)) is not None:
        # nbgrader's rule: a number is the points; a negative one counts as full marks.
        if math.isnan(number) or number > points:
            result.outcome, result.score = "review", None
            return
        result.score = number if number >= 0 else points
    else:
        result.score = points
    result.outcome = "passed" if result.score >= points else "partial" if result.score > 0 else "failed"
    if type(value) is Report and (doubts := {part.doubt for part in value.parts} - {""}):
        # No result costs no points; a person looks at what can be said.
        result.score, result.outcome = None, "review" if "implausible" in doubts else "inconclusive"


def explain(result: Result, error: BaseException, printed: str) -> None:
    """Findings for a test cell that raised; what learner code printed is evidence."""
    result.score, result.outcome = 0.0, "failed"
    evidence = "".join(traceback.format_exception(error))[-MAX_EVIDENCE // 2 :] + printed
    learners = getattr(error, "learners", None)
    if isinstance(error, DeviceError):
        result.score, result.outcome = None, "review"
        add(result, messages.not_examined(evidence))
    elif isinstance(learners, LearnersError):
        add(result, messages.learner_exception(learners.kind, learners.line, learners.cell, evidence + learners.trace))
    elif isinstance(error, NameError) and error.name:
        add(result, messages.undefined(error.name, evidence))
    elif isinstance(error, LearnerError):
        add(result, ExamFinding(kind=error.kind, message=error.message, line=error.line, evidence=error.evidence))
    else:
        if isinstance(error, SystemExit | KeyboardInterrupt):
            result.outcome = "error"
        add(result, messages.assertion(type(error).__name__, evidence))


def add(result: Result, finding: ExamFinding) -> None:
    """Add a finding, cut to its caps."""
    result.findings.append(
        ExamFinding(
            kind=clean(str(finding.kind), 40),
            message={
                language: clean(str(finding.message.get(language) or finding.message.get("en", "")), MAX_MESSAGE)
                for language in ("en", "de")
            },
            line=finding.line,
            cell=finding.cell,
            evidence=None if finding.evidence is None else clean(finding.evidence, MAX_EVIDENCE),
        )
    )
