"""Groups alone decide, and a group of one tenant opens nothing at another."""

from __future__ import annotations

import pytest

from campus.portal.access import Access

COURSE = "nord--first-kernels"


def access(*groups):
    return Access("somebody", frozenset(groups))


@pytest.mark.parametrize(
    ("groups", "role", "sees", "marks"),
    [
        (["tenant:nord", "course:nord/first-kernels:learner"], "learner", True, False),
        (["tenant:nord", "course:nord/first-kernels:grader"], "grader", True, True),
        (["tenant:nord", "course:nord/first-kernels:instructor"], "instructor", True, True),
        (
            ["tenant:nord", "course:nord/first-kernels:learner", "course:nord/first-kernels:grader"],
            "grader",
            True,
            True,
        ),
        (["tenant:nord"], None, True, False),
        (["tenant:nord", "tenant:nord:admin"], None, True, False),
        (["tenant:nord", "course:nord/other:grader"], None, True, False),
        (["tenant:sued", "course:sued/first-kernels:instructor"], None, False, False),
        (["tenant:sued", "course:nord/first-kernels:instructor"], None, False, False),
        (["course:nord/first-kernels:instructor"], None, False, False),
        (["tenant:nord", "course:nord/first-kernels:owner"], None, True, False),
        ([], None, False, False),
    ],
)
def test_role_in_a_course(groups, role, sees, marks):
    person = access(*groups)
    assert person.role(COURSE) == role
    assert person.sees(COURSE) is sees
    assert person.marks(COURSE) is marks


def test_a_submission_is_read_by_its_owner_and_by_those_who_mark():
    learner = access("tenant:nord", "course:nord/first-kernels:learner")
    assert learner.reads(COURSE, "somebody")
    assert not learner.reads(COURSE, "somebody-else")
    assert access("tenant:nord", "course:nord/first-kernels:grader").reads(COURSE, "somebody-else")
    assert not access("tenant:sued", "course:sued/first-kernels:grader").reads(COURSE, "somebody-else")


def test_administration_is_for_the_own_tenant():
    assert access("tenant:nord", "tenant:nord:admin").administers == ["nord"]
    assert access("tenant:nord", "course:nord/x:instructor").administers == []


@pytest.mark.parametrize("course", ["", "nord", "--", "nord--", "../..", "nord/first-kernels"])
def test_what_is_no_course_id_opens_nothing(course):
    person = access("tenant:nord", "course:nord/first-kernels:instructor", "tenant:", "course:/:grader")
    assert not person.sees(course)
    assert person.role(course) is None
