"""A unit's `performance.yaml`: thresholds of tasks about speed, as shares of what the model solution reaches."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, field_validator

from grader.course.model import Problem
from grader.typed_yaml import YamlFaults, line_of, parse

#: Beside `exam.py`; learners never get it.
PERFORMANCE = "performance.yaml"
_HEAD = """\
# Thresholds of tasks about speed, for test cells: points by the share of the ratio that the model solution reaches.
# `lehrwerk course calibrate` measures that ratio, and writes `calibrated`, `model` and `spread`.
"""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Band(_Model):
    """`model` is the ratio that the model solution reaches, `spread` how far apart it lay, relatively, in all exams.
    `bands` has points by the least share of it."""

    model: Annotated[float, Field(gt=0)]
    spread: Annotated[float, Field(ge=0)] | None = None
    bands: Annotated[dict[Annotated[float, Field(gt=0, lt=1)], Annotated[float, Field(gt=0)]], Field(min_length=1)]

    @field_validator("bands")
    @classmethod
    def _higher_is_worth_more(cls, given: dict[float, float]) -> dict[float, float]:
        worth = [given[share] for share in sorted(given)]
        if worth != sorted(set(worth)):
            raise ValueError("a higher share is worth more points")
        return given


class Calibrated(_Model):
    """On which device, on which day, in how many exams."""

    device: str
    day: datetime.date
    exams: int


Part = Literal["copy_bandwidth", "speedup", "model_share"]


class Performance(_Model):
    """`calibrated` is null as long as the ratios are starting values."""

    calibrated: Calibrated | None = None
    cells: dict[str, dict[Part, Band]]


def performance(file: Path, tests: Sequence[str] | None, problems: list[Problem]) -> Performance | None:
    """What stands in `file`; None where there is none, or one with faults, which are added to `problems`.

    `tests` are the unit's test cells, None where they could not be read.
    """
    try:
        text = file.read_text(encoding="utf-8")
        found = parse(text, Performance)
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        problems.append(Problem(file, None, "not UTF-8; save it as UTF-8"))
        return None
    except YamlFaults as error:
        problems += [Problem(file, line, what) for line, what in error.faults]
        return None
    for name in found.cells:
        if tests is not None and name not in tests:
            what = f"cells.{name}: no test cell of the unit; it has: {', '.join(tests) or 'none'}"
            problems.append(Problem(file, line_of(text, ("cells", name)), what))
    return found


def write(file: Path, content: Performance) -> None:
    """In place of what was there."""
    plain = content.model_dump()
    file.write_text(_HEAD + yaml.safe_dump(plain, sort_keys=False, allow_unicode=True), encoding="utf-8")
