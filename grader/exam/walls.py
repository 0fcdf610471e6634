"""Walls around a process that runs foreign code: Landlock, seccomp, limits, no new privileges, no descriptors.

Put up after a fork, in the one thread there is. No user namespaces: pods refuse them. Imports nothing of the project.

Sources: Linux kernel documentation, userspace-api/landlock and seccomp_filter; libseccomp through pyseccomp.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import struct
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_SYS_CREATE, _SYS_ADD, _SYS_RESTRICT = 444, 445, 446
_PR_SET_NO_NEW_PRIVS, _PR_SET_DUMPABLE, _PR_SET_PDEATHSIG = 38, 4, 1
_PR_CAPBSET_DROP = 24

# Access rights of Landlock, by the ABI that brought them.
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_ALL_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
_READ = _READ_FILE | _READ_DIR
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | 1 << 14 | 1 << 15
#: Below ABI 3 a wall against truncating foreign files would be missing.
NEEDED_ABI = 3


class WallError(RuntimeError):
    """A wall could not be put up; foreign code must not run."""


@dataclass(frozen=True)
class Walls:
    """What the process keeps: folders it may read, one it may write, and its limits. Sizes in bytes."""

    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    memory: int = 4 << 30
    file_size: int = 50_000_000
    cpu_seconds: int = 600
    keep: tuple[int, ...] = field(default=())
    user: int | None = None


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
            f"Landlock ABI {abi}; version {NEEDED_ABI} is needed: Linux 6.2 or later, started with lsm=landlock,..."
        )
    actions = Path("/proc/sys/kernel/seccomp/actions_avail")
    if not actions.exists() or "errno" not in actions.read_text():
        missing.append("seccomp filters: a kernel with CONFIG_SECCOMP_FILTER is needed")
    try:
        import pyseccomp  # noqa: F401
    except (ImportError, RuntimeError):
        missing.append("libseccomp: apt install libseccomp2")
    return missing


def system_paths() -> tuple[str, ...]:
    """What Python itself reads: its installation, shared libraries, time zones, and this package."""
    found = {sys.prefix, sys.base_prefix, "/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime"}
    found.add(str(Path(__file__).resolve().parents[1]))
    found.update(
        ["/dev/null", "/dev/urandom", "/dev/zero", "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu"]
    )
    return tuple(sorted(path for path in found if os.path.exists(path)))


def put_up(walls: Walls) -> None:
    """Wall this process in, for good. Raises WallError, and then nothing foreign may be run."""
    _close_descriptors(set(walls.keep))
    os.environ.clear()
    _limits(walls)
    _leave_root(walls.user)
    for option, value in ((_PR_SET_NO_NEW_PRIVS, 1), (_PR_SET_DUMPABLE, 0)):
        if _LIBC.prctl(option, value, 0, 0, 0):
            raise WallError(f"prctl({option}): {os.strerror(ctypes.get_errno())}")
    _landlock(walls)
    _seccomp()


def die_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, 9, 0, 0, 0)


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
        (resource.RLIMIT_AS, walls.memory),
        (resource.RLIMIT_FSIZE, walls.file_size),
        (resource.RLIMIT_CPU, walls.cpu_seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(what, (value, value))


def _leave_root(user: int | None) -> None:
    """Drop every capability, and with `user` the identity as well."""
    if os.geteuid() != 0:
        return
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


def _landlock(walls: Walls) -> None:
    abi = landlock_abi()
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
    _allow(ruleset, (*system_paths(), *walls.read), _READ)
    _allow(ruleset, ("/dev/null",), _READ_FILE | _WRITE_FILE)
    _allow(ruleset, walls.write, handled & ~_EXECUTE)
    if _LIBC.syscall(_SYS_RESTRICT, ruleset, ctypes.c_uint32(0)):
        raise WallError(f"landlock_restrict_self: {os.strerror(ctypes.get_errno())}")
    os.close(ruleset)


def _allow(ruleset: int, paths: Iterable[str], rights: int) -> None:
    for path in paths:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        allowed = rights if os.path.isdir(path) else rights & _FILE_RIGHTS
        rule = struct.pack("<Qi", allowed, descriptor)
        failed = _LIBC.syscall(_SYS_ADD, ruleset, 1, rule, ctypes.c_uint32(0))
        os.close(descriptor)
        if failed:
            raise WallError(f"landlock_add_rule {path}: {os.strerror(ctypes.get_errno())}")


#: All that Python, NumPy and Numba's compiler need once they run. Everything else gets EPERM.
_ALLOWED = """
read write readv writev pread64 pwrite64 lseek close close_range fstat stat lstat newfstatat statx access faccessat
faccessat2 open openat readlink readlinkat getdents64 getcwd chdir fchdir dup dup2 dup3 fcntl pipe pipe2 flock fsync
fdatasync ftruncate mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 chmod fchmod fchmodat umask utimensat
fallocate fadvise64 statfs fstatfs copy_file_range sendfile mmap munmap mremap mprotect madvise brk mincore
rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait sigaltstack pause alarm setitimer getitimer
futex futex_waitv get_robust_list set_robust_list rseq set_tid_address sched_yield sched_getaffinity getcpu
membarrier restart_syscall exit exit_group nanosleep clock_nanosleep clock_gettime clock_getres gettimeofday time times
getpid getppid gettid getuid geteuid getgid getegid getgroups getresuid getresgid getpgrp getpgid getsid getrusage
getrlimit uname sysinfo getrandom select pselect6 poll ppoll epoll_create epoll_create1 epoll_ctl epoll_wait
epoll_pwait eventfd eventfd2 timerfd_create timerfd_settime timerfd_gettime arch_prctl capget
""".split()

_CLONE_THREAD = 0x00010000
_IOCTLS = (0x5401, 0x5413, 0x541B, 0x5450, 0x5451, 0x5421)  # TCGETS TIOCGWINSZ FIONREAD FIONCLEX FIOCLEX FIONBIO
_PRCTLS = (15, 16, 38, 39, 0x53564D41)  # names of threads and mappings, no_new_privs


def _seccomp() -> None:
    import pyseccomp as seccomp

    filter_ = seccomp.SyscallFilter(seccomp.ERRNO(errno.EPERM))
    for name in _ALLOWED:
        try:
            filter_.add_rule(seccomp.ALLOW, name)
        except (RuntimeError, OSError, ValueError):
            # A call that this architecture does not have.
            continue
    # Threads, not processes. clone3 hides its flags from a filter, so the C library must fall back to clone.
    filter_.add_rule(seccomp.ALLOW, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, _CLONE_THREAD, _CLONE_THREAD))
    filter_.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")
    for request in _IOCTLS:
        filter_.add_rule(seccomp.ALLOW, "ioctl", seccomp.Arg(1, seccomp.EQ, request))
    for option in _PRCTLS:
        filter_.add_rule(seccomp.ALLOW, "prctl", seccomp.Arg(0, seccomp.EQ, option))
    # Its own limits may be read, not set, and nobody else's.
    filter_.add_rule(seccomp.ALLOW, "prlimit64", seccomp.Arg(0, seccomp.EQ, 0), seccomp.Arg(2, seccomp.EQ, 0))
    filter_.load()
