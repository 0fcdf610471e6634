"""nbgrader's own rules where test cells can tell: its environment, and how it reads points from what a cell shows.

Imports nothing of the project.
"""

from __future__ import annotations

from typing import Any

#: What stock nbgrader tells cells while it marks; test cells ask for it.
MARKING = {"NBGRADER_EXECUTION": "autograde"}


def number_of(value: Any) -> float | None:
    """As `number_shown`, of what a notebook would show for `value`."""
    try:
        return number_shown(repr(value))
    except Exception:  # a __repr__ may raise anything; then nothing is shown
        return None


def number_shown(text: str) -> float | None:
    """The number that nbgrader sees in the text/plain form of a cell's last value; None where it sees none.

    A bool, a string and a NumPy scalar (`np.float64(2.5)` since NumPy 2) show no number, which means full marks.
    """
    try:
        return float(text)
    except ValueError:
        return None


def ends_silently(source: str) -> bool:
    """Does IPython keep the last value to itself, since a semicolon follows it?"""
    from IPython.core.displayhook import DisplayHook

    return bool(DisplayHook.semicolon_at_end_of_expression(source))
