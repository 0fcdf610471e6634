"""The zygote: a warm interpreter that forks examiners, candidates and benches.

Started by exec with an empty environment, it has imported what they all need and holds no secret. Each child gets its
channel as a descriptor, walls itself in, says so, and then meets foreign code. Protocol: the room sends a JSON line
with one descriptor; the zygote answers with the child's pid and a pidfd. On the channel the child's first byte is
WALLED; a child that cannot be walled in sends UNWALLED and the reason, and ends.

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
        data, descriptors, _, _ = socket.recv_fds(control, MAX_REQUEST, 1)
        if not data:
            return
        request: dict[str, Any] = json.loads(data)
        zygote = os.getpid()
        pid = os.fork()
        if pid == 0:
            control.close()
            _child(request, descriptors[0], zygote)
        pidfd = os.pidfd_open(pid)
        socket.send_fds(control, [str(pid).encode()], [pidfd])
        os.close(pidfd)
        os.close(descriptors[0])


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


def _child(request: dict[str, Any], descriptor: int, zygote: int) -> None:
    """Never returns."""
    from grader.exam import keeper

    status, parent = 1, zygote
    try:
        if request["keeper"] is not None:
            parent = os.getpid()
            keeper.fork_kept(zygote, request["user"], request["keeper"], descriptor)
        if _wall_in(request, descriptor) and os.getppid() == parent:
            _serve(request, descriptor)
            status = 0
    finally:
        os._exit(status)


def _wall_in(request: dict[str, Any], descriptor: int) -> bool:
    """Tells the room how it went."""
    from grader.exam import walls

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
                keep=(descriptor,),
                user=request["user"],
                gpu=request["gpu"],
                processes=request["keeper"] is not None,
            )
        )
        os.environ.update(request["environment"])
        _seed_anew()
        os.write(descriptor, WALLED)
        return True
    except Exception as error:  # whatever it is, no foreign code has run, and the room must know
        os.write(descriptor, UNWALLED + f"{type(error).__name__}: {error}".encode()[:2000])
        return False


def _serve(request: dict[str, Any], descriptor: int) -> None:
    from grader.exam import bench, candidate, device_bench, examiner, peer
    from grader.exam.channel import Channel

    channel = Channel(descriptor, request["message_bytes"])
    roles = {
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
        roles[request["role"]](channel, request["options"])
    except BaseException as error:  # the last stop of a child: say why on its channel, then end
        with contextlib.suppress(BaseException):  # nobody is left to tell
            Channel(descriptor, 1 << 20).send({"dead": f"{type(error).__name__}: {error}"[:2000]})


def _seed_anew() -> None:
    """Two forks of one zygote must not draw the same numbers."""
    import random

    import numpy

    random.seed()
    numpy.random.seed(int.from_bytes(os.urandom(4), "little"))


if __name__ == "__main__":
    main()
