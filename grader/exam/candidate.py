"""The candidate: runs the learner's cells and answers calls on what they define.

Everything in this process is the learner's from the first cell on; nothing it says is trusted by the other side.
Imports this package, the front ends of the device, and checks for compiling.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import io
import itertools
import linecache
import operator
import os
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from grader.device import frontends
from grader.exam import event_loop, file_modes, semaphores
from grader.exam.channel import Channel, ChannelError, NotPlain, TooLarge, decode, encode
from grader.exam.device_link import LinkedHeap, Placed
from grader.exam.proxy import OPERATIONS

CELL = "<cell:"
_shell: Any = None


def prepare() -> Any:
    """In the zygote: build IPython's machinery once. Returns the shell."""
    global _shell
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    os.environ.setdefault("HOME", "/nonexistent")
    os.environ["IPYTHONDIR"] = os.environ.get("TMPDIR", "/tmp") + "/ipython"  # noqa: S108 - unused, only a name

    class Shell(InteractiveShell):
        """IPython as a notebook's kernel has it: figures need no event loop, and shown exceptions are kept."""

        shown: BaseException | None = None

        def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
            # Magics such as %%capture and %time show what was raised inside them, and raise nothing.
            self.shown = evalue if isinstance(evalue, BaseException) else None
            super()._showtraceback(etype, evalue, stb)

        def enable_gui(self, gui: str | None = None) -> None:
            """`%matplotlib inline` asks for none."""

    _shell = Shell.instance(config=config)
    _shell.loop_runner = event_loop.run
    # Dropping empty first lines would shift every line number in findings.
    manager = _shell.input_transformer_manager
    manager.cleanup_transforms = [
        t for t in manager.cleanup_transforms if getattr(t, "__name__", "") != "leading_empty_lines"
    ]
    _shell.display_formatter.active_types = ["text/plain"]
    return _shell


def cell_name(key: str) -> str:
    """The file name under which a cell's code is compiled; line tables and tracebacks carry it."""
    return f"{CELL}{key}>"


class Output(io.TextIOBase):
    """Text up to a cap; the rest is counted and dropped."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.text: list[str] = []
        self.size = 0

    def write(self, text: str) -> int:
        room = self.limit - self.size
        if room > 0:
            self.text.append(text[:room])
        self.size += len(text)
        return len(text)

    def writable(self) -> bool:
        return True

    def take(self) -> str:
        text = "".join(self.text)
        if self.size > self.limit:
            text += f"\n[{self.size - self.limit} more characters]"
        self.text, self.size = [], 0
        return text


class Candidate:
    """The learner's namespace and the handles that the examiner holds."""

    def __init__(self, channel: Channel, options: dict[str, Any], link: Channel | None = None) -> None:
        self.channel = channel
        self.output, self.errors = Output(options["output_bytes"]), Output(options["output_bytes"])
        self.handles: dict[int, Any] = {}
        self.shell = _shell
        self.space: dict[str, Any] = self.shell.user_ns
        self.known = {name: id(value) for name, value in self.space.items()}
        #: Arrays of the device that the last answer speaks of: their memory stays until it is read.
        self.sent: list[Any] = []
        #: Held by who speaks on the channel.
        self.speaking = threading.RLock()
        self.heap = LinkedHeap(channel, link, self.speaking) if options["device"] == "emulated" else None
        if self.heap is not None:
            frontends.install_emulated(self.heap)
        if options.get("processes"):
            semaphores.install()
            # Children answer nobody, and must not keep a channel open when this process has ended.
            for kept in filter(None, (channel, link)):
                os.register_at_fork(after_in_child=functools.partial(os.close, kept.descriptor))

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """What one of the questions below gives, with what was printed and which names are bound anew or gone."""
        self.sent.clear()
        with self.heap.answering() if self.heap is not None else contextlib.nullcontext():
            answer: dict[str, Any] = getattr(self, f"do_{request['do']}")(request)
        bound = {name: id(value) for name, value in self.space.items()}
        changed = [name for name in self.known | bound if self.known.get(name) != bound.get(name)]
        self.known = bound
        names = [name for name in changed if type(name) is str]
        return {**answer, "output": self.output.take(), "errors": self.errors.take(), "names": names}

    # -- values

    def plain(self, value: Any) -> Any:
        return encode(value, self._handle)

    def _handle(self, value: Any) -> Any:
        found = _from_gpu(value) if self.heap is None else _placed(value)
        if found is not None:
            self.sent.append(value)
            return found
        number = len(self.handles)
        self.handles[number] = value
        return {"~": "handle", "v": number, "c": callable(value), "t": type(value).__name__[:80]}

    def native(self, value: Any) -> Any:
        adopted: dict[int, Any] = {}
        return decode(value, lambda item: self._special(item, adopted))

    def _special(self, value: dict[str, Any], adopted: dict[int, Any]) -> Any:
        """`adopted` has the arrays of the device that the message has brought so far, by address."""
        if value.get("~") == "handle":
            return self.handles[value["v"]]
        if value.get("~") == "stream":
            return _default_stream(value["k"])
        if value.get("~") == "device":
            if self.heap is None:
                return _to_gpu(decode(value["v"]), value["k"])
            placed = Placed.from_plain(value)
            address = placed.view.address
            if address not in adopted:
                adopted[address] = frontends.adopt(placed.library, placed.view)
            return adopted[address]
        if value.get("~") == "callback":
            return self._callback(int(value["v"]), value["n"])
        raise ChannelError("unknown value")

    def _callback(self, number: int, name: str) -> Any:
        """A function of a test's: calling it asks the examiner, whose test may in turn ask here."""

        def call(*args: Any, **kwargs: Any) -> Any:
            with self.speaking:
                self.channel.send({"callback": number, "args": self.plain(args), "kwargs": self.plain(kwargs)})
                while "do" in (message := self.channel.receive()):
                    self.channel.send(self.answer(message))
            back = message["back"]
            if "error" in back:
                name, text = back["error"]
                kind = getattr(builtins, name, None)
                raise kind(text) if isinstance(kind, type) and issubclass(kind, Exception) else RuntimeError(name)
            return self.native(back["value"])

        call.__name__ = call.__qualname__ = name
        return call

    # -- questions

    def do_run(self, request: dict[str, Any]) -> dict[str, Any]:
        return self.execute(request)[0]

    def execute(self, request: dict[str, Any]) -> tuple[dict[str, Any], Any]:
        """(what is answered about a cell that has run, the value that a notebook would show under it or None)"""
        key, source = request["key"], request["source"]
        name = cell_name(key)
        self.shell.compile.get_code_name = lambda raw, code, number: name
        # IPython's compiler keeps the transformed code; Numba's line table needs the lines of this name.
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        result = self.shell.run_cell(source, store_history=False)
        return {"error": error_told(result.error_before_exec or result.error_in_exec)}, result.result

    def do_test(self, request: dict[str, Any]) -> dict[str, Any]:
        """A test cell that runs here, beside the learner's code."""
        from grader.exam.in_process import test

        return test(self, request)

    def do_get(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["name"] not in self.space:
            return {"missing": True}
        value = self.space[request["name"]]
        return {"value": self.plain(value), "module": value.__name__ if isinstance(value, type(os)) else None}

    def do_bind(self, request: dict[str, Any]) -> dict[str, Any]:
        values = self.native(request["values"])
        for name, value in values.items():
            if not (request["where_other"] and name in self.space and _looks_like(self.space[name], value)):
                self.space[name] = value
        return {}

    def do_unbind(self, request: dict[str, Any]) -> dict[str, Any]:
        self.space.pop(request["name"], None)
        return {}

    def do_call(self, request: dict[str, Any]) -> dict[str, Any]:
        args, kwargs = self.native([request["args"], request["kwargs"]])
        places = {**dict(enumerate(args)), **kwargs}
        for place, first in request["same"]:
            places[place] = places[first]
        args = tuple(places[number] for number in range(len(args)))
        kwargs = {name: places[name] for name in kwargs}
        target: Any = self.handles[request["handle"]]
        try:
            if request["attribute"] is not None:
                target = getattr(target, request["attribute"])
            value = target(*args, **kwargs)
            answer: dict[str, Any] = {"value": self.plain(value), "error": None}
        except BaseException as error:  # the learner's code may raise anything; it is told, not judged, here
            answer = {"value": None, "error": error_told(error)}
        left, named = self.plain(args), self.plain(kwargs)
        if left != request["args"] or named != request["kwargs"]:
            answer |= {"args": left, "kwargs": named}
        return answer

    def do_block(self, request: dict[str, Any]) -> dict[str, Any]:
        """Calls on one set of inputs after the other, on the clock."""
        function = self.handles[request["handle"]]
        try:
            return {"value": self.plain([function(*self.native(args)) for args in request["batches"]]), "error": None}
        except BaseException as error:  # as in a call
            return {"value": None, "error": error_told(error)}

    def do_attribute(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._tried(lambda: getattr(self.handles[request["handle"]], request["name"]))

    def do_operate(self, request: dict[str, Any]) -> dict[str, Any]:
        operands = self.native(request["operands"])
        return self._tried(lambda: _OPERATIONS[request["name"]](*operands))

    def _tried(self, question: Callable[[], Any]) -> dict[str, Any]:
        try:
            return {"value": self.plain(question()), "error": None}
        except BaseException as error:  # as in a call
            return {"value": None, "error": error_told(error)}

    def do_compile(self, request: dict[str, Any]) -> dict[str, Any]:
        from grader.checks.compiling import compile_kernel
        from grader.checks.learner import LearnerError

        try:
            kernel = compile_kernel(self.handles[request["handle"]], request["signature"], tuple(request["cc"]))
        except LearnerError as error:
            said = {"kind": error.kind, "message": error.message, "line": error.line, "evidence": error.evidence}
            return {"refused": said}
        return {"ptx": kernel.ptx, "entry": kernel.entry, "file": kernel.file}


def _looks_like(mine: Any, given: Any) -> bool:
    """Is what this process made of a given cell the same as what the examiner made of it?"""
    try:
        return bool(encode(mine) == encode(given))
    except NotPlain:
        return False


#: As many items of an endless learner's object as fit into one answer.
_ITEMS = 1_000_000
_OPERATIONS: dict[str, Callable[..., Any]] = {
    **{name: getattr(operator, name) for name in OPERATIONS if hasattr(operator, name)},
    **{kind.__name__: kind for kind in (len, str, repr, format, setattr, isinstance)},
    "list": lambda items: list(itertools.islice(items, _ITEMS)),
    "next": lambda items: list(itertools.islice(items, 1)),
}


def _placed(value: Any) -> dict[str, Any] | None:
    """Where an array of the emulated device lies; None for anything else."""
    found = frontends.view_of(value)
    return None if found is None else Placed(found[1], found[0]).plain()


def _from_gpu(value: Any) -> dict[str, Any] | None:
    """The values of an array on a real GPU; None for anything else."""
    kind = type(value)
    if kind is np.ndarray or isinstance(value, np.generic):
        return None
    if kind.__module__.split(".")[0] == "cupy" and hasattr(kind, "get") and hasattr(kind, "dtype"):
        return {"~": "device", "v": encode(np.asarray(value.get())), "k": "cupy"}
    if hasattr(kind, "copy_to_host") and hasattr(kind, "__cuda_array_interface__"):
        return {"~": "device", "v": encode(np.asarray(value.copy_to_host())), "k": "numba"}
    return None


def _to_gpu(array: np.ndarray, kind: str) -> Any:
    if kind == "numba":
        from numba import cuda

        return cuda.to_device(array)
    import cupy

    return cupy.asarray(array)


def _default_stream(library: str) -> Any:
    """A test's stream is any here: what learner code puts on it is done before the answer."""
    if library == "numba":
        from numba import cuda

        return cuda.default_stream()
    import cupy

    return cupy.cuda.Stream.null


def error_told(error: BaseException | None) -> dict[str, Any] | None:
    """An exception as plain data: names of its classes, text, and the learner's line."""
    if error is None:
        return None
    cell, line = None, None
    for frame, number in traceback.walk_tb(error.__traceback__):
        name = frame.f_code.co_filename
        if name.startswith(CELL):
            cell, line = name[len(CELL) : -1], number
    if isinstance(error, SyntaxError) and str(error.filename).startswith(CELL):
        cell, line = str(error.filename)[len(CELL) : -1], error.lineno
    try:
        text = str(error)
    except BaseException:
        text = ""
    try:
        trace = "".join(traceback.format_exception(error))
    except BaseException:
        trace = ""
    return {
        "classes": [k.__name__ for k in type(error).__mro__ if k.__module__ == "builtins"][:20],
        "name": type(error).__name__[:200],
        "text": text[:4000],
        "cell": cell,
        "line": line,
        "trace": trace[-8000:],
    }


def serve(channel: Channel, options: dict[str, Any], link: Channel | None = None) -> None:
    """Answer until the other side is gone; `link` leads to the emulated device."""

    folder = Path.cwd()
    file_modes.leave_as_they_are(folder)
    sys.path.insert(0, str(folder))
    os.environ["IPYTHONDIR"] = str(folder)
    candidate = Candidate(channel, options, link)
    sys.stdout, sys.stderr = candidate.output, candidate.errors
    while True:
        answer = candidate.answer(channel.receive())
        try:
            channel.send(answer)
        except TooLarge as error:
            said = {"classes": ["ValueError"], "name": "TooLarge", "text": str(error), "trace": ""}
            channel.send({"value": None, "error": said})
