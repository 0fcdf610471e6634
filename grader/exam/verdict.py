"""The verdict: what an exam found. The only model that `grader.exam` and `grader.records` share.

`Verdict.public` is the published JSON of `lehrwerk grade --json` (schema 1); it holds no seed and no
hidden value.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Outcome = Literal[
    "passed",
    "partial",
    "failed",
    "error",
    "timeout",
    "crashed",
    "missing",
    "manual",
    "inconclusive",
    "review",
]
#: Where an assignment's test cells run: in the examiner, or inside the candidate.
Tests = Literal["examiner", "in-process"]
Protection = Literal["full", "in-process"]
SCHEMA = 1


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ExamFinding(_Model):
    """One thing to tell the learner.

    `kind` is a device kind (`grader.device.interface.KINDS`) or one of the exam's: `wrong-result`,
    `unwritten`, `exception`, `timeout`, `crashed`, `missing-cell`, `duplicate-cell`, `foreign-cell`,
    `wrong-type`, `host-fallback`, `many-launches`, `many-atomics`, `assertion`, `not-examined`. `line` is 1-based in
    the source of the learner's cell named by `cell`. `message` has one text for each language.
    `evidence` is for the instructor only: inputs, expected values, what the candidate printed.
    """

    kind: str
    message: dict[str, str]
    line: int | None = None
    cell: str | None = None
    evidence: str | None = None

    def text(self, language: str) -> str:
        return self.message.get(language) or self.message["en"]


class CellVerdict(_Model):
    """The verdict on one graded cell; `score` is None where a person marks, or nothing can be said yet.

    `protected` is False where a test compared objects of the learner's, which only the learner's process can do.
    """

    notebook: str
    grade_id: str
    score: float | None
    max_score: float
    outcome: Outcome
    findings: list[ExamFinding] = Field(default_factory=list)
    protected: bool = True


class Verdict(_Model):
    """All of an exam's outcome for one submission of one assignment."""

    assignment: str
    device: str
    protection: Protection
    cells: list[CellVerdict]
    findings: list[ExamFinding] = Field(default_factory=list)
    versions: dict[str, str] = Field(default_factory=dict)
    image: str = ""
    seeds: dict[str, int] = Field(default_factory=dict)
    measurements: dict[str, Any] = Field(default_factory=dict)
    submission_digest: str = ""
    bundle_digest: str = ""

    @property
    def score(self) -> float:
        return sum(cell.score or 0.0 for cell in self.cells)

    @property
    def max_score(self) -> float:
        return sum(cell.max_score for cell in self.cells)

    @property
    def needs_review(self) -> bool:
        return any(cell.outcome in ("review", "inconclusive") for cell in self.cells)

    def public(self, language: str = "en") -> dict[str, Any]:
        """The published form, schema 1. Keys are only ever added."""
        return {
            "schema": SCHEMA,
            "assignment": self.assignment,
            "score": self.score,
            "max_score": self.max_score,
            "device": self.device,
            "protection": self.protection,
            "cells": [
                {
                    "notebook": cell.notebook,
                    "grade_id": cell.grade_id,
                    "score": cell.score,
                    "max_score": cell.max_score,
                    "outcome": cell.outcome,
                    "findings": [{"kind": f.kind, "line": f.line, "message": f.text(language)} for f in cell.findings],
                }
                for cell in self.cells
            ],
        }
