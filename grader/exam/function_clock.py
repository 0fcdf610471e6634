"""Functions on the clock: the learner's in its candidate, baseline and model solution in candidates of their own.

The clock runs here, from the first byte of the inputs handed over until all results lie in this process. All go the
same way, so what the way takes is in every time alike. Imports this package and checks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from grader.checks import messages as check_messages
from grader.checks.learner import LearnerError
from grader.checks.surroundings import OnDevice
from grader.checks.timing import Contender
from grader.device.interface import DeviceError
from grader.exam import messages
from grader.exam.bench_link import Asked
from grader.exam.candidate_link import CandidateLink
from grader.exam.channel import ChannelError, NotPlain, decode, encode
from grader.exam.marking import clean
from grader.exam.proxy import Proxy

#: Contenders that are not the learner's, each with a process to itself.
PEERS = ("baseline", "model", "echo")


class CandidateClock:
    """See `grader.checks.timing.FunctionClock`. `peers` are asked by their names."""

    def __init__(self, link: CandidateLink, peers: Mapping[str, Asked]) -> None:
        self.link = link
        self.peers = peers
        self._handles: dict[tuple[str, str], int] = {}

    def seconds_left(self) -> float:
        return self.link.seconds_left()

    def block(self, who: Contender, function: Any, inputs: Sequence[Sequence[Any]]) -> tuple[float, list[Any]]:
        if who == "learner":
            return self._learner(function, inputs)
        return self._peer(who, function, inputs)

    def _learner(self, function: Any, inputs: Sequence[Sequence[Any]]) -> tuple[float, list[Any]]:
        if not isinstance(function, Proxy):
            raise LearnerError("wrong-type", check_messages.not_a_function(function))
        seconds, done = self.link.block(function._handle, inputs)
        if done.error is not None:
            finding = messages.learner_exception(done.error.kind, done.error.line, done.error.cell, None)
            raise LearnerError("exception", finding.message, done.error.line, done.error.trace)
        return seconds, done.value

    def _peer(self, who: str, function: Any, inputs: Sequence[Sequence[Any]]) -> tuple[float, list[Any]]:
        peer = self.peers[who]
        handle = self._handle(peer, who, function)
        batches = [_plain(tuple(args)) for args in inputs]
        reply = peer.ask("block", {"handle": handle, "batches": batches}, again=False, quiet=True)
        seconds = peer.took
        if reply.get("error") is not None:
            raise ValueError(f"the check's {who} raised {clean(reply['error'].get('trace'), 2_000)}")
        try:
            return seconds, decode(reply["value"], _value)
        except (ChannelError, KeyError) as error:
            raise DeviceError(f"the {who} sent what are no values") from error

    def _handle(self, peer: Asked, who: str, function: Any) -> int:
        """The function as the peer knows it. Raises ValueError where it cannot be imported there."""
        if who == "echo":
            return int(peer.ask("echo", encode(function), quiet=False))
        module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", "<locals>")
        if module in (None, "__main__", "builtins") or "<" in name:
            raise ValueError(f"the check's {who} must be a function of a module, such as exam.py: it is imported again")
        key = who, f"{module}.{name}"
        if key not in self._handles:
            self._handles[key] = int(peer.ask("function", {"module": module, "name": name}))
        return self._handles[key]


def _plain(args: tuple[Any, ...]) -> Any:
    """Arguments as they travel; arrays of the device as values."""

    def otherwise(item: Any) -> Any:
        if isinstance(item, OnDevice):
            return {"~": "device", "v": encode(item.array), "k": item.kind}
        raise NotPlain(f"a {type(item).__name__} cannot be handed over on the clock")

    return encode(args, otherwise)


def _value(item: dict[str, Any]) -> Any:
    if item.get("~") == "device":
        return OnDevice(np.asarray(decode(item["v"])), "cupy" if item.get("k") == "cupy" else "numba")
    raise ChannelError("unknown value")
