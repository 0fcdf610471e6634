"""For tests: the courses of this repository, read once."""

from __future__ import annotations

from pathlib import Path

from grader.course.reader import read

FOLDERS = sorted(path.parent for path in (Path(__file__).parents[1] / "courses").glob("*/course.yaml"))
#: By the folder's name; and their units by `COURSE/UNIT`.
COURSES = {folder.name: read(folder) for folder in FOLDERS}
UNITS = {f"{name}/{unit.entry.id}": unit for name, course in COURSES.items() for unit in course.units}
