"""The zygote: a warm interpreter that forks examiners, candidates and benches.

Started by exec with an empty environment, it has imported what they all need and holds no secret. Each child gets its
channel as a descriptor, walls itself in, and then meets foreign code. Protocol: the room sends a JSON line with one
descriptor; the zygote answers with the child's pid and a pidfd. Imports this package, checks and devices.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

MAX_REQUEST = 1 << 16


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
        pid = os.fork()
        if pid == 0:
            control.close()
            _child(request, descriptors[0])
        pidfd = os.pidfd_open(pid)
        socket.send_fds(control, [str(pid).encode()], [pidfd])
        os.close(pidfd)
        os.close(descriptors[0])


def _warm() -> None:
    """Import, and compile one kernel, so that a fork finds everything ready."""
    import numpy  # noqa: F401
    import pyseccomp  # noqa: F401 - it looks for its library by starting a process, which walls forbid
    from numba import cuda

    from grader.device import emulated  # noqa: F401
    from grader.exam import bench, candidate, examiner, in_process  # noqa: F401

    def kernel(x: Any, out: Any) -> None:
        i: Any = cuda.grid(1)  # type: ignore[call-arg]
        if i < out.size:
            out[i] = x[i]

    cuda.compile_ptx(kernel, "void(float32[:], float32[:])", cc=(9, 0), lineinfo=True)
    candidate.prepare()


def _child(request: dict[str, Any], descriptor: int) -> None:
    """Never returns."""
    status = 1
    try:
        from grader.exam import walls

        walls.die_with_parent()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        folder = request["folder"]
        Path(folder).mkdir(parents=True, exist_ok=True)
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
            )
        )
        os.environ.update(request["environment"])
        _seed_anew()
        from grader.exam import bench, candidate, examiner, in_process
        from grader.exam.channel import Channel

        channel = Channel(descriptor, request["message_bytes"])
        roles = {
            "candidate": candidate.serve,
            "examiner": examiner.serve,
            "in-process": in_process.serve,
            "bench": bench.serve,
        }
        roles[request["role"]](channel, request["options"])
        status = 0
    except BaseException as error:  # the last stop of a child: say why on its channel, then end
        try:
            os.write(descriptor, b"")
            from grader.exam.channel import Channel

            Channel(descriptor, 1 << 20).send({"dead": f"{type(error).__name__}: {error}"[:2000]})
        except BaseException:  # noqa: S110 - nobody is left to tell
            pass
    finally:
        os._exit(status)


def _seed_anew() -> None:
    """Two forks of one zygote must not draw the same numbers."""
    import random

    import numpy

    random.seed()
    numpy.random.seed(int.from_bytes(os.urandom(4), "little"))


if __name__ == "__main__":
    main()
