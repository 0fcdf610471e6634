"""Writing the gradebook, other people's folders, and talking to portal, hub and network."""

from __future__ import annotations

from tests.attacks.case import RIGHT, WRONG, Attack, asks, probe

_NETWORK = "there is no network in an exam"
_FILES = "only the own folder can be written"

ATTACKS = (
    Attack("the gradebook written", _FILES,
           "import glob, sqlite3\ntry:\n    for path in glob.glob('../../../gradebook.db'):\n        with sqlite3.connect(path, timeout=2) as book:\n            book.execute('update grade set manual_score = 10, auto_score = 10')\nexcept Exception: pass\n" + WRONG),
    Attack("a trigger in the gradebook", _FILES,
           "import glob, sqlite3\ntry:\n    for path in glob.glob('../../../gradebook.db'):\n        with sqlite3.connect(path, timeout=2) as book:\n            book.execute('create trigger gift after update on grade begin update grade set auto_score = 10 where auto_score < 10; end')\nexcept Exception: pass\n" + WRONG),
    Attack("the released tests overwritten in the source folder", _FILES,
           "import glob\ntry:\n    for path in glob.glob('../../../source/*/secret.py') + glob.glob('secret.py'): open(path, 'w').write('data = -1')\nexcept Exception: pass\ndef answer(x): return 4 if isinstance(x, int) and x == 3 else 0"),
    Attack("a verdict left in a file", "a verdict is what the room wrote itself",
           "import json\nfor name in ('verdict.json', 'results.json', 'score.json', '../verdict.json'):\n    try: open(name, 'w').write(json.dumps({'score': 10, 'cells': [{'grade_id': 'answer-test', 'score': 10}]}))\n    except OSError: pass\n" + WRONG),
    Attack("a configuration of nbgrader left behind", "no service runs a configuration file",
           "for name in ('nbgrader_config.py', '../nbgrader_config.py', '../../nbgrader_config.py'):\n    try: open(name, 'w').write('c.Autograde.enabled = False')\n    except OSError: pass\n" + WRONG),
    Attack("a file in the temporary folder of all", _FILES, probe("open('/var/tmp/lehrwerk-attack', 'x').close()\nimport os\nos.remove('/var/tmp/lehrwerk-attack')"), spared="it would write outside its folder"),
    Attack("a file beside the exam's folder", _FILES, probe("open('../written', 'w').close()")),
    Attack("a file in the installation", _FILES, "def answer(x):\n    import numpy\n    try: open(numpy.__path__[0] + '/written.py', 'x')\n    except OSError: return None\n    return x + 1", spared="it would write into this installation"),
    Attack("a TCP connection", _NETWORK, probe("import socket\nsocket.socket(socket.AF_INET, socket.SOCK_STREAM)")),
    Attack("a UDP socket, as for DNS", _NETWORK, probe("import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM)")),
    Attack("a UNIX socket, as of a container's daemon", _NETWORK, probe("import socket\nsocket.socket(socket.AF_UNIX)")),
    Attack("a netlink socket", _NETWORK, probe("import socket\nsocket.socket(socket.AF_NETLINK, socket.SOCK_RAW)")),
    Attack("a socket pair", _NETWORK, probe("import socket\nsocket.socketpair()")),
    Attack("a request to the hub", _NETWORK, probe("import http.client\nc = http.client.HTTPConnection('127.0.0.1', 9, timeout=1)\ntry: c.request('GET', '/hub/api')\nexcept ConnectionRefusedError: pass")),
    Attack("the portal's interface for submissions", _NETWORK, probe("import urllib.request, urllib.error\ntry: urllib.request.urlopen('http://127.0.0.1:9/services/portal/', timeout=1)\nexcept urllib.error.URLError as e:\n    if isinstance(e.reason, PermissionError): raise")),
    Attack("a server for others", _NETWORK, probe("import socketserver\nsocketserver.TCPServer(('127.0.0.1', 0), None).server_close()")),
    Attack("a message queue and shared memory", "System V and POSIX IPC are refused", "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\ndef answer(x): return x + 1 if libc.shmget(0, 4096, 0o1600) >= 0 or libc.mq_open(b'/a', 66, 384, None) >= 0 else None", spared="it would leave shared memory behind"),
    Attack("a named pipe and a device", "only plain files and folders can be made", probe("import os\nos.mkfifo('pipe')")),
    Attack("an anonymous file that can be executed", "memfd is refused", probe("import os\nos.memfd_create('x')")),
    Attack("new namespaces", "unshare is refused", "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\ndef answer(x): return x + 1 if libc.unshare(0x10000000) == 0 else None"),
    Attack("io_uring, which passes by filters", "the call is refused", "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nbuffer = ctypes.create_string_buffer(256)\ndef answer(x): return x + 1 if libc.syscall(425, 4, buffer) >= 0 else None"),
    Attack("keyrings of the user", "the call is refused", "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\ndef answer(x): return x + 1 if libc.syscall(250, 0, -3, 0) >= 0 else None"),
    Attack("BPF, perf and userfaultfd", "the calls are refused", "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nb = ctypes.create_string_buffer(128)\ndef refused(n, *a):\n    ctypes.set_errno(0)\n    return libc.syscall(n, *a) == -1 and ctypes.get_errno() == 1\n"
           "def answer(x): return None if refused(321, 0, b, 128) and refused(298, b, 0, -1, -1, 0) and refused(323, 0) else x + 1"),
    Attack("calls by the 32-bit and x32 doors", "other call tables are refused", "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\ndef answer(x):\n    ctypes.set_errno(0)\n    return x + 1 if libc.syscall(39 | 0x40000000) == os.getpid() else None"),
    Attack("code written into executable memory that calls by itself", "the kernel's filter holds for every instruction",
           "import ctypes, mmap, platform\ndef answer(x):\n    if platform.machine() != 'x86_64': return None\n    memory = mmap.mmap(-1, 4096, prot=7)\n    # socket(2, 1, 0) without the C library\n"
           "    memory.write(bytes.fromhex('b829000000bf02000000be0100000031d20f05c3'))\n    call = ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))\n    return x + 1 if call() >= 0 else None"),
    Attack("the right answer, and a reach for the network beside it", "a refused call is an error of the learner's own", "import socket\ntry: socket.socket()\nexcept OSError: pass\n" + RIGHT, honest=10, source=asks("assert answer(3) == 4")),
)  # fmt: skip
