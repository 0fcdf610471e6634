"""What a check hands back: points by part, findings, and a page of it for the learner.

Imports the device interface and the surroundings' language only. Everything that may come from learner code is
escaped in the HTML; no meaning rests on colour.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from grader.checks.surroundings import chosen_language
from grader.device.interface import KINDS, Language

#: Kinds of findings that checks add to those of the device (`grader.device.interface.KINDS`); all are errors.
CHECK_KINDS = (
    "wrong-result",
    "unwritten",
    "wrong-type",
    "input-changed",
    "exception",
    "host-fallback",
    "many-launches",
    "many-atomics",
    "no-overlap",
    "memory-peak",
    "slow",
    "inconclusive",
    "implausible",
    "timeout",
    "crashed",
)

State = Literal["passed", "partial", "failed"]
Doubt = Literal["", "inconclusive", "implausible"]

_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "passed": "PASS",
        "partial": "PARTLY",
        "failed": "NOT YET",
        "points": "points",
        "line": "Line",
        "error": "to mend",
        "advice": "advice",
        "done": "done",
        "open": "open",
        "unmeasured": "not measured here",
        "inconclusive": "inconclusive, costs nothing",
        "implausible": "a person looks at it",
        "elsewhere": "{points:g} more not measured here",
        "well": "Everything checked here is right.",
    },
    "de": {
        "passed": "BESTANDEN",
        "partial": "TEILWEISE",
        "failed": "NOCH NICHT",
        "points": "Punkte",
        "line": "Zeile",
        "error": "zu beheben",
        "advice": "Hinweis",
        "done": "erfüllt",
        "open": "offen",
        "unmeasured": "hier nicht gemessen",
        "inconclusive": "nicht eindeutig, kostet nichts",
        "implausible": "ein Mensch sieht es sich an",
        "elsewhere": "{points:g} weitere hier nicht gemessen",
        "well": "Alles, was hier geprüft wird, stimmt.",
    },
}

_PARTS: dict[str, dict[Language, str]] = {
    "correct": {"en": "correct results", "de": "richtige Ergebnisse"},
    "in_bounds": {"en": "stays inside its arrays", "de": "bleibt in seinen Arrays"},
    "race_free": {"en": "free of races", "de": "ohne Wettläufe"},
    "any_launch": {"en": "right for every launch shape", "de": "richtig für jede Startform"},
    "coalesced": {"en": "neighbouring memory accesses", "de": "benachbarte Speicherzugriffe"},
    "global_atomics": {"en": "few atomics on global memory", "de": "wenige Atomics im globalen Speicher"},
    "bank_conflicts": {"en": "no queues at the banks", "de": "keine Schlangen an den Bänken"},
    "no_float64": {"en": "no accidental float64", "de": "kein versehentliches float64"},
    "keeps_inputs": {"en": "leaves the inputs alone", "de": "lässt die Eingaben unverändert"},
    "copy_bandwidth": {"en": "share of the copy bandwidth", "de": "Anteil an der Kopierbandbreite"},
    "speedup": {"en": "faster than the given version", "de": "schneller als die vorgegebene Fassung"},
    "model_share": {"en": "speed beside the model solution", "de": "Tempo neben der Musterlösung"},
    "registers": {"en": "few registers", "de": "wenige Register"},
    "no_spills": {"en": "no registers in memory", "de": "keine Register im Speicher"},
    "same_type": {"en": "keeps library and dtype", "de": "behält Bibliothek und dtype"},
    "on_device": {"en": "stays on the GPU", "de": "bleibt auf der GPU"},
}


@dataclass(frozen=True)
class CheckFinding:
    """One thing to tell the learner.

    `kind` is one of `grader.device.interface.KINDS` or of `CHECK_KINDS`; `line` and `other_line` are 1-based in
    the learner's cell; `message` has one text for each language; `evidence` is for the instructor only and is
    never rendered. `everywhere` is what to say where each case has it.
    """

    kind: str
    message: dict[str, str]
    line: int | None = None
    other_line: int | None = None
    cell: str | None = None
    evidence: str | None = None
    everywhere: dict[str, str] | None = None

    @property
    def severity(self) -> Literal["error", "advice"]:
        return KINDS.get(self.kind, "error")

    def text(self, language: str) -> str:
        return self.message.get(language) or self.message["en"]


@dataclass(frozen=True)
class Part:
    """One thing that points are given for; `points` is None where it could not be measured here.

    `doubt` says of a measure without points that it was tried and is no result: `inconclusive` or `implausible`.
    """

    name: str
    points: float | None
    max: float
    doubt: Doubt = ""

    def label(self, language: Language) -> str:
        return _PARTS.get(self.name, {}).get(language, self.name)


@dataclass
class Report:
    """The outcome of a check. The last expression of a test cell; its share of the maximum counts.

    `seed` reproduces the inputs; `device` names where results came from.
    """

    parts: list[Part]
    findings: list[CheckFinding] = field(default_factory=list)
    name: str = ""
    seed: int | None = None
    device: str = ""
    hidden: bool = False
    language: Language | None = None
    measurements: dict[str, Any] = field(default_factory=dict)

    @property
    def score(self) -> float:
        return float(sum(part.points for part in self.parts if part.points is not None))

    @property
    def max_score(self) -> float:
        """The maximum of what was measured."""
        return float(sum(part.max for part in self.parts if part.points is not None))

    def _total(self, words: dict[str, str]) -> str:
        """Points as a learner knows them from the unit, also where a part of them is measured elsewhere."""
        total = f"{self.score:g} / {self.max_score:g} {words['points']}"
        missing = sum(part.max for part in self.parts if part.points is None)
        return f"{total}, {words['elsewhere'].format(points=missing)}" if missing else total

    @property
    def share(self) -> float:
        """Score over maximum, 0.0 to 1.0; 0.0 where nothing was measured."""
        return self.score / self.max_score if self.max_score else 0.0

    @property
    def state(self) -> State:
        if self.max_score and self.score >= self.max_score:
            return "passed"
        return "partial" if self.score > 0 else "failed"

    @property
    def passed(self) -> bool:
        return self.state == "passed"

    def __add__(self, other: Report) -> Report:
        """Two checks of one cell as one report: parts, findings and points together."""
        if not isinstance(other, Report):
            return NotImplemented
        return Report(
            parts=[*self.parts, *other.parts],
            findings=merge(self.findings, other.findings),
            name=self.name or other.name,
            seed=self.seed if self.seed is not None else other.seed,
            device=self.device or other.device,
            hidden=self.hidden or other.hidden,
            language=self.language or other.language,
            measurements={**self.measurements, **other.measurements},
        )

    def __radd__(self, other: Any) -> Report:
        return self if other == 0 else NotImplemented

    def lines(self, language: Language | None = None) -> list[str]:
        """The report as plain lines of text."""
        tongue = language or self.language or chosen_language()
        words = _WORDS[tongue]
        head = f"{words[self.state]}  {self._total(words)}"
        lines = [f"{self.name}: {head}" if self.name else head]
        for part in self.parts:
            lines.append(f"  [{_mark(part)}] {part.label(tongue)}: {_points(part, words)}")
        for finding in self.findings:
            where = f"{words['line']} {finding.line}  " if finding.line else ""
            lines.append(f"  {where}{finding.kind} ({words[finding.severity]}): {finding.text(tongue)}")
        if self.passed and not self.findings:
            lines.append(f"  {words['well']}")
        return lines

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def __repr__(self) -> str:
        return f"<Report {self.state} {self.score:g}/{self.max_score:g}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self) if cycle else str(self))

    def _repr_html_(self) -> str:
        tongue = self.language or chosen_language()
        words = _WORDS[tongue]
        title = f"{html.escape(self.name)}: " if self.name else ""
        rows = "".join(
            f"<tr><td>{_mark(part)}</td><th scope='row' style='text-align:left'>{html.escape(part.label(tongue))}"
            f"</th><td>{html.escape(_points(part, words))}</td></tr>"
            for part in self.parts
        )
        items = "".join(
            "<li>"
            + (f"<b>{words['line']} {finding.line}</b> " if finding.line else "")
            + f"<code>{html.escape(finding.kind)}</code> ({words[finding.severity]}): "
            + f"{html.escape(finding.text(tongue))}</li>"
            for finding in self.findings
        )
        tail = f"<ul>{items}</ul>" if items else (f"<p>{words['well']}</p>" if self.passed else "")
        return (
            f"<div lang='{tongue}' class='lehrwerk-report'><p>{title}<strong>{words[self.state]}</strong> "
            f"{self._total(words)}</p><table>{rows}</table>{tail}</div>"
        )


def _mark(part: Part) -> str:
    if part.points is None:
        return "-"
    return "✓" if part.points >= part.max else ("◐" if part.points > 0 else "○")


def _points(part: Part, words: dict[str, str]) -> str:
    if part.points is None:
        return words[part.doubt or "unmeasured"]
    state = words["done"] if part.points >= part.max else words["open"]
    return f"{part.points:g} / {part.max:g}, {state}"


def merge(*groups: Sequence[CheckFinding]) -> list[CheckFinding]:
    """All findings, errors first, one for each kind and line."""
    seen: dict[tuple[str, int | None], CheckFinding] = {}
    for group in groups:
        for finding in group:
            seen.setdefault((finding.kind, finding.line), finding)
    return sorted(seen.values(), key=lambda finding: finding.severity != "error")
