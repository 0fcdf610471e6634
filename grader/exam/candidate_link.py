"""The examiner's side of the candidate: questions, answers, and what of an answer may be used.

The candidate can lie about values and can end at any moment. A candidate that ended, timed out or sent what is no
answer is gone for the test cell that asked: `gone` stays set, every further question raises it again, and it is no
`Exception`, so that no test that expects an exception is satisfied by an ending. Imports this package and checks.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from grader.device import frontends
from grader.exam.channel import Channel, ChannelError, NotPlain, TooLarge, decode, encode, pack, unpack
from grader.exam.crossing import Crossing
from grader.exam.device_link import ExamMemory
from grader.exam.marking import LearnersError, clean, learners_error
from grader.exam.own_device import OwnDevice
from grader.exam.proxy import OPERATIONS, CallableProxy, Proxy, bring_back, make, same_or

#: A function that ran into its clock once gets this share of it from then on, and at least so many seconds.
_AFTER_A_HANG, _AT_LEAST = 0.1, 1.0
_OUTPUT = 4_000
#: What changes only by another binding of its name, which the candidate reports.
_LASTING = (Proxy, bool, int, float, complex, str, bytes, type(None))
_GENERATION = 1 << 40

Why = Literal["timeout", "excess", "ended", "malformed"]


class CandidateGone(BaseException):
    """The candidate was stopped by a clock or a cap, ended, or sent what is no answer."""

    def __init__(self, why: Why, seconds: float = 0.0, reason: str = "") -> None:
        super().__init__(f"the learner's process is gone: {why} {reason}")
        self.why = why
        self.seconds = seconds
        self.reason = reason

    @property
    def for_sure(self) -> bool:
        """Was it the learner's code that brought the end? Another process may have been the reason otherwise."""
        return self.why in ("timeout", "excess")


class LearnerRaised(Exception):
    """The learner's code raised something that is no builtin exception."""


@dataclass(frozen=True)
class Called:
    """What came of a call: its value, the arguments as it left them (None: unchanged), or the error."""

    value: Any
    args: tuple[Any, ...] | None
    kwargs: dict[str, Any] | None
    error: LearnersError | None


class CandidateLink:
    """One notebook's.

    `seconds_left` is the clock of the cell that runs, `lines` counts the lines of each cell of the paper, by key, and
    `modules` are what the instructor's solution cells import, by name. Test cells work on the device `own`. With
    `emulated`, the candidate's arrays lie in `memory`; on a real GPU they lie with it and their values are its word.
    """

    def __init__(
        self,
        channel: Channel,
        call_seconds: float,
        seconds_left: Callable[[], float],
        lines: dict[str, int],
        modules: dict[str, str],
        own: OwnDevice,
        *,
        emulated: bool,
    ) -> None:
        self.channel = channel
        self.call_seconds = call_seconds
        self.seconds_left = seconds_left
        self.lines = lines
        self.modules = modules
        self.own = own
        self.memory = ExamMemory(self._ask_device, channel.limit // 2) if emulated else None
        self.gone: CandidateGone | None = None
        #: Something that a test knows may lie in the candidate.
        self.told = False
        #: A comparison rested on the learner's word.
        self.doubtful = False
        self.printed = ""
        #: Seconds from the first byte of the last question until its answer was here.
        self.took = 0.0
        self._since: float | None = None
        self._show: Callable[[str], object] = lambda text: None
        self._generation = 0
        self._epoch = 0
        self._callbacks: dict[int, Any] = {}
        self._names: dict[int, str] = {}
        self._hung: set[str] = set()
        self._fetched: dict[str, tuple[int, Any]] = {}

    def fresh(self) -> None:
        """Let go of the candidate; the next question starts another, which knows nothing."""
        self.channel.send({"fresh": True})
        self.gone = None
        if self.memory is not None:
            self.memory = ExamMemory(self._ask_device, self.channel.limit // 2)
        self._generation += 1
        self._fetched.clear()
        self._names.clear()

    def listen(self, show: Callable[[str], object]) -> None:
        """What learner code prints from now on is kept as evidence, and given to `show`."""
        self.printed, self._show = "", show

    # -- questions

    def ask(self, body: dict[str, Any], seconds: float) -> dict[str, Any]:
        """A question to the candidate, through the room, and its answer, within one clock. Raises CandidateGone."""
        if self.gone is not None:
            raise self.gone
        seconds = min(seconds, self.seconds_left())
        deadline = time.monotonic() + seconds
        self._since = None
        reply = self._pass("candidate", body, deadline, seconds)
        while "callback" in reply:
            if time.monotonic() > deadline:
                raise self.lost("timeout", seconds)
            reply = self._pass("candidate", self._called_back(reply), deadline, seconds)
        self._epoch += 1
        names = reply.get("names")
        reply["names"] = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
        for name in reply["names"]:
            self._fetched.pop(name, None)
        output, errors = (reply[name] if isinstance(reply.get(name), str) else "" for name in ("output", "errors"))
        self.printed = clean(self.printed + output + errors, _OUTPUT)
        self._show(output)
        return reply

    def _ask_device(self, body: dict[str, Any]) -> dict[str, Any]:
        """A question to the bench that holds the candidate's arrays, and ends with it."""
        if self.gone is not None:
            raise self.gone
        seconds = min(self.call_seconds, self.seconds_left())
        return self._pass("device", body, time.monotonic() + seconds, seconds)

    def _pass(self, role: str, body: dict[str, Any], deadline: float, seconds: float) -> dict[str, Any]:
        packed = pack(body)
        if len(packed) > self.channel.limit:
            raise NotPlain(f"{len(packed)} bytes are more than can be handed to learner code at once")
        if self._since is None:
            # A callback of the candidate's is part of its answer, and of its time.
            self._since = time.perf_counter()
        self.channel.send_raw(pack({"ask": role, "seconds": max(deadline - time.monotonic(), 0.0)}), packed)
        answer = self.channel.receive()
        if "gone" in answer:
            raise self.lost(answer["gone"], seconds, answer.get("why", ""))
        if self.memory is not None and role == "candidate" and answer["device"]:
            self.memory.asked = True
        try:
            raw = self.channel.receive_raw()
            self.took = time.perf_counter() - self._since
            reply = unpack(raw)
        except TooLarge:
            raise
        except ChannelError:
            reply = None
        if not isinstance(reply, dict):
            raise self.lost("malformed")
        if "dead" in reply:
            raise self.lost("ended")
        return reply

    def lost(self, why: Why, seconds: float = 0.0, reason: str = "") -> CandidateGone:
        """The candidate is gone for good; what to raise."""
        self.gone = CandidateGone(why, seconds, reason)
        return self.gone

    def _called_back(self, request: dict[str, Any]) -> dict[str, Any]:
        """A function of a test's was called by learner code."""
        function = self._callbacks.get(request["callback"]) if type(request["callback"]) is int else None
        if function is None:
            return {"back": {"error": ["TypeError", "no such function"]}}
        try:
            args, kwargs = self.native(request.get("args")), self.native(request.get("kwargs"))
            value = function(*args, **kwargs)
            return {"back": {"value": self.plain(value)}}
        except Exception as error:  # goes back to the learner's code, which called it
            return {"back": {"error": [type(error).__name__, ""]}}

    # -- values

    def _crossing(self, *, for_checks: bool = False) -> Crossing:
        return Crossing(self.memory, self.own, for_checks=for_checks)

    def plain(self, value: Any, crossing: Crossing | None = None) -> Any:
        """A value of the examiner's as it travels. Raises NotPlain."""
        crossing = crossing or self._crossing()
        return encode(value, lambda item: self._otherwise(item, crossing))

    def _otherwise(self, item: Any, crossing: Crossing) -> Any:
        if isinstance(item, Proxy):
            return {"~": "handle", "v": self._number(item)}
        if crossing.takes(item):
            # It may have used the device's memory up.
            with self._fault():
                return crossing.plain(item)
        if (library := frontends.library_of_stream(item)) is not None:
            return {"~": "stream", "k": library}
        if callable(item) and not isinstance(item, type):
            number = len(self._callbacks)
            self._callbacks[number] = item
            return {"~": "callback", "v": number, "n": str(getattr(item, "__name__", ""))}
        raise NotPlain(f"a {type(item).__name__} cannot be handed to learner code")

    def _number(self, proxy: Proxy) -> int:
        generation, number = divmod(proxy._handle, _GENERATION)
        if generation != self._generation:
            # It lived in a candidate that is gone.
            raise CandidateGone("ended")
        return number

    def native(self, value: Any) -> Any:
        """What the candidate sent, as a value or a proxy; what lies on the device is read from there, now. Whatever is
        malformed ends the candidate."""
        crossing = self._crossing()
        decoded = self._decoded(value, crossing)
        with self._fault():
            crossing.settle()
        return decoded

    def _decoded(self, value: Any, crossing: Crossing) -> Any:
        def special(item: dict[str, Any]) -> Any:
            return crossing.take(item) if item.get("~") == "device" else self._special(item)

        with self._fault():
            return decode(value, special)

    @contextlib.contextmanager
    def _fault(self) -> Iterator[None]:
        """Whatever is wrong with the data is the candidate's fault, and ends it."""
        try:
            yield
        except ChannelError as error:
            raise self.lost("malformed") from error

    def _special(self, item: dict[str, Any]) -> Any:
        if item.get("~") == "handle" and type(item.get("v")) is int and 0 <= item["v"] < _GENERATION:
            handle = self._generation * _GENERATION + item["v"]
            return make(self, handle, clean(item.get("t"), 80), item.get("c") is True)
        raise ChannelError("unknown value")

    # -- what proxies ask

    def call(self, handle: int, args: tuple[Any, ...], kwargs: dict[str, Any], attribute: str | None) -> Any:
        done = self.call_plainly(handle, args, kwargs, attribute)
        bring_back((args, kwargs), (done.args, done.kwargs))
        if done.error is not None:
            raise exception(done.error)
        # `f(3).equals(expected)`: yes or no, and the learner's object was told to what.
        self.doubtful |= attribute is not None and bool(args or kwargs) and isinstance(done.value, bool | np.bool_)
        return done.value

    def call_plainly(
        self,
        handle: int,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        attribute: str | None = None,
        *,
        for_checks: bool = False,
    ) -> Called:
        """Call an object of the learner's, or a method of it. Arrays of the device come back as those of the
        examiner's own or, `for_checks`, as OnDevice."""
        self.told = True
        crossing = self._crossing(for_checks=for_checks)
        with self._fault():
            crossing.give([*args, *kwargs.values()])
        body = {
            "do": "call",
            "handle": self._number(make(self, handle, "", False)),
            "attribute": attribute,
            "args": self.plain(args, crossing),
            "kwargs": self.plain(kwargs, crossing),
            "same": _same(args, kwargs),
        }
        name = self._names.get(handle, attribute or "")
        seconds = self.call_seconds
        if name in self._hung:
            seconds = max(_AFTER_A_HANG * seconds, min(seconds, _AT_LEAST))
        try:
            reply = self.ask(body, seconds)
        except CandidateGone as gone:
            if gone.why == "timeout":
                self._hung.add(name)
            raise
        error = self.error(reply)
        value = None if error else self._decoded(reply.get("value"), crossing)
        left, named = self._changed(reply, args, kwargs, crossing)
        with self._fault():
            crossing.settle(let_go=True)
        return Called(value, left, named, error)

    def block(self, handle: int, inputs: Sequence[Sequence[Any]]) -> tuple[float, Called]:
        """(seconds, the list of results or the error) of calls on one set of inputs after the other."""
        self.told = True
        crossing = self._crossing(for_checks=True)
        with self._fault():
            crossing.give([arg for args in inputs for arg in args])
        body = {
            "do": "block",
            "handle": self._number(make(self, handle, "", False)),
            "batches": [self.plain(tuple(args), crossing) for args in inputs],
        }
        reply = self.ask(body, self.call_seconds)
        seconds, error = self.took, self.error(reply)
        value = None if error else self._decoded(reply.get("value"), crossing)
        if error is None and (type(value) is not list or len(value) != len(inputs)):
            raise self.lost("malformed")
        with self._fault():
            crossing.settle(let_go=True)
        return seconds, Called(value, None, None, error)

    def error(self, reply: dict[str, Any]) -> LearnersError | None:
        """What a reply says of an exception, if anything."""
        said = reply.get("error")
        if said is None:
            return None
        try:
            return learners_error(said, self.lines)
        except ChannelError as error:
            raise self.lost("malformed") from error

    def _changed(
        self, reply: dict[str, Any], args: tuple[Any, ...], kwargs: dict[str, Any], crossing: Crossing
    ) -> tuple[tuple[Any, ...] | None, dict[str, Any] | None]:
        """The arguments as a call left them; None: as they were."""
        left: Any = args
        named: Any = kwargs
        if reply.get("args") is not None:
            left, named = self._decoded(reply["args"], crossing), self._decoded(reply.get("kwargs"), crossing)
            if type(left) is not tuple or len(left) != len(args) or type(named) is not dict:
                raise self.lost("malformed")
        elif not any(map(crossing.takes, [*args, *kwargs.values()])):
            return None, None
        left = tuple(crossing.left(arg, said) for arg, said in zip(args, left, strict=True))
        return left, {name: crossing.left(kwargs[name], said) for name, said in named.items() if name in kwargs}

    def compile(self, kernel: Proxy, signature: str, cc: tuple[int, int]) -> dict[str, Any]:
        """PTX of a kernel of the learner's, or why there is none, in the candidate's words."""
        body = {"do": "compile", "handle": self._number(kernel), "signature": signature, "cc": list(cc)}
        return self.ask(body, self.call_seconds)

    def attribute(self, handle: int, name: str) -> Any:
        number = self._number(make(self, handle, "", False))
        return self._answered({"do": "attribute", "handle": number, "name": name})

    def operate(self, name: str, *operands: Any, doubtful: bool = False) -> Any:
        assert name in OPERATIONS
        self.told = True
        self.doubtful |= doubtful
        return self._answered({"do": "operate", "name": name, "operands": self.plain(operands)})

    def _answered(self, body: dict[str, Any]) -> Any:
        reply = self.ask(body, self.call_seconds)
        error = self.error(reply)
        if error is not None:
            raise exception(error)
        return self.native(reply.get("value"))

    # -- names

    def fetch(self, name: str) -> Any:
        """A learner's name that a test uses, as it is now. Raises KeyError where there is none."""
        kept = self._fetched.get(name)
        if kept is not None and (kept[0] == self._epoch or isinstance(kept[1], _LASTING)):
            return kept[1]
        reply = self.ask({"do": "get", "name": name}, self.call_seconds)
        if reply.get("missing"):
            raise KeyError(name)
        if name in self.modules and reply.get("module") == self.modules[name]:
            # The learner's word chooses nothing: the name and the module are the instructor's.
            return importlib.import_module(self.modules[name])
        value = self.native(reply.get("value"))
        if kept is not None:
            value = same_or(kept[1], value)
        if isinstance(value, CallableProxy):
            self._names[value._handle] = name
        self._fetched[name] = (self._epoch, value)
        return value

    def bind(self, values: dict[str, Any], *, where_other: bool = False) -> None:
        """Give plain values to learner code by name; with `where_other` only those that it has otherwise."""
        self.ask({"do": "bind", "values": self.plain(values), "where_other": where_other}, self.call_seconds)

    def unbind(self, name: str) -> None:
        """Take a name away from learner code."""
        self.ask({"do": "unbind", "name": name}, self.call_seconds)


def exception(error: LearnersError) -> BaseException:
    """The learner's exception, as the builtin of that name that it is or descends from."""
    kind = getattr(builtins, error.kind)
    raised: BaseException = LearnerRaised(error.name)
    # One that Python itself catches would end a loop of the test's in silence.
    silent = issubclass(kind, StopIteration | StopAsyncIteration) or not issubclass(kind, Exception)
    if not silent and kind is not Exception:
        try:
            raised = kind(error.text)
        except TypeError:
            # UnicodeError and its like want more arguments.
            raised = LearnerRaised(error.name)
    raised.learners = error  # type: ignore[attr-defined]
    return raised


def _same(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[list[int | str]]:
    """Places of arguments that are one and the same object, which learner code may change."""
    first: dict[int, int | str] = {}
    pairs: list[list[int | str]] = []
    places: list[tuple[int | str, Any]] = [*enumerate(args), *kwargs.items()]
    for place, value in places:
        if isinstance(value, np.ndarray | list | dict | set):
            if id(value) in first:
                pairs.append([place, first[id(value)]])
            else:
                first[id(value)] = place
    return pairs
