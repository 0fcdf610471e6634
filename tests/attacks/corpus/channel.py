"""Malformed and giant messages, answers sent before they are asked for, and forged ones."""

from __future__ import annotations

from tests.attacks.case import NO_CHANNEL, SEND, WRONG, Attack, asks

_ANSWER = "an answer is read as plain data, and whatever is malformed ends the candidate"
_FAILS = asks("got = answer(3)\nassert False, repr(got) + str(getattr(got, 'sum', lambda: 0)())")


def _reply(name: str, body: str, wall: str = _ANSWER, source: bytes = _FAILS) -> Attack:
    """The reply to a call is `body`, an expression."""
    return Attack(
        f"a reply with {name}",
        wall,
        f"{SEND}exam.Candidate.do_call = lambda self, request: {body}\n{WRONG}",
        source=source,
        spared=NO_CHANNEL,
    )


def _sent(name: str, message: str, wall: str = _ANSWER) -> Attack:
    return Attack(name, wall, f"{SEND}send({message})\n{WRONG}", source=_FAILS, spared=NO_CHANNEL)


ATTACKS = (
    Attack("noise on the channel", _ANSWER, "import os\nfor fd in range(3, 50):\n    try: os.write(fd, os.urandom(4096))\n    except OSError: pass\n" + WRONG, spared=NO_CHANNEL),
    Attack("a forged result on the channel", "a candidate's answers hold no results",
           SEND + "send({'value': 4, 'error': None, 'args': None, 'results': [{'grade_id': 'answer-test', 'score': 10}], 'result': {'grade_id': 'answer-test', 'score': 10, 'outcome': 'passed'}})\n" + WRONG, spared=NO_CHANNEL),
    Attack("a length without a body", "an announced length has a cap", "import os, struct\nfor fd in range(3, 50):\n    try: os.write(fd, struct.pack('<Q', 1 << 62))\n    except OSError: pass\n" + WRONG, spared=NO_CHANNEL),
    Attack("a length within the cap and no body", "the clock of the call", SEND + "def answer(x):\n    os.write(FD, struct.pack('<Q', 1000))\n    time.sleep(60)", outcomes=("timeout",), spared=NO_CHANNEL),
    Attack("a message byte by byte", "the clock holds for a whole message", SEND + "def answer(x):\n    os.write(FD, struct.pack('<Q', 1000))\n    while True:\n        time.sleep(0.1)\n        os.write(FD, b'x')", outcomes=("timeout",), spared=NO_CHANNEL),
    Attack("a pickle", "no pickle is ever read", "import pickle\nclass P:\n    def __reduce__(self): return (eval, ('1/0',))\ndef answer(x): return pickle.dumps(P())", source=asks("assert answer(3) == 4")),
    Attack("the channel closed", "a closed channel is an ended candidate", SEND + "def answer(x):\n    os.close(FD)\n    time.sleep(60)", outcomes=("crashed",), spared=NO_CHANNEL),
    Attack("a large question that is not read", "the clock holds for questions, too", SEND + "send({'error': None, 'output': '', 'errors': '', 'names': []})\nsend({'value': {'~': 'handle', 'v': 0, 'c': True, 't': 'function'}, 'error': None})\ntime.sleep(60)",
           source=asks("assert answer(np.zeros(4_000_000)) == 4"), outcomes=("timeout",), spared=NO_CHANNEL),
    Attack("answers sent ahead of the questions", "an answer sent ahead can only be a guess", SEND + "for _ in range(9): send({'value': 4, 'error': None, 'args': None, 'counts': {}})\n" + WRONG, spared=NO_CHANNEL),
    Attack("an answer that was right, sent again", "an answer sent again can only be a guess",
           SEND + "def answer(x):\n    send({'value': encode(x + 1), 'error': None, 'args': None, 'counts': {}})\n    return x + 1",
           source=asks("import secret\nfor x in secret.data:\n    assert answer(x) == x + 1"), spared=NO_CHANNEL),
    Attack("a message in the words of the zygote", _ANSWER, SEND + "send({'dead': 'SystemError: the machine is on fire'})\n" + WRONG, outcomes=("crashed",), spared=NO_CHANNEL),
    Attack("a message in the words of the room", _ANSWER, SEND + "send({'gone': 'timeout'})\nsend({'answer': True})\n" + WRONG, spared=NO_CHANNEL),
    Attack("a message in the words of the examiner", _ANSWER, SEND + "send({'ask': 'bench', 'seconds': 1})\nsend({'done': True})\nsend({'fresh': True})\n" + WRONG, spared=NO_CHANNEL),
    _sent("a message that is a list", "[1]"),
    _sent("a callback of no number", "{'callback': []}", "a callback that was not handed out is an error there"),
    _sent("a callback with foreign arguments", "{'callback': 0, 'args': 5, 'kwargs': 7}", "a callback that was not handed out is an error there"),
    _sent("error classes that are a number", "{'error': {'classes': 5}}"),
    _sent("an error that is a text", "{'error': 'x'}"),
    _sent("an error in a cell that is a dict", "{'error': {'classes': [], 'cell': {'a': 1}, 'line': True, 'text': None}}"),
    _sent("an error in line 2**64", "{'error': {'classes': [], 'line': (1 << 64) - 1}}"),
    _sent("names that are a number", "{'error': None, 'names': 5}"),
    _sent("names that are numbers", "{'error': None, 'names': [1, 2.5, {'a': 1}]}"),
    _sent("an extension type", "{'error': None, 'names': [msgpack.ExtType(5, b'x')]}"),
    _reply("counts that are a text", "{'value': 0, 'error': None, 'args': None, 'counts': 'x'}"),
    _reply("no value", "{'error': None}"),
    _reply("arguments that are no tuple", "{'value': 4, 'error': None, 'args': 5, 'counts': {}}"),
    _reply("an array of objects", "{'value': 4, 'error': None, 'args': {'~': 'array', 'd': 'O', 's': [1], 'v': b''}, 'kwargs': {'~': 'dict', 'v': []}, 'counts': {}}"),
    _reply("a shape of 2**62", "{'value': {'~': 'array', 'd': '<f8', 's': [0, 1 << 62], 'v': b''}, 'error': None}"),
    _reply("a negative shape", "{'value': {'~': 'array', 'd': '<f8', 's': [-1, -1], 'v': b'12345678'}, 'error': None}"),
    _reply("a structured dtype of objects", "{'value': {'~': 'array', 'd': {'names': ['a'], 'formats': ['O']}, 's': [1], 'v': b'12345678'}, 'error': None}"),
    _reply("a text dtype of 2 GB", "{'value': {'~': 'array', 'd': '<U500000000', 's': [0], 'v': b''}, 'error': None}"),
    _reply("an extension type as value", "{'value': msgpack.ExtType(5, b'x'), 'error': None}"),
    _reply("a timestamp", "{'value': msgpack.Timestamp(5, 6), 'error': None}"),
    _reply("text that is no UTF-32", "{'value': {'~': 'array', 'd': '<U1', 's': [1], 'v': b'\\xff\\xff\\xff\\xff'}, 'error': None}"),
    _reply("truth values beyond 0 and 1", "{'value': {'~': 'array', 'd': '|b1', 's': [3], 'v': b'\\x02\\xff\\x04'}, 'error': None}"),
    _reply("a frame without an index", "{'value': {'~': 'frame', 'v': [1], 'c': [], 'i': []}, 'error': None}"),
    _reply("a dict with keys that cannot be keys", "{'value': {'~': 'dict', 'v': [[[1], 2]]}, 'error': None}"),
    _reply("a set of lists", "{'value': {'~': 'set', 'v': [[1]]}, 'error': None}"),
    _reply("a decimal of a billion digits", "{'value': {'~': 'decimal', 'v': '1e999999999'}, 'error': None}"),
    _reply("a fraction over 0", "{'value': {'~': 'fraction', 'v': ['0x1', '0x0']}, 'error': None}"),
    _reply("a function of numpy as type", "{'value': {'~': 'type', 'v': 'numpy.load'}, 'error': None}"),
    _reply("eval as type", "{'value': {'~': 'type', 'v': 'eval'}, 'error': None}"),
    _reply("an unknown kind", "{'value': {'~': 'code', 'v': b'x'}, 'error': None}"),
    _reply("depth 100", "{'value': (lambda f: f(f, 100))(lambda f, n: [f(f, n - 1)] if n else 0), 'error': None}"),
    _reply("an error on a line below 0", "{'value': 0, 'error': {'classes': ['AssertionError', 'X'] * 5, 'name': '<b>x</b>', 'line': -5, 'cell': '<b>'}}"),
    _reply("an error class that is eval", "{'value': 0, 'error': {'classes': ['eval', 'exit', '__import__'], 'name': 'x', 'text': 't'}}"),
    _reply("an error of classes that are lists", "{'value': 0, 'error': {'classes': [[], {}, 5, 'KeyError'], 'name': 5, 'text': []}}"),
    _reply("callbacks forever", "{'callback': 0, 'args': [], 'kwargs': {'~': 'dict', 'v': []}}", "callbacks share the clock of their call"),
    Attack("the answer to a name that is a module", "a module's name says nothing unless the instructor's solution imports it",
           SEND + "exam.Candidate.do_get = lambda self, r: {'value': {'~': 'handle', 'v': 0, 'c': True, 't': 'module'}, 'module': 'os'}\n" + WRONG, source=asks("assert answer.getcwd() == 4"), spared=NO_CHANNEL),
    Attack("names that are all bound anew", "only names of the learner's own are forgotten",
           SEND + "old = exam.Candidate.answer\nexam.Candidate.answer = lambda self, r: {**old(self, r), 'names': ['np', 'wanted', 'secret', '__builtins__', 'answer']}\n" + WRONG,
           source=asks("wanted = 4\nassert answer(3) == wanted")),
    Attack("output that is no text", "what is no text is not shown", SEND + "exam.Candidate.do_call = lambda self, r: {'value': 0, 'error': None}\nexam.Output.take = lambda self: [b'x' * 10**7, {'a': 1}]\n" + WRONG, source=_FAILS, spared=NO_CHANNEL),
)  # fmt: skip
