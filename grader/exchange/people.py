"""Who asks, and what their groups allow. Imports nothing of the project."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    """Somebody with groups `tenant:<t>` and `course:<t>/<c>:learner|grader|instructor`."""

    name: str
    groups: frozenset[str]

    def has_role(self, course_id: str, roles: Iterable[str]) -> bool:
        """One of `roles` in the course `tenant--course`; a course group counts only within its tenant."""
        tenant, separator, course = course_id.partition("--")
        if not separator or f"tenant:{tenant}" not in self.groups:
            return False
        return any(f"course:{tenant}/{course}:{role}" in self.groups for role in roles)

    def takes_part(self, course_id: str) -> bool:
        return self.has_role(course_id, ("learner", "grader", "instructor"))

    def marks(self, course_id: str) -> bool:
        return self.has_role(course_id, ("grader", "instructor"))
