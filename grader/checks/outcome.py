"""What a check has found so far, and points by ratios of time. Imports this package only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from grader.checks import messages
from grader.checks.report import CheckFinding, Doubt, Part, merge
from grader.checks.thresholds import Thresholds
from grader.checks.timing import Bands, Race, credit


@dataclass
class Outcome:
    """Parts are kept unless they are `lost` or other points are `given`: None for what could not be measured, with the
    reason in `doubts` where that was tried."""

    findings: list[CheckFinding] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    given: dict[str, float | None] = field(default_factory=dict)
    doubts: dict[str, Doubt] = field(default_factory=dict)
    measurements: dict[str, Any] = field(default_factory=dict)
    stop: bool = False
    ran: int = 0
    wrong_cases: int = 0
    #: Numbers of the cases in which each was found, by what would be said of all.
    _cases: dict[str, set[int]] = field(default_factory=dict)

    def find(self, *found: CheckFinding) -> None:
        self.findings = merge(self.findings, found)
        for one in found:
            if one.everywhere is not None:
                self._cases.setdefault(one.everywhere["en"], set()).add(self.ran)

    def told(self) -> list[CheckFinding]:
        """The findings. Of what was found in each of several cases none says that it is about one of them."""
        return [replace(one, message=self._of_all(one) or one.message) for one in self.findings]

    def _of_all(self, found: CheckFinding) -> dict[str, str] | None:
        text = found.everywhere
        return text if text is not None and len(self._cases[text["en"]]) == self.ran > 1 else None

    def parts(self, points: Mapping[str, float], lost: set[str]) -> list[Part]:
        return [
            Part(name, 0.0, most)
            if name in lost
            else Part(name, self.given.get(name, most), most, self.doubts.get(name, ""))
            for name, most in points.items()
        ]

    def raced(
        self, race: Race, stored: Mapping[str, Any], points: Mapping[str, float], bands: Mapping[str, Bands]
    ) -> None:
        """Points by what came of a race, or by what is `stored` of an earlier one, whose verdict is reached again."""
        credited = {f"{part}_credited": round(race.ratios[part].credited, 6) for part in bands if race.ratios}
        self.measurements |= {"timing": race.state, **credited, **race.measurements()}
        evidence = f"{race.rounds} rounds, {race.sound} sound; {'; '.join(sorted(set(race.why)))}"
        self.settle(stored if "timing" in stored else self.measurements, points, bands, evidence)

    def settle(
        self, measured: Mapping[str, Any], points: Mapping[str, float], bands: Mapping[str, Bands], evidence: str = ""
    ) -> None:
        """Points by what was measured, now or in an earlier exam."""
        state: Any = measured["timing"]
        self.measurements |= {name: measured[name] for name in measured if name.endswith("_credited")}
        if state == "settled":
            self.credit({part: measured[f"{part}_credited"] for part in bands}, points, bands)
            return
        self.given |= dict.fromkeys(bands)
        self.doubts |= dict.fromkeys(bands, state)
        text = messages.implausible() if state == "implausible" else messages.inconclusive()
        self.find(CheckFinding(state, text, evidence=evidence))

    def credit(
        self,
        ratios: Mapping[str, float],
        points: Mapping[str, float],
        bands: Mapping[str, Bands],
        *,
        traffic: bool = False,
    ) -> None:
        """Points by ratios, of time or of memory `traffic`. Where bands are worth other points, their share counts."""
        for part, ratio in ratios.items():
            self.given[part] = points[part] * credit(bands[part], ratio) / max(bands[part].values())
            if ratio < max(bands[part]):
                starting = isinstance(given := bands[part], Thresholds) and given.starting
                wanted = min(least for least in bands[part] if least > ratio)
                self.findings = [
                    *self.findings,
                    CheckFinding("slow", messages.slow(part, ratio, wanted, traffic=traffic, starting=starting)),
                ]
