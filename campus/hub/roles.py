"""What each account of the hub may do, as JupyterHub's roles. Nobody is an administrator of the hub."""

from __future__ import annotations

from typing import Any

from campus.runtime import PORTAL
from campus.settings import Settings, course_id
from campus.signin.groups import course_group

CULLER = "idle-culler"


def formgrader_account(course: str) -> str:
    """The hub account whose server is the formgrader of one course; `course` is `tenant--course`.

    People's names never hold `--`, so no person has such a name.
    """
    return f"grader-{course}"


def roles(settings: Settings) -> list[dict[str, Any]]:
    """JupyterHub's `load_roles`."""
    formgraders = [formgrader_account(course) for course in settings.course_ids()]
    own = f"access:services!service={PORTAL}"
    return [
        {"name": "user", "scopes": ["self", own]},
        # What a learner's own server may do with its token: say who it belongs to, and reach the portal.
        {
            "name": "server",
            "scopes": [
                "users:activity!user",
                "access:servers!server",
                "read:users:name!user",
                "read:users:groups!user",
                own,
            ],
        },
        {
            "name": "portal",
            "services": [PORTAL],
            "scopes": [
                f"{scope}!user={name}" for name in formgraders for scope in ("servers", "read:servers", "read:users")
            ],
        },
        {
            "name": "culler",
            "services": [CULLER],
            "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        },
        *(_formgrader(tenant.id, course.id) for tenant in settings.tenants for course in tenant.courses),
    ]


def _formgrader(tenant: str, course: str) -> dict[str, Any]:
    """Graders and instructors of a course may open its formgrader."""
    account = formgrader_account(course_id(tenant, course))
    return {
        "name": f"formgrader-{tenant}--{course}",
        "description": f"Open the formgrader of {tenant}/{course}",
        "scopes": [f"access:servers!user={account}", f"read:users:name!user={account}"],
        "groups": [course_group(tenant, course, "grader"), course_group(tenant, course, "instructor")],
    }
