"""Clocks that are stopped, and threads and processes that work at another time than the call."""

from __future__ import annotations

from tests.attacks.case import HARM, WRONG, Attack, asks, probe
from tests.notebooks import given, notebook, solution, test

_TIMED = asks(
    "import time\nstarted = time.perf_counter()\ngot = answer(3)\nspent = time.perf_counter() - started\nassert got == 4\nassert spent < 0.2"
)
_CALL, _PROCESS = "the clock of each call", "a process cannot start another"

ATTACKS = (
    Attack("a loop without end", _CALL, "def answer(x):\n    while True: pass", outcomes=("timeout",)),
    Attack("a cell without end", "the clock of each cell", "while True: pass", outcomes=("timeout",)),
    Attack("a wait without end in C", _CALL, "import threading\ndef answer(x): threading.Event().wait()", outcomes=("timeout",)),
    Attack("a hang that ignores every signal", "the end is SIGKILL",
           "import signal\nfor n in range(1, 60):\n    try: signal.signal(n, signal.SIG_IGN)\n    except (OSError, ValueError): pass\ndef answer(x):\n    while True:\n        try:\n            while True: pass\n        except BaseException: pass",
           outcomes=("timeout",)),
    Attack("a hang that costs once for a name", "a name that ran into its clock gets a tenth of it afterwards", "def answer(x):\n    while True: pass", outcomes=("timeout",),
           source=notebook(given("x = 1"), solution("answer", "def answer(x): return x + 1"), *(test(f"t{n}", 2, f"assert answer({n}) == {n + 1}") for n in range(5)))),
    Attack("attributes that hang", _CALL, "class H:\n    def __getattr__(self, name):\n        while True: pass\ndef answer(x): return H()", source=asks("assert answer(3).value == 4"), outcomes=("timeout",)),
    Attack("callbacks without end", "callbacks share the clock of their call", "def answer(f):\n    while True: f()", source=asks("answer(lambda: 1)\nassert answer(lambda: 2) == 2"), outcomes=("timeout",)),
    Attack("slow callbacks, each within the clock", "callbacks share the clock of their call", "import time\ndef answer(f):\n    for _ in range(9):\n        time.sleep(0.7)\n        f()\n    return 2",
           source=asks("assert answer(lambda: 1) == 2"), outcomes=("timeout",)),
    Attack("a test that is lured into a power without end", "the examiner has a clock, too; earlier results stay",
           "def answer(x): return x + 1 if x < 10 else 10**9", honest=5, outcomes=("passed", "timeout"),
           source=notebook(solution("answer", "def answer(x): return x + 1"), test("t0", 5, "assert answer(3) == 4"), test("t1", 5, "assert answer(10) ** answer(10) == 11 ** 11"))),
    Attack("a test that is lured into a repetition of 8 GB", "the examiner has a cap on its memory", "def answer(x): return 8_000_000_000", source=asks("assert 'x' * answer(3) == 'xxxx'"), spared=HARM),
    Attack("a sequence without end", "items are read up to a cap", "class Q:\n    def __iter__(self):\n        while True: yield 1\ndef answer(x): return Q()", source=asks("assert len(list(answer(3))) == 4"), spared=HARM),
    Attack("a length that lies", "what a learner's object says is compared, not believed", "class Q:\n    def __len__(self): return 1 << 60\n    def __getitem__(self, i): return i\ndef answer(x): return Q()",
           source=asks("got = answer(3)\nassert np.allclose(np.zeros(3), [got[i] for i in range(3)]) and len(got) == 3")),
    Attack("the clock stopped", "a test's clock is the examiner's",
           "import time\nreal = time.sleep\ntime.perf_counter = lambda: 0.0\ntime.monotonic = lambda: 0.0\ntime.time = lambda: 0.0\ndef answer(x):\n    real(0.4)\n    return x + 1", source=_TIMED),
    Attack("timeit's clock replaced", "a test's clock is the examiner's",
           "import time, timeit\ntimeit.default_timer = lambda: 0.0\ntimeit.timeit = lambda *a, **k: 0.0\ndef answer(x):\n    time.sleep(0.4)\n    return x + 1",
           source=asks("import timeit\nassert answer(3) == 4\nassert timeit.timeit(lambda: answer(3), number=1) < 0.2")),
    Attack("an answer filled in by a thread after the clock stops", "an answer is what it was when the call ended",
           "import threading, time\ndef answer(x):\n    out = [0]\n    def later():\n        time.sleep(0.3)\n        out[0] = x + 1\n    threading.Thread(target=later).start()\n    return out",
           source=asks("import time\nstarted = time.perf_counter()\ngot = answer(3)\nspent = time.perf_counter() - started\ntime.sleep(0.5)\nassert got == [4] and spent < 0.2")),
    Attack("an answer that computes itself when it is compared", "an object is unequal to all plain data",
           "import time\nclass Lazy:\n    def __init__(self, x): self.x = x\n    def __eq__(self, other):\n        time.sleep(0.4)\n        return self.x + 1 == other\ndef answer(x): return Lazy(x)",
           source=asks("import time\nstarted = time.perf_counter()\ngot = answer(3)\nspent = time.perf_counter() - started\nassert got == 4 and spent < 0.2")),
    Attack("an argument filled in by a thread after the call", "arguments come back as they were when the call ended",
           "import threading, time\ndef answer(out):\n    def later():\n        time.sleep(0.3)\n        out[:] = 7\n    threading.Thread(target=later).start()",
           source=asks("import time\nout = np.zeros(3)\nanswer(out)\ntime.sleep(0.5)\nassert (out == 7).all()")),
    Attack("a process that outlives the exam", _PROCESS, probe("import os\npid = os.fork()\nif pid == 0: os._exit(0)\nos.waitpid(pid, 0)")),
    Attack("a subprocess", _PROCESS, probe("import subprocess\nsubprocess.run(['true'], check=True)")),
    Attack("multiprocessing", _PROCESS, probe("import multiprocessing as m\np = m.get_context('fork').Process(target=len, args=([],))\np.start()\np.join()")),
    Attack("vfork and posix_spawn", _PROCESS, probe("import os\npid = os.posix_spawn('/bin/true', ['true'], {})\nos.waitpid(pid, 0)")),
    Attack("a shell by IPython", _PROCESS, probe("out = get_ipython().getoutput('echo here')\nassert 'here' in ''.join(out)")),
    Attack("another program in place of this one", _PROCESS, "import os\ndef answer(x):\n    try: os.execv('/bin/true', ['true'])\n    except PermissionError: return None"),
    Attack("a thread that goes on talking after its call", "threads end with the candidate", "import threading, time\ndef babble():\n    while True:\n        print('x' * 1000)\n        time.sleep(0.001)\ndef answer(x):\n    threading.Thread(target=babble, daemon=True).start()\n    return 0"),
    Attack("a thread that holds the interpreter", _CALL, "import threading, sys\nsys.setswitchinterval(1e9)\ndef spin():\n    while True: pass\nthreading.Thread(target=spin, daemon=True).start()\n" + WRONG),
    Attack("threads without end", "memory and threads have caps",
           "import threading\ndef spin():\n    while True: pass\ndef answer(x):\n    for _ in range(10_000):\n        threading.Thread(target=spin, daemon=True).start()\n    return 0", spared=HARM),
    Attack("sleeping threads without end", "a cap on threads", "import threading\nthreading.stack_size(1 << 16)\ndef answer(x):\n    while True: threading.Thread(target=threading.Event().wait, daemon=True).start()", spared=HARM),
    Attack("a fork bomb", _PROCESS, "import os\ndef answer(x):\n    while True: os.fork()", spared=HARM),
    Attack("raising the own limits and priority", "limits are set hard, and priorities cannot be set",
           probe("import os, resource\nos.nice(0)\nos.sched_setaffinity(0, os.sched_getaffinity(0))\nresource.setrlimit(resource.RLIMIT_CPU, resource.getrlimit(resource.RLIMIT_CPU))")),
)  # fmt: skip
