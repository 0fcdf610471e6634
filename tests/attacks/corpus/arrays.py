"""Lying about arrays, arguments and counts, to plain tests and to function checks."""

from __future__ import annotations

from tests.attacks.case import NO_CHANNEL, SEND, Attack, asks

_CHECK = asks(
    "from grader.checks import FunctionCheck\ncheck = FunctionCheck(answer, hidden=True)\n"
    "check.inputs(lambda rng, n: (rng.random(n),), sizes=[5, 5, 9]).expect(lambda x: x + 1)\n"
    "check.points(correct=5, same_type=3, keeps_inputs=2)\ncheck.run()"
)
_REFERENCE = "the reference is computed in the examiner, from its own copy of the inputs"
_DATA = "what comes back is compared as data, with its own shape and dtype"

ATTACKS = (
    Attack("inputs set to zero before the reference sees them", _REFERENCE, "def answer(x):\n    x[:] = -1\n    return x + 1", source=_CHECK),
    Attack("the input itself as result", _DATA, "def answer(x): return x", source=_CHECK),
    Attack("right values, and the inputs changed", "inputs are compared after the call", "def answer(x):\n    y = x + 1\n    x[:] = 0\n    return y", source=_CHECK, honest=8),
    Attack("right values in another precision", _DATA, "import numpy as np\ndef answer(x): return (x + 1).astype(np.longdouble)", source=_CHECK, honest=7),
    Attack("a result of one element that fits every shape", _DATA, "import numpy as np\ndef answer(x): return np.array([1.5])", source=_CHECK),
    Attack("an empty result", _DATA, "import numpy as np\ndef answer(x): return np.ones((0, 5))", source=_CHECK),
    Attack("a result of nan", _DATA, "import numpy as np\ndef answer(x): return x * np.nan", source=_CHECK),
    Attack("a result of masked values", _DATA, "import numpy as np\ndef answer(x): return np.ma.masked_all(x.shape)", source=_CHECK),
    Attack("an object with the array interface", _DATA, "import numpy as np\nclass A:\n    __array_interface__ = {'shape': (5,), 'typestr': '<f8', 'version': 3, 'data': (0, False)}\ndef answer(x): return A()", source=_CHECK, outcomes=("failed", "crashed")),
    Attack("an array of objects as result", _DATA, "import numpy as np\nclass S:\n    def __eq__(self, o): return True\n    def __float__(self): return 1.0\ndef answer(x): return np.array([S()] * len(x), dtype=object)", source=_CHECK),
    Attack("a CUDA array interface to nowhere", _DATA, "class A:\n    __cuda_array_interface__ = {'shape': (5,), 'typestr': '<f8', 'version': 3, 'data': (4096, False)}\n    dtype = 'f8'\n    def get(self): return self\n    def copy_to_host(self): return 5\ndef answer(x): return A()", source=_CHECK),
    Attack("the first result for every later input", "inputs are drawn anew for every case", "kept = []\ndef answer(x):\n    if not kept: kept.append(x + 1)\n    return kept[0]", source=_CHECK, honest=5),
    Attack("results kept by shape", "inputs are drawn anew for every case", "kept = {}\ndef answer(x):\n    if x.shape not in kept: kept[x.shape] = x + 1\n    return kept[x.shape]", source=_CHECK, honest=5),
    Attack("results kept by the array's identity", "inputs are drawn anew for every case", "kept = {}\ndef answer(x):\n    if id(x) not in kept: kept[id(x)] = x + 1\n    return kept[id(x)].copy()",
           source=asks("x = np.zeros(3)\nfor n in range(4):\n    x[:] = n\n    assert np.all(answer(x) == n + 1)"), honest=10, spared="the arrays are one there, so the cache is a fault, not a trick"),
    Attack("right once, then never", "every call is compared", "calls = [0]\ndef answer(x):\n    calls[0] += 1\n    return x + 1 if calls[0] < 2 else 0", source=asks("assert answer(3) == 4 and answer(3) == 4")),
    Attack("a view of the input that changes with it", "an answer is a copy", "def answer(x): return x", source=asks("x = np.zeros(3)\ngot = answer(x)\nx += 1\nassert (got == 1).all()")),
    Attack("an array that cannot be written, given back", "arrays of the examiner's change only by value", "import numpy as np\ndef answer(x):\n    x.resize((0,), refcheck=False)\n    return 0", source=asks("x = np.ones(3)\nanswer(x)\nassert x.shape == (0,)")),
    Attack("arguments of another kind brought back", "an argument keeps its kind", SEND + "exam.Candidate.do_call = lambda self, r: {'value': 4, 'error': None, 'args': encode((5, 6, 7)), 'kwargs': encode({'a': 1})}\ndef answer(x): return 0",
           source=asks("x = [1]\nassert answer(x) == 4\nassert x == [2]"), spared=NO_CHANNEL),
    Attack("an array of another shape brought back", "an argument keeps its shape", SEND + "import numpy as np\nexam.Candidate.do_call = lambda self, r: {'value': 4, 'error': None, 'args': encode((np.ones((0, 3)),)), 'kwargs': encode({})}\ndef answer(x): return 0",
           source=asks("x = np.zeros(3)\nanswer(x)\nassert (x == 1).all()"), spared=NO_CHANNEL),
    Attack("a list of arguments that grows without end", "an argument that is brought back is data within the cap", "def answer(x):\n    x.extend([0] * 3_000_000)\n    return 4", source=asks("x = [1]\nanswer(x)\nassert x == [1, 2]")),
    Attack("NumPy's printing and errors turned off", "the examiner has its own NumPy", "import numpy as np\nnp.seterr(all='ignore')\nnp.set_printoptions(threshold=0)\nnp.testing.assert_array_equal = lambda *a: None\ndef answer(x): return 0", source=_CHECK),
)  # fmt: skip
