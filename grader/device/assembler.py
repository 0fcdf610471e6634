"""NVIDIA's assembler on a module that passed the gate: registers, spills and shared memory of its kernel.

The same ptxas that the driver has, in the library that links device code. It reads what learners made the source of,
and has ended processes that had done much else: it works in a process that may be lost. Imports the interface only.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import Any

from grader.device.interface import DeviceError

#: So long may it work on one kernel.
_SECONDS = 60.0
#: A multiprocessor of compute capability 8.0 and later: registers, threads, blocks.
_REGISTERS, _THREADS, _BLOCKS = 65_536, 2_048, 32
#: Registers are handed out to warps in portions.
_PORTION = 256
#: Multiprocessors that hold fewer threads, by compute capability.
_FEWER_THREADS = {(7, 5): 1_024, (8, 6): 1_536, (8, 7): 1_536, (8, 9): 1_536, (12, 0): 1_536, (12, 1): 1_536}


class AssemblyError(RuntimeError):
    """The assembler does not take the module."""


class AssemblerEnded(DeviceError):
    """The assembler's process ended or was stopped, which says nothing of the kernel."""


@dataclass(frozen=True)
class Resources:
    """What a kernel takes: registers of a thread; in bytes of a thread what is spilled from them, written and read,
    and its stack; in bytes of a block its static shared memory."""

    registers: int
    spilled_bytes: int
    stack_bytes: int
    shared_bytes: int

    def occupancy(self, block_threads: int, cc: tuple[int, int]) -> float:
        """Threads that registers let a multiprocessor hold, over those that it can hold, 0.0 to 1.0."""
        warps = -(-block_threads // 32)
        taken = -(-self.registers * 32 // _PORTION) * _PORTION * warps
        blocks = min(_REGISTERS // max(taken, 1), _BLOCKS)
        most = _FEWER_THREADS.get(cc, _THREADS)
        return min(blocks * block_threads, most) / most


def assemble(text: str, cc: tuple[int, int], seconds: float = _SECONDS) -> Resources:
    """The resources of the one kernel in `text`, for GPUs of this compute capability, from a process of its own.

    Raises AssemblyError where it is refused, DeviceError where the assembler is missing or does not know such GPUs, and
    AssemblerEnded where that process gives no answer in so many `seconds`.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-m", __name__],
            input=json.dumps({"text": text, "cc": cc}),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
        )
    except PermissionError:
        # Behind the walls of an exam nobody starts a process, and this one may be lost.
        return assemble_here(text, cc)
    except subprocess.TimeoutExpired:
        raise AssemblerEnded(f"the assembler gave no answer in {seconds:g} seconds") from None
    try:
        # The library may print, too.
        answer = json.loads(done.stdout.rstrip().rpartition("\n")[2])
    except ValueError:
        raise AssemblerEnded(f"the assembler ended with code {done.returncode}: {done.stderr[-1_000:]}") from None
    if "refused" in answer:
        raise AssemblyError(answer["refused"])
    if "failed" in answer:
        raise DeviceError(answer["failed"])
    return Resources(**answer["resources"])


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    major, minor = asked["cc"]
    try:
        return {"resources": asdict(assemble_here(asked["text"], (major, minor)))}
    except AssemblyError as error:
        return {"refused": str(error)}
    except DeviceError as error:
        return {"failed": str(error)}


def assemble_here(text: str, cc: tuple[int, int]) -> Resources:
    """As `assemble`, in this process, which it may end."""
    try:
        from cuda.bindings import nvjitlink
    except ImportError as error:
        raise DeviceError(f"nvJitLink is missing ({error}); install the extra `examiner`") from error
    options = [f"-arch=sm_{cc[0]}{cc[1]}", "-Xptxas=-v"]
    data = text.encode()
    try:
        handle = nvjitlink.create(len(options), options)
    except (nvjitlink.nvJitLinkError, RuntimeError) as error:
        raise DeviceError(f"no assembler for compute capability {cc[0]}.{cc[1]}: {error}") from error
    try:
        nvjitlink.add_data(handle, nvjitlink.InputType.PTX, data, len(data), "kernel.ptx")
        nvjitlink.complete(handle)
        log = bytearray(nvjitlink.get_info_log_size(handle))
        nvjitlink.get_info_log(handle, log)
    except nvjitlink.nvJitLinkError as error:
        said = bytearray(nvjitlink.get_error_log_size(handle))
        nvjitlink.get_error_log(handle, said)
        raise AssemblyError(said.decode("utf-8", "replace").strip("\0\n ")[:2_000]) from error
    finally:
        nvjitlink.destroy(handle)
    return _read(log.decode("utf-8", "replace"))


def _read(log: str) -> Resources:
    used = re.search(r"Used (\d+) registers([^\n]*)", log)
    if used is None:
        raise AssemblyError("the assembler says nothing of registers")
    shared = re.search(r"(\d+) bytes smem", used.group(2))
    frames = re.findall(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", log)
    return Resources(
        registers=int(used.group(1)),
        spilled_bytes=sum(int(stores) + int(loads) for _, stores, loads in frames),
        stack_bytes=sum(int(stack) for stack, _, _ in frames),
        shared_bytes=int(shared.group(1)) if shared else 0,
    )


if __name__ == "__main__":
    print(json.dumps(_answer(json.load(sys.stdin))))
