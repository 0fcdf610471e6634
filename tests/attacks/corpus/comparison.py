"""Objects and types that pass for the right answer without being it."""

from __future__ import annotations

from tests.attacks.case import Attack, asks

_SAME = "class Same{base}:\n    def __eq__(self, other): return True\n    def __ne__(self, other): return False\n    __hash__ = None\ndef answer(x): return Same({argument})"
_UNEQUAL = "an object is unequal to all plain data"
_PLAIN_KIND = "a subclass is no plain data, so it travels as an object"


def _same(base: str = "", argument: str = "", before: str = "") -> str:
    return before + _SAME.format(base=base, argument=argument)


ATTACKS = (
    Attack(
        "an object equal to everything",
        _UNEQUAL,
        "class Same:\n    def __eq__(self, other): return True\n    def __array__(self, *a, **k): return 1\n"
        "    def __bool__(self): return True\n    __array_ufunc__ = None\ndef answer(x): return Same()",
    ),
    Attack("an integer equal to everything", _PLAIN_KIND, _same("(int)", "0"), source=asks("assert answer(3) == 4")),
    Attack("the integer on the right of ==", _PLAIN_KIND, _same("(int)", "0"), source=asks("assert 4 == answer(3)")),
    Attack("a text equal to everything", _PLAIN_KIND, _same("(str)", "'x'"), source=asks("assert answer('a') == 'b'")),
    Attack("a list equal to everything", _PLAIN_KIND, _same("(list)", "[]"), source=asks("assert answer(3) == [4, 4, 4]")),
    Attack("a dict equal to everything", _PLAIN_KIND, _same("(dict)", "{}"), source=asks("assert answer(3) == {'a': 4}")),
    Attack(
        "equal in a unittest", _UNEQUAL, _same(),
        source=asks("import unittest\nunittest.TestCase().assertEqual(answer(3), 4)"),
    ),
    Attack(
        "an array class of its own", _PLAIN_KIND,
        "import numpy as np\nclass A(np.ndarray):\n    def __eq__(self, o): return True\n    def __sub__(self, o): return self * 0\n"
        "    __rsub__ = __sub__\ndef answer(x): return np.zeros(3).view(A)",
        source=asks("x = np.array([1.0, 2.0, 3.0])\nassert np.all(answer(x) == x + 1)"),
    ),
    Attack(
        "__array_function__ that answers np.allclose", "NumPy's protocols are not asked of a learner's object",
        "class A:\n    def __array_function__(self, function, types, args, kwargs): return True\n"
        "    def __array_ufunc__(self, *a, **k): return True\ndef answer(x): return A()",
        source=asks("x = np.array([1.0, 2.0])\nassert np.allclose(answer(x), x + 1)"),
    ),
    Attack(
        "__array__ that finds the expected values in its caller", "the comparison runs in another process",
        "import sys, numpy as np\nclass A:\n    def __array__(self, *a, **k):\n        f = sys._getframe()\n        while f:\n"
        "            if 'expected' in f.f_globals: return np.asarray(f.f_globals['expected'])\n            f = f.f_back\n"
        "        return np.zeros(2)\ndef answer(x): return A()",
        source=asks("expected = np.array([48271.5, 69621.25])\nnp.testing.assert_allclose(answer(3), expected)"),
    ),
    Attack(
        "a difference that is always 0", "an object has no difference from plain data",
        "class Z:\n    def __sub__(self, o): return 0.0\n    __rsub__ = __sub__\ndef answer(x): return Z()",
        source=asks("assert abs(answer(3) - 4) < 1e-9"),
    ),
    Attack(
        "a difference from an array that is always 0", "an object has no difference from plain data",
        "class Z:\n    def __sub__(self, o): return o * 0\n    __rsub__ = __sub__\ndef answer(x): return Z()",
        source=asks("x = np.array([1.0, 2.0])\nassert np.abs(answer(x) - (x + 1)).max() < 1e-9"),
    ),
    Attack(
        "a float class whose difference is 0", "an object has no difference from plain data",
        "class Z(float):\n    def __sub__(self, o): return Z(0)\n    __rsub__ = __sub__\n    def __abs__(self): return 0.0\n"
        "def answer(x): return Z(7)",
        source=asks("assert abs(answer(3) - 4) < 1e-9 and abs(4 - answer(3)) < 1e-9"),
    ),
    Attack(
        "a number above and below everything", "an object has no order with plain data",
        "class N:\n    def __lt__(self, o): return True\n    __gt__ = __le__ = __ge__ = __lt__\ndef answer(x): return N()",
        source=asks("assert 3.9 < answer(3) < 4.1"),
    ),
    Attack(
        "an object that is true", "an object has no truth value",
        "class T:\n    def __bool__(self): return True\n    def __and__(self, o): return self\n    __rand__ = __and__\ndef answer(x): return T()",
        source=asks("assert answer(3) is not None and not answer(4) is None\nassert answer(5)"),
    ),
    Attack(
        "a float that math.isclose reads as what is wanted", "an object is no number",
        "class F:\n    n = 0\n    def __float__(self):\n        F.n += 1\n        return 4.0\n    __index__ = None\ndef answer(x): return F()",
        source=asks("import math\nassert math.isclose(answer(3), 4)"),
    ),
    Attack(
        "__class__ that lies", "isinstance is asked of what came through the channel",
        "class L:\n    @property\n    def __class__(self): return int\n    def __eq__(self, o): return True\ndef answer(x): return L()",
        source=asks("assert isinstance(answer(3), int)\nassert answer(3) == 4"),
    ),
    Attack(
        "a metaclass to which everything belongs", "what plain data is an instance of is not the learner's word",
        "class M(type):\n    def __instancecheck__(self, o): return True\nclass Number(metaclass=M): pass\ndef answer(x): return 0",
        source=asks("assert isinstance(answer(3), Number)\nassert isinstance(5, Number)", model="class Number: pass\ndef answer(x): return Number()"),
    ),
    Attack(
        "an object that contains everything", "the learner's word counts, and the cell is marked less protected",
        "class All:\n    def __contains__(self, o): return True\ndef answer(x): return All()",
        source=asks("assert 4 in answer(3)"), honest=10, protected=False,
    ),
    Attack(
        "an object with an obliging `equals`", "the learner's word counts, and the cell is marked less protected",
        "class Frame:\n    def equals(self, other): return True\ndef answer(x): return Frame()",
        source=asks("assert answer(3).equals([4])"), honest=10, protected=False,
    ),
    Attack(
        "two learner's objects that are equal to everything", "the learner's word counts, and the cell is marked less protected",
        "class P:\n    def __eq__(self, o): return True\n    __hash__ = None\ndef answer(x): return P()",
        source=asks("assert answer(1) == answer(2)"), honest=10, protected=False,
    ),
    Attack(
        "a sequence that answers with what it is compared with", "items are asked for before anything is compared",
        "class Q:\n    def __len__(self): return 3\n    def __getitem__(self, i):\n        if i > 2: raise IndexError\n        return Same()\n"
        "    def __eq__(self, o): return True\ndef answer(x): return Q()",
        source=asks("assert np.all(np.asarray(answer(3)) == np.array([1, 2, 3]))\nassert list(answer(3)) == [1, 2, 3]"),
    ),
    Attack(
        "an iterator of objects equal to everything", _UNEQUAL,
        "class Same:\n    def __eq__(self, o): return True\ndef answer(x):\n    yield Same()\n    yield Same()",
        source=asks("got = list(answer(3))\nassert len(got) == 2 and got == [1, 2]"),
    ),
    Attack(
        "objects equal to everything inside plain data", _UNEQUAL,
        "class Same:\n    def __eq__(self, o): return True\n    def __hash__(self): return 0\ndef answer(x): return {'a': [Same()], 'b': (Same(), 2)}",
        source=asks("assert answer(3) == {'a': [4], 'b': (5, 2)}"),
    ),
    Attack(
        "an object array of objects equal to everything", "arrays of objects are no plain data",
        "import numpy as np\nclass Same:\n    def __eq__(self, o): return True\n    def __sub__(self, o): return 0\n    __rsub__ = __sub__\n"
        "def answer(x): return np.array([Same(), Same()], dtype=object)",
        source=asks("assert np.all(answer(3) == np.array([4, 5]))"),
    ),
    Attack(
        "a dict whose items are what is asked for", "a subclass of dict is an object; a value of it is the learner's claim, and still compared",
        "class D(dict):\n    def __missing__(self, key): return Same()\nclass Same:\n    def __eq__(self, o): return True\ndef answer(x): return D()",
        source=asks("assert answer(3)['a'] == 4"),
    ),
    Attack(
        "a DataFrame with an obliging `equals`", _PLAIN_KIND,
        "import pandas as pd\nclass F(pd.DataFrame):\n    def equals(self, other): return True\n    def __eq__(self, other): return True\ndef answer(x): return F({'a': [0]})",
        source=asks("import pandas as pd\npd.testing.assert_frame_equal(answer(3), pd.DataFrame({'a': [4]}))"),
    ),
    Attack(
        "a text whose hash is the wanted one", "texts are compared in the examiner",
        "class S(str):\n    def encode(self, *a): return b'4'\n    def __str__(self): return self\ndef answer(x): return S('0')",
        source=asks("import hashlib\nassert hashlib.sha256(str(answer(3)).encode()).hexdigest() == hashlib.sha256(b'4').hexdigest()"),
    ),
    Attack(
        "a comparison that learns what it is compared with", "comparing gives the learner's object nothing",
        "seen = []\nclass Spy:\n    def __eq__(self, o):\n        seen.append(o)\n        return False\n    def __rsub__(self, o):\n        seen.append(o)\n        return 1\n"
        "def answer(x): return seen[-1] if seen else Spy()",
        source=asks("import secret\ntry:\n    assert answer(3) == secret.data[0]\nexcept AssertionError:\n    pass\nassert answer(3) == secret.data[0]"),
    ),
)  # fmt: skip
