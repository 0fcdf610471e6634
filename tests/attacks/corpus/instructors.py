"""A hostile instructor: test cells that look around, and talk nonsense to the room.

Here the honest score is what a platform that holds gives: full marks where the test found nothing to reach.
"""

from __future__ import annotations

from tests.attacks.case import NO_CHANNEL, RIGHT, Attack, asks

_WALLED = "examiners stand behind walls, too"
_BELIEVED = "the room believes an examiner no more than it must"
_HOSTILE_SEND = "import gc, os, struct, time, msgpack\nfrom grader.exam.channel import Channel\nFD = [o.descriptor for o in gc.get_objects() if type(o) is Channel][0]\ndef send(message):\n    body = msgpack.packb(message)\n    body = struct.pack('<Q', len(body)) + body\n    while body:\n        body = body[os.write(FD, body):]\n"


def _reaches(name: str, attempt: str, wall: str = _WALLED, spared: str = "") -> Attack:
    """Full marks where every statement of `attempt`, one a line, raises."""
    tests = "".join(
        f"try:\n    {line}\nexcept BaseException:\n    pass\nelse:\n    reached.append({line!r})\n"
        for line in attempt.splitlines()
    )
    return Attack(
        name,
        wall,
        RIGHT,
        source=asks(
            f"import glob, os, socket, sys\nreached = []\n{tests}assert not reached, reached\nassert answer(3) == 4"
        ),
        honest=10,
        spared=spared,
    )


def _says(name: str, message: str, then: str = "time.sleep(0.3)\nassert answer(3) == 4", **more: object) -> Attack:
    return Attack(
        name, _BELIEVED, RIGHT, source=asks(f"{_HOSTILE_SEND}send({message})\n{then}"), spared=NO_CHANNEL, **more
    )  # type: ignore[arg-type]


_RESULT = "'grade_id': 'answer-test', 'outcome': 'passed', 'findings': [], 'protected': True, 'seed': None"

ATTACKS = (
    _reaches("a test that reads other courses and the store", "os.listdir('/root') + os.listdir('/home')\nos.listdir('/var/lib')\nopen('/etc/passwd').read()\nassert os.listdir('..')\nassert glob.glob('../*')\nopen('/proc/1/cmdline').read()\nopen(f'/proc/{os.getppid()}/environ').read()"),
    _reaches("a test that looks for secrets in its environment", "assert [n for n in os.environ if 'TOKEN' in n or 'SECRET' in n or 'KEY' in n or 'DATABASE' in n or 'PASSWORD' in n]\nassert set(os.environ) - {'HOME', 'TMPDIR', 'LANG', 'MPLBACKEND', 'IPYTHONDIR', 'LEHRWERK_LANG', 'NBGRADER_EXECUTION', 'NUMBA_CUDA_LOW_OCCUPANCY_WARNINGS', 'NUMBA_CUDA_WARN_ON_IMPLICIT_COPY'}"),
    _reaches("a test that uses the network", "socket.socket()\nsocket.socket(socket.AF_UNIX)\nsocket.socketpair()"),
    _reaches("a test that starts processes", "os.fork()\nos.posix_spawn('/bin/true', ['true'], {})\n__import__('subprocess').run(['true'])\nos.execv('/bin/true', ['true'])", spared="a fork goes on with the test there"),
    _reaches("a test that writes outside its folder", "open('/var/tmp/lehrwerk-attack', 'x')\nopen('../written', 'w')\nopen(sys.path[0] + '/secret.py', 'w')\nopen(os.path.dirname(sys.modules['grader'].__file__) + '/x.py', 'w')\nos.rename(sys.path[0] + '/unit.ipynb', 'x')\nos.remove(sys.path[0] + '/unit.ipynb')", spared="it would delete files there"),
    _reaches("a test that signals others", "os.kill(os.getppid(), 0)\nos.kill(-1, 0)\nos.pidfd_open(os.getppid())", spared="it would look at processes beside it"),
    _reaches("a test that looks for platform code in its process", "assert [m for m in sys.modules if m.startswith(('campus', 'sqlalchemy', 'grader.store', 'grader.records'))]"),
    _reaches("a test that reads every descriptor", "assert sum(1 for fd in range(3, 99) if os.fstat(fd)) > 1\nassert [os.pread(fd, 1, 0) for fd in range(3, 99)]"),
    Attack("a test that reads the submission of another", "an examiner has its own folder", RIGHT, earlier="open('mine.txt', 'w').write('x')\n" + RIGHT,
           source=asks("import glob\nassert not glob.glob('**/mine.txt', recursive=True) and not glob.glob('../**/mine.txt', recursive=True)\nassert answer(3) == 4"), honest=10),
    Attack("a test that ends the examiner", _BELIEVED, RIGHT, source=asks("import os\nos._exit(0)"), outcomes=("review",)),
    Attack("a test that ends the examiner by a fault", _BELIEVED, RIGHT, source=asks("import ctypes\nctypes.string_at(0)"), outcomes=("review",)),
    Attack("a test without end", "the examiner has a clock, too", RIGHT, source=asks("while True: pass"), outcomes=("timeout",)),
    Attack("a test that exits", "an exit is an error", RIGHT, source=asks("raise SystemExit(3)"), outcomes=("error",)),
    Attack("a test that takes all memory", "a cap on memory", RIGHT, source=asks("kept = []\nwhile True: kept.append(bytearray(1 << 28))"), spared="it would harm the machine"),
    Attack("a finding of 10 MB", "findings have caps", RIGHT, source=asks("from grader.checks import Report, Part, CheckFinding\nReport(parts=[Part('a', 0, 1)], findings=[CheckFinding('x' * 10**6, {'en': 'y' * 10**6, 'de': 'z' * 10**6}) for _ in range(50)], name='', seed=1, device='', hidden=True, language='en')")),
    _says("a request of no form", "{'foo': 1}", outcomes=("review",)),
    _says("a request that is a list", "[1]", outcomes=("review",)),
    _says("seconds that are a text", "{'ask': 'candidate', 'seconds': 'x'}", outcomes=("review", "timeout")),
    _says("seconds that are nan", "{'ask': 'candidate', 'seconds': float('nan')}", outcomes=("review", "timeout")),
    _says("a question to a process that is none", "{'ask': ['x'], 'seconds': 1}", outcomes=("review",)),
    _says("a result of no form", "{'result': 5}", outcomes=("review",)),
    _says("a result with a score of nan", f"{{'result': {{{_RESULT}, 'score': float('nan')}}}}", outcomes=("review",)),
    _says("a result with a score that is a text", f"{{'result': {{{_RESULT}, 'score': 'x'}}}}", outcomes=("review",)),
    _says("a result with an unknown outcome", "{'result': {'grade_id': 'answer-test', 'outcome': 'zz', 'findings': [], 'protected': True, 'seed': None, 'score': 1}}", outcomes=("review",)),
    _says("a result above the maximum", f"{{'result': {{{_RESULT}, 'score': 1e9}}}}", honest=10),
    _says("a result for a cell of another assignment", "{'result': {'grade_id': 'other', 'outcome': 'passed', 'findings': [], 'protected': True, 'seed': None, 'score': 10}}", honest=10),
    _says("a result and the end at once", f"{{'result': {{{_RESULT}, 'score': 10}}}}", "send({'done': True})\ntime.sleep(60)", honest=10),
    _says("a cell's name of 5 MB", "{'cell': 'x' * 5_000_000}", honest=10),
    _says("a message above the cap", "{'cell': 'x' * 30_000_000}", outcomes=("review",)),
    _says("fresh candidates without end", "{'fresh': True}", "for _ in range(2000): send({'fresh': True})\nassert answer(3) == 4", outcomes=("failed",)),
    _says("a length and no body", "{'cell': 'answer-test'}", "os.write(FD, struct.pack('<Q', 1000))\ntime.sleep(60)", outcomes=("timeout",)),
)  # fmt: skip
