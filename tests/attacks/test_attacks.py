"""Tricks that give full marks, or break a batch, where tests and score live beside the learner's code.

Each must get the honest score for what it really solved: 0 of 10, and the exam after it must work.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.exam.room import ExamLimits, ExamRoom
from tests.notebooks import given, notebook, solution, test

SOURCE = notebook(
    given("import numpy as np"),
    solution("answer", "def answer(x):\n    return x + 1"),
    test(
        "answer-test",
        10,
        "import secret\nassert answer(3) == 4\nassert np.allclose(answer(secret.data), secret.data + 1)",
    ),
)

ATTACKS = {
    "an object equal to everything": (
        "class Same:\n    def __eq__(self, other): return True\n    def __array__(self, *a, **k): return 1\n"
        "    def __bool__(self): return True\n    __array_ufunc__ = None\ndef answer(x): return Same()"
    ),
    "an int that is equal to everything": (
        "class Same(int):\n    def __eq__(self, other): return True\n    __hash__ = None\ndef answer(x): return Same(0)"
    ),
    "an array class of its own": (
        "import numpy as np\nclass A(np.ndarray):\n    def __eq__(self, o): return True\n"
        "def answer(x): return np.zeros(3).view(A)"
    ),
    "asserts dropped by an AST transformer": (
        "import ast\nclass Drop(ast.NodeTransformer):\n    def visit_Assert(self, node): return None\n"
        "get_ipython().ast_transformers.append(Drop())\ndef answer(x): return 0"
    ),
    "numpy's comparisons patched": (
        "import numpy as np\nnp.allclose = lambda *a, **k: True\nnp.testing.assert_allclose = lambda *a, **k: None\n"
        "def answer(x): return 4 if isinstance(x, int) else x"
    ),
    "builtins patched": "import builtins\nbuiltins.AssertionError = KeyError\nbuiltins.all = lambda x: True\ndef answer(x): return 0",
    "names of the test shadowed": "secret = None\nnp = None\nimport sys\nsys.modules['secret'] = None\ndef answer(x): return 0",
    "a display hook that shows points": "import sys\nsys.displayhook(10.0)\nprint(10.0)\ndef answer(x): return 0\n10.0",
    "reading the tests from disk": (
        "import glob, os\nfound = ''\nfor root in ('/', '..', '../..', os.getcwd()):\n"
        "    for path in glob.glob(root + '/**/secret.py', recursive=True):\n        found += open(path).read()\n"
        "def answer(x): return eval(found or '0')"
    ),
    "reading the examiner through /proc": (
        "import os\nfor pid in [os.getppid(), *range(1, 400)]:\n"
        "    try: open(f'/proc/{pid}/mem', 'rb').read(1)\n    except OSError: pass\n    else: raise SystemExit\n"
        "def answer(x): return 0"
    ),
    "ending itself": "import os\nos._exit(0)",
    "ending itself in the call": "import os\ndef answer(x): os._exit(0)",
    "leaving by SystemExit": "def answer(x):\n    raise SystemExit(0)",
    "a loop without end": "def answer(x):\n    while True: pass",
    "a signal to everybody": "import os, signal\ndef answer(x):\n    os.kill(-1, signal.SIGKILL)",
    "a network connection": "import socket\ndef answer(x):\n    return socket.create_connection(('127.0.0.1', 8000)).recv(1)",
    "a fork bomb": "import os\ndef answer(x):\n    while True: os.fork()",
    "threads without end": (
        "import threading\ndef spin():\n    while True: pass\ndef answer(x):\n    for _ in range(10_000):\n"
        "        threading.Thread(target=spin, daemon=True).start()\n    return 0"
    ),
    "memory without end": "def answer(x):\n    kept = []\n    while True: kept.append(bytearray(1 << 28))",
    "a full disk": "def answer(x):\n    with open('big', 'wb') as f:\n        while True: f.write(bytes(1 << 24))",
    "a disk full of many files": (
        "def answer(x):\n    for n in range(10_000): open(f'big-{n}', 'wb').write(bytes(1 << 24))\n    return 4"
    ),
    "files without end": "def answer(x):\n    n = 0\n    while True:\n        n += 1\n        open(str(n), 'w').close()",
    "folders nested without end": (
        "import os\ndef answer(x):\n    for _ in range(3000): os.mkdir('d'); os.chdir('d')\n    while True: pass"
    ),
    "folders closed to everybody": (
        "import os\nos.mkdir('closed')\nos.mkdir('closed/inner', 0)\nos.mkdir('dark', 0o300)\ndef answer(x): return 0"
    ),
    "sleeping threads without end": (
        "import threading\nthreading.stack_size(1 << 16)\ndef answer(x):\n    while True:\n"
        "        threading.Thread(target=threading.Event().wait, daemon=True).start()"
    ),
    "the seed and the tests' place in memory": (
        "import gc\nfound = [o for o in gc.get_objects() if type(o) is dict and {'seed', 'source'} & set(map(str, o))]\n"
        "def answer(x): return x + 1 if any(isinstance(o.get('source'), str) and '/' in o['source'] for o in found) else 0"
    ),
    "output without end": "def answer(x):\n    print('x' * 100_000_000)\n    return 0",
    "a giant answer": "def answer(x):\n    return bytes(300_000_000)",
    "a deep answer": "def answer(x):\n    deep = []\n    for _ in range(100_000): deep = [deep]\n    return deep",
    "an answer that contains itself": "def answer(x):\n    loop = []\n    loop.append(loop)\n    return loop",
    "noise on the channel": (
        "import os\nfor fd in range(3, 50):\n    try: os.write(fd, os.urandom(4096))\n    except OSError: pass\n"
        "def answer(x): return 0"
    ),
    "a forged answer on the channel": (
        "import os, struct, msgpack\nbody = msgpack.packb({'value': 4, 'error': None, 'args': [], 'results': "
        "[{'grade_id': 'answer-test', 'score': 10}]})\nfor fd in range(3, 50):\n"
        "    try: os.write(fd, struct.pack('<Q', len(body)) + body)\n    except OSError: pass\ndef answer(x): return 0"
    ),
    "a length without a body": (
        "import os, struct\nfor fd in range(3, 50):\n    try: os.write(fd, struct.pack('<Q', 1 << 62))\n"
        "    except OSError: pass\ndef answer(x): return 0"
    ),
    "a pickle": "import pickle\nclass P:\n    def __reduce__(self): return (eval, ('1/0',))\ndef answer(x): return pickle.dumps(P())",
    "tracing the interpreter": "import sys\nsys.settrace(lambda *a: None)\nsys.setprofile(lambda *a: None)\ndef answer(x): return 0",
    "a sum of hidden values thrown": "def answer(x):\n    raise ValueError(repr(x))",
    "its own exam code imported": "import grader.exam.examiner as e\ne.Examiner._score = None\ndef answer(x): return 0",
    "behaving only when examined": "import os\ndef answer(x): return 0 if os.environ.get('NBGRADER_EXECUTION') else 5",
}  # fmt: skip


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExamRoom]:
    limits = ExamLimits(
        cell_seconds=5,
        call_seconds=4,
        notebook_seconds=60,
        file_bytes=1 << 26,
        folder_bytes=1 << 27,
        folder_files=1000,
        threads=200,
        message_bytes=64 << 20,
        memory_bytes=3 << 30,
    )
    with ExamRoom(limits, device="emulated", scratch=tmp_path_factory.mktemp("room")) as opened:
        yield opened


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("course") / "source"
    folder.mkdir()
    (folder / "unit.ipynb").write_bytes(SOURCE)
    (folder / "secret.py").write_text("import numpy as np\ndata = np.array([3.5, 7.25, -1.0])\n")
    return folder


def examine(room: ExamRoom, source: Path, code: str, **files: bytes) -> float:
    verdict = room.examine(source, "unit", {"unit.ipynb": notebook(solution("answer", code)), **files})
    learner = " ".join(finding.message["en"] for cell in verdict.cells for finding in cell.findings)
    assert "3.5" not in learner, "a hidden value reached the learner"
    return verdict.score


@pytest.mark.parametrize("name", ATTACKS)
def test_a_trick_gets_the_honest_score(strict: ExamRoom, source: Path, name: str) -> None:
    assert examine(strict, source, ATTACKS[name]) == 0
    assert examine(strict, source, "def answer(x): return x + 1") == 10
    assert strict._scratch is not None
    assert list(strict._scratch.iterdir()) == []


#: What may be tried on a file of the same user, somewhere else on the machine.
ON_A_FILE = {
    "reading it": "open(victim).read()",
    "writing it": "open(victim, 'r+').write('x')",
    "emptying it": "open(victim, 'w')",
    "emptying it while reading": "os.open(victim, os.O_RDONLY | os.O_TRUNC)",
    "shortening it": "os.truncate(victim, 0)",
    "removing it": "os.unlink(victim)",
    "taking it away": "os.rename(victim, 'mine')",
    "linking it": "os.link(victim, 'mine')",
    "opening it to everybody": "os.chmod(victim, 0o777)",
    "closing it to its owner": "os.chmod(os.path.basename(victim), 0, dir_fd=os.open(os.path.dirname(victim), os.O_PATH))",
    "making it old": "os.utime(victim, (1, 1))",
    "giving it away": "os.chown(victim, 1, 1)",
    "marking it": "os.setxattr(victim, 'user.x', b'1')",
}  # fmt: skip


@pytest.mark.parametrize("name", ON_A_FILE)
def test_a_foreign_file_stays_as_it_was(strict: ExamRoom, source: Path, tmp_path: Path, name: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("kept")
    before = victim.stat()
    tried = f"import os\nvictim = {str(victim)!r}\ntry:\n    {ON_A_FILE[name]}\nexcept OSError: done = False\nelse: done = True"
    assert examine(strict, source, f"{tried}\ndef answer(x): return 0 if done else x + 1") == 10
    after = victim.stat()
    assert victim.read_text() == "kept"
    assert (after.st_mode, after.st_mtime, after.st_uid) == (before.st_mode, before.st_mtime, before.st_uid)


@pytest.mark.parametrize("file", ["secret.py", "numpy.py", "ipython_config.py", "sitecustomize.py", "grader.py"])
def test_a_submitted_file_shadows_no_module_of_the_examiner(strict: ExamRoom, source: Path, file: str) -> None:
    hostile = b"import numpy\ndata = 0\ndef allclose(*a): return True\nraise SystemExit(0)"
    assert examine(strict, source, "def answer(x): return 4", **{file: hostile}) == 0
