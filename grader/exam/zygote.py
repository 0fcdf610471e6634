"""The zygote: a warm interpreter that forks examiners, candidates and benches.

Started by exec with an empty environment, it has imported what they all need and holds no secret. Each child gets its
channel as a descriptor, walls itself in, says so, and then meets foreign code. Protocol: the room sends a JSON line
with one descriptor, and a second where the child has a link to another one; the zygote answers with the child's pid and
a pidfd. On the channel the child's first byte is WALLED; a child that cannot be walled in sends UNWALLED and the
reason, and ends.

Imports this package, checks and devices.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

MAX_REQUEST = 1 << 16
WALLED, UNWALLED = b"\x01", b"\x00"


def main() -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    from grader.exam import walls

    walls.die_with_parent()
    _warm()
    # Children are reaped by the kernel; the room follows them by pidfd.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control.sendall(b"ready\n")
    while True:
        data, descriptors, _, _ = socket.recv_fds(control, MAX_REQUEST, 2)
        if not data:
            return
        request: dict[str, Any] = json.loads(data)
        zygote = os.getpid()
        pid = os.fork()
        if pid == 0:
            control.close()
            _child(request, descriptors, zygote)
        pidfd = os.pidfd_open(pid)
        socket.send_fds(control, [str(pid).encode()], [pidfd])
        for descriptor in (pidfd, *descriptors):
            os.close(descriptor)


def _warm() -> None:
    """Import and rehearse, so that a fork finds everything ready; what is there by then is no garbage."""
    from grader.exam import bench, candidate, device_bench, examiner, in_process, peer, syscalls  # noqa: F401
    from grader.exam.rehearsal import rehearse

    rehearse()
    for gpu, processes in itertools.product((False, True), repeat=2):
        # It looks for libseccomp by starting a process, which walls forbid.
        syscalls.program(gpu, processes)
    gc.collect()
    gc.freeze()


def _child(request: dict[str, Any], descriptors: list[int], zygote: int) -> None:
    """Never returns."""
    from grader.exam import keeper

    status, parent = 1, zygote
    try:
        if request["keeper"] is not None:
            parent = os.getpid()
            keeper.fork_kept(zygote, request["user"], request["keeper"], descriptors)
        if _wall_in(request, descriptors) and os.getppid() == parent:
            _serve(request, descriptors)
            status = 0
    finally:
        os._exit(status)


def _wall_in(request: dict[str, Any], descriptors: list[int]) -> bool:
    """Tells the room how it went."""
    from grader.exam import walls

    channel = descriptors[0]
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        folder = request["folder"]
        os.chdir(folder)
        walls.put_up(
            walls.Walls(
                read=tuple(request["read"]),
                write=(folder,),
                memory=request["memory"],
                file_size=request["file_size"],
                cpu_seconds=request["cpu_seconds"],
                keep=tuple(descriptors),
                user=request["user"],
                gpu=request["gpu"],
                processes=request["keeper"] is not None,
            )
        )
        os.environ.update(request["environment"])
        _seed_anew()
        os.write(channel, WALLED)
        return True
    except Exception as error:  # whatever it is, no foreign code has run, and the room must know
        os.write(channel, UNWALLED + f"{type(error).__name__}: {error}".encode()[:2000])
        return False


def _serve(request: dict[str, Any], descriptors: list[int]) -> None:
    from grader.exam import bench, candidate, device_bench, examiner, peer
    from grader.exam.channel import Channel

    channel, *links = (Channel(descriptor, request["message_bytes"]) for descriptor in descriptors)
    roles: dict[str, Callable[..., None]] = {
        "candidate": candidate.serve,
        "examiner": examiner.serve,
        "bench": bench.serve,
        "emulator": bench.serve,
        "yardstick": bench.serve,
        "assembler": bench.serve_assembler,
        "baseline": peer.serve,
        "model": peer.serve,
        "echo": peer.serve,
        "device": device_bench.serve,
        "test-device": device_bench.serve,
    }
    try:
        roles[request["role"]](channel, request["options"], *links)
    except BaseException as error:  # the last stop of a child: say why on its channel, then end
        with contextlib.suppress(BaseException):  # nobody is left to tell
            Channel(channel.descriptor, 1 << 20).send({"dead": f"{type(error).__name__}: {error}"[:2000]})


def _seed_anew() -> None:
    """Two forks of one zygote must not draw the same numbers."""
    import random

    import numpy

    random.seed()
    numpy.random.seed(int.from_bytes(os.urandom(4), "little"))


if __name__ == "__main__":
    main()
