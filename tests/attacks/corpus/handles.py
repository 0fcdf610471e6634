"""Handles: forged ones, those of other objects, of candidates that are gone, and of other submissions."""

from __future__ import annotations

from tests.attacks.case import NO_CHANNEL, SEND, Attack, asks
from tests.notebooks import notebook, solution, test

_ONE = "a handle belongs to one candidate, which knows only its own objects"


def _handle(name: str, body: str, tests: str) -> Attack:
    code = f"{SEND}exam.Candidate.do_call = lambda self, request: {{'value': {body}, 'error': None}}\ndef answer(x): return 0"
    return Attack(name, _ONE, code, source=asks(tests), spared=NO_CHANNEL)


ATTACKS = (
    _handle("a handle of no number", "{'~': 'handle', 'v': 'x', 'c': True, 't': 'f'}", "assert answer(3)() == 4"),
    _handle("a handle below 0", "{'~': 'handle', 'v': -1, 'c': True, 't': 'f'}", "assert answer(3)() == 4"),
    _handle("a handle of another generation", "{'~': 'handle', 'v': 1 << 40, 'c': True, 't': 'f'}", "assert answer(3)() == 4"),
    _handle("a handle that nobody made", "{'~': 'handle', 'v': 12345, 'c': True, 't': 'f'}", "assert answer(3).value == 4"),
    _handle("a handle whose type's name is markup", "{'~': 'handle', 'v': 0, 'c': False, 't': '<script>alert(1)</script>' * 99}", "assert answer(3) < 4"),
    _handle("a callback's number as a handle", "{'~': 'callback', 'v': 0}", "assert answer(lambda: 4) == 4"),
    _handle("a device array of objects", "{'~': 'device', 'v': {'~': 'array', 'd': 'O', 's': [1], 'v': b''}, 'k': 'cupy'}", "assert answer(3) == 4"),
    _handle("a device array of an unknown library", "{'~': 'device', 'v': 5, 'k': []}", "assert answer(3) == 4"),
    Attack("one object's number for another", "two learner's objects are compared by the learner's process, and the cell is marked less protected",
           SEND + "class P: pass\nold = exam.Candidate._handle\ndef forged(self, v):\n    made = old(self, v)\n    if isinstance(v, P):\n        self.handles[7777] = v\n        made['v'] = 7777\n    return made\nexam.Candidate._handle = forged\ndef answer(x): return P()\ndef expected(x): return P()",
           source=asks("assert answer(1) == expected(1)", model="def answer(x): return 1\ndef expected(x): return 1"), honest=10, protected=False, spared=NO_CHANNEL),
    Attack("an object kept over the end of its process", "a handle of a candidate that is gone is gone", "import os\nclass P:\n    value = 4\n    def end(self): os._exit(0)\ndef answer(x): return P()",
           source=notebook(solution("answer", "def answer(x): return x + 1"), test("t0", 5, "kept = answer(3)\nassert kept.value == 4\ntry:\n    kept.end()\nexcept BaseException:\n    pass\nassert kept.value == 4"), test("t1", 5, "assert kept.value == 4"))),
    Attack("the numbers of another submission's objects", "every submission has a process of its own",
           "import grader.exam.candidate as exam\ndef answer(x):\n    import gc\n    for o in gc.get_objects():\n        if type(o) is exam.Candidate: return o.handles.get(0) and o.handles[0](x)\n    return 0",
           earlier="def answer(x): return x + 1", source=asks("assert answer(3) == 4")),
    Attack("a class of the learner's that poses as the test's", "a class given by a name is the learner's, and marked so",
           "class Result:\n    def __init__(self, *a): pass\n    def ok(self): return 4\ndef answer(x): return Result()", source=asks("assert isinstance(answer(3), int)\nassert answer(3).ok() == 4")),
)  # fmt: skip
