"""The examiner: runs the instructor's test cells; learner's names are proxies there.

Walled like the candidate, with the assignment's source folder to read. It talks to the room only, which passes its
questions on to the candidate and to the bench, keeps the clocks, and starts a candidate anew when one is gone.
Imports this package, checks and the device interface.
"""

from __future__ import annotations

import ast
import builtins
import linecache
import os
import sys
import traceback
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from grader.checks import surroundings
from grader.checks.signature import parse_signature
from grader.device.interface import Device, DeviceError, Launch, LaunchResult
from grader.exam import messages
from grader.exam.bench import launch_to_plain, result_from_plain
from grader.exam.channel import Channel, ChannelError, decode, encode
from grader.exam.proxy import Proxy, bring_back
from grader.exam.verdict import ExamFinding

#: A candidate that is gone is started anew this often for one notebook.
RESTARTS = 5


class CandidateGone(Exception):
    """The candidate was stopped by a clock (`timed_out`) or ended itself."""

    def __init__(self, timed_out: bool, seconds: float) -> None:
        super().__init__("the learner's process is gone")
        self.timed_out = timed_out
        self.seconds = seconds


class LearnerRaised(Exception):
    """The learner's code raised something that is no builtin exception."""


@dataclass
class Result:
    """What a graded cell got."""

    key: str
    grade_id: str
    score: float | None
    max_score: float
    outcome: str
    findings: list[ExamFinding] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        return {
            "grade_id": self.grade_id,
            "score": self.score,
            "max_score": self.max_score,
            "outcome": self.outcome,
            "findings": [finding.model_dump() for finding in self.findings],
        }


class Examiner:
    """One notebook's exam."""

    def __init__(self, channel: Channel, options: dict[str, Any], paper: dict[str, Any]) -> None:
        self.channel = channel
        self.options = options
        self.cells: list[dict[str, Any]] = paper["cells"]
        self.missing = set(paper["missing"])
        self.generation = 0
        self.restarts = 0
        self.skip: set[str] = set()
        self.done: list[dict[str, Any]] = []
        self.errors: dict[str, dict[str, Any]] = {}
        self.gone: dict[str, ExamFinding] = {}
        self.last_error: dict[str, Any] | None = None
        self.space = Namespace(self)
        self.callbacks: dict[int, Any] = {}
        self.bound: dict[str, Any] = {}
        self.seeds: dict[str, int] = {}
        self.printed: list[str] = []

    # -- questions

    def ask(self, body: dict[str, Any], seconds: float) -> dict[str, Any]:
        """A question to the candidate, through the room."""
        self.channel.send({"ask": "candidate", "body": body, "seconds": seconds})
        answer = self.channel.receive()
        if "gone" in answer:
            raise CandidateGone(answer["gone"] == "timeout", seconds)
        reply = answer["answer"]
        if not isinstance(reply, dict):
            raise ChannelError("not an answer")
        while "callback" in reply:
            reply = self.ask(self._called_back(reply), seconds)
        return reply

    def _called_back(self, request: dict[str, Any]) -> dict[str, Any]:
        function = self.callbacks.get(request["callback"])
        if function is None:
            return {"error": "no such function"}
        try:
            value = function(*self.native(request["args"]), **self.native(request["kwargs"]))
            return {"value": self.plain(value)}
        except Exception as error:  # goes back to the learner's code, which called it
            return {"error": type(error).__name__}

    def plain(self, value: Any) -> Any:
        def otherwise(item: Any) -> Any:
            if isinstance(item, Proxy):
                return {"~": "handle", "v": item._handle}
            if isinstance(item, surroundings.OnDevice):
                return {"~": "device", "v": encode(item.array), "k": item.kind}
            if callable(item):
                number = len(self.callbacks)
                self.callbacks[number] = item
                return {"~": "callback", "v": number}
            raise TypeError(f"a {type(item).__name__} cannot be handed to learner code")

        return encode(value, otherwise)

    def native(self, value: Any) -> Any:
        def special(item: dict[str, Any]) -> Any:
            if item.get("~") == "handle":
                return Proxy(self, int(item["v"]), str(item.get("t", ""))[:80], bool(item.get("c")))
            if item.get("~") == "device":
                array = decode(item["v"])
                if not isinstance(array, np.ndarray):
                    raise ChannelError("no array")
                return surroundings.OnDevice(array, "cupy" if item.get("k") == "cupy" else "numba")
            raise ChannelError("unknown value")

        return decode(value, special)

    # -- what proxies ask

    def call(self, handle: int, args: tuple[Any, ...], kwargs: dict[str, Any], attribute: str | None) -> Any:
        value, _, after, error = self.call_plainly(handle, args, kwargs, attribute)
        for original, changed in zip(args, after, strict=False):
            bring_back(original, changed)
        if error is not None:
            raise self.exception(error)
        return value

    def call_plainly(
        self, handle: int, args: tuple[Any, ...], kwargs: dict[str, Any], attribute: str | None = None
    ) -> tuple[Any, dict[str, int], tuple[Any, ...], dict[str, Any] | None]:
        """(value, counts, arguments as the call left them, error)"""
        body = {
            "do": "call",
            "handle": handle,
            "attribute": attribute,
            "args": self.plain(args),
            "kwargs": self.plain(kwargs),
        }
        reply = self.ask(body, self.options["call_seconds"])
        self._note(reply)
        after = self.native(reply.get("args", encode(())))
        counts = {str(k): int(v) for k, v in (reply.get("counts") or {}).items()}
        error = reply.get("error")
        return (
            None if error else self.native(reply["value"]),
            counts,
            after if type(after) is tuple else (),
            _checked_error(error) if error else None,
        )

    def attribute(self, handle: int, name: str) -> Any:
        body = {
            "do": "call",
            "handle": handle,
            "attribute": name,
            "only": True,
            "args": encode(()),
            "kwargs": encode({}),
        }
        reply = self.ask(body, self.options["call_seconds"])
        self._note(reply)
        if reply.get("error"):
            raise self.exception(_checked_error(reply["error"]))
        return self.native(reply["value"])

    def exception(self, error: dict[str, Any]) -> BaseException:
        """The learner's exception, as the builtin of that name that it is or descends from."""
        self.last_error = error
        for name in error["classes"]:
            kind = getattr(builtins, name, None)
            if isinstance(kind, type) and issubclass(kind, Exception):
                try:
                    raised = kind(error["text"])
                except TypeError:
                    continue
                raised._learner = error  # type: ignore[attr-defined]
                return raised
        raised = LearnerRaised(error["name"])
        raised._learner = error  # type: ignore[attr-defined]
        return raised

    def fetch(self, name: str) -> Any:
        """A name that a test cell uses and the examiner does not have. Raises KeyError."""
        reply = self.ask({"do": "get", "name": name}, self.options["call_seconds"])
        if reply.get("missing"):
            raise KeyError(name)
        return self.native(reply["value"])

    def _note(self, reply: dict[str, Any]) -> None:
        output = reply.get("output")
        if isinstance(output, str) and output and sum(map(len, self.printed)) < 4000:
            self.printed.append(output[:4000])

    # -- cells

    def run(self) -> list[Result]:
        self._imports()
        results: list[Result] = []
        for cell in self.cells:
            if cell["kind"] == "run" or (cell["kind"] == "manual" and cell["code"]):
                self._run(cell)
            if cell["kind"] == "test":
                results.append(self._test(cell))
            elif cell["kind"] == "manual":
                results.append(self._manual(cell))
            self.channel.send({"progress": cell["key"]})
        return results

    def _imports(self) -> None:
        """The instructor's own import statements, so that `np` in a test is the examiner's NumPy."""
        for cell in self.cells:
            if cell["learner"] or not cell["code"]:
                continue
            for statement in _statements(cell["source"]):
                if isinstance(statement, ast.Import | ast.ImportFrom):
                    try:
                        exec(compile(ast.Module([statement], []), "<imports>", "exec"), self.space)  # noqa: S102 - the examiner runs instructor code
                    except ImportError:
                        continue

    def _run(self, cell: dict[str, Any]) -> None:
        key = cell["key"]
        if key in self.skip or not cell["source"].strip():
            return
        self.done.append(cell)
        try:
            reply = self.ask({"do": "run", "key": key, "source": cell["source"]}, self.options["cell_seconds"])
        except (CandidateGone, ChannelError) as error:
            self.gone[key] = self._lost(error, key)
            return
        self._forget(reply.get("names", []))
        if reply.get("error"):
            self.errors[key] = _checked_error(reply["error"])

    def _lost(self, error: Exception, key: str | None) -> ExamFinding:
        """The candidate is gone: say why, skip what was running, and start anew with what came before."""
        finding = (
            messages.timeout(error.seconds)
            if isinstance(error, CandidateGone) and error.timed_out
            else messages.crashed()
        )
        if key is not None:
            self.skip.add(key)
            finding = finding.model_copy(update={"cell": key})
        self._again()
        return finding

    def _again(self) -> None:
        """A fresh candidate, with every cell so far but those that must be skipped."""
        self.restarts += 1
        if self.restarts > RESTARTS:
            raise CandidateGone(False, 0.0)
        self.space.forget_learner()
        again, self.done = [c for c in self.done if c["key"] not in self.skip], []
        self.channel.send({"ask": "fresh"})
        self.channel.receive()
        if self.bound:
            self.ask({"do": "bind", "values": self.plain(self.bound)}, self.options["call_seconds"])
        for cell in again:
            self._run(cell)

    def _forget(self, names: Any) -> None:
        for name in names if isinstance(names, list) else []:
            self.space.fetched.pop(str(name), None)

    def _manual(self, cell: dict[str, Any]) -> Result:
        findings = [messages.missing_cell(cell["grade_id"])] if cell["grade_id"] in self.missing else []
        return Result(cell["key"], cell["grade_id"], None, cell["max_score"], "manual", findings)

    def _test(self, cell: dict[str, Any]) -> Result:
        self.last_error = None
        self.printed = []
        points = cell["max_score"]
        result = Result(cell["key"], cell["grade_id"], 0.0, points, "failed")
        try:
            value = self._execute(cell)
            self._bind()
        except (CandidateGone, ChannelError) as error:
            timed_out = isinstance(error, CandidateGone) and error.timed_out
            result.outcome = "timeout" if timed_out else "crashed"
            result.findings.append(self._lost(error, None))
            return result
        except BaseException as error:
            if isinstance(error, SystemExit | KeyboardInterrupt) and not hasattr(error, "_learner"):
                result.outcome = "error"
            self._explain(result, error)
            return result
        self._score(result, value)
        if result.outcome not in ("passed",):
            self._hint(result)
        return result

    def _execute(self, cell: dict[str, Any]) -> Any:
        """Run a test cell; the value of its last expression, or None."""
        name = f"<test:{cell['key']}>"
        source = _transformed(cell["source"])
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        tree = ast.parse(source, name)
        last = tree.body[-1] if tree.body else None
        if isinstance(last, ast.Expr):
            tree.body.pop()
        with surroundings.use(ExamSurroundings(self, cell["grade_id"])):
            exec(compile(tree, name, "exec"), self.space)  # noqa: S102 - the examiner is where instructor code runs
            if not isinstance(last, ast.Expr):
                return None
            return eval(compile(ast.Expression(last.value), name, "eval"), self.space)  # noqa: S307

    def _bind(self) -> None:
        """Plain names that the test cell has bound are visible to later learner cells, as in a notebook."""
        values = {}
        for name, value in self.space.own_names():
            try:
                encode(value)
            except TypeError:
                continue
            if not name.startswith("_"):
                values[name] = value
        if values:
            self.bound.update(values)
            self.ask({"do": "bind", "values": self.plain(values)}, self.options["call_seconds"])

    def _score(self, result: Result, value: Any) -> None:
        points = result.max_score
        if hasattr(value, "max_score") and hasattr(value, "findings") and hasattr(value, "score"):
            share = float(value.score) / float(value.max_score) if value.max_score else 1.0
            result.score = round(points * min(max(share, 0.0), 1.0), 6)
            result.findings += [self._finding(finding) for finding in value.findings]
            seed = getattr(value, "seed", None)
            if isinstance(seed, int):
                self.seeds[result.grade_id] = seed
            review = getattr(value, "outcome", None)
            if review in ("inconclusive", "review"):
                result.outcome = review
                return
        elif isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool | np.bool_):
            # nbgrader's rule: a number is the points; a negative one counts as full marks.
            number = float(value)
            if number > points or number != number:
                result.outcome, result.score = "review", None
                return
            result.score = number if number >= 0 else points
        else:
            result.score = points
        if result.score >= points:
            result.outcome = "passed"
        elif result.score > 0:
            result.outcome = "partial"
        else:
            result.outcome = "failed"

    def _finding(self, finding: Any) -> ExamFinding:
        return ExamFinding(
            kind=str(finding.kind),
            message={k: str(v) for k, v in dict(finding.message).items()},
            line=finding.line,
            cell=getattr(finding, "cell", None),
            evidence=getattr(finding, "evidence", None),
        )

    def _explain(self, result: Result, error: BaseException) -> None:
        evidence = "".join(traceback.format_exception(error))[-4000:] + "".join(self.printed)
        learner = getattr(error, "_learner", None)
        if learner is not None:
            result.findings.append(
                messages.learner_exception(
                    learner["name"], learner["line"], learner["cell"], evidence + learner["trace"]
                )
            )
        elif isinstance(error, NameError) and error.name:
            result.findings.append(messages.undefined(error.name))
        elif isinstance(error, surroundings.LearnerError):
            result.findings.append(
                ExamFinding(kind=error.kind, message=error.message, line=error.line, evidence=error.evidence)
            )
        else:
            result.findings.append(messages.assertion(type(error).__name__, evidence))
        self._hint(result)

    def _hint(self, result: Result) -> None:
        """Cells of the learner that stopped before this test are a likely cause: name the last one."""
        learner = {cell["key"] for cell in self.cells if cell["learner"]}
        for key in self.missing:
            result.findings.append(messages.missing_cell(key))
        if self.gone:
            key, finding = list(self.gone.items())[-1]
            result.findings.append(finding)
            if result.outcome == "failed":
                result.outcome = "timeout" if finding.kind == "timeout" else "crashed"
        elif self.errors and not result.findings[:-1]:
            key, error = list(self.errors.items())[-1]
            if key in learner:
                result.findings.append(messages.cell_error(error["name"], error["text"], error["line"], key))


class Namespace(dict[str, Any]):
    """The test cells' globals. A name that is neither here nor a builtin is asked of the candidate."""

    def __init__(self, examiner: Examiner) -> None:
        super().__init__(__name__="__main__", __builtins__=builtins)
        self.examiner = examiner
        self.fetched: dict[str, Any] = {}
        self.start = {"__name__", "__builtins__"}

    def __missing__(self, name: str) -> Any:
        if hasattr(builtins, name):
            raise KeyError(name)
        if name not in self.fetched:
            self.fetched[name] = self.examiner.fetch(name)
        return self.fetched[name]

    def own_names(self) -> list[tuple[str, Any]]:
        return [(name, value) for name, value in self.items() if name not in self.start]

    def forget_learner(self) -> None:
        self.fetched.clear()


class ExamSurroundings:
    """What checks ask in an exam: the candidate compiles and calls, the bench launches."""

    def __init__(self, examiner: Examiner, grade_id: str) -> None:
        self.examiner = examiner
        self.language = examiner.options["language"]
        self.device: Device = BenchDevice(examiner)
        seed = examiner.options.get("seed")
        self.seed = seed.get(grade_id) if isinstance(seed, dict) else seed
        self.hidden = True

    def compile_kernel(self, kernel: Any, signature: str, cc: tuple[int, int]) -> surroundings.CompiledKernel:
        if not isinstance(kernel, Proxy):
            from grader.checks import messages as check_messages

            raise surroundings.LearnerError("wrong-type", check_messages.not_a_kernel(kernel))
        body = {"do": "compile", "handle": kernel._handle, "signature": signature, "cc": list(cc)}
        reply = self.examiner.ask(body, self.examiner.options["call_seconds"])
        if "refused" in reply:
            refused = reply["refused"]
            raise surroundings.LearnerError(
                str(refused["kind"]),
                {str(k): str(v)[:2000] for k, v in refused["message"].items()},
                refused["line"] if isinstance(refused["line"], int) else None,
                str(refused.get("evidence"))[:4000],
            )
        file = str(reply["file"])
        cell = file.rpartition("<cell:")[2].rstrip(">") if "<cell:" in file else None
        return surroundings.CompiledKernel(
            str(reply["ptx"]), str(reply["entry"]), parse_signature(signature), file=file, cell=cell
        )

    def call(self, function: Any, args: Any, kwargs: Any) -> tuple[Any, surroundings.FunctionTrace]:
        if not isinstance(function, Proxy):
            value = function(*args, **kwargs)
            return value, surroundings.FunctionTrace()
        value, counts, after, error = self.examiner.call_plainly(function._handle, tuple(args), dict(kwargs))
        if error is not None:
            kind = "unwritten" if "NotImplementedError" in error["classes"] else "exception"
            finding = messages.learner_exception(error["name"], error["line"], error["cell"], error["trace"])
            raise surroundings.LearnerError(kind, finding.message, error["line"], error["trace"])
        trace = surroundings.FunctionTrace(
            launches=counts.get("launches"),
            to_device=counts.get("to_device"),
            to_host=counts.get("to_host"),
            copies_to_host=counts.get("copies_to_host"),
            arguments=after,
        )
        return value, trace


class BenchDevice:
    """The bench, as a device."""

    def __init__(self, examiner: Examiner) -> None:
        self.examiner = examiner
        self.name = str(examiner.options["device"])
        self.compute_capability = (9, 0)

    def launch(self, launch: Launch) -> LaunchResult:
        channel = self.examiner.channel
        channel.send(
            {"ask": "bench", "body": launch_to_plain(launch), "seconds": self.examiner.options["cell_seconds"]}
        )
        answer = channel.receive()
        if "gone" in answer:
            raise DeviceError(f"the bench ended: {answer['gone']}")
        if "failed" in answer["answer"]:
            raise DeviceError(answer["answer"]["failed"])
        return result_from_plain(answer["answer"]["result"])


def _checked_error(error: Any) -> dict[str, Any]:
    """What the candidate says about an exception, with every field of the kind it must have."""
    if not isinstance(error, dict):
        raise ChannelError("not an error")
    line = error.get("line")
    return {
        "classes": [str(name)[:80] for name in error.get("classes", [])][:20],
        "name": str(error.get("name", ""))[:80],
        "text": str(error.get("text", ""))[:2000],
        "cell": str(error["cell"])[:120] if error.get("cell") else None,
        "line": line if isinstance(line, int) else None,
        "trace": str(error.get("trace", ""))[:8000],
    }


def _transformed(source: str) -> str:
    """IPython's syntax as Python."""
    from IPython.core.inputtransformer2 import TransformerManager

    return str(TransformerManager().transform_cell(source))


def _statements(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(_transformed(source)).body
    except SyntaxError:
        return []


def serve(channel: Channel, options: dict[str, Any]) -> None:
    """Examine one notebook, answer with the results, and end."""
    sys.path.insert(0, options["source"])
    sys.dont_write_bytecode = True
    os.environ["LEHRWERK_LANG"] = options["language"]
    paper = channel.receive()
    examiner = Examiner(channel, options, paper)
    try:
        results = examiner.run()
    except CandidateGone:
        results = _gave_up(examiner)
    channel.send({"results": [result.plain() for result in results], "seeds": examiner.seeds})


def _gave_up(examiner: Examiner) -> list[Result]:
    """A candidate that ends again and again: every test counts as crashed."""
    return [
        Result(c["key"], c["grade_id"], None, c["max_score"], "manual")
        if c["kind"] == "manual"
        else Result(c["key"], c["grade_id"], 0.0, c["max_score"], "crashed", [messages.crashed()])
        for c in examiner.cells
        if c["kind"] != "run"
    ]
