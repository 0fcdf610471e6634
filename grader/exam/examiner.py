"""The examiner: goes through the paper, has the candidate run learner's cells, and runs the test cells itself.

Walled like the candidate, with the assignment's source folder to read. It talks to the room only, which passes its
questions on to the candidate and to the bench, keeps the clocks, and starts a candidate anew when one is gone.
Imports this package, checks and the device interface.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import linecache
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grader.checks import surroundings
from grader.exam import file_modes, messages
from grader.exam.bench_link import Asked, Assembler, BenchClock, BenchDevice
from grader.exam.candidate_link import CandidateGone, CandidateLink
from grader.exam.channel import Channel, NotPlain, encode
from grader.exam.exam_surroundings import ExamSurroundings
from grader.exam.function_clock import PEERS, CandidateClock
from grader.exam.given import Own, bound, python, statements, used
from grader.exam.marking import Result, add, explain, mark
from grader.exam.nbgrader_rules import MARKING, ends_silently
from grader.exam.own_device import OwnDevice
from grader.exam.proxy import Proxy
from grader.exam.verdict import ExamFinding

#: A candidate is started anew at most this often for one notebook.
RESTARTS = 20
_HIDDEN = re.compile(r"### BEGIN HIDDEN TESTS.*?(### END HIDDEN TESTS|\Z)", re.DOTALL)


class Examiner:
    """One notebook's exam.

    `paper` holds the cells, the keys of those that are missing, and the tests to leave out because they ended an
    examiner before.
    """

    def __init__(self, channel: Channel, options: dict[str, Any], paper: dict[str, Any]) -> None:
        self.channel = channel
        self.options = options
        self.cells: list[dict[str, Any]] = paper["cells"]
        self.missing = set(paper["missing"])
        self.leave_out = set(paper["leave_out"])
        self.own = Own.of(
            [cell["model"] for cell in self.cells if cell["learner"]],
            [cell["source"] for cell in self.cells if cell["kind"] == "run" and not cell["learner"]],
            [cell["source"] for cell in self.cells if cell["kind"] == "test"],
        )
        lines = {cell["key"]: cell["source"].count("\n") + 1 for cell in self.cells}
        self.until = time.monotonic()
        emulated = options["device"] == "emulated"
        self.link = CandidateLink(
            channel,
            options["call_seconds"],
            self._seconds_left,
            lines,
            self.own.modules,
            OwnDevice(channel, self._seconds_left, options["language"]),
            emulated=emulated,
        )
        self.space = Namespace(self.link)
        most = max(lines.values(), default=0)
        self.surroundings = self._surroundings(most)
        self.restarts = 0
        #: Cells that the candidate of now has run; cells that ended a candidate twice; what became of learner's cells.
        self.done: list[dict[str, Any]] = []
        self.skip: set[str] = set()
        self.stopped: dict[str, ExamFinding] = {}
        self.bound: dict[str, Any] = {}

    def _surroundings(self, lines: int) -> ExamSurroundings:
        """`lines` is the number of lines of the longest cell."""
        major, minor = self.options["compute_capability"]

        def asked(role: str) -> Asked:
            return Asked(self.channel, role, self._seconds_left)

        def device(role: str, name: str) -> BenchDevice:
            return BenchDevice(asked(role), name, (major, minor), lines)

        name = str(self.options["device"])
        bench = device("bench", name)
        emulated, timed = name == "emulated", self.options["timed"]
        return ExamSurroundings(
            self.link,
            bench,
            emulator=bench if emulated else device("emulator", "emulated"),
            yardstick=device("yardstick", name),
            assembler=Assembler(asked("assembler")),
            clock=BenchClock(asked("bench"), asked("yardstick"), lines) if timed and not emulated else None,
            function_clock=CandidateClock(self.link, {name: asked(name) for name in PEERS}) if timed else None,
            language=self.options["language"],
        )

    def run(self) -> None:
        """Every cell in its order; a result goes to the room as soon as it is there."""
        for cell in self.cells:
            self._begin(cell)
            if cell["kind"] == "run" or (cell["kind"] == "manual" and cell["code"]):
                self._run(cell)
                if not cell["learner"]:
                    self._run_own(cell)
            if cell["kind"] == "test":
                self._send(self._test(cell))
            elif cell["kind"] == "manual":
                self._send(self._manual(cell))
        self.channel.send({"done": True})

    def _send(self, result: Result) -> None:
        self.channel.send({"result": result.plain()})

    def _begin(self, cell: dict[str, Any]) -> None:
        """The clock of a cell starts."""
        self.channel.send({"cell": cell["key"]})
        self.until = time.monotonic() + self.options["cell_seconds"]

    def _seconds_left(self) -> float:
        """What is left of the clock of the cell that runs."""
        return max(self.until - time.monotonic(), 0.0)

    # -- cells that the candidate runs

    def _run(self, cell: dict[str, Any]) -> None:
        """Run a cell in the candidate; one that ends it is tried once more, since others end processes, too."""
        key = cell["key"]
        if not cell["source"].strip():
            return
        for attempt in (1, 2):
            if key in self.skip or self.restarts >= RESTARTS:
                return
            try:
                self._tell(cell)
                return
            except CandidateGone as gone:
                if gone.for_sure or attempt == 2:
                    self.skip.add(key)
                    self.stopped[key] = _ended(gone).model_copy(update={"cell": key})
                self._again()

    def _tell(self, cell: dict[str, Any]) -> None:
        reply = self.link.ask({"do": "run", "key": cell["key"], "source": cell["source"]}, self.options["cell_seconds"])
        self.done.append(cell)
        if not cell["learner"]:
            return
        error = self.link.error(reply)
        if error is not None:
            text = "" if self.link.told else error.text
            self.stopped[cell["key"]] = messages.cell_error(error.kind, text, error.line, cell["key"])
        # What a solution cell defines is the learner's, even where a test had used the name before.
        for name in set(reply["names"]) & self.own.learners:
            self.space.pop(name, None)

    def _again(self) -> None:
        """A fresh candidate that has run every cell so far, without those that ended one."""
        while self.restarts < RESTARTS:
            self.restarts += 1
            self.link.fresh()
            self.until = time.monotonic() + self.options["cell_seconds"]
            again, self.done = [c for c in self.done if c["key"] not in self.skip], []
            running = None
            try:
                if self.bound:
                    self.link.bind(self.bound)
                for running in again:
                    self.until = time.monotonic() + self.options["cell_seconds"]
                    self._tell(running)
                return
            except CandidateGone:
                # A cell that worked before ends a candidate now, or others ended it: on without that cell.
                self.done = [c for c in again if c is not running]
        self.link.lost("ended")

    # -- cells that the examiner runs

    def _run_own(self, cell: dict[str, Any]) -> None:
        """Run the instructor's statements of a given cell here, so that tests do not rest on the learner's copy."""
        names: set[str] = set()
        for statement in self.own.take(cell["source"]):
            wanted = bound([statement])
            try:
                if cell["key"] in self.leave_out:
                    raise TimeoutError("it did not come to its end")
                exec(compile(ast.Module([statement], []), f"<given:{cell['key']}>", "exec"), self.space)  # noqa: S102 - the examiner runs instructor code
            except CandidateGone:
                self._again()
            except BaseException as error:  # a demonstration may need what only a learner's process has, say a GPU
                self.space.unavailable.update(dict.fromkeys(wanted, f"{type(error).__name__}: {error}"))
            else:
                names |= wanted
                for name in wanted:
                    self.space.unavailable.pop(name, None)
        for name in names & self.own.learners:
            self.space.pop(name, None)
        self._tell_values(self._plain_values(names - self.own.learners), where_other=True)

    def _tell_values(self, values: dict[str, Any], *, where_other: bool = False) -> None:
        """Plain values by name for learner code; what is too large for one message it goes without."""
        if not values:
            return
        try:
            self.link.bind(values, where_other=where_other)
        except NotPlain:
            return
        except CandidateGone:
            self._again()

    def _test(self, cell: dict[str, Any]) -> Result:
        result = Result(cell["key"], cell["grade_id"], 0.0, cell["max_score"])
        if cell["key"] in self.leave_out:
            return result
        for attempt in (1, 2):
            before = dict(self.space)
            result = Result(cell["key"], cell["grade_id"], 0.0, cell["max_score"])
            self.link.doubtful = False
            self._attempt(cell, result)
            result.protected = not self.link.doubtful
            gone = self.link.gone
            if gone is None:
                break
            # Whatever the test made of it, the learner's process was not there to answer.
            result.score, result.outcome = 0.0, "timeout" if gone.why == "timeout" else "crashed"
            result.findings = [_ended(gone)]
            self._again()
            if gone.for_sure or attempt == 2 or self.restarts >= RESTARTS:
                break
            self.space.clear()
            self.space.update(before)
            self._begin(cell)
        self.own.known |= bound(statements(cell["source"])) - self.own.learners
        if result.outcome not in ("passed", "review"):
            self._hint(cell, result)
        return result

    def _attempt(self, cell: dict[str, Any], result: Result) -> None:
        shown = sys.stdout
        # A test may capture what learner code prints.
        self.link.listen(lambda text: sys.stdout.write(text))
        try:
            mark(result, self._execute(cell))
            # A test may have caught the ending; binding would start another candidate, and forget it.
            if self.link.gone is None:
                self._bind(cell)
        except CandidateGone:
            pass
        except BaseException as error:  # a test cell may raise anything; what it means is told by its class
            explain(result, error, self.link.printed)
        finally:
            sys.stdout = shown
            self.link.listen(lambda text: None)

    def _execute(self, cell: dict[str, Any]) -> Any:
        """Run a test cell; the value of its last expression, or None."""
        name = f"<test:{cell['key']}>"
        source = python(cell["source"])
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        tree = ast.parse(source, name)
        last = tree.body[-1] if tree.body else None
        if isinstance(last, ast.Expr):
            tree.body.pop()
        seed = self.options.get("seed")
        self.surroundings.seed = seed.get(cell["grade_id"]) if isinstance(seed, dict) else seed
        self.surroundings.stored = self.options["measured"].get(cell["grade_id"], {})
        with surroundings.use(self.surroundings), self.space.shared(self.own.learners, _hidden_names(source)):
            exec(compile(tree, name, "exec"), self.space)  # noqa: S102 - the examiner is where instructor code runs
            if not isinstance(last, ast.Expr):
                return None
            value = eval(compile(ast.Expression(last.value), name, "eval"), self.space)  # noqa: S307
            return None if ends_silently(cell["source"]) else value

    def _bind(self, cell: dict[str, Any]) -> None:
        """Plain names that the visible part of a test binds are there for later learner cells, as in a notebook."""
        source = python(cell["source"])
        shown = bound(statements(_HIDDEN.sub("", source)))
        values = self._plain_values(shown - _hidden_names(source))
        self.bound.update(values)
        self._tell_values(values)

    def _plain_values(self, names: set[str]) -> dict[str, Any]:
        """Those of the examiner's own names that hold plain data."""
        values = {}
        for name in names:
            if name in self.space.keys() and not name.startswith("_"):  # noqa: SIM118 - `in` would ask the candidate
                try:
                    encode(self.space[name])
                except NotPlain:
                    continue
                values[name] = self.space[name]
        return values

    def _manual(self, cell: dict[str, Any]) -> Result:
        if cell["untouched"]:
            finding = messages.untouched(cell["grade_id"])
            return Result(cell["key"], cell["grade_id"], 0.0, cell["max_score"], "missing", [finding])
        result = Result(cell["key"], cell["grade_id"], None, cell["max_score"], "manual")
        if cell["grade_id"] in self.missing:
            add(result, messages.missing_cell(cell["grade_id"]))
        return result

    def _hint(self, cell: dict[str, Any], result: Result) -> None:
        """The learner's cells that this test rests on and that are missing or stopped are a likely cause."""
        wanted = used(statements(cell["source"]))
        defined = {c["key"]: bound(statements(c["model"] or c["source"])) for c in self.cells if c["learner"]}
        for key in sorted(self.missing):
            if defined.get(key, set()) & wanted:
                add(result, messages.missing_cell(key))
        # Of a cell whose names cannot be read, nothing is known: it may be the cause.
        stopped = [key for key in self.stopped if not defined.get(key) or defined[key] & wanted]
        if not stopped:
            return
        finding = self.stopped[stopped[-1]]
        ended = finding.kind in ("timeout", "crashed")
        if ended and result.outcome == "failed":
            result.outcome = finding.kind
        if ended or not result.findings[:-1]:
            add(result, finding)


def _hidden_names(source: str) -> set[str]:
    """Names that the hidden parts of a test bind."""
    return bound(part for text in _HIDDEN.finditer(source) for part in statements(text.group()))


def _ended(gone: CandidateGone) -> ExamFinding:
    return messages.timeout(gone.seconds) if gone.why == "timeout" else messages.crashed(gone.reason)


class Namespace(dict[str, Any]):
    """The test cells' globals. A name that is neither here nor a builtin is asked of the candidate.

    While they are `shared`, a learner's name that a test binds or deletes is bound or deleted for learner code, too, as
    in a notebook: that is how a test finds out whether a function uses another.
    """

    def __init__(self, link: CandidateLink) -> None:
        super().__init__(__name__="__main__", __builtins__=builtins)
        self.link = link
        self._learners: set[str] = set()
        self._hidden: set[str] = set()
        #: The instructor's names that could not be made here, and why.
        self.unavailable: dict[str, str] = {}

    @contextlib.contextmanager
    def shared(self, learners: set[str], hidden: set[str]) -> Iterator[None]:
        """While a test runs. Plain values of `hidden` names stay here."""
        self._learners, self._hidden = learners, hidden
        try:
            yield
        finally:
            self._learners, self._hidden = set(), set()

    def __setitem__(self, name: str, value: Any) -> None:
        super().__setitem__(name, value)
        if name in self._learners and (name not in self._hidden or isinstance(value, Proxy)):
            # What cannot be handed over is the test's alone.
            with contextlib.suppress(NotPlain):
                self.link.bind({name: value})

    def __delitem__(self, name: str) -> None:
        if name in self._learners:
            if not super().__contains__(name):
                self.link.fetch(name)
            self.link.unbind(name)
            self.pop(name, None)
        else:
            super().__delitem__(name)

    def __contains__(self, name: object) -> bool:
        """As `"name" in globals()` asks in a notebook."""
        if super().__contains__(name):
            return True
        try:
            return isinstance(name, str) and self[name] is not NotImplemented
        except (KeyError, NameError):
            return False

    def __missing__(self, name: str) -> Any:
        # IPython's own would be the learner's, who could make it do anything.
        if hasattr(builtins, name) or name == "get_ipython":
            raise KeyError(name)
        if name in self.unavailable:
            raise NameError(f"{name} could not be made in the examiner: {self.unavailable[name]}")
        return self.link.fetch(name)


def serve(channel: Channel, options: dict[str, Any]) -> None:
    """Examine one notebook and end."""
    from grader.exam.in_process import InProcessExaminer

    file_modes.leave_as_they_are(Path.cwd())
    sys.path.insert(0, options["source"])
    sys.dont_write_bytecode = True
    os.environ.update({"LEHRWERK_LANG": options["language"], **MARKING})
    kind = InProcessExaminer if options["tests"] == "in-process" else Examiner
    kind(channel, options, channel.receive()).run()
