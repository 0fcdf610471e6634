"""A candidate of the instructor's own: runs a baseline or a model solution on the clock, as a learner's function runs.

It holds the instructor's source to import from, and meets nothing of a learner's. Imports this package.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import numpy as np

from grader.exam.bench import answer_all
from grader.exam.candidate import Candidate
from grader.exam.channel import Channel


def serve(channel: Channel, options: dict[str, Any]) -> None:
    """Answer until the other side is gone."""
    sys.path.insert(0, options["source"])
    sys.dont_write_bytecode = True
    candidate = Candidate(channel, options)

    def function(about: dict[str, str]) -> int:
        found: Any = importlib.import_module(about["module"])
        for name in about["name"].split("."):
            found = getattr(found, name)
        return hold(found)

    def echo(about: Any) -> int:
        """Gives values like these, and does nothing for it."""
        values = candidate.native(about)
        return hold(lambda *args: np.copy(values) if isinstance(values, np.ndarray) else values)

    def hold(value: Any) -> int:
        candidate.handles[len(candidate.handles)] = value
        return len(candidate.handles) - 1

    def block(about: dict[str, Any]) -> dict[str, Any]:
        return candidate.answer({"do": "block", **about})

    answer_all(channel, {"function": function, "echo": echo, "block": block})
