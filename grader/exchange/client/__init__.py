"""nbgrader's exchange in notebook servers: fetch, submit, list and feedback over HTTP, and the lab's own page.

Knows the exchange's HTTP only, and nbgrader and Jupyter Server, which it plugs into; from the project it may import
`grader.course.archives`.
"""

from __future__ import annotations

from typing import Any

_HERE = "grader.exchange.client"

_PARTS = {
    "exchange": "exchange.Exchange",
    "fetch_assignment": "fetch.ExchangeFetchAssignment",
    "submit": "submit.ExchangeSubmit",
    "list": "listing.ExchangeList",
    "fetch_feedback": "feedback.ExchangeFetchFeedback",
    "collect": "marking.ExchangeCollect",
    "release_assignment": "marking.ExchangeReleaseAssignment",
    "release_feedback": "marking.ExchangeReleaseFeedback",
}


def exchange_config(c: Any) -> None:
    """Make nbgrader use the platform's exchange; `c` is the configuration in an `nbgrader_config.py`."""
    for part, name in _PARTS.items():
        setattr(c.ExchangeFactory, part, f"{_HERE}.{name}")
    c.Exchange.path_includes_course = True
    c.Authenticator.plugin_class = f"{_HERE}.auth.ExchangeAuthPlugin"
