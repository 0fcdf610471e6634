"""Words for what became of a cell, for pages and tables. Translated where they are shown."""

from __future__ import annotations

from campus.portal.language import mark

OUTCOMES = {
    "passed": mark("passed"),
    "partial": mark("partly right"),
    "failed": mark("not right yet"),
    "error": mark("stopped with an error"),
    "timeout": mark("took too long"),
    "crashed": mark("crashed"),
    "missing": mark("missing"),
    "manual": mark("marked by a person"),
    "inconclusive": mark("measured again"),
    "review": mark("looked at by a person"),
}
