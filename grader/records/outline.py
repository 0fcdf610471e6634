"""Where the marked cells of a released notebook stand, in words that its readers know: they never see a grade id."""

from __future__ import annotations

import re
from dataclasses import dataclass

from grader.records.readable import cells_of, marks_in, text_of

#: A title is cut after so many characters.
_LONGEST = 100
_FENCE = re.compile(r"^ {0,3}(```|~~~)")
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.*?)[ \t#]*$")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True)
class Place:
    """A cell's number, counted from 1 through all cells of its notebook, and its title: the nearest heading above it or
    in it, else its own first line, else ''."""

    number: int
    title: str


def outline(released: bytes) -> dict[str, Place]:
    """Places by grade id."""
    places: dict[str, Place] = {}
    heading = ""
    for number, cell in enumerate(cells_of(released), 1):
        text = text_of(cell)
        if cell.get("cell_type") == "markdown":
            heading = next(iter(reversed(_headings(text))), heading)
        grade_id = marks_in(cell).get("grade_id")
        if isinstance(grade_id, str):
            first = next((line.strip() for line in text.splitlines() if line.strip()), "")
            title = heading or first
            places[grade_id] = Place(number, title if len(title) <= _LONGEST else title[: _LONGEST - 1] + "…")
    return places


def _headings(markdown: str) -> list[str]:
    """Headings as plain text, without those in blocks of code."""
    found, fenced = [], False
    for line in markdown.splitlines():
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced and (match := _HEADING.match(line)) and match.group(1):
            found.append(re.sub(r"[`*]", "", _LINK.sub(r"\1", match.group(1))))
    return found
