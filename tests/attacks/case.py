"""What an attack is, and the notebooks that most of them are handed in with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from grader.exam.verdict import Outcome
from tests.notebooks import given, notebook, solution, test

#: Values that hidden tests use; none of them may stand in what a learner reads.
HIDDEN = ("48271", "69621")
SECRET = "import numpy as np\ndata = np.array([48271.5, 69621.25, -1.0])\n"
RIGHT = "def answer(x):\n    return x + 1"
WRONG = "def answer(x):\n    return 0"


def asks(tests: str, given_cell: str = "import numpy as np", model: str = RIGHT, points: float = 10) -> bytes:
    """An instructor's notebook: one given cell, the solution cell `answer`, the test cell `answer-test`."""
    return notebook(given(given_cell), solution("answer", model), test("answer-test", points, tests))


PLAIN = asks(
    "import secret\nassert answer(3) == 4\nassert np.allclose(answer(secret.data), secret.data + 1)",
)


@dataclass(frozen=True)
class Attack:
    """One trick. `wall` says in a few words what stops it.

    `code` goes into the cell `answer` and `more` into others by their grade ids; `submitted` is a whole notebook
    instead. `source` is the instructor's notebook and `beside` its files; `files` are submitted ones. `earlier` is the
    code of somebody else's submission that is examined before. `honest` is the score for what was really solved,
    `outcomes` may be the graded cells' outcomes (empty: any), and `kinds` must be among the submission's findings.
    `refused` submissions are no exam at all. `hidden` must not stand in the learner's copy. `protected` is False where
    a comparison rests on the learner's word by design. `spared` says why stock nbgrader is not tried.
    """

    name: str
    wall: str
    code: str = WRONG
    more: Mapping[str, str] = field(default_factory=dict)
    submitted: bytes | None = None
    source: bytes = PLAIN
    beside: Mapping[str, str] = field(default_factory=lambda: {"secret.py": SECRET})
    files: Mapping[str, bytes] = field(default_factory=dict)
    earlier: str | None = None
    honest: float = 0
    outcomes: tuple[Outcome, ...] = ()
    kinds: tuple[str, ...] = ()
    refused: bool = False
    hidden: tuple[str, ...] = HIDDEN
    protected: bool = True
    spared: str = ""

    def notebook(self) -> bytes:
        return self.submitted if self.submitted is not None else self.answered({"answer": self.code, **self.more})

    def answered(self, answers: Mapping[str, str]) -> bytes:
        """The instructor's notebook with these answers, as a learner hands it in."""
        content: dict[str, Any] = json.loads(self.source)
        for cell in content["cells"]:
            grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
            if grade_id in answers:
                cell["source"] = answers[grade_id]
        return json.dumps(content).encode()


#: Why something is not tried on stock nbgrader.
HARM = "it would harm the machine"
NO_CHANNEL = "there is no channel there"


def probe(attempt: str) -> str:
    """An answer that is right only where `attempt`, a few statements, does not raise."""
    body = "".join(f"        {line}\n" for line in attempt.splitlines())
    return f"def answer(x):\n    try:\n{body}    except BaseException:\n        return None\n    return x + 1"


#: For learner code that talks to its channel itself: `send(message)`.
SEND = """import gc, os, struct, time, msgpack
from grader.exam.channel import Channel, encode
import grader.exam.candidate as exam
FD = [o.descriptor for o in gc.get_objects() if type(o) is Channel][0]
def send(message):
    body = msgpack.packb(message)
    body = struct.pack('<Q', len(body)) + body
    while body:
        body = body[os.write(FD, body):]
"""
