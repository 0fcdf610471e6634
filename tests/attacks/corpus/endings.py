"""Dying, raising, and endings that a test takes for success."""

from __future__ import annotations

from tests.attacks.case import HARM, Attack, asks
from tests.notebooks import notebook, solution, test

_NEVER = "a process that ended satisfies no test"
_OWN_LOSS = "an ending costs the learner's own cell, and no batch"
_TWO = notebook(
    solution("answer", "def answer(x): return x + 1"), test("answer-test", 5, "assert answer(3) == 4"),
    solution("b", "b = 1"), test("t2", 5, "assert b == 1"),
)  # fmt: skip


def _must_raise(what: str = "Exception") -> bytes:
    return asks(f"try:\n    answer(-1)\nexcept {what}:\n    pass\nelse:\n    raise AssertionError")


ATTACKS = (
    Attack("ending the process", _OWN_LOSS, "import os\nos._exit(0)", outcomes=("crashed",)),
    Attack("ending the process in the call", _OWN_LOSS, "import os\ndef answer(x): os._exit(0)", outcomes=("crashed",)),
    Attack("ending after the first test, so that no score is written", _OWN_LOSS, "def answer(x): return x + 1", more={"b": "import os\nos._exit(0)"}, source=_TWO, honest=5),
    Attack("a segmentation fault", _OWN_LOSS, "import ctypes\ndef answer(x): ctypes.string_at(0)", outcomes=("crashed",)),
    Attack("an abort", _OWN_LOSS, "import os\ndef answer(x): os.abort()", outcomes=("crashed",)),
    Attack("leaving by SystemExit", "an exit is an error", "def answer(x): raise SystemExit(0)"),
    Attack("leaving by SystemExit in a cell", "an exit is an error", "raise SystemExit(0)"),
    Attack("KeyboardInterrupt in the call", "an interrupt is an error", "def answer(x): raise KeyboardInterrupt"),
    Attack("GeneratorExit in the call", "only an exception of an ordinary kind comes back as itself", "def answer(x): raise GeneratorExit"),
    Attack("a must-raise test satisfied by dying", _NEVER, "import os\ndef answer(x): os._exit(0)", source=_must_raise(), outcomes=("crashed",)),
    Attack("a bare except satisfied by dying", _NEVER, "import os\ndef answer(x): os._exit(0)", source=_must_raise("BaseException"), outcomes=("crashed",)),
    Attack("a test's fallback reached by dying", _NEVER, "import os\ndef answer(x): os._exit(0)",
           source=asks("try:\n    got = answer(3)\nexcept BaseException:\n    got = 4\nassert got == 4"), outcomes=("crashed",)),
    Attack("a must-raise test satisfied by hanging", _NEVER, "def answer(x):\n    while True: pass", source=_must_raise("BaseException"), outcomes=("timeout",)),
    Attack("a must-raise test satisfied by noise", _NEVER, "import os\ndef answer(x):\n    for fd in range(3, 99):\n        try: os.write(fd, b'\\x01' + bytes(7) + b'\\xc1')\n        except OSError: pass\n    import time\n    time.sleep(60)",
           source=_must_raise("BaseException"), outcomes=("crashed",)),
    Attack("a must-raise test satisfied by a giant answer", "what is too large is no exception that a test asked for",
           "def answer(x): return bytes(100_000_000)", source=_must_raise("ValueError"), honest=10),
    Attack("finally that swallows the ending", _NEVER, "import os\ndef answer(x): os._exit(0)",
           source=asks("def checked():\n    try:\n        return answer(3) == 4\n    finally:\n        return True\nassert checked()"), outcomes=("crashed",)),
    Attack("StopIteration through map ends the loop", "StopIteration does not come back as itself", "def answer(x): raise StopIteration",
           source=asks("for x, y in zip(map(answer, [1, 2, 3]), [2, 3, 4]):\n    assert x == y")),
    Attack("StopIteration in all(map())", "StopIteration does not come back as itself", "def answer(x): raise StopIteration",
           source=asks("assert all(map(lambda v: answer(v) == v + 1, [1, 2, 3]))")),
    Attack("a subclass of StopIteration", "StopIteration does not come back as itself", "class Stop(StopIteration): pass\ndef answer(x): raise Stop",
           source=asks("assert all(map(lambda v: answer(v) == v + 1, [1, 2, 3]))")),
    Attack("StopAsyncIteration", "StopAsyncIteration does not come back as itself", "def answer(x): raise StopAsyncIteration",
           source=asks("class Values:\n    left = 3\n    def __aiter__(self): return self\n    async def __anext__(self):\n        self.left -= 1\n        if self.left < 0: raise StopAsyncIteration\n        return answer(1)\n"
                       "async def check():\n    async for value in Values():\n        assert value == 2\ntry:\n    check().send(None)\nexcept StopIteration:\n    pass")),
    Attack("IndexError that ends the old iteration protocol", "a loop over a learner's object is asked whole",
           "class Seq:\n    def __getitem__(self, i): raise IndexError\ndef answer(x): return Seq()",
           source=asks("n = 0\nfor v in answer(3):\n    assert v == 4\n    n += 1\nassert n")),
    Attack("SkipTest", "a skipped test is no passed test", "import unittest\ndef answer(x): raise unittest.SkipTest('later')", source=asks("import unittest\nassert answer(3) == 4")),
    Attack("the room's own exception raised", "an exception's class is only ever a builtin",
           "try:\n    from grader.exam.candidate_link import CandidateGone as Gone\nexcept ImportError:\n    Gone = SystemExit\ndef answer(x): raise Gone('ended')", source=_must_raise("ZeroDivisionError")),
    Attack("an exception class of no name", "an exception's class is only ever a builtin", "def answer(x): raise type('', (Exception,), {})", source=_must_raise("ZeroDivisionError")),
    Attack("an exception whose text raises", "texts of exceptions are made in the learner's process", "class E(Exception):\n    def __str__(self): raise SystemExit\n    __repr__ = __str__\ndef answer(x): raise E"),
    Attack("an exception whose text never ends", "the call's clock holds for the text, too", "class E(Exception):\n    def __str__(self):\n        while True: pass\ndef answer(x): raise E", outcomes=("timeout",)),
    Attack("an exception with a text of 100 MB", "texts are cut", "def answer(x): raise ValueError('x' * 100_000_000)"),
    Attack("UnicodeDecodeError, whose arguments are special", "what cannot be made again becomes an error of its own", "def answer(x): raise UnicodeDecodeError('a', b'b', 0, 1, 'c')"),
    Attack("an ExceptionGroup", "what cannot be made again becomes an error of its own", "def answer(x): raise ExceptionGroup('a', [ValueError('x')])", source=_must_raise("ZeroDivisionError")),
    Attack("a recursion without end", "the learner's stack is its own", "def answer(x): return answer(x)"),
    Attack("a destructor that ends the process", _OWN_LOSS, "import os\nclass D:\n    def __del__(self): os._exit(0)\ndef answer(x):\n    D()\n    return 4", outcomes=("crashed",)),
    Attack("an object whose attributes end the process", "an ending costs the test that asked", "import os\nclass R:\n    def __getattr__(self, name): os._exit(0)\ndef answer(x): return R() if x > 3 else 4", source=notebook(
        solution("answer", "def answer(x): return x + 1"), test("t0", 5, "assert answer(3) == 4"), test("t1", 5, "assert answer(5).value == 6")), honest=5),
    Attack("an exit handler", "handlers end with the process", "import atexit, sys\natexit.register(lambda: print(10.0))\ndef answer(x): sys.exit()"),
    Attack("an alarm that raises at a chosen moment", "signals of the learner's process are its own", "import signal\ndef late(*a): raise StopIteration\nsignal.signal(signal.SIGALRM, late)\nsignal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)\ndef answer(x):\n    while True: pass"),
    Attack("a signal to everybody", "a process can signal no other", "import os, signal\ndef answer(x):\n    os.kill(-1, signal.SIGKILL)", spared=HARM),
    Attack("a signal to the parent", "a process can signal no other", "import os, signal\ndef answer(x):\n    os.kill(os.getppid(), signal.SIGKILL)\n    return x + 1", spared=HARM),
)  # fmt: skip
