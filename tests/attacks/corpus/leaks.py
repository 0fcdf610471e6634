"""Hidden inputs carried out to the learner: by prints, exceptions, texts, lines, compile errors and later cells."""

from __future__ import annotations

from tests.attacks.case import NO_CHANNEL, SEND, Attack, asks
from tests.notebooks import notebook, solution, test

_OURS = "learners read our sentence, the exception's builtin class and their own line"
_SECRET = asks("import secret\nassert answer(48271) == 4\nassert answer(secret.data) == 4")
_LATER = notebook(
    solution("answer", "def answer(x): return x + 1"), test("answer-test", 5, "x = [48271, 69621]\nassert answer(x) == 4"),
    solution("b", "b = 1"), test("t2", 5, "assert b == 1"),
)  # fmt: skip
_KEEP = "seen = []\ndef answer(x): seen.append(x)"
_KERNEL_LATER = notebook(
    solution("answer", "def answer(x): return x + 1"), test("answer-test", 5, "assert answer(48271) == 4"), solution("b", "k = None"),
    test("t2", 5, "from grader.checks import KernelCheck\nimport numpy as np\ncheck = KernelCheck(k, 'void(float32[:])', launch=lambda n: (1, 32))\n"
         "check.inputs(lambda rng, n: (np.zeros(n, 'f4'),), sizes=[4]).expect(lambda o: o + 1, output=0)\ncheck.run()"),
)  # fmt: skip

ATTACKS = (
    Attack("a hidden value thrown", _OURS, "def answer(x): raise ValueError(repr(x))", source=_SECRET),
    Attack("a hidden value printed", "what is printed in a hidden call is kept for the instructor", "import sys\ndef answer(x):\n    print(x)\n    print(x, file=sys.stderr)\n    return 0", source=_SECRET),
    Attack("a hidden value warned of", "what is printed in a hidden call is kept for the instructor", "import warnings\ndef answer(x):\n    warnings.warn(repr(x))\n    return 0", source=_SECRET),
    Attack("a hidden value as an exception's class", _OURS, "def answer(x): raise type(f'E{x}', (Exception,), {})", source=_SECRET),
    Attack("a hidden value as a class of a builtin kind", _OURS, "def answer(x): raise type(f'E{x}', (KeyError,), {})(x)", source=_SECRET),
    Attack("a hidden value as a missing name", _OURS, "def answer(x): raise NameError(f'name {x!r} is not defined', name=str(x))", source=_SECRET),
    Attack("a hidden value as a missing attribute", _OURS, "class A:\n    def __init__(self, x): self.x = x\n    def __getattr__(self, name): raise AttributeError(f'no {self.x}', name=str(self.x))\ndef answer(x): return A(x)", source=asks("assert answer(48271).value == 4")),
    Attack("a hidden value as a file name", _OURS, "def answer(x): open(f'/{x}')", source=_SECRET),
    Attack("a hidden value as a line number", "lines are those of the learner's own cells", "def answer(x): exec(compile('\\n' * (int(x) - 1) + '1/0', '<cell:answer>', 'exec'))", source=_SECRET),
    Attack("a hidden value as a cell's name", "lines are those of the learner's own cells", "def answer(x): exec(compile('1/0', f'<cell:{x}>', 'exec'))", source=_SECRET),
    Attack("a hidden value as a syntax error", "lines are those of the learner's own cells", "def answer(x): raise SyntaxError('x', ('<cell:answer>', int(x), 1, str(x)))", source=_SECRET),
    Attack("a hidden value as the name of a type", _OURS, "def answer(x): return type(f'T{x}', (), {})()", source=asks("assert answer(48271) < 4")),
    Attack("a hidden value as an answer in the test's text", "the text of a failed assertion is kept for the instructor", "def answer(x): return x", source=asks("got = answer(48271)\nassert got == 4, f'expected 4, got {got}'")),
    Attack("a hidden value as a dict key that is missing", "the text of a failed assertion is kept for the instructor", "def answer(x): return {x: 1}", source=asks("assert answer(48271)['a'] == 1")),
    Attack("a hidden value in the exception's notes and cause", _OURS, "def answer(x):\n    e = ValueError('x')\n    e.add_note(str(x))\n    raise e from KeyError(x)", source=_SECRET),
    Attack("a hidden value as the answer to a method", _OURS, "class A:\n    def __init__(self, x): self.x = x\n    def go(self): raise RuntimeError(self.x)\ndef answer(x): return A(x)", source=asks("answer(48271).go()")),
    Attack("hidden values in a later cell's exception", "once a test has asked, texts of exceptions are kept for the instructor", _KEEP, more={"b": "raise ValueError(repr(seen))"}, source=_LATER),
    Attack("hidden values as a later cell's class", _OURS, _KEEP, more={"b": "raise type('E' + str(seen[0][0]), (Exception,), {})"}, source=_LATER),
    Attack("hidden values as a later cell's line", "lines are those of the learner's own cells", _KEEP, more={"b": "exec(compile('\\n' * (seen[0][0] - 1) + '1/0', '<cell:b>', 'exec'))"}, source=_LATER),
    Attack("hidden values printed by a later cell", "what is printed is kept for the instructor", _KEEP, more={"b": "print(seen)\nseen"}, source=_LATER),
    Attack("hidden values as a name that is missing later", "the missing name is the test's own", _KEEP, more={"b": "del_b = seen[0][0]"}, source=_LATER),
    Attack("hidden values as the compile error of a later kernel", "once a test has asked, the compiler's words are kept for the instructor", "seen = []\ndef answer(x): seen.append(x)",
           more={"b": SEND + "exam.Candidate.do_compile = lambda self, r: {'refused': {'kind': 'compile', 'message': {'en': str(seen), 'de': str(seen)}, 'line': None, 'evidence': ''}}\ndef k(o): pass"}, source=_KERNEL_LATER, spared=NO_CHANNEL),
    Attack("hidden values as the line of a compile error", "lines are those of the learner's own cells", "seen = []\ndef answer(x): seen.append(x)",
           more={"b": SEND + "exam.Candidate.do_compile = lambda self, r: {'refused': {'kind': 'compile', 'message': {'en': 'a', 'de': 'b'}, 'line': seen[0], 'evidence': ''}}\ndef k(o): pass"}, source=_KERNEL_LATER, spared=NO_CHANNEL),
    Attack("hidden values as the kind of a compile error", "kinds are from a closed list", "seen = []\ndef answer(x): seen.append(x)",
           more={"b": SEND + "exam.Candidate.do_compile = lambda self, r: {'refused': {'kind': f'compile {seen}', 'message': {'en': 'a', 'de': 'b'}, 'line': None}}\ndef k(o): pass"}, source=_KERNEL_LATER, spared=NO_CHANNEL),
    Attack("hidden values in a file for the learner", "the exam's folder is removed", "def answer(x):\n    open('seen.txt', 'a').write(str(x))\n    return 0", source=_SECRET),
    Attack("hidden values as the shape of a result", "findings of hidden checks hold no sizes", "import numpy as np\ndef answer(x): return np.zeros(len(x) + 48271 - 5)",
           source=asks("from grader.checks import FunctionCheck\nFunctionCheck(answer, hidden=True).inputs(lambda rng, n: (rng.random(n),), sizes=[5]).expect(lambda x: x).run()")),
    Attack("hidden values as the text of a check's exception", "findings of hidden checks hold no texts", "def answer(x): raise ValueError(f'48271 {x}')",
           source=asks("from grader.checks import FunctionCheck\nFunctionCheck(answer, hidden=True).inputs(lambda rng, n: (rng.random(n),), sizes=[5]).expect(lambda x: x).run()")),
    Attack("names of hidden tests looked up later", "what hidden tests bind stays in the examiner", "def answer(x): return x + 1", more={"b": "b = cases[48271]"}, honest=5,
           source=notebook(solution("answer", "def answer(x): return x + 1"), test("answer-test", 5, "### BEGIN HIDDEN TESTS\ncases = {48271: 69621}\n### END HIDDEN TESTS\nassert answer(3) == 4"), solution("b", "b = 1"), test("t2", 5, "assert b == 69621"))),
)  # fmt: skip
