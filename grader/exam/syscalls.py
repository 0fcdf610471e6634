"""System calls that a walled process keeps: an allow-list, as data, and its loading through libseccomp.

Everything that is not listed answers EPERM. Left out on purpose, beside what makes processes and sockets:

* what names another process: kill, tgkill, pidfd, ptrace, process_vm, sched_set, setpriority, capget, robust lists;
* what Landlock does not see: chmod, chown, utimensat, truncate, xattr, mount. They reach any file of the same user;
* what takes disk or memory past its limit: fallocate can keep the size that RLIMIT_FSIZE looks at; memfd_create;
* what tells about others: mincore tells which pages of a shared file were read, statfs how full other disks are.

`stat`, `access`, `readlink` and `chdir` of any path stay, for Python cannot start an import without them, and a filter
sees no paths. So a walled process can learn that a file exists, its size and its times. Imports nothing of the project.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
#: Bytes of a struct sock_filter.
_INSTRUCTION = 8

_FREE = """
read write readv writev pread64 pwrite64 lseek close close_range fstat stat lstat newfstatat statx access faccessat
faccessat2 readlink readlinkat getdents64 getcwd chdir fchdir dup dup2 dup3 pipe pipe2 fsync fdatasync ftruncate
mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 umask fadvise64 fstatfs copy_file_range sendfile
mmap munmap mremap mprotect madvise brk
rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait sigaltstack pause alarm setitimer getitimer
futex set_robust_list rseq set_tid_address sched_yield getcpu restart_syscall exit exit_group
nanosleep clock_nanosleep clock_gettime clock_getres gettimeofday time times
getpid getppid gettid getuid geteuid getgid getegid getgroups getresuid getresgid getpgrp getrusage getrlimit uname
sysinfo getrandom select pselect6 poll ppoll epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait
eventfd eventfd2 timerfd_create timerfd_settime timerfd_gettime arch_prctl
""".split()

_ALL = (1 << 64) - 1
#: Flags of clone: a thread of this process, which shares its memory and signal handlers, in no new namespace
#: (cgroup, UTS, IPC, user, PID, network, mount), not traced, and followed by no pidfd.
_THREAD = 0x00010000 | 0x00000100 | 0x00000800
_NO_THREAD = 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000 | 0x00020000 | 0x2000 | 0x1000
#: CLONE_PARENT: a child that its parent's parent has to look after.
_SIBLING = 0x8000
_IOCTLS = (0x5401, 0x5413, 0x541B, 0x5450, 0x5451, 0x5421)  # TCGETS TIOCGWINSZ FIONREAD FIONCLEX FIOCLEX FIONBIO
_PRCTLS = (15, 16, 38, 39, 0x53564D41)  # names of threads and mappings, no_new_privs
#: F_DUPFD F_GETFD F_SETFD F_GETFL F_GETLK F_SETLK F_SETLKW F_DUPFD_CLOEXEC. Not F_SETOWN and F_SETSIG: with O_ASYNC
#: they send a signal of one's choice to any process of the same user.
_FCNTLS = (0, 1, 2, 3, 5, 6, 7, 1030)
_F_SETFL = 4
_TMPFILE = os.O_TMPFILE & ~os.O_DIRECTORY

# NVIDIA's driver, from its open kernel modules: every request of the control and GPU devices has the type 'F'
# (nv-ioctl-numbers.h); those of the UVM device are small plain numbers (uvm_ioctl.h) and two of their own.
_NVIDIA_TYPE, _UVM_LARGEST, _UVM_OWN = 0x46 << 8, 0xFF, (0x30000001, 0x30000002)


class _Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


@dataclass(frozen=True)
class Rule:
    """`call` is allowed where, for each (argument, mask, value) of `where`, the masked bits are the value."""

    call: str
    where: tuple[tuple[int, int, int], ...] = ()


def allowed(gpu: bool = False, processes: bool = False) -> Iterator[Rule]:
    """All rules; with `gpu` also what NVIDIA's driver library asks of its devices.

    With `processes` it may make processes like itself, and signal them: other users' the kernel keeps from it, so it
    must have a user to itself. No other program (execve), and no new namespace.
    """
    for name in _FREE:
        yield Rule(name)
    yield from _opening()
    yield Rule("clone", ((0, _THREAD | _NO_THREAD, _THREAD),))
    if processes:
        yield Rule("clone", ((0, _NO_THREAD | _SIBLING, 0),))
        yield Rule("socketpair", ((0, _ALL, socket.AF_UNIX),))
        for name in ("fork", "vfork", "wait4", "waitid", "kill", "tgkill"):
            yield Rule(name)
    for request in _IOCTLS:
        yield Rule("ioctl", ((1, _ALL, request),))
    for option in _PRCTLS:
        yield Rule("prctl", ((0, _ALL, option),))
    for command in _FCNTLS:
        yield Rule("fcntl", ((1, _ALL, command),))
    yield Rule("fcntl", ((1, _ALL, _F_SETFL), (2, os.O_ASYNC, 0)))
    # Of itself only (0), and its limits may be read, not set.
    for name in ("sched_getaffinity", "getpgid", "getsid"):
        yield Rule(name, ((0, _ALL, 0),))
    yield Rule("prlimit64", ((0, _ALL, 0), (2, _ALL, 0)))
    if gpu:
        yield Rule("ioctl", ((1, 0xFF00, _NVIDIA_TYPE),))
        yield Rule("ioctl", ((1, _ALL ^ _UVM_LARGEST, 0),))
        for request in _UVM_OWN:
            yield Rule("ioctl", ((1, _ALL, request),))


def _opening() -> Iterator[Rule]:
    """open and openat, but for two uses.

    Reading only with O_TRUNC empties a file that may only be read where Landlock is older than ABI 3; the unused access
    mode 3 asks Landlock for nothing. A file by O_TMPFILE has no name, so nobody who looks through the folder counts it.
    openat2 hides its flags behind a pointer and stays out.
    """
    mode = os.O_ACCMODE | _TMPFILE
    for call, argument in (("open", 1), ("openat", 2)):
        yield Rule(call, ((argument, mode | os.O_TRUNC, os.O_RDONLY),))
        yield Rule(call, ((argument, mode, os.O_WRONLY),))
        yield Rule(call, ((argument, mode, os.O_RDWR),))


def load(gpu: bool = False, processes: bool = False) -> None:
    """Confine this process to `allowed(gpu, processes)`, for good.

    Raises OSError or RuntimeError where libseccomp or the kernel refuses, LookupError for a call that libseccomp is too
    old to know.
    """
    code = program(gpu, processes)
    filter_ = ctypes.create_string_buffer(code, len(code))
    wanted = _Program(len(code) // _INSTRUCTION, ctypes.addressof(filter_))
    if _LIBC.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(wanted), 0, 0):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


@functools.cache
def program(gpu: bool = False, processes: bool = False) -> bytes:
    """The filter as the kernel takes it, made once: forks of a process that has it find it made.

    Only calls that this architecture does not have are passed over.
    """
    import pyseccomp as seccomp

    filter_ = seccomp.SyscallFilter(seccomp.ERRNO(errno.EPERM))
    for rule in allowed(gpu, processes):
        if _exists_here(rule.call):
            where = [seccomp.Arg(number, seccomp.MASKED_EQ, mask, value) for number, mask, value in rule.where]
            filter_.add_rule(seccomp.ALLOW, rule.call, *where)
    # clone3 hides its flags from a filter, so the C library must fall back to clone.
    filter_.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")
    # The kernel takes no more than 4096 instructions, which a pipe holds.
    reading, writing = os.pipe()
    with open(reading, "rb") as ready:
        with open(writing, "wb") as file:
            filter_.export_bpf(file)
        return ready.read()


def _exists_here(call: str) -> bool:
    import pyseccomp as seccomp

    number: int = seccomp.resolve_syscall(seccomp.Arch.NATIVE, call)
    if number == -1:
        raise LookupError(f"libseccomp does not know {call}; install a newer one")
    # libseccomp gives a call that only other architectures have a number below -1.
    return number >= 0
