"""Filling memory, disk, output and the channel; deep, cyclic and giant answers and submissions."""

from __future__ import annotations

import json

from tests.attacks.case import HARM, PLAIN, RIGHT, WRONG, Attack, asks
from tests.notebooks import given, notebook, solution

_SIZE, _DEPTH = "sizes of messages are capped", "nesting has a limit"


def _with(text: bytes, by: bytes) -> bytes:
    return notebook(solution("answer", RIGHT)).replace(text, by, 1)


ATTACKS = (
    Attack("memory without end", "a cap on memory", "def answer(x):\n    kept = []\n    while True: kept.append(bytearray(1 << 28))", spared=HARM),
    Attack("a full disk", "a cap on a file's size", "def answer(x):\n    with open('big', 'wb') as f:\n        while True: f.write(bytes(1 << 24))", spared=HARM),
    Attack("a sparse file of a terabyte", "a cap on a file's size", "import os\ndef answer(x):\n    with open('big', 'wb') as f: f.truncate(1 << 40)\n    return x + 1", spared="the file stays sparse, so nothing is shown"),
    Attack("every descriptor", "a cap on open files", "import os\ndef answer(x):\n    while True: os.dup(0)"),
    Attack("output without end", "output is cut", "def answer(x):\n    print('x' * 100_000_000)\n    return 0", spared=HARM),
    Attack("errors printed without end", "output is cut", "import sys\ndef answer(x):\n    for _ in range(100_000): print('y' * 100, file=sys.stderr)\n    return 0"),
    Attack("a giant answer", _SIZE, "def answer(x): return bytes(300_000_000)", spared=HARM),
    Attack("giant changed arguments", _SIZE, "def answer(x):\n    x.append(bytes(300_000_000))\n    return 4", source=asks("x = [3]\nassert answer(x) == 4 and x == [3]")),
    Attack("an array of a quadrillion elements in no memory", _SIZE, "import numpy as np\ndef answer(x): return np.broadcast_to(np.float64(4), (1 << 50,))", source=asks("assert len(answer(3)) == 3")),
    Attack("an array as sparse file", _SIZE, "import numpy as np\ndef answer(x): return np.memmap('m', 'u1', 'w+', shape=(60_000_000,))", source=asks("assert answer(3).sum() == 4")),
    Attack("a deep answer", _DEPTH, "def answer(x):\n    deep = []\n    for _ in range(100_000): deep = [deep]\n    return deep"),
    Attack("an answer that contains itself", _DEPTH, "def answer(x):\n    loop = []\n    loop.append(loop)\n    return loop"),
    Attack("an answer of exponential size", _DEPTH, "def answer(x):\n    a = [0]\n    for _ in range(40): a = [a, a]\n    return a", source=asks("assert answer(3) == 4"), outcomes=("timeout", "failed", "crashed"), spared=HARM),
    Attack("a number of ten million digits", _SIZE, "def answer(x): return 1 << 33_000_000", source=asks("assert answer(3) == 4")),
    Attack("400,000 names", "names are listed within the cell's clock", "globals().update({f'n{i}': i for i in range(400_000)})\n" + WRONG),
    Attack("names that are no text", "names that are no text are no names", "globals().update({1: 2, None: 3, (4,): 5})\n" + WRONG),
    Attack("a million handles", "objects stay in the learner's own memory", "class P: pass\ndef answer(x): return [P() for _ in range(200_000)]", source=asks("assert answer(3) == 4")),
    Attack("a class name of a megabyte", "names are cut", "def answer(x): return type('A' * 1_000_000, (), {})()"),
    Attack("2,000 added cells", "each runs within its clock, and all within the notebook's", submitted=notebook(solution("answer", WRONG), *(given(f"x{i} = {i}") for i in range(2_000)))),
    Attack("a disk full of many files", "a cap on the folder", "def answer(x):\n    for n in range(10_000): open(f'big-{n}', 'wb').write(bytes(1 << 24))\n    return 4", spared=HARM),
    Attack("files without end", "a cap on the folder's files", "def answer(x):\n    n = 0\n    while True:\n        n += 1\n        open(str(n), 'w').close()", spared=HARM),
    Attack("folders nested without end", "what an exam leaves is removed", "import os\ndef answer(x):\n    for _ in range(3000):\n        os.mkdir('d')\n        os.chdir('d')\n    while True: pass", spared=HARM),
    Attack("folders closed to everybody", "what an exam leaves is removed", "import os\nos.mkdir('closed')\nos.mkdir('closed/inner', 0)\nos.mkdir('dark', 0o300)\n" + WRONG, spared="it leaves folders that are hard to remove"),
    Attack("folders in folders", "what an exam leaves is removed", "import os\nfor _ in range(200):\n    os.mkdir('a')\n    os.chdir('a')\n" + WRONG),
    Attack("metadata nested 900 deep", "metadata that nobody asks for is ignored", submitted=_with(b'"metadata": {}', b'"metadata": {"a":' + b"[" * 900 + b"]" * 900 + b"}"), source=PLAIN, honest=10),
    Attack("JSON nested 100,000 deep", "a notebook that cannot be read is refused", submitted=_with(b'"nbformat": 4', b'"z": ' + b"[" * 100_000 + b"]" * 100_000 + b', "nbformat": 4'), refused=True),
    Attack("an integer of 5,000 digits in the JSON", "a notebook that cannot be read is refused", submitted=_with(b'"nbformat": 4', b'"z": ' + b"1" * 5_000 + b', "nbformat": 4'), refused=True),
    Attack("half a surrogate pair in a cell", "a notebook that cannot be read is refused", submitted=json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code", "metadata": {"nbgrader": {"grade_id": "answer", "solution": True}}, "source": "x = '\ud800'", "outputs": []}]}).encode(), refused=True),
    Attack("half a surrogate pair as an answer", "text that is no text can be compared and shown", "import numpy as np\ndef answer(x): return np.frombuffer(b'\\x00\\xd8\\x00\\x00', '<U1')[0]", source=asks("got = answer(3)\nassert got == 'a', f'expected a, got {got}'")),
    Attack("a submission of 25 MB", "submissions have a size", RIGHT, files={"data.bin": bytes(25_000_000)}, refused=True, spared="it is refused before an exam"),
    Attack("a submission that is no notebook", "a notebook that cannot be read is refused", submitted=b"\x89PNG\r\n", refused=True),
    Attack("a file name that leads out of the folder", "such a name is refused", RIGHT, files={"../../escape.txt": b"x"}, refused=True, spared="stock takes a folder, in which such a name cannot be"),
    Attack("an absolute file name", "such a name is refused", RIGHT, files={"/tmp/escape.txt": b"x"}, refused=True, spared="stock takes a folder, in which such a name cannot be"),
)  # fmt: skip
