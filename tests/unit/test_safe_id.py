"""Whatever a sign-in calls somebody, their folder and their row in a gradebook are theirs alone."""

from __future__ import annotations

import unicodedata
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.safe_id import safe_id

HARMLESS = ["anna", "learner-nord", "Anna.M", "a.b_c-d", "anna@example.org", "0815", "a--b", "a---b"]
HOSTILE = [
    *("", ".", "..", "../../etc/passwd", "/etc/passwd", "a/b", "a\\b", ".hidden", "-rf", "~root", "a\0b", "a\nb"),
    *("*", "anna*", "[a-z]", "{student_id}", "%2e%2e", "$HOME", "anna,berta", "a+b"),
    *(" anna", "anna ", "anna m", "anna\u200b", "Änne", "Анна", "安娜", "😀", "\ud800"),
    *("<script>alert(1)</script>", "'; DROP TABLE student; --", "x" * 101, "ä" * 5_000),
]  # fmt: skip


@pytest.mark.parametrize("person", HARMLESS)
def test_a_harmless_name_is_its_own_id(person: str) -> None:
    assert safe_id(person) == person


@pytest.mark.parametrize("person", HOSTILE)
def test_a_hostile_name_becomes_one_folder_inside_its_parent(tmp_path: Path, person: str) -> None:
    made = safe_id(person)
    assert made.isascii()
    assert len(made) <= 100
    (tmp_path / made).mkdir()
    assert [path.name for path in tmp_path.glob(made)] == [made]
    assert (tmp_path / made).resolve().parent == tmp_path.resolve()


def test_names_that_look_alike_do_not_share_an_id() -> None:
    composed = "Änne"
    alike = [
        composed,
        unicodedata.normalize("NFD", composed),
        "änne",
        "Anne",
        "anne",
        "anne ",
        " anne",
        "a/nne",
        "a-nne",
    ]
    names = {*alike, *HARMLESS, *HOSTILE, "x" * 102, "a b", "a.b", "a_b", "a-b"}
    assert len({safe_id(name) for name in names}) == len(names)


def test_nobody_gets_anothers_id_by_calling_themselves_so() -> None:
    made = safe_id("Änne")
    assert safe_id(made) != made
    assert len({safe_id(name) for name in (made, "Änne", safe_id(made))}) == 3


@given(st.lists(st.text(max_size=60), unique=True, min_size=2, max_size=8))
def test_different_names_have_different_ids(names: list[str]) -> None:
    for one, other in combinations(names, 2):
        assert safe_id(one) != safe_id(other)
