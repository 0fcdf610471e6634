"""A person's name as the name of a folder and as nbgrader's id of a student.

Sign-ins allow what a folder's name, a pattern for files or a part of an address must not hold: slashes, dots alone,
spaces, wildcards, any script of the world, any length. Imports nothing of the project.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

#: Names that are their own ids: as most sign-ins give them, e-mail addresses included.
_HARMLESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,99}")
#: What an id made here looks like; nobody's name may pass for one.
_MADE = re.compile(r"[a-z0-9-]+---[0-9a-f]{32}")
_READABLE = 40


def safe_id(person: str) -> str:
    """`person` where that is harmless, else a readable beginning and a digest of the whole name.

    Two people never share an id. It is not reversed: store and gradebook keep the name itself beside it.
    """
    if _HARMLESS.fullmatch(person) and not _MADE.fullmatch(person):
        return person
    letters = unicodedata.normalize("NFKD", person).encode("ascii", "ignore").decode().lower()
    readable = re.sub(r"[^a-z0-9]+", "-", letters)[:_READABLE].strip("-") or "person"
    # Half a character has no UTF-8, and is a name of its own all the same.
    digest = hashlib.sha256(person.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"{readable}---{digest}"
