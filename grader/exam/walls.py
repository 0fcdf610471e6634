"""Walls around a process that runs foreign code: Landlock, seccomp, limits, no new privileges, no descriptors.

Put up after a fork, in the one thread there is. No user namespaces: pods refuse them. Imports the list of system calls.

Sources: Linux kernel documentation, userspace-api/landlock and seccomp_filter; libseccomp through pyseccomp; for GPUs
NVIDIA's open kernel modules and container toolkit.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import signal
import struct
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from grader.exam import syscalls

_LIBC = ctypes.CDLL(None, use_errno=True)
_SYS_CREATE, _SYS_ADD, _SYS_RESTRICT = 444, 445, 446
_PR_SET_NO_NEW_PRIVS, _PR_SET_DUMPABLE, _PR_SET_PDEATHSIG = 38, 4, 1
_PR_CAPBSET_DROP, _PR_SET_CHILD_SUBREAPER = 24, 36

# Access rights of Landlock, by the ABI that brought them.
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_ALL_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
_READ = _READ_FILE | _READ_DIR
_IOCTL_DEVICE = 1 << 15
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | 1 << 14 | _IOCTL_DEVICE
#: What later versions bring besides, the list of system calls holds as well: truncating (3), sockets (4), requests to
#: devices (5), signals (6).
NEEDED_ABI = 1


class WallError(RuntimeError):
    """A wall could not be put up; foreign code must not run."""


@dataclass(frozen=True)
class Walls:
    """What the process keeps: folders it may read, one it may write, and its limits. Sizes in bytes.

    With `gpu` it may use NVIDIA's devices. CUDA reserves more address space than a machine has memory, so `memory` is
    then no limit of the kernel; whoever starts the process watches what it holds. With `processes` it may make others,
    each behind these walls and with these limits to itself; then `user` must be nobody else's.
    """

    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    memory: int = 4 << 30
    file_size: int = 50_000_000
    cpu_seconds: int = 600
    keep: tuple[int, ...] = field(default=())
    user: int | None = None
    gpu: bool = False
    processes: bool = False


def landlock_abi() -> int:
    """0 where the kernel has no Landlock."""
    return max(0, int(_LIBC.syscall(_SYS_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1))))


def missing_walls() -> list[str]:
    """What is missing on this machine, each with its mend; empty where exams may run."""
    missing = []
    if sys.platform != "linux":
        return ["exams need Linux"]
    abi = landlock_abi()
    if abi < NEEDED_ABI:
        missing.append(
            f"Landlock ABI {abi}; version {NEEDED_ABI} is needed: Linux 5.13 or later, started with lsm=landlock,..."
        )
    actions = Path("/proc/sys/kernel/seccomp/actions_avail")
    if not actions.exists() or "errno" not in actions.read_text():
        missing.append("seccomp filters: a kernel with CONFIG_SECCOMP_FILTER is needed")
    try:
        syscalls.program()
    except (ImportError, RuntimeError):
        missing.append("libseccomp: apt install libseccomp2")
    except (OSError, LookupError) as error:
        missing.append(f"seccomp filters: {error}")
    return missing


def system_paths() -> tuple[str, ...]:
    """What Python itself reads: its installation, shared libraries, time zones, and this package."""
    found = {sys.prefix, sys.base_prefix, "/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime"}
    found.add(str(Path(__file__).resolve().parents[1]))
    found.update(
        ["/dev/null", "/dev/urandom", "/dev/zero", "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu"]
    )
    return tuple(sorted(path for path in found if os.path.exists(path)))


def readable_by_all_exams(folder: Path) -> str | None:
    """The part of Python's installation that `folder` lies in, so that learner code could read it; None is good."""
    place = folder.resolve()
    return next((path for path in system_paths() if place.is_relative_to(Path(path).resolve())), None)


def gpu_paths(root: Path = Path("/")) -> tuple[list[str], list[str]]:
    """What NVIDIA's driver library opens: devices, to read and write, and files about them, to read only.

    The library itself lies where shared libraries lie. A GPU in MIG mode is reached through its capability devices.
    """
    devices = [
        *(root / "dev").glob("nvidia[0-9]*"),
        *(root / "dev" / name for name in ("nvidiactl", "nvidia-uvm", "nvidia-uvm-tools")),
        *(root / "dev/nvidia-caps").glob("nvidia-cap*"),
    ]
    about = [root / name for name in ("proc/driver/nvidia", "proc/devices", "proc/self", "sys/devices", "sys/bus/pci")]
    return sorted(str(p) for p in devices if p.exists()), [str(p) for p in about if p.exists()]


def put_up(walls: Walls) -> None:
    """Wall this process in, for good. Raises WallError, and then nothing foreign may be run."""
    if walls.processes and walls.user is None:
        raise WallError("who makes processes needs a user of its own")
    _put_up(walls)


def _put_up(walls: Walls, without: Collection[str] = (), abi: int | None = None) -> None:
    """Tests leave single walls off, which shows what each is good for, or take an older Landlock for granted."""
    steps: dict[str, Callable[[], None]] = {
        "descriptors": lambda: _close_descriptors(set(walls.keep)),
        "environment": os.environ.clear,
        "limits": lambda: _limits(walls),
        "identity": lambda: _leave_root(walls.user),
        "orphans": die_with_parent,
        "privileges": lambda: _prctl(_PR_SET_NO_NEW_PRIVS, 1),
        "secrecy": lambda: _prctl(_PR_SET_DUMPABLE, 0),
        "landlock": lambda: _landlock(walls, landlock_abi() if abi is None else abi),
        "seccomp": lambda: _seccomp(walls.gpu, walls.processes),
    }
    assert set(without) <= set(steps)
    for name, step in steps.items():
        if name not in without:
            step()


def die_with_parent(by: signal.Signals = signal.SIGKILL) -> None:
    """A change of user makes the kernel forget it."""
    _prctl(_PR_SET_PDEATHSIG, by)


def adopt_orphans() -> None:
    """Become the parent of those below whose parent has ended."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    if _LIBC.prctl(option, value, 0, 0, 0):
        raise WallError(f"prctl({option}): {os.strerror(ctypes.get_errno())}")


def _close_descriptors(keep: set[int]) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    for descriptor in [int(name) for name in os.listdir("/proc/self/fd")]:
        if descriptor > 2 and descriptor not in keep:
            try:
                os.close(descriptor)
            except OSError as error:
                if error.errno != errno.EBADF:
                    raise


def _limits(walls: Walls) -> None:
    for what, value in (
        (resource.RLIMIT_AS, resource.RLIM_INFINITY if walls.gpu else walls.memory),
        (resource.RLIMIT_FSIZE, walls.file_size),
        (resource.RLIMIT_CPU, walls.cpu_seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        if hard != resource.RLIM_INFINITY:
            value = hard if value == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(what, (value, value))


def _leave_root(user: int | None) -> None:
    """Drop every capability, and with `user` the identity as well."""
    if os.geteuid() == 0:
        for capability in range(64):
            if _LIBC.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) and ctypes.get_errno() == errno.EINVAL:
                break
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    header = struct.pack("<II", 0x20080522, 0)
    if _LIBC.capset(header, bytes(24)):
        raise WallError(f"capset: {os.strerror(ctypes.get_errno())}")


def _landlock(walls: Walls, abi: int) -> None:
    if abi < NEEDED_ABI:
        raise WallError(f"Landlock ABI {abi}, {NEEDED_ABI} is needed")
    handled = _ALL_BY_ABI[min(abi, 5)]
    attributes = struct.pack("<Q", handled)
    if abi >= 4:
        attributes += struct.pack("<Q", 3)  # bind and connect: no rule allows any
    if abi >= 6:
        attributes += struct.pack("<Q", 3)  # no abstract sockets, no signals out of this domain
    ruleset = _LIBC.syscall(_SYS_CREATE, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    if ruleset < 0:
        raise WallError(f"landlock_create_ruleset: {os.strerror(ctypes.get_errno())}")
    for path, rights in _rights(walls):
        _allow(ruleset, path, rights & handled)
    if _LIBC.syscall(_SYS_RESTRICT, ruleset, ctypes.c_uint32(0)):
        raise WallError(f"landlock_restrict_self: {os.strerror(ctypes.get_errno())}")
    os.close(ruleset)


def _rights(walls: Walls) -> Iterator[tuple[str, int]]:
    """Paths, and what may be done at and below each; everything else may not."""
    for path in (*system_paths(), *walls.read):
        yield path, _READ
    yield "/dev/null", _READ_FILE | _WRITE_FILE
    for path in walls.write:
        yield path, _ALL_BY_ABI[5] & ~_EXECUTE & ~_IOCTL_DEVICE
    if walls.gpu:
        devices, about = gpu_paths()
        for path in devices:
            yield path, _READ_FILE | _WRITE_FILE | _IOCTL_DEVICE
        for path in about:
            yield path, _READ


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError as error:
        raise WallError(f"{path}: {error.strerror}") from error
    allowed = rights if os.path.isdir(path) else rights & _FILE_RIGHTS
    rule = struct.pack("<Qi", allowed, descriptor)
    failed = _LIBC.syscall(_SYS_ADD, ruleset, 1, rule, ctypes.c_uint32(0))
    os.close(descriptor)
    if failed:
        raise WallError(f"landlock_add_rule {path}: {os.strerror(ctypes.get_errno())}")


def _seccomp(gpu: bool, processes: bool) -> None:
    try:
        syscalls.load(gpu, processes)
    except (OSError, RuntimeError, LookupError) as error:
        raise WallError(f"seccomp: {error}") from error
