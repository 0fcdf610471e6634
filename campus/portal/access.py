"""Who may see what, from groups alone. No page decides this for itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from campus.settings import split_course_id
from campus.signin.groups import admin_group, course_group, tenant_group

_TENANT = re.compile(r"tenant:([a-z0-9-]+)(:admin)?")


@dataclass(frozen=True)
class Access:
    """What one person's groups allow. Course ids are `tenant--course`."""

    name: str
    groups: frozenset[str]

    @cached_property
    def tenants(self) -> list[str]:
        """Tenants the person belongs to, sorted."""
        found = (_TENANT.fullmatch(group) for group in self.groups)
        return sorted({match.group(1) for match in found if match})

    @cached_property
    def administers(self) -> list[str]:
        """Tenants whose operation page the person may see, sorted."""
        return [tenant for tenant in self.tenants if admin_group(tenant) in self.groups]

    def role(self, course: str) -> str | None:
        """`instructor`, `grader` or `learner` in a course, the most powerful first; None without a role."""
        try:
            tenant, name = split_course_id(course)
        except ValueError:
            return None
        # A course group counts only within the tenant: a stray group of another one opens nothing.
        if tenant_group(tenant) not in self.groups:
            return None
        for role in ("instructor", "grader", "learner"):
            if course_group(tenant, name, role) in self.groups:
                return role
        return None

    def sees(self, course: str) -> bool:
        """Whether the course exists for this person: any course of an own tenant."""
        try:
            tenant, _name = split_course_id(course)
        except ValueError:
            return False
        return tenant_group(tenant) in self.groups

    def learns(self, course: str) -> bool:
        """Whether the person may open units and submit; teaching staff may too, to try a course."""
        return self.role(course) is not None

    def marks(self, course: str) -> bool:
        """Whether the person may see the course's submissions and open its formgrader."""
        return self.role(course) in ("grader", "instructor")

    def reads(self, course: str, owner: str) -> bool:
        """Whether the person may read a submission: the own ones, and those of courses they mark."""
        return self.sees(course) and (owner == self.name or self.marks(course))
