"""Findings as short lines for the learner. Imports the heap's interface and the device's."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from grader.device.heap import Heap
from grader.device.interface import Finding, Language

Show = Callable[[str], None]

NAMES: dict[str, dict[str, str]] = {
    "out-of-bounds": {"en": "out of bounds", "de": "außerhalb des Arrays"},
    "race": {"en": "race", "de": "Wettlauf"},
    "stream-race": {"en": "race of streams", "de": "Wettlauf von Streams"},
    "barrier": {"en": "barrier", "de": "Barriere"},
    "uninitialised": {"en": "never written", "de": "nie beschrieben"},
    "residency": {"en": "waits for blocks that cannot start", "de": "wartet auf Blöcke, die nicht starten können"},
    "occupancy": {"en": "few threads at once", "de": "wenige Threads zugleich"},
    "spills": {"en": "spilled registers", "de": "ausgelagerte Register"},
    "step-limit": {"en": "does not end", "de": "endet nicht"},
    "launch": {"en": "launch", "de": "Start"},
    "unsupported": {"en": "not emulated", "de": "nicht emuliert"},
    "compile": {"en": "compile", "de": "Übersetzen"},
    "trap": {"en": "trap", "de": "Abbruch"},
    "float64": {"en": "float64", "de": "float64"},
    "uncoalesced": {"en": "scattered access", "de": "verstreuter Zugriff"},
    "bank-conflict": {"en": "bank conflict", "de": "Bankkonflikt"},
    "divergence": {"en": "divergence", "de": "Divergenz"},
    "same-value": {"en": "same value", "de": "gleicher Wert"},
}


def language() -> Language:
    """The language of this process: LEHRWERK_LANG, `en` where it is neither `de` nor `en`."""
    return "de" if os.environ.get("LEHRWERK_LANG", "en").lower().startswith("de") else "en"


def line(finding: Finding, tongue: Language) -> str:
    """`Line 14  race: ...`, in `tongue`."""
    word = "Zeile" if tongue == "de" else "Line"
    name = NAMES.get(finding.kind, {}).get(tongue, finding.kind)
    place = f"{word} {finding.line}  " if finding.line else ""
    times = f" ({finding.count}x)" if finding.count > 1 else ""
    return f"{place}{name}: {finding.message[tongue]}{times}"


class Reporter:
    """Collects the findings of launches and shows each of a kernel's findings once.

    A kernel launched in a loop would otherwise say the same in every round.
    """

    def __init__(self, show: Show | None = print, tongue: Language | None = None) -> None:
        self._show = show
        self._tongue = tongue
        self._shown: set[tuple[str, str, int | None, int | None]] = set()
        self._all: list[Finding] = []

    def take(self, kernel: str, findings: Iterable[Finding], *, quiet: bool = False) -> None:
        """`kernel` names one compiled version of a kernel; `quiet` findings are kept and not shown."""
        for finding in findings:
            self._all.append(finding)
            key = (kernel, finding.kind, finding.line, finding.other_line)
            if key in self._shown:
                continue
            self._shown.add(key)
            if self._show is not None and not quiet:
                self._show(line(finding, self._tongue or language()))

    def findings(self) -> list[Finding]:
        """Every finding since the beginning or the last `clear`, in the order of launches."""
        return list(self._all)

    def clear(self) -> None:
        self._all.clear()
        self._shown.clear()


def show_printed(heap: Heap, ptx: str) -> None:
    """What the kernels of this module have printed goes to stdout, as on a GPU at the next synchronisation."""
    if "vprintf" in ptx:
        print(heap.printed(), end="", flush=True)
