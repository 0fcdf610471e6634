"""IPython's transformers, hooks, events, magics and displays, and nbgrader's partial credit."""

from __future__ import annotations

from tests.attacks.case import WRONG, Attack, asks

_NOT_HERE = "test cells do not run in the learner's shell"
_FOUR = asks("assert answer(3) == 4")

ATTACKS = (
    Attack("asserts dropped by an AST transformer", _NOT_HERE,
           "import ast\nclass Drop(ast.NodeTransformer):\n    def visit_Assert(self, node): return None\nget_ipython().ast_transformers.append(Drop())\n" + WRONG),
    Attack("asserts dropped by an input transformer", _NOT_HERE,
           "drop = lambda lines: [line for line in lines if not line.startswith('assert')]\nget_ipython().input_transformers_cleanup.append(drop)\n" + WRONG),
    Attack("every later cell replaced by an input transformer", _NOT_HERE,
           "get_ipython().input_transformers_post.append(lambda lines: ['10.0\\n'])\n" + WRONG, source=_FOUR),
    Attack("points shown by the display hook", "points come from the examiner alone",
           "import sys\nsys.displayhook(10.0)\nprint(10.0)\n" + WRONG + "\n10.0"),
    Attack("points shown in the call", "points come from the examiner alone",
           "def answer(x):\n    get_ipython().displayhook(10.0)\n    return 0", source=_FOUR),
    Attack("points shown by a display publisher", "points come from the examiner alone",
           "def answer(x):\n    ip = get_ipython()\n    ip.display_pub.publish({'text/plain': '10.0'})\n    s = getattr(ip, 'kernel', None)\n"
           "    if s: s.session.send(s.iopub_socket, 'execute_result', {'data': {'text/plain': '10.0'}, 'metadata': {}, 'execution_count': 1}, parent=s.get_parent('shell'))\n    return 0", source=_FOUR),
    Attack("errors swallowed by a custom handler", _NOT_HERE,
           "get_ipython().set_custom_exc((AssertionError,), lambda *a, **k: None)\n" + WRONG, source=_FOUR),
    Attack("tracebacks swallowed", _NOT_HERE, "get_ipython().showtraceback = lambda *a, **k: None\nget_ipython()._showtraceback = lambda *a, **k: None\n" + WRONG, source=_FOUR),
    Attack("run_code replaced", _NOT_HERE,
           "ip = get_ipython()\nasync def run_code(code, result=None, **k):\n    return False\nip.run_code = run_code\n" + WRONG, source=_FOUR),
    Attack("the shell's run_cell replaced", _NOT_HERE,
           "from IPython.core.interactiveshell import ExecutionResult, ExecutionInfo\nasync def run(*a, **k): return ExecutionResult(ExecutionInfo('', False, False, False, ''))\n"
           "get_ipython().run_cell_async = run\nget_ipython().run_cell = lambda *a, **k: ExecutionResult(ExecutionInfo('', False, False, False, ''))\n" + WRONG, source=_FOUR),
    Attack("a hook that binds the answer anew before each cell", "events of the learner's shell do not reach the tests",
           "def bind(*a): get_ipython().user_ns['all'] = lambda *a: True\nget_ipython().events.register('pre_run_cell', bind)\n" + WRONG,
           source=asks("assert all([answer(3) == 4])")),
    Attack("nodes shown that end in points", "points come from the examiner alone",
           "get_ipython().ast_node_interactivity = 'all'\nclass Points:\n    def __repr__(self): return '10.0'\ndef answer(x): return Points()",
           source=asks("answer(3)\nassert answer(3) == 4")),
    Attack("a magic that the test uses, replaced", "IPython's syntax in a test means nothing of the learner's",
           "def fake(line, cell=None): return 0.0\nget_ipython().register_magic_function(fake, 'line_cell', 'timeit')\ndef answer(x): return 0",
           source=asks("%timeit -n1 -r1 answer(3)\nassert answer(3) == 4")),
    Attack("get_ipython replaced", "a test's get_ipython is not the learner's",
           "class G:\n    def run_line_magic(self, *a): return None\nget_ipython = lambda: G()\nok = True",
           source=asks("get_ipython().run_line_magic('run', 'tests.py')\nassert ok"), beside={"tests.py": "ok = False"}),
    Attack("display replaced so that it raises StopIteration", "names that IPython gives are the examiner's",
           "def display(*a): raise StopIteration\n" + WRONG, source=asks("for f in [answer]:\n    assert f(3) == 4")),
    Attack("an object as last value that says it is a report", "only a number or a report of the examiner's own gives points",
           "class R:\n    max_score = 10\n    score = 10\n    findings = []\ndef answer(x): return R()", source=asks("r = answer(3)\nassert r.score == 10\nassert r == 4\nr")),
    Attack("a report whose score is a text", "only a number or a report of the examiner's own gives points",
           "class R:\n    max_score = 10\n    score = 'x'\n    findings = [1, 2]\ndef answer(x): return R()",
           source=asks("r = answer(3)\nassert isinstance(r, int)\nr")),
    Attack("a number above the maximum as last value", "more than the maximum waits for a person",
           "def answer(x): return 1e300", source=asks("answer(3)"), outcomes=("review",)),
    Attack("nan as last value", "what is no number of points waits for a person",
           "def answer(x): return float('nan')", source=asks("answer(3)"), outcomes=("review",)),
    Attack("an infinity as last value", "more than the maximum waits for a person",
           "def answer(x): return float('inf')", source=asks("answer(3)"), outcomes=("review",)),
    Attack("standard error closed and replaced", "the learner's streams are its own",
           "import sys, os\nsys.stderr = sys.stdout = None\n" + WRONG),
    Attack("the namespace replaced by one that knows every name", "names are asked one by one, and what they hold is plain data",
           "class Any(dict):\n    def __contains__(self, name): return True\n    def __missing__(self, name): return lambda *a: 4\nget_ipython().user_ns = Any(get_ipython().user_ns)\n" + WRONG),
)  # fmt: skip
