"""Which groups a demo person is in, and what the hub lets each account do."""

import asyncio
from typing import Any

import pytest

from campus.hub.roles import formgrader_account, roles
from campus.settings import CourseEntry, Settings, Tenant
from campus.signin.demo import DemoAuthenticator
from campus.signin.groups import groups_for

TENANT = Tenant(id="nord", name={"en": "North"}, courses=[CourseEntry(id="one"), CourseEntry(id="two")])


@pytest.mark.parametrize(
    ("role", "courses", "groups"),
    [
        ("learner", [], ["tenant:nord", "course:nord/one:learner", "course:nord/two:learner"]),
        ("learner", ["two"], ["tenant:nord", "course:nord/two:learner"]),
        ("grader", ["one"], ["tenant:nord", "course:nord/one:grader"]),
        ("instructor", [], ["tenant:nord", "course:nord/one:instructor", "course:nord/two:instructor"]),
        ("admin", [], ["tenant:nord", "tenant:nord:admin"]),
    ],
)
def test_groups_follow_role_and_courses(role: Any, courses: list[str], groups: list[str]) -> None:
    assert groups_for(TENANT, role, courses) == groups


def test_a_formgrader_opens_for_the_graders_of_its_course_only() -> None:
    loaded = {role["name"]: role for role in roles(Settings(tenants=[TENANT]))}
    role = loaded["formgrader-nord--one"]
    assert role["groups"] == ["course:nord/one:grader", "course:nord/one:instructor"]
    assert all("!user=grader-nord--one" in scope for scope in role["scopes"])


def test_nobody_administers_the_hub() -> None:
    scopes = [scope for role in roles(Settings(tenants=[TENANT])) for scope in role["scopes"]]
    assert not [scope for scope in scopes if scope.startswith("admin")]


def test_the_portal_starts_formgraders_and_no_other_servers() -> None:
    portal = next(role for role in roles(Settings(tenants=[TENANT])) if role["name"] == "portal")
    accounts = {formgrader_account("nord--one"), formgrader_account("nord--two")}
    assert {scope.partition("!user=")[2] for scope in portal["scopes"]} == accounts


@pytest.mark.parametrize(
    ("name", "password", "expected"),
    [
        ("learner-nord", "a shared secret", ["tenant:nord"]),
        (" Learner-Nord ", "a shared secret", None),
        ("learner-nord", "wrong", None),
        ("learner-nord", "pässwörd", None),
        ("learner-nord", "", None),
        ("somebody", "a shared secret", None),
        ("grader-nord--one", "a shared secret", None),
    ],
)
def test_only_printed_names_sign_in(name: str, password: str, expected: list[str] | None) -> None:
    authenticator = DemoAuthenticator(
        groups_of={"learner-nord": ["tenant:nord"]}, user_password="a shared secret", manage_groups=True
    )
    answer = asyncio.run(authenticator.authenticate(None, {"username": name, "password": password}))
    assert (answer and answer["groups"]) == expected
    if answer:
        assert answer["admin"] is False
