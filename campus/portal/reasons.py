"""Why a submission changed its state, in the reader's language.

The store's log keeps English texts that do not change; what is not known here is a failure of ours in its own words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from campus.portal.language import mark

#: What the log says, and what it means. A group becomes what the text names by it.
_KNOWN = [
    (r"submitted", mark("handed in")),
    (r"withdrawn", mark("taken back")),
    (r"waiting for a worker", mark("waits for a worker")),
    (r"to be marked again", mark("to be marked again")),
    (r"regraded: (?P<detail>.*)", mark("marked anew, after the tests were changed")),
    (r"try (?P<number>\d+) to record: (?P<detail>.*)", mark("try %(number)s to write it into the gradebook")),
    (r"attempt (?P<number>\d+)", mark("attempt %(number)s")),
    (r"(?P<worker>\S+) stopped answering", mark("%(worker)s does not answer any more")),
    (r"in the gradebook", mark("in the gradebook")),
    (r"recorded", mark("in the gradebook")),
    (r"a newer one counts", mark("a newer submission counts")),
    (r"a better one counts", mark("a better attempt counts")),
    (r"the gradebook could not be written", mark("the gradebook could not be written")),
    (r"(?P<number>\d+) attempts ended: (?P<detail>.*)", mark("%(number)s attempts ended without a result")),
    (r"verdict refused: (?P<detail>.*)", mark("the verdict cannot be right, and was refused")),
]
_OURS = mark("a failure on our side")


@dataclass(frozen=True)
class Reason:
    """A sentence for people, and what is technical about it as the log has it."""

    text: str
    detail: str = ""


def reason(why: str, say: Callable[[str], str]) -> Reason:
    """`why` as the log has it; `say` translates."""
    for pattern, text in _KNOWN:
        if found := re.fullmatch(pattern, why, re.DOTALL):
            groups = found.groupdict()
            detail = groups.pop("detail", "")
            return Reason(say(text) % groups, "" if _is_known(detail) else detail)
    return Reason(say(_OURS), why) if why else Reason("")


def _is_known(why: str) -> bool:
    return any(re.fullmatch(pattern, why, re.DOTALL) for pattern, _text in _KNOWN)
