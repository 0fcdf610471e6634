"""An exam that is repeated: the verdict from what was measured then, and the new timing beside the stored one."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from campus.regrade import timings
from grader.dispatch.regrade import Replay
from grader.exam.verdict import Verdict


def verdict(**measured: Any) -> Verdict:
    return Verdict(assignment="unit", device="cuda:One", protection="full", cells=[], measurements=measured)


def test_a_new_timing_stands_beside_the_stored_one() -> None:
    found = Replay(
        verdict(exam_seconds=3.0, sum={"speedup": 3.1, "speedup_credited": 3.2}),
        verdict(exam_seconds=2.0, sum={"speedup": 2.7, "speedup_credited": 3.2}, new={"rounds": 5}),
    )
    text = io.StringIO()
    Console(file=text, width=100).print(timings(found))
    rows = [[word.strip() for word in line.strip("│ \n").split("│")] for line in text.getvalue().splitlines()]
    assert ["sum: speedup", "3.1", "2.7"] in rows
    assert ["sum: speedup_credited", "3.2", "3.2"] in rows
    assert ["new: rounds", "none", "5"] in rows
    assert ["exam_seconds", "3.0", "2.0"] in rows
    assert found.differences() == []
