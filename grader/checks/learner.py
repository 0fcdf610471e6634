"""What a check knows of the learner's code: a kernel that was compiled, or why it goes no further.

Imports `grader.device` and signatures only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from grader.checks.signature import Parameter
from grader.device.interface import Finding


@dataclass(frozen=True)
class CompiledKernel:
    """A learner's kernel as PTX for one signature.

    `entry` is its name in the module. `parameters` is the signature it was compiled for. `file` is the name of
    the source file in the PTX's line table where the kernel stands (None: unknown, every line counts);
    `line_offset` is subtracted from the table's lines to get 1-based lines of the learner's cell `cell`.
    """

    ptx: str
    entry: str
    parameters: tuple[Parameter, ...]
    file: str | None = None
    line_offset: int = 0
    cell: str | None = None


class LearnerError(Exception):
    """The learner's code did something that ends a check: a finding, not a failure of ours.

    `kind` is a finding's kind, `message` has one text for each language, `line` is 1-based in the learner's
    cell, `evidence` is for the instructor only. `exception` is the class of what the code raised, where `message`
    quotes its text. `findings` are as in a `FunctionTrace`.
    """

    def __init__(
        self,
        kind: str,
        message: Mapping[str, str],
        line: int | None = None,
        evidence: str | None = None,
        exception: str | None = None,
        findings: tuple[Finding, ...] = (),
    ) -> None:
        super().__init__(message["en"])
        self.kind = kind
        self.message = dict(message)
        self.line = line
        self.evidence = evidence
        self.exception = exception
        self.findings = findings
