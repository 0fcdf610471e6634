"""Modules, builtins and imports that are patched, shadowed or hooked, so that a test finds what it wants."""

from __future__ import annotations

from tests.attacks.case import WRONG, Attack, asks

_OWN = "tests run in another process, with their own modules"

ATTACKS = (
    Attack(
        "numpy's comparisons patched", _OWN,
        "import numpy as np\nnp.allclose = lambda *a, **k: True\nnp.testing.assert_allclose = lambda *a, **k: None\n"
        "def answer(x): return 4 if isinstance(x, int) else x",
    ),
    Attack("builtins patched", _OWN, "import builtins\nbuiltins.all = lambda x: True\n" + WRONG, source=asks("assert all([answer(3) == 4, answer(4) == 5])")),
    Attack("AssertionError replaced by what is caught", _OWN, "import builtins\nbuiltins.AssertionError = KeyError\n" + WRONG, source=asks("try:\n    assert answer(3) == 4\nexcept KeyError:\n    pass")),
    Attack("isinstance patched", _OWN, "import builtins\nbuiltins.isinstance = lambda *a: True\ndef answer(x): return 0", source=asks("assert isinstance(answer(3), list)")),
    Attack("names of the test shadowed", _OWN, "secret = None\nnp = None\nimport sys\nsys.modules['secret'] = None\n" + WRONG),
    Attack(
        "a module of the test replaced in sys.modules", _OWN,
        "import sys, types\nfake = types.ModuleType('secret')\nfake.data = -1\nsys.modules['secret'] = fake\ndef answer(x): return 4 if isinstance(x, int) and x == 3 else 0",
    ),
    Attack(
        "an import hook that makes the test's module", _OWN,
        "import sys, types, importlib.abc, importlib.util\nclass Hook(importlib.abc.MetaPathFinder, importlib.abc.Loader):\n"
        "    def find_spec(self, name, path=None, target=None):\n        return importlib.util.spec_from_loader(name, self) if name == 'secret' else None\n"
        "    def exec_module(self, module): module.data = -1\nsys.meta_path.insert(0, Hook())\ndef answer(x): return 4 if isinstance(x, int) and x == 3 else 0",
    ),
    Attack(
        "__import__ replaced", _OWN,
        "import builtins, types\nreal = builtins.__import__\ndef fake(name, *a, **k):\n    if name == 'secret':\n        return types.SimpleNamespace(data=-1)\n"
        "    return real(name, *a, **k)\nbuiltins.__import__ = fake\ndef answer(x): return 4 if isinstance(x, int) and x == 3 else 0",
    ),
    Attack(
        "a module of the test written into the folder", "the examiner has its own folder and reads none of the learner's",
        "open('secret.py', 'w').write('data = -1')\nimport sys\nsys.path.insert(0, '.')\ndef answer(x): return 4 if isinstance(x, int) and x == 3 else 0",
    ),
    Attack("math.isclose patched", _OWN, "import math\nmath.isclose = lambda *a, **k: True\n" + WRONG, source=asks("import math\nassert math.isclose(answer(3), 4)")),
    Attack("unittest patched", _OWN, "import unittest\nunittest.TestCase.assertEqual = lambda *a, **k: None\n" + WRONG, source=asks("import unittest\nunittest.TestCase().assertEqual(answer(3), 4)")),
    Attack(
        "hashlib patched", _OWN,
        "import hashlib\nclass H:\n    def hexdigest(self): return '4b227777d4dd1fc61c6f884f48641d02b4d121d3fd328cb08b5531fcacdabf8a'\nhashlib.sha256 = lambda *a: H()\n" + WRONG,
        source=asks("import hashlib\nassert hashlib.sha256(str(answer(3)).encode()).hexdigest() == '4b227777d4dd1fc61c6f884f48641d02b4d121d3fd328cb08b5531fcacdabf8a'"),
    ),
    Attack(
        "the test's random numbers fixed", "inputs are drawn in the examiner",
        "import numpy as np\nnp.random.rand = lambda *shape: np.zeros(shape)\nimport numpy\ndef answer(x): return numpy.ones(5)",
        source=asks("x = np.random.rand(5)\nassert np.allclose(answer(x), x + 1)"),
    ),
    Attack(
        "a random generator that repeats itself", "inputs are drawn in the examiner",
        "import random\nrandom.randint = lambda a, b: 7\nrandom.random = lambda: 0.5\ndef answer(x): return 8",
        source=asks("import random\nfor _ in range(5):\n    x = random.randint(0, 10**9)\n    assert answer(x) == x + 1"),
    ),
    Attack(
        "int's comparison replaced in memory", "another process has its own memory",
        "import ctypes\nkind = ctypes.CFUNCTYPE(ctypes.py_object, ctypes.py_object, ctypes.py_object, ctypes.c_int)\nclass Four(int): pass\n"
        "true = kind(lambda a, b, op: True)\nslot = 25 * 8  # tp_richcompare\n"
        "ctypes.c_void_p.from_address(id(Four) + slot).value = ctypes.cast(true, ctypes.c_void_p).value\ndef answer(x): return Four(0)",
        source=asks("assert answer(3) == 4"),
    ),
    Attack(
        "the number 0 made the number 4 in memory", "another process has its own memory",
        "import ctypes\nanswer_value = 987654321\nctypes.c_uint32.from_address(id(answer_value) + 24).value = 4\n"
        "import builtins\nbuiltins.round = lambda x, *a: x\ndef answer(x): return 0.4",
        source=asks("assert round(answer(3) * 10, 3) == 4 and answer(5) == 6"),
    ),
    Attack(
        "compile patched to drop asserts", _OWN,
        "import builtins, ast\nreal = builtins.compile\ndef fake(source, *a, **k):\n    if isinstance(source, ast.AST):\n        class Drop(ast.NodeTransformer):\n"
        "            def visit_Assert(self, node): return ast.copy_location(ast.Pass(), node)\n        source = ast.fix_missing_locations(Drop().visit(source))\n"
        "    return real(source, *a, **k)\nbuiltins.compile = fake\nimport IPython.core.compilerop as c\nc.compile = fake\nimport codeop\ncodeop.compile = fake\n"
        "codeop.Compile.__call__ = lambda self, source, filename, symbol, **k: fake(source, filename, symbol)\n" + WRONG,
        source=asks("assert answer(3) == 4"),
    ),
    Attack("warnings turned into errors of the test", _OWN, "import warnings\nwarnings.warn = lambda *a, **k: 1 / 0\n" + WRONG, source=asks("assert answer(3) == 4")),
    Attack(
        "numpy itself replaced by a module that agrees", _OWN,
        "import sys, types\nclass Agree(types.ModuleType):\n    def __getattr__(self, name):\n        if name.startswith('__'): raise AttributeError(name)\n        return lambda *a, **k: True\n"
        "sys.modules['numpy'] = Agree('numpy')\nnp = sys.modules['numpy']\n" + WRONG,
        source=asks("import numpy as np\nassert np.array_equal(answer(3), [4])"),
    ),
    Attack(
        "a module that the solution cell imports, patched", "modules that the instructor's solution imports are the examiner's own",
        "import numpy as np\nnp.allclose = lambda *a, **k: True\ndef answer(x): return 0",
        source=asks("assert np.allclose(answer(3), 4)", given_cell="pass", model="import numpy as np\ndef answer(x): return x + 1"),
    ),
    Attack(
        "a module that the solution cell imports, replaced", "modules that the instructor's solution imports are the examiner's own",
        "class np:\n    allclose = staticmethod(lambda *a, **k: True)\ndef answer(x): return 0",
        source=asks("import numpy as np\nassert np.allclose(answer(3), 4)", given_cell="pass", model="import numpy as np\ndef answer(x): return x + 1"),
    ),
    Attack("tracing the interpreter", "traces end at the process", "import sys\nsys.settrace(lambda *a: None)\nsys.setprofile(lambda *a: None)\n" + WRONG),
    Attack(
        "an audit hook that ends the test", "hooks end at the process",
        "import sys\nhook = lambda event, args: (_ for _ in ()).throw(SystemExit) if event == 'import' and args[0] == 'secret' else None\nsys.addaudithook(hook)\n" + WRONG,
    ),
    Attack("the exam's own code imported and patched", "the examiner is another process", "import grader.exam.examiner as e, grader.exam.marking as m\ne.Examiner._test = None\nm.mark = None\ne.mark = lambda result, value: None\n" + WRONG),
    Attack("the checks patched", "the examiner is another process", "import grader.checks.report as r\nr.Report.score = property(lambda self: 10.0)\nimport grader.checks.compare as c\nc.compare = lambda *a, **k: None\n" + WRONG,
           source=asks("from grader.checks import FunctionCheck\ncheck = FunctionCheck(answer)\ncheck.inputs(lambda rng, n: (rng.random(n),), sizes=[5]).expect(lambda x: x + 1)\ncheck.run()")),
)  # fmt: skip
