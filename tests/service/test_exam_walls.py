"""Each wall of the exam: behind it the forbidden thing fails, and with that one wall left off it works.

What is tried runs in a process of its own, which puts the walls up and says how it went.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from grader.exam import syscalls, walls
from grader.exam.walls import WallError, Walls, _rights, gpu_paths

_PROBE = """
import ctypes, fcntl, json, os, resource, signal, socket, stat, sys, threading
import pyseccomp  # it looks for its library by starting a process
from grader.exam.walls import Walls, _put_up

report, wanted = int(sys.argv[1]), json.loads(sys.argv[2])
own, shared, foreign, inherited = (wanted[name] for name in ("own", "shared", "foreign", "inherited"))
os.chdir(own)
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    if getattr(libc, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)
def attempt():
    {attempt}
opened = os.open(f"{{shared}}/data", os.O_RDONLY)
keep = (report, opened, *wanted["keep"])
_put_up(Walls(read=(shared,), write=(own,), keep=keep, **wanted["walls"]), wanted["without"], wanted["abi"])
try:
    attempt()
    said = "done"
except (OSError, MemoryError, RuntimeError, ValueError) as error:
    # ValueError is what `resource` makes of EPERM, RuntimeError what `threading` does.
    said = f"refused {{error!r}}"
except Exception as error:
    said = f"broken {{error!r}}"
os.write(report, said.encode())
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """`own`, which the process may write; `shared`, which it may read; `foreign`, which is nobody's business."""
    for name in ("own", "shared", "foreign"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "data").write_text("kept")
    return tmp_path


def tried(place: Path, attempt: str, without: tuple[str, ...] = (), abi: int | None = None, **limits: Any) -> str:
    """What a walled process says of `attempt`: done, refused, or how it ended."""
    reading, writing = os.pipe()
    inherited = os.open(place / "foreign" / "data", os.O_RDONLY)
    wanted = {name: str(place / name) for name in ("own", "shared", "foreign")}
    wanted |= {"inherited": inherited, "keep": [], "walls": limits, "without": without, "abi": abi}  # type: ignore[dict-item]
    ended = subprocess.run(
        [sys.executable, "-c", _PROBE.format(attempt=attempt), str(writing), json.dumps(wanted)],
        pass_fds=(writing, inherited),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        env={"SECRET": "kept", "PATH": os.environ["PATH"]},
    )
    os.close(writing)
    os.close(inherited)
    with os.fdopen(reading, "rb") as stream:
        said = stream.read().decode()
    assert said or ended.returncode < 0, ended.stderr
    return said.split()[0] if said else f"killed by {-ended.returncode}"


#: What Landlock alone stands against, in all of its versions.
LANDLOCK = {
    "reading a foreign file": "open(f'{foreign}/data').read()",
    "listing a foreign folder": "os.listdir(foreign)",
    "writing a foreign file": "open(f'{foreign}/data', 'r+').write('x')",
    "emptying a foreign file": "open(f'{foreign}/data', 'w')",
    "writing a file that may be read": "open(f'{shared}/data', 'r+').write('x')",
    "making a foreign file": "open(f'{foreign}/new', 'x')",
    "making a foreign folder": "os.mkdir(f'{foreign}/new')",
    "removing a foreign file": "os.unlink(f'{foreign}/data')",
    "renaming a foreign file": "os.rename(f'{foreign}/data', f'{foreign}/moved')",
    "taking a foreign file": "os.rename(f'{foreign}/data', 'taken')",
    "putting a file elsewhere": "os.rename('data', f'{foreign}/put')",
    "looking at another process": "open(f'/proc/{os.getppid()}/status').read()",
}


@pytest.mark.parametrize("abi", [1, 2, 3])
@pytest.mark.parametrize("name", LANDLOCK)
def test_landlock_keeps_it_to_its_folders(place: Path, name: str, abi: int) -> None:
    assert tried(place, LANDLOCK[name], abi=abi) == "refused"
    assert (place / "foreign" / "data").read_text() == (place / "shared" / "data").read_text() == "kept"
    assert tried(place, LANDLOCK[name], without=("landlock",), abi=abi) == "done"


#: What the list of system calls stands against. Landlock is taken for as old as it may be, so that it helps least.
SYSTEM_CALLS = {
    "changing the mode of a foreign file": "os.chmod(f'{foreign}/data', 0o777)",
    "changing it beside a folder": "os.chmod('data', 0o777, dir_fd=os.open(shared, os.O_RDONLY))",
    "changing it through a descriptor": "os.fchmod(opened, 0o777)",
    "changing the times of a foreign file": "os.utime(f'{foreign}/data', (1, 1))",
    "changing times through a descriptor": "os.utime(opened, (1, 1))",
    "giving a foreign file away": "os.chown(f'{foreign}/data', os.getuid(), os.getgid())",
    "shortening a foreign file": "os.truncate(f'{foreign}/data', 0)",
    "emptying a file that may be read": "os.open(f'{shared}/data', os.O_RDONLY | os.O_TRUNC)",
    "emptying one by the unused access mode": "os.open(f'{foreign}/data', 3 | os.O_TRUNC)",
    "a file without a name": "os.open('.', os.O_TMPFILE | os.O_RDWR, 0o600)",
    "space beyond a file's end": "call('fallocate', os.open('data', os.O_RDWR), 1, 0, ctypes.c_long(1 << 20))",
    "memory as a file": "os.memfd_create('x')",
    "a link": "os.symlink('data', 'link')",
    "a device or pipe": "os.mkfifo('fifo')",
    "an attribute of a file": "os.setxattr('data', 'user.x', b'1')",
    "a socket of this machine": "socket.socket(socket.AF_UNIX)",
    "a network socket": "socket.socket(socket.AF_INET)",
    "a pair of sockets": "socket.socketpair()",
    "a new process": "os._exit(0) if os.fork() == 0 else os.wait()",
    "a signal to another process": "os.kill(os.getppid(), 0)",
    "a handle of another process": "os.pidfd_open(os.getppid())",
    "a signal by way of a pipe": "fcntl.fcntl(report, fcntl.F_SETOWN, os.getppid())",
    "a pipe that signals": "fcntl.fcntl(report, fcntl.F_SETFL, os.O_ASYNC)",
    "another process's priority": "os.setpriority(os.PRIO_PROCESS, os.getpid(), 1)",
    "other cores for itself": "os.sched_setaffinity(0, os.sched_getaffinity(0))",
    "asking for another's cores": "os.sched_getaffinity(os.getppid())",
    "asking for another's session": "os.getsid(os.getppid())",
    "asking for another's limits": "resource.prlimit(os.getppid(), resource.RLIMIT_CORE)",
    "other limits for itself": "resource.setrlimit(resource.RLIMIT_NOFILE, (9, 9))",
    "how full a disk is": "os.statvfs('/')",
    "a session of its own": "call('setsid')",
    "a key in the kernel": "call('syscall', 248, b'user', b'x', b'x', 1, -3)",
    "shared memory of System V": "call('shmget', 0, 4096, 0o1600)",
    "a part of a namespace": "call('unshare', 0x200)",
    "tracing": "call('ptrace', 0, 0, 0, 0)",
}


@pytest.mark.parametrize("name", SYSTEM_CALLS)
def test_the_list_of_system_calls_refuses(place: Path, name: str) -> None:
    assert tried(place, SYSTEM_CALLS[name], abi=1) == "refused"
    assert (place / "foreign" / "data").read_text() == (place / "shared" / "data").read_text() == "kept"
    assert tried(place, SYSTEM_CALLS[name], without=("seccomp",), abi=1) == "done"


@pytest.mark.parametrize("left", ["seccomp", "landlock"])
def test_another_program_meets_two_walls(place: Path, left: str) -> None:
    program = "os.posix_spawn('/bin/true', ['true'], {})"
    assert tried(place, program, without=tuple({"seccomp", "landlock"} - {left})) == "refused"
    assert tried(place, program, without=("seccomp", "landlock")) == "done"


#: The other walls by name: what each stands against, and what must be left off besides to see it.
OTHERS = {
    "descriptors": ("os.pread(inherited, 1, 0)", ()),
    "environment": ("if 'SECRET' not in os.environ: raise OSError", ()),
    "identity": ("os.chroot('.')", ("seccomp",)),
    "privileges": ("if libc.prctl(39, 0, 0, 0, 0): raise OSError", ("seccomp", "landlock")),
    "secrecy": ("if not libc.prctl(3, 0, 0, 0, 0): raise OSError", ("seccomp", "landlock")),
}


@pytest.mark.parametrize("name", OTHERS)
def test_the_other_walls_stand(place: Path, name: str) -> None:
    attempt, off = OTHERS[name]
    assert tried(place, attempt, without=off) == "refused"
    # Whoever is not root has no capability to lose.
    nothing_to_lose = name == "identity" and os.geteuid() != 0
    assert tried(place, attempt, without=(name, *off)) == ("refused" if nothing_to_lose else "done")


@pytest.mark.parametrize(
    ("attempt", "ends"),
    [
        ("open('big', 'wb').write(bytes(2_000_000))", "refused"),
        ("os.truncate(os.open('data', os.O_RDWR), 2_000_000)", "refused"),
        ("bytearray(1 << 30)", "refused"),
        ("[os.dup(report) for _ in range(300)]", "refused"),
        ("exec('while True: pass')", "killed by 9"),
    ],
)
def test_the_kernels_limits_hold(place: Path, attempt: str, ends: str) -> None:
    limits = {"file_size": 1_000_000, "memory": 1 << 30, "cpu_seconds": 1}
    assert tried(place, attempt, **limits) == ends
    # What never ends cannot be tried without the limit; a higher one is as good.
    without = attempt.replace("while True: pass", "sum(range(1000))")
    assert tried(place, without, without=("limits",), **limits) == "done"


@pytest.mark.parametrize("abi", [1, 2, 3])
def test_honest_work_is_not_hindered(place: Path, abi: int) -> None:
    work = [
        "import tempfile, shutil, sqlite3, numpy, pathlib",
        "numpy.save('a.npy', numpy.arange(4)); numpy.load('a.npy', mmap_mode='r').sum()",
        "tempfile.TemporaryFile(dir='.').write(b'x')",
        "with tempfile.TemporaryDirectory(dir='.') as t: shutil.copyfile('data', f'{t}/copy')",
        "sqlite3.connect('db').execute('create table t (x)')",
        "os.rename('data', 'moved'); pathlib.Path('moved').touch(); open('moved', 'w').close()",
        "t = threading.Thread(target=os.getpid); t.start(); t.join()",
        "signal.setitimer(signal.ITIMER_REAL, 100); os.sched_getaffinity(0); resource.getrlimit(resource.RLIMIT_AS)",
        "open(f'{shared}/data').read(); numpy.random.rand(300, 300) @ numpy.ones(300)",
    ]
    assert tried(place, "\n    ".join(work), abi=abi) == "done"


@pytest.mark.parametrize("without", [(), ("orphans",)])
def test_it_ends_with_its_parent(without: tuple[str, ...]) -> None:
    """The child lives on after its parent only where that wall is left off, even after a change of user."""
    user = 60600 if os.geteuid() == 0 else None
    code = f"""
import os, sys
from grader.exam.walls import Walls, _put_up
mine, theirs = int(sys.argv[1]), int(sys.argv[2])
if os.fork() == 0:
    _put_up(Walls(keep=(mine, theirs), user={user}), {("landlock", "seccomp", *without)})
    os.write(theirs, b"up")
    if os.read(mine, 1):
        os.write(theirs, b"alive")
    os._exit(0)
os.close(theirs)
sys.stdin.readline()
"""
    (ask, asked), (heard, answer) = os.pipe()[::-1], os.pipe()
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(asked), str(answer)], pass_fds=(asked, answer), stdin=subprocess.PIPE
    )
    os.close(answer)
    assert os.read(heard, 2) == b"up"
    parent.communicate(b"\n")
    os.write(ask, b"?")
    assert os.read(heard, 5) == (b"alive" if without else b"")
    for descriptor in (ask, asked, heard):
        os.close(descriptor)


# -- when walls cannot be put up


def test_a_machine_without_landlock_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walls, "landlock_abi", lambda: 0)
    assert walls.missing_walls()[0].startswith("Landlock ABI 0; version 1 is needed")
    with pytest.raises(WallError, match="Landlock ABI 0"):
        walls._landlock(Walls(), 0)
    monkeypatch.setattr(walls, "landlock_abi", lambda: 1)
    assert walls.missing_walls() == []


def test_a_folder_that_is_not_there_is_a_wall_that_fails(place: Path) -> None:
    with pytest.raises(WallError, match="nowhere: No such file"):
        walls._allow(-1, str(place / "nowhere"), 4)


@pytest.mark.parametrize(
    ("number", "fails", "word"), [(-1, None, "does not know"), (5, OSError(22, "no such rule"), "no such rule")]
)
def test_a_call_that_cannot_be_listed_is_a_wall_that_fails(
    monkeypatch: pytest.MonkeyPatch, number: int, fails: OSError | None, word: str
) -> None:
    import pyseccomp

    class Filter:
        def __init__(self, action: int) -> None:
            pass

        def add_rule(self, *_: object) -> None:
            if fails:
                raise fails

    monkeypatch.setattr(syscalls, "program", syscalls.program.__wrapped__)
    monkeypatch.setattr(pyseccomp, "SyscallFilter", Filter)
    monkeypatch.setattr(pyseccomp, "resolve_syscall", lambda *_: number)
    with pytest.raises(WallError, match=word):
        walls._seccomp(False, False)


def test_only_calls_of_other_machines_are_passed_over() -> None:
    assert syscalls._exists_here("read")
    assert not syscalls._exists_here("breakpoint")  # only 32-bit ARM has it
    with pytest.raises(LookupError):
        syscalls._exists_here("no_such_call")


# -- what the list says


def permits(call: str, *arguments: int, gpu: bool = False) -> bool:
    return any(
        all(arguments[number] & mask == value for number, mask, value in rule.where)
        for rule in syscalls.allowed(gpu)
        if rule.call == call
    )


@pytest.mark.parametrize(
    "call",
    """
    socket socketpair connect bind sendto sendmsg recvmsg io_uring_setup io_uring_enter io_uring_register ptrace bpf
    perf_event_open userfaultfd keyctl add_key request_key mount umount2 pivot_root chroot unshare setns kill tkill
    tgkill rt_sigqueueinfo pidfd_open pidfd_getfd pidfd_send_signal process_vm_readv process_vm_writev kcmp
    sched_setaffinity sched_setscheduler setpriority ioprio_set migrate_pages move_pages shmget semget msgget mq_open
    fork vfork execve execveat clone3 chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utimensat utime
    utimes futimesat truncate fallocate creat openat2 open_by_handle_at link linkat symlink symlinkat mknod mknodat
    setxattr memfd_create memfd_secret mincore statfs capget capset seccomp personality setrlimit timer_create flock
    splice vmsplice fanotify_init inotify_init1 quotactl swapon reboot modify_ldt
    """.split(),
)
def test_it_never_names(call: str) -> None:
    """Whatever the arguments, with and without a GPU."""
    assert call not in {rule.call for rule in syscalls.allowed(gpu=True)}


def test_clone_makes_threads_only() -> None:
    thread = 0x3D0F00  # what the C library asks for
    assert permits("clone", thread)
    assert not permits("clone", 17)  # a fork
    assert not permits("clone", thread & ~0x100)  # with memory of its own
    for namespace in (0x20000, 0x02000000, 0x10000000, 0x40000000):
        assert not permits("clone", thread | namespace)


def test_a_gpu_adds_the_drivers_requests_and_nothing_else() -> None:
    added = [rule for rule in syscalls.allowed(gpu=True) if rule not in set(syscalls.allowed())]
    assert {rule.call for rule in added} == {"ioctl"}
    control, uvm, initialise = 0xC020462A, 39, 0x30000001
    for request in (control, uvm, initialise):
        assert permits("ioctl", 3, request, gpu=True)
        assert not permits("ioctl", 3, request)
    for other in (0x5412, 0x8901, 0x5452):  # TIOCSTI, FIOSETOWN, FIOASYNC
        assert not permits("ioctl", 3, other, gpu=True)


# -- GPUs


def test_a_gpus_devices_and_files_are_found(tmp_path: Path) -> None:
    there = ("dev/nvidia0", "dev/nvidia12", "dev/nvidiactl", "dev/nvidia-uvm", "dev/nvidia-caps/nvidia-cap1")
    for name in (*there, "dev/nvme0", "dev/nvidia-modeset", "proc/driver/nvidia/params", "proc/1/maps"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    devices, about = gpu_paths(tmp_path)
    assert devices == sorted(str(tmp_path / name) for name in there)
    assert about == [str(tmp_path / "proc/driver/nvidia")]
    assert gpu_paths(tmp_path / "dev") == ([], [])


def test_only_a_process_with_a_gpu_may_open_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walls, "gpu_paths", lambda: (["/dev/nvidia0"], ["/proc/driver/nvidia"]))
    with_gpu, without = dict(_rights(Walls(gpu=True))), dict(_rights(Walls()))
    assert set(with_gpu) - set(without) == {"/dev/nvidia0", "/proc/driver/nvidia"}
    requests, writing = 1 << 15, 1 << 1
    assert with_gpu["/dev/nvidia0"] & (requests | writing) == requests | writing
    assert with_gpu["/proc/driver/nvidia"] & (requests | writing) == 0
    assert not any(rights & requests for rights in without.values())


def test_cuda_gets_all_the_address_space_it_asks_for(place: Path) -> None:
    assert tried(place, "bytearray(1 << 30)", memory=1 << 30) == "refused"
    assert tried(place, "bytearray(1 << 30)", memory=1 << 30, gpu=True) == "done"
