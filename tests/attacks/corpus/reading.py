"""Reading tests, references and secrets: from disk, memory, descriptors, /proc, frames and the environment."""

from __future__ import annotations

from tests.attacks.case import Attack, asks, probe

_DISK = "the tests and their files are not in the learner's reach"
_MEMORY = "expected values are never in this process"
_FOUND = asks("import secret\nassert answer(3) == secret.data[0]")


def _looks(find: str) -> str:
    """`answer` gives what `find`, a function's body, finds of the hidden values."""
    body = "".join(f"    {line}\n" for line in find.splitlines())
    return f"import os, re, sys, glob\ndef find():\n{body}    return None\ndef answer(x):\n    try: return find()\n    except Exception: return None"


ATTACKS = (
    Attack("a module of the tests read from disk", _DISK,
           _looks("for root in ('.', '..', '../..'):\n    for path in glob.glob(root + '/**/secret.py', recursive=True):\n        return float(re.search(r'[0-9.]{5,}', open(path).read()).group())"), source=_FOUND),
    Attack("a module of the tests imported", _DISK, _looks("import secret\nreturn float(secret.data[0])"), source=_FOUND),
    Attack("the tests read from the notebook beside", _DISK, _looks("for path in glob.glob('*.ipynb') + glob.glob('../*/*.ipynb'):\n    found = re.search(r'48271\\.5', open(path).read())\n    if found: return float(found.group())"),
           source=asks("### BEGIN HIDDEN TESTS\nassert answer(3) == 48271.5\n### END HIDDEN TESTS")),
    Attack("the tests read from nbgrader's database", _DISK,
           _looks("import sqlite3\nfor path in glob.glob('../../../gradebook.db'):\n    for (text,) in sqlite3.connect(f'file:{path}?mode=ro', uri=True).execute('select source from source_cell'):\n"
                  "        found = re.search(r'48271\\.5', text or '')\n        if found: return float(found.group())"),
           source=asks("### BEGIN HIDDEN TESTS\nassert answer(3) == 48271.5\n### END HIDDEN TESTS")),
    Attack("the instructor's source read by the path in the options", _DISK,
           _looks("import gc\nfor o in gc.get_objects():\n    if type(o) is dict and isinstance(o.get('source'), str) and 'call_seconds' in o:\n        return float(re.search(r'[0-9.]{5,}', open(o['source'] + '/secret.py').read()).group())"), source=_FOUND),
    Attack("the folders of examiner and others listed", _DISK, probe("import os\nassert os.listdir('..')")),
    Attack("other people's submissions read", _DISK, probe("import glob\nassert glob.glob('../../*/*') + glob.glob('../*')")),
    Attack("the expected values found in the caller's frames", _MEMORY,
           _looks("frame = sys._getframe()\nwhile frame:\n    if 'expected' in frame.f_globals: return frame.f_globals['expected']\n    frame = frame.f_back"), source=asks("expected = 48271.5\nassert answer(3) == expected")),
    Attack("the expected values found by the garbage collector", _MEMORY, _looks("import gc\nfor o in gc.get_objects():\n    if type(o) is dict and 'expected' in o: return o['expected']"), source=asks("expected = 48271.5\nassert answer(3) == expected")),
    Attack("the expected values found in sys.modules", _MEMORY, _looks("m = sys.modules.get('secret')\nreturn float(m.data[0])"), source=_FOUND),
    Attack("the reference's return values seen by a profiler", _MEMORY,
           "import sys\nseen = []\ndef look(frame, event, value):\n    if event == 'return' and frame.f_code.co_name == 'reference': seen.append(value)\nsys.setprofile(look)\ndef answer(x): return seen[-1] if seen else 0",
           source=asks("def reference(x): return x * 17\nwanted = reference(2839)\nassert answer(2839) == wanted")),
    Attack("the test's lines seen by a tracer", _MEMORY,
           "import sys\nseen = []\ndef look(frame, event, arg):\n    seen.append(frame.f_globals.get('wanted'))\n    return look\nsys.settrace(look)\ndef answer(x):\n    import sys\n    f = sys._getframe(1)\n    return f.f_locals.get('wanted') or (seen and seen[-1]) or 0",
           source=asks("wanted = 48271\nassert answer(2839) == wanted")),
    Attack("the test's source found in linecache", _MEMORY, _looks("import linecache\nfor _, _, lines, _ in [e for e in linecache.cache.values() if len(e) == 4]:\n    found = re.search('== (48271)', ''.join(lines))\n    if found: return int(found.group(1))"), source=asks("assert answer(3) == 48271")),
    Attack("the test's source found in the history", _MEMORY, _looks("for text in get_ipython().user_ns.get('In', []):\n    found = re.search('== (48271)', text)\n    if found: return int(found.group(1))"), source=asks("assert answer(3) == 48271")),
    Attack("the own memory searched", _MEMORY,
           _looks("for line in open('/proc/self/maps'):\n    span, rights = line.split()[:2]\n    if '[heap]' in line and rights.startswith('r'):\n        a, b = (int(v, 16) for v in span.split('-'))\n        with open('/proc/self/mem', 'rb', 0) as memory:\n            memory.seek(a)\n            found = re.search(rb'== (48271)', memory.read(b - a))\n            if found: return int(found.group(1))"),
           source=asks("assert answer(3) == 48271")),
    Attack("the closure of a test's function opened", "a test's function is a name here, and runs in the examiner",
           "def answer(f):\n    try: return f.__closure__[0].cell_contents if f.__closure__ else f.__defaults__[0]\n    except Exception: return None",
           source=asks("def check(f, wanted=48271): pass\nassert answer(check) == 48271")),
    Attack("the globals of a test's function", "a test's function is a name here, and runs in the examiner", "def answer(f): return f.__globals__.get('wanted')", source=asks("wanted = 48271\nassert answer(lambda: 0) == wanted")),
    Attack("every descriptor read", "no descriptor but the channel is open", _looks("for fd in range(3, 256):\n    try: data = os.pread(fd, 1 << 20, 0)\n    except OSError: continue\n    found = re.search(rb'48271\\.5', data)\n    if found: return float(found.group())"), source=_FOUND),
    Attack("the examiner read through /proc", "other processes are not readable", probe("import os\nopen(f'/proc/{os.getppid()}/maps').read(1)")),
    Attack("command lines of all processes", "/proc is not readable", probe("import glob\nassert [open(p).read() for p in glob.glob('/proc/[0-9]*/cmdline')]")),
    Attack("environments of other processes", "/proc is not readable", probe("import os\nopen(f'/proc/{os.getppid()}/environ').read()")),
    Attack("a debugger on the parent", "ptrace is refused", probe("import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\nassert libc.ptrace(16, os.getpid(), 0, 0) != -1 or ctypes.get_errno() != 1")),
    Attack("memory of the parent by process_vm_readv", "the call is refused", "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\ndef answer(x):\n    return x + 1 if libc.syscall(310, os.getppid(), 0, 0, 0, 0, 0) == 0 else None"),
    Attack("a file handle by pidfd_getfd", "the call is refused", probe("import os\nos.pidfd_open(os.getppid())")),
    Attack("secrets in the environment", "the environment is a fixed short list", probe("import os\nassert set(os.environ) - {'HOME', 'TMPDIR', 'LANG', 'MPLBACKEND', 'IPYTHONDIR', 'NUMBA_CUDA_LOW_OCCUPANCY_WARNINGS', 'NUMBA_CUDA_WARN_ON_IMPLICIT_COPY'}")),
    Attack("secrets in the home folder", "the home folder is the exam's own", probe("import os, pwd\nassert os.listdir(pwd.getpwuid(os.getuid()).pw_dir)")),
    Attack("the system's users", "only what Python needs can be read", probe("open('/etc/passwd').read()")),
    Attack("shared memory of others", "/dev/shm cannot be read", probe("import os\nos.listdir('/dev/shm')")),
    Attack("Kubernetes' and the hub's secrets", "only what Python needs can be read", probe("import os\nos.listdir('/run')")),
    Attack("a hard link to a test", "only what lies in the folder can be linked to", probe("import glob, os\nsource = (glob.glob('../../../source/*/secret.py') + ['/etc/hostname'])[0]\nos.link(source, 'linked') if source.startswith('..') else open(source).read()")),
    Attack("a symbolic link to a test", "a link leads where the process may read anyway", probe("import os\nos.symlink('/etc', 'linked')\nos.listdir('linked')")),
    Attack("the seed of the exam found and its draws repeated", "a seed is never in this process",
           _looks("import gc\nimport numpy as np\nfor o in gc.get_objects():\n    if type(o) is dict and 'call_seconds' in o and o.get('seed') is not None: return float(np.random.default_rng([o['seed'], 0]).random())"),
           source=asks("from grader.checks import surroundings\nseed = surroundings.current().seed or 1\nassert answer(None) == np.random.default_rng([seed, 0]).random()")),
    Attack("the seed and the tests' place found in memory", "only the examiner is told the seed and the tests' place",
           "import gc\nfound = [o for o in gc.get_objects() if type(o) is dict and {'seed', 'source'} & set(map(str, o))]\ndef answer(x): return x + 1 if any(isinstance(o.get('source'), str) and '/' in o['source'] for o in found) else 0"),
    Attack("a helper's compiled file", _DISK, _looks("import marshal\nfor path in glob.glob('../**/__pycache__/secret*.pyc', recursive=True) + glob.glob('__pycache__/secret*.pyc'):\n    import importlib.machinery\n    m = importlib.machinery.SourcelessFileLoader('s', path).load_module()\n    return float(m.data[0])"), source=_FOUND),
)  # fmt: skip
