"""Pictures of what one warp did, as SVG and in words: addresses against sectors, shared memory's banks, lanes at work.

Colours are the page's own and two that stand out from light and dark; nothing is told by colour alone. Imports nothing
of ours but this package and the interface.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from grader.device.emulated.trace import SECTOR, WARP, Access, Trace
from grader.device.interface import Language

WIDTH, LEFT = 800, 64
#: Room for what is drawn, to the right of `LEFT`.
ROOM = WIDTH - LEFT - 8
#: Lines of the source that are shown, and changes of the lanes at work.
MOST_LINES, MOST_CHANGES = 6, 300
_INK, _GOOD, _BAD = "currentColor", "#2f7fd0", "#c25e00"
_names = itertools.count(1)

_VERBS: dict[Language, dict[str, str]] = {
    "en": {"reads": "reads", "writes": "writes", "updates": "updates"},
    "de": {"reads": "liest", "writes": "schreibt", "updates": "ändert"},
}


@dataclass(frozen=True)
class Picture:
    """`text` says what `shapes`, SVG of this `height`, shows."""

    title: str
    text: str
    height: int
    shapes: str

    def svg(self, name: str | None = None, card: bool = False) -> str:
        """As an element for a page; `name` makes its ids. With `card` on white, as a file of its own needs it."""
        name = name or f"lehrwerk-picture-{next(_names)}"
        paper = f'<rect width="{WIDTH}" height="{self.height}" fill="#fff"/>' if card else ""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{name}-title {name}-text" '
            f'viewBox="0 0 {WIDTH} {self.height}" width="{WIDTH}" height="{self.height}" '
            f'style="max-width:100%;height:auto;color:{"#1a1a1a" if card else "inherit"}" '
            'font-family="system-ui, sans-serif" font-size="11" fill="currentColor">'
            f'<title id="{name}-title">{escape(self.title)}</title><desc id="{name}-text">{escape(self.text)}</desc>'
            f"{paper}{self.shapes}</svg>"
        )


def pictures(trace: Trace, language: Language) -> list[Picture]:
    """For each line that touches global memory, then shared memory, the access that wastes most; then the lanes."""
    found: list[Picture] = []
    for space, draw, wasted in (
        ("global", _sectors, lambda a: len(a.sectors) - a.ideal),
        ("shared", _banks, lambda a: a.conflicts),
    ):
        lines: dict[tuple[int | None, str], list[Access]] = {}
        for access in trace.accesses:
            if access.space == space:
                lines.setdefault((access.line, access.verb), []).append(access)
        for group in list(lines.values())[:MOST_LINES]:
            found.append(draw(max(group, key=wasted), group, language))
    if trace.steps:
        found.append(_lanes(trace, language))
    return found


def html(found: Sequence[Picture], said: str) -> str:
    """The pictures with their words under them, and what there is to say besides."""
    parts = [
        f'<figure style="margin:0 0 1em 0">{picture.svg()}<figcaption>{escape(picture.text)}</figcaption></figure>'
        for picture in found
    ]
    return f"<div>{''.join(parts)}<p>{escape(said)}</p></div>"


# -- shapes


def _text(x: float, y: float, words: str, anchor: str = "middle", size: int = 10) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{escape(words)}</text>'


def _box(
    x: float,
    y: float,
    width: float,
    height: float,
    fill: str = "none",
    edge: str = _INK,
    thick: float = 0.8,
    dash: str = "",
) -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}" stroke="{edge}" '
        f'stroke-width="{thick}"{dashed}/>'
    )


def _line(x: float, y: float, x2: float, y2: float) -> str:
    return (
        f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{_INK}" stroke-width="0.7" '
        'stroke-opacity="0.6"/>'
    )


def _at(line: int | None, language: Language) -> str:
    if line is None:
        return "Der Kernel" if language == "de" else "The kernel"
    return f"Zeile {line}" if language == "de" else f"Line {line}"


_NOUNS: dict[Language, dict[str, tuple[str, str]]] = {
    "en": {
        "thread": ("thread", "threads"),
        "sector": ("sector", "sectors"),
        "turn": ("turn", "turns"),
        "access": ("access", "accesses"),
    },
    "de": {
        "thread": ("Thread", "Threads"),
        "sector": ("Sektor", "Sektoren"),
        "turn": ("Durchgang", "Durchgänge"),
        "access": ("Zugriff", "Zugriffe"),
    },
}


def _count(count: int, noun: str, language: Language) -> str:
    return f"{count} {_NOUNS[language][noun][count != 1]}"


# -- global memory


def _sectors(access: Access, group: Sequence[Access], language: Language) -> Picture:
    sectors = access.sectors
    origin = sectors[0]
    runs = _runs(sectors)
    gap = min(14.0, ROOM / 3 / max(1, len(runs) - 1))
    width = min(56.0, (ROOM - gap * (len(runs) - 1)) / len(sectors))
    place: dict[int, float] = {}
    x = float(LEFT)
    shapes = []
    for run in runs:
        if len(runs) <= 9 or run[0] in (sectors[0], runs[-1][0]):
            shapes.append(_text(x, 168, f"+{(run[0] - origin) * SECTOR}", "start", 9))
        for sector in run:
            place[sector] = x
            x += width
        x += gap
    boxes = [_box(left, 132, width, 22, thick=1.6) for left in place.values()]
    pitch = ROOM / WARP
    active = set(access.lanes)
    drawn = set()
    for lane, address in zip(access.lanes, access.addresses, strict=True):
        left = place[address // SECTOR] + width * (address % SECTOR) / SECTOR
        wide = max(1.0, width * access.size / SECTOR)
        if address not in drawn:
            drawn.add(address)
            shapes.append(_box(left, 134, wide, 18, _GOOD, thick=0.3))
        shapes.append(_line(LEFT + pitch * (lane + 0.5), 58, left + wide / 2, 132))
    for lane in range(WARP):
        shapes.append(_box(LEFT + pitch * lane + 1, 40, pitch - 2, 18, dash="" if lane in active else "2 2"))
        if lane in active:
            shapes.append(_text(LEFT + pitch * (lane + 0.5), 53, str(lane), size=9))
    who, moved = _count(len(access.lanes), "thread", language), _count(len(sectors), "sector", language)
    used, times = len(set(access.addresses)) * access.size, _count(len(group), "access", language)
    total, ideal = _count(sum(len(a.sectors) for a in group), "sector", language), sum(a.ideal for a in group)
    verb = _VERBS[language][access.verb]
    if language == "de":
        title = f"{_at(access.line, language)} {verb} globalen Speicher"
        text = (
            f"{title}. {who} des Warps: {used} Byte, {moved} zu {SECTOR} Byte; {access.ideal} würden genügen. "
            f"{times} des Warps hier in allem: {total}; {ideal} würden genügen."
        )
        names = "Threads", "Sektoren", "Byte ab dem ersten Sektor"
    else:
        title = f"{_at(access.line, language)} {verb} global memory"
        text = (
            f"{title}. {who} of the warp: {used} bytes, {moved} of {SECTOR} bytes; {access.ideal} would do. "
            f"{times} of the warp here in all: {total}; {ideal} would do."
        )
        names = "threads", "sectors", "bytes from the first sector"
    shapes.append(_text(LEFT - 8, 53, names[0], "end"))
    shapes.append(_text(LEFT - 8, 147, names[1], "end"))
    shapes.append(_text(LEFT, 182, names[2], "start", 9))
    shapes += boxes
    head = _text(0, 16, f"{title}: {moved}, ideal {access.ideal}", "start", 13)
    return Picture(title, text, 190, head + "".join(shapes))


def _runs(numbers: Iterable[int]) -> list[list[int]]:
    """Neighbouring numbers together."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] + 1 == number:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


# -- shared memory


def _banks(access: Access, group: Sequence[Access], language: Language) -> Picture:
    parts = access.turns
    columns = max(parts, key=lambda part: max(map(len, part)))
    degree = max(map(len, columns))
    pitch = ROOM / len(columns)
    shapes = []
    for number, words in enumerate(columns):
        x = LEFT + pitch * number
        shapes.append(_text(x + pitch / 2, 48, str(number * WARP // len(columns)), size=9))
        for turn in range(degree):
            y = 54 + 16 * turn
            if turn >= len(words):
                break
            lanes = list(words.values())[turn]
            edge, thick = (_BAD, 2.4) if turn else (_GOOD, 1.6)
            shapes.append(_box(x + 1, y, pitch - 2, 14, edge=edge, thick=thick))
            shapes.append(
                _text(x + pitch / 2, y + 10.5, str(lanes[0]) if len(lanes) == 1 else f"{len(lanes)}×", size=9)
            )
    who, turns = _count(len(access.lanes), "thread", language), _count(degree, "turn", language)
    times, lost = _count(len(group), "access", language), _count(sum(a.conflicts for a in group), "turn", language)
    together = WARP // len(columns)
    verb = _VERBS[language][access.verb]
    if language == "de":
        title = f"{_at(access.line, language)} {verb} Shared Memory"
        part = {1: "", 2: " je halbem Warp", 4: " je Viertelwarp"}[together]
        why = (
            f"bis zu {degree} verschiedene Worte teilen sich eine Bank"
            if degree > 1
            else "keine Bank ist doppelt gefragt"
        )
        text = f"{title}. {who} des Warps: {turns}{part}, denn {why}. {times} des Warps hier, verloren: {lost}."
        names = "Bank", "Durchgang"
    else:
        title = f"{_at(access.line, language)} {verb} shared memory"
        part = {1: "", 2: " for each half warp", 4: " for each quarter of a warp"}[together]
        why = f"up to {degree} different words share a bank" if degree > 1 else "no bank is asked for two words"
        text = f"{title}. {who} of the warp: {turns}{part}, for {why}. {times} of the warp here, lost: {lost}."
        names = "bank", "turn"
    shapes.append(_text(LEFT - 8, 48, names[0], "end"))
    shapes += [_text(LEFT - 8, 65 + 16 * turn, f"{names[1]} {turn + 1}", "end") for turn in range(degree)]
    head = _text(0, 16, f"{title}: {turns}", "start", 13)
    return Picture(title, text, 64 + 16 * degree, head + "".join(shapes))


# -- lanes over time


def _lanes(trace: Trace, language: Language) -> Picture:
    threads = trace.end - trace.first
    changes: list[tuple[tuple[int, ...], int, int | None]] = []
    for step in trace.steps:
        if changes and changes[-1][0] == step.lanes:
            lanes, length, line = changes[-1]
            changes[-1] = lanes, length + step.instructions, line
        else:
            changes.append((step.lanes, step.instructions, step.line))
    shown = changes[:MOST_CHANGES]
    length = sum(instructions for _, instructions, _ in shown)
    row = 7
    shapes = [_box(LEFT, 30, ROOM, row * threads)]
    begin, free = 0, 0.0
    for lanes, instructions, line in shown:
        x, width = LEFT + ROOM * begin / length, ROOM * instructions / length
        for run in _runs(lanes):
            shapes.append(
                f'<rect x="{x:.2f}" y="{30 + row * run[0] + 0.5:.1f}" width="{max(width, 0.5):.2f}" '
                f'height="{row * len(run) - 1}" fill="{_GOOD}"/>'
            )
        if len(lanes) < threads and width > 0 and x >= free and line is not None:
            shapes.append(_line(x, 30 + row * threads, x, 36 + row * threads))
            shapes.append(_text(x, 46 + row * threads, f"{'Z.' if language == 'de' else 'l.'} {line}", "start", 9))
            free = x + 34
        begin += instructions
    total = sum(step.instructions for step in trace.steps)
    work = sum(step.instructions * len(step.lanes) for step in trace.steps) / (total * threads)
    fewest = min(trace.steps, key=lambda step: len(step.lanes))
    cut = len(shown) < len(changes) or trace.missed > 0
    if language == "de":
        title = "Threads bei der Arbeit"
        text = (
            f"{title}: Der Warp hat {total} Befehle ausgeführt; im Mittel arbeiteten {work:.0%} seiner {threads} "
            f"Threads, am wenigsten bei {_at(fewest.line, language)}: {len(fewest.lanes)}."
        ) + (" Gezeigt ist der Anfang." if cut else "")
        names = "Befehle"
    else:
        title = "Threads at work"
        text = (
            f"{title}: the warp executed {total} instructions; on average {work:.0%} of its {threads} threads worked, "
            f"fewest at {_at(fewest.line, language).lower()}: {len(fewest.lanes)}."
        ) + (" The beginning is shown." if cut else "")
        names = "instructions"
    bottom = 30 + row * threads
    shapes.append(_text(LEFT - 8, 38, "0", "end", 9))
    shapes.append(_text(LEFT - 8, bottom, str(threads - 1), "end", 9))
    shapes.append(_text(LEFT, bottom + 32, "0", "start", 9))
    shapes.append(_text(LEFT + ROOM, bottom + 32, f"{length} {names}", "end", 9))
    head = _text(0, 16, f"{title}: {work:.0%}", "start", 13)
    return Picture(title, text, bottom + 40, head + "".join(shapes))
