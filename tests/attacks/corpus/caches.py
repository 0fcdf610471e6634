"""Results kept from before, caches poisoned for the next exam, and behaving well only when examined."""

from __future__ import annotations

from tests.attacks.case import RIGHT, WRONG, Attack, asks, probe

_FRESH = "each exam has a folder and a home of its own, removed at its end"
_FORKED = "each exam is a fork of a process that ran no learner code"
_PATCH = "import numpy as np\nnp.allclose = lambda *a, **k: True\nimport builtins\nbuiltins.planted = True\n"
_HIDING = "practice and exam look the same"

ATTACKS = (
    Attack("a file for the next exam in the home folder", _FRESH, probe("import os\nassert os.path.exists(os.path.expanduser('~/planted'))"),
           earlier="import os\nopen(os.path.expanduser('~/planted'), 'w').close()\n" + WRONG),
    Attack("a file for the next exam in the temporary folder", _FRESH, probe("import os, tempfile\nassert os.path.exists(tempfile.gettempdir() + '/planted')"),
           earlier="import tempfile\nopen(tempfile.gettempdir() + '/planted', 'w').close()\n" + WRONG),
    Attack("a startup file of IPython's for the next exam", _FRESH, "try: planted\nexcept NameError: planted = None\ndef answer(x): return x + 1 if planted else None", source=asks("assert answer(3) == 4"),
           earlier="import os\nfolder = os.path.expanduser('~/.ipython/profile_default/startup')\nos.makedirs(folder, exist_ok=True)\nopen(folder + '/00.py', 'w').write('planted = True')\n" + WRONG),
    Attack("a user's site folder for the next exam", _FRESH, probe("import builtins\nassert builtins.planted"),
           earlier="import os, site\nfolder = site.getusersitepackages()\nos.makedirs(folder, exist_ok=True)\nopen(folder + '/usercustomize.py', 'w').write('import builtins\\nbuiltins.planted = True')\n" + WRONG),
    Attack("Numba's cache for the next exam", "caches are empty and private", probe("import os\nassert any(name.endswith('.nbi') for _, _, names in os.walk(os.path.expanduser('~')) for name in names)"),
           earlier="import os\nfolder = os.path.expanduser('~/.cache/numba')\nos.makedirs(folder, exist_ok=True)\nopen(folder + '/answer.nbi', 'wb').write(b'x')\n" + WRONG),
    Attack("CUDA's cache for the next exam", "caches are empty and private", probe("import os\nassert os.listdir(os.path.expanduser('~/.nv/ComputeCache'))"),
           earlier="import os\nfolder = os.path.expanduser('~/.nv/ComputeCache')\nos.makedirs(folder, exist_ok=True)\nopen(folder + '/index', 'wb').write(b'x')\n" + WRONG),
    Attack("a patched numpy for the next exam", _FORKED, "import builtins, numpy as np\ndef answer(x): return x + 1 if getattr(builtins, 'planted', False) or np.allclose(1, 2) else 0", earlier=_PATCH + WRONG),
    Attack("a patched zygote for the next exam", _FORKED, "import grader.exam.candidate as c\ndef answer(x): return x + 1 if hasattr(c, 'planted') else None", earlier="import grader.exam.candidate as c, grader.exam.walls as w\nc.planted = True\nw.put_up = lambda *a: None\n" + WRONG),
    Attack("a compiled file of a given helper", _FRESH, "import helper\ndef answer(x): return helper.value",
           earlier="import os, py_compile\nopen('helper.py', 'w').write('value = 4')\npy_compile.compile('helper.py')\ndef answer(x): return 0",
           source=asks("import helper\nassert answer(3) == 4 and helper.value == 5"), beside={"helper.py": "value = 5"}, files={"helper.py": b"value = 5"}),
    Attack("a random state carried from exam to exam", "random states are seeded anew after the fork", "import random, numpy as np\ndef answer(x): return 4 if random.random() == 0.8444218515250481 else 0", earlier="import random\nrandom.seed(0)\n" + WRONG),
    Attack("right only when NBGRADER_EXECUTION says so", _HIDING, "import os\ndef answer(x): return x + 1 if os.environ.get('NBGRADER_EXECUTION') else 0"),
    Attack("right only under nbgrader's kernel arguments", _HIDING, "import sys\ndef answer(x): return x + 1 if any('-f' == a for a in sys.argv) else 0"),
    Attack("right only where the exam's folder is named autograded", _HIDING, "import os\ndef answer(x): return x + 1 if 'autograded' in os.getcwd() or 'examiner' in os.getcwd() else 0"),
    Attack("a file that counts the runs", _FRESH, "import os\nruns = os.path.getsize('runs') if os.path.exists('runs') else 0\nopen('runs', 'a').write('x')\ndef answer(x): return x + 1 if runs else 0", earlier="open('runs', 'a').write('x')\n" + WRONG),
    Attack("the right answer left in shared memory", "there is no shared memory", probe("import os\nassert os.path.exists('/dev/shm/lehrwerk-planted')"), earlier="try: open('/dev/shm/lehrwerk-planted', 'w').close()\nexcept OSError: pass\n" + WRONG, spared="it would leave shared memory behind"),
    Attack("the right answer, left behind and right", "what is right is right", RIGHT, earlier=_PATCH + WRONG, honest=10),
)  # fmt: skip
