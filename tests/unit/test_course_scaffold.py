"""A new course is a right one, and editors get a schema that says what `course.yaml` may hold."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from grader.course.model import CourseError
from grader.course.reader import read
from grader.course.scaffold import SCHEMA, TEMPLATE, schema, write_new

COURSES = Path(__file__).parents[2] / "courses"


def test_a_new_course_has_its_folders_name_and_reads_without_a_fault(tmp_path: Path) -> None:
    write_new(tmp_path / "thermal-images")
    course = read(tmp_path / "thermal-images")
    assert course.file.id == "thermal-images"
    assert course.file.languages == ["de", "en"]
    assert course.units[0].entry.exercises == {"double": ["map"]}
    assert (tmp_path / "thermal-images" / SCHEMA).read_text(encoding="utf-8") == schema()


@pytest.mark.parametrize("name", ["Thermal", "a--b", "a b", "x" * 41])
def test_a_name_that_is_no_id_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CourseError, match="no id of a course"):
        write_new(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "course.yaml").write_text("kept")
    with pytest.raises(CourseError, match="there is something already"):
        write_new(tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").rglob("*")] == ["course.yaml"]


def test_the_schema_takes_the_courses_and_refuses_what_is_wrong() -> None:
    rules = jsonschema.Draft202012Validator(json.loads(schema()))
    for folder in (TEMPLATE, *(path.parent for path in COURSES.glob("*/course.yaml"))):
        content = yaml.safe_load((folder / "course.yaml").read_text(encoding="utf-8"))
        assert list(rules.iter_errors(content)) == []
        assert list(rules.iter_errors(content | {"titel": "x"}))
        assert list(rules.iter_errors(content | {"level": "expert"}))
        assert list(rules.iter_errors({key: value for key, value in content.items() if key != "units"}))


def test_the_schema_beside_the_courses_is_the_one_of_this_version() -> None:
    assert (COURSES / SCHEMA).read_text(encoding="utf-8") == schema()
    for manifest in COURSES.glob("*/course.yaml"):
        assert f"# yaml-language-server: $schema=../{SCHEMA}\n" in manifest.read_text(encoding="utf-8")
