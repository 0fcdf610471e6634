"""What a report tells the learner about points."""

from __future__ import annotations

import pytest

from grader.checks.report import Part, Report


@pytest.mark.parametrize(
    ("language", "head"),
    [
        ("en", "NOT YET  0 / 5 points, 1 more not measured here"),
        ("de", "NOCH NICHT  0 / 5 Punkte, 1 weitere hier nicht gemessen"),
    ],
)
def test_points_that_are_measured_elsewhere_are_not_kept_from_the_learner(language, head):
    report = Report([Part("correct", 0.0, 5.0), Part("copy_bandwidth", None, 1.0)], language=language)
    assert report.lines()[0] == head
    assert head.partition("  ")[2] in report._repr_html_()
    assert report.share == 0


def test_where_all_is_measured_nothing_more_is_said():
    assert Report([Part("correct", 5.0, 5.0)], language="en").lines()[0] == "PASS  5 / 5 points"
