"""The names of groups, in one place. Groups are all that decides what a person may do."""

from __future__ import annotations

from campus.settings import Role, Tenant


def tenant_group(tenant: str) -> str:
    return f"tenant:{tenant}"


def admin_group(tenant: str) -> str:
    return f"tenant:{tenant}:admin"


def course_group(tenant: str, course: str, role: Role) -> str:
    return f"course:{tenant}/{course}:{role}"


def groups_for(tenant: Tenant, role: Role, courses: list[str]) -> list[str]:
    """All groups of one person with `role` in `courses` of `tenant`; no courses means all of its courses."""
    groups = [tenant_group(tenant.id)]
    if role == "admin":
        return [*groups, admin_group(tenant.id)]
    chosen = courses or [course.id for course in tenant.courses]
    return groups + [course_group(tenant.id, course, role) for course in chosen]
