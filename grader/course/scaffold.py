"""A new course folder that `lehrwerk course check` proves, and the JSON schema of `course.yaml` for editors."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from grader.course.model import CourseError, CourseFile, Problem, Slug

#: A course like any other; its id stands for the new one's.
TEMPLATE = Path(__file__).parent / "template"
SCHEMA = "course.schema.json"
_ID = "a-course"


def schema() -> str:
    """The JSON schema of `course.yaml`, draft 2020-12."""
    content = {"$schema": "https://json-schema.org/draft/2020-12/schema"} | CourseFile.model_json_schema()
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def write_new(folder: Path) -> None:
    """Write a course with one unit to `folder`, whose name becomes its id.

    Raises CourseError where there is something already, or the name is no id.
    """
    name = folder.resolve().name
    try:
        TypeAdapter(Slug).validate_python(name)
    except ValidationError as error:
        text = "no id of a course; name the folder in lower-case letters, digits and single hyphens, at most 40"
        raise CourseError([Problem(folder, None, text)]) from error
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CourseError([Problem(folder, None, "there is something already; choose a new folder")])
    shutil.copytree(TEMPLATE, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    manifest = folder / "course.yaml"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace(_ID, name), encoding="utf-8")
    (folder / SCHEMA).write_text(schema(), encoding="utf-8")
