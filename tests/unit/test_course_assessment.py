"""An assessment in `course.yaml`: what holds where its author says nothing, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.course.build import build, read_bundle
from grader.course.model import CourseError, UnitEntry, assessment_of
from tests.courses import small_course


def entry(**more: Any) -> UnitEntry:
    return UnitEntry.model_validate({"id": "final", "title": {"en": "Final"}, "minutes": 60, **more})


@pytest.mark.parametrize(
    ("said", "attempts", "cooldown"),
    [
        ({}, None, 0),
        ({"assessment": {}}, 5, 30),
        ({"assessment": {"pass_share": 0.8}, "attempts": 2}, 2, 30),
        ({"assessment": {}, "attempts": None, "cooldown_minutes": 0}, None, 0),
    ],
)
def test_an_assessment_has_five_attempts_with_half_an_hour_in_between(
    said: dict[str, Any], attempts: int | None, cooldown: int
) -> None:
    unit = entry(**said)
    assert (unit.attempts, unit.cooldown_minutes) == (attempts, cooldown)


def test_a_built_course_says_what_passes(tmp_path: Path) -> None:
    folder = small_course(tmp_path / "small")
    manifest = folder / "course.yaml"
    manifest.write_text(manifest.read_text() + "    assessment: {pass_share: 0.5}\n")
    build(folder, tmp_path / "built")
    unit = read_bundle(tmp_path / "built").units[0]
    assert (unit.attempts, unit.cooldown_minutes) == (5, 30)
    found = assessment_of({"units": [unit.model_dump(mode="json")]}, "double")
    assert found is not None
    assert found.pass_share == 0.5


@pytest.mark.parametrize("share", ["0", "1.5", "most"])
def test_a_share_that_is_none_is_named_with_its_line(tmp_path: Path, share: str) -> None:
    folder = small_course(tmp_path / "small")
    manifest = folder / "course.yaml"
    text = manifest.read_text() + f"    assessment: {{pass_share: {share}}}\n"
    manifest.write_text(text)
    with pytest.raises(CourseError) as raised:
        build(folder, tmp_path / "built")
    (problem,) = raised.value.problems
    assert problem.line == len(text.splitlines())
    assert "pass_share" in problem.message
