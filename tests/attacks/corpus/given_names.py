"""Constants, helpers and data of given cells, changed before the tests use them."""

from __future__ import annotations

from tests.attacks.case import Attack, asks
from tests.notebooks import given, notebook, solution, test

_OWN = "the examiner runs the instructor's given cells itself"
_GIVEN = "import numpy as np\ntolerance = 1e-6\ndef reference(x):\n    return x * 3"
_CHECKED = asks(
    "x = np.array([1.5, 2.5])\nassert np.abs(answer(x) - reference(x)).max() < tolerance",
    _GIVEN,
    "def answer(x): return x * 3",
)
_CASES = asks("for x, y in cases:\n    assert answer(x) == y", "cases = [(3, 4), (5, 6)]")
_CUPY = asks(
    "x = cp.arange(3)\nassert bool(cp.allclose(answer(x), x + 1))", "import cupy as cp", "def answer(x): return x + 1"
)

ATTACKS = (
    Attack("a tolerance raised", _OWN, "def answer(x): return 0\ntolerance = 1e9", source=_CHECKED),
    Attack("a reference replaced", _OWN, "def answer(x): return x\ndef reference(x): return x", source=_CHECKED),
    Attack("a reference's code replaced", _OWN, "reference.__code__ = (lambda x: x).__code__\ndef answer(x): return x", source=_CHECKED),
    Attack("np of a given cell replaced", _OWN, "class np:\n    abs = staticmethod(lambda x: np)\n    max = staticmethod(lambda: 0)\n    array = staticmethod(lambda x: 1)\ndef answer(x): return 1", source=_CHECKED),
    Attack("cases of a given cell emptied", _OWN, "cases.clear()\ndef answer(x): return 0", source=_CASES),
    Attack("a reference deleted", _OWN, "del reference, tolerance\ndef answer(x): return x", source=_CHECKED),
    Attack("globals of a reference changed", _OWN, "factor = 1\ndef answer(x): return x",
           source=asks("assert answer(5) == reference(5)", "factor = 3\ndef reference(x):\n    return x * factor", "def answer(x): return x * 3")),
    Attack("data of a given cell changed in place", _OWN, "data[:] = 0\ndef answer(x): return x * 0",
           source=asks("assert np.allclose(answer(data), data * 3)", "import numpy as np\ndata = np.arange(5.0)", "def answer(x): return x * 3")),
    Attack("a given class's comparison replaced", _OWN, "Point.same = lambda self, other: True\ndef answer(x): return 0",
           source=asks("assert Point(4).same(answer(3))", "class Point:\n    def __init__(self, x): self.x = x\n    def same(self, other): return self.x == other")),
    Attack("a given random generator replaced", _OWN, "class Fixed:\n    def random(self, n): return np.zeros(n)\nrng = Fixed()\ndef answer(x): return np.ones(4)",
           source=asks("x = rng.random(4)\nassert np.allclose(answer(x), x + 1)", "import numpy as np\nrng = np.random.default_rng()")),
    Attack("a given check replaced in an added cell", _OWN,
           submitted=notebook(given("def check(got, wanted):\n    assert got == wanted"), solution("answer", "def answer(x): return 0"), given("def check(*a): pass"), test("answer-test", 10, "")),
           source=asks("check(answer(3), 4)", "def check(got, wanted):\n    assert got == wanted")),
    Attack("a given cell rewritten in the submission", _OWN,
           submitted=notebook(given("def check(*a): pass"), solution("answer", "def answer(x): return 0"), test("answer-test", 10, "check(answer(3), 4)")),
           source=asks("check(answer(3), 4)", "def check(got, wanted):\n    assert got == wanted")),
    Attack("a given generator used up", _OWN, "list(numbers)\ndef answer(x): return 0",
           source=asks("for x in numbers:\n    assert answer(x) == x + 1", "numbers = iter([1, 2, 3])")),
    Attack("cupy's comparison patched", _OWN, "import cupy as cp\ncp.allclose = lambda *a, **k: [1]\ndef answer(x): return x", source=_CUPY),
    Attack("cupy.testing replaced", _OWN, "class T:\n    assert_allclose = staticmethod(lambda *a, **k: None)\ncp.testing = T\ndef answer(x): return 5",
           source=asks("cp.testing.assert_allclose(answer(cp.arange(3)), cp.arange(3))", "import cupy as cp")),
    Attack("cupy in a test, patched before", "a test's imports are the examiner's", "import cupy as cp\ncp.allclose = lambda *a, **k: True\ndef answer(x): return x",
           source=asks("import cupy as cp\nassert cp.allclose(answer(cp.zeros(3)), cp.ones(3))")),
    Attack("a helper given to learners, submitted anew", "helpers are the instructor's own",
           "from helper import check\ndef answer(x): return 0", source=asks("import helper\nassert helper.check(answer(3))"),
           beside={"helper.py": "def check(value): return value == 4"}, files={"helper.py": b"def check(value): return True"}),
    Attack("what an earlier test bound, replaced", "what a test binds is the examiner's",
           "def answer(x): return x + 1", more={"b": "wanted = 0\ndef last(x): return 0"}, honest=5,
           source=notebook(solution("answer", "def answer(x): return x + 1"), test("answer-test", 5, "wanted = 17\nassert answer(16) == wanted"),
                           solution("b", "def last(x): return 17"), test("t2", 5, "assert last(1) == wanted"))),
)  # fmt: skip
