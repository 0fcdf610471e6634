"""For tests: a course folder that is small and right."""

from __future__ import annotations

from pathlib import Path

MANIFEST = """\
id: small
title: {en: Small}
summary: {en: One exercise.}
languages: [en]
licences: {code: Apache-2.0, content: CC-BY-4.0}
units:
  - id: double
    title: {en: Doubling}
    minutes: 5
"""
UNIT = """\
# %% [markdown]
# # Double a number

# %% nbgrader={"grade_id": "double", "solution": true}
def double(x):
    pass

# %% nbgrader={"grade_id": "double-test", "grade": true, "points": 4}
assert double(1) == 2
### BEGIN HIDDEN TESTS
assert double(21) == 42
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade_id": "why", "grade": true, "solution": true, "points": 2}
Why?
""".replace("\nWhy?", "\n# Why?")
MODEL = "def double(x):\n    return 2 * x\n"
WRONG = ("return x", "return 3 * x", "return 2", "return x * x")


def small_course(folder: Path) -> Path:
    """Write the course to `folder` and return it."""
    unit = folder / "units" / "double"
    for name in ("solution", "wrong/double", "alternative/double"):
        (unit / name).mkdir(parents=True)
    (folder / "course.yaml").write_text(MANIFEST, encoding="utf-8")
    (unit / "unit.en.py").write_text(UNIT, encoding="utf-8")
    (unit / "solution" / "double.py").write_text(MODEL, encoding="utf-8")
    (unit / "alternative" / "double" / "sum.py").write_text("double = lambda x: x + x\n", encoding="utf-8")
    for number, line in enumerate(WRONG):
        text = f"# finding: assertion\ndef double(x):\n    {line}\n"
        (unit / "wrong" / "double" / f"wrong_{number}.py").write_text(text, encoding="utf-8")
    return folder
