"""The bench: an expendable process that launches PTX on a device. It holds inputs and outputs, and no expected value.

Two of them take turns on the clock: learners' PTX runs in one only, and the yardstick's (the copy kernel, the baseline
and the model solution) in the other only. A third process, the assembler, says what a kernel takes of a GPU.
Imports this package's channel, and devices.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np

from grader.device.assembler import AssemblyError, assemble_here
from grader.device.emulated import EmulatedDevice
from grader.device.emulated.gate import Gate, Refused
from grader.device.interface import (
    Counters,
    Device,
    DeviceError,
    Finding,
    Launch,
    LaunchResult,
    Pointer,
    Run,
    TimedDevice,
)
from grader.exam.channel import Channel


def launch_to_plain(launch: Launch) -> dict[str, Any]:
    return {
        "ptx": launch.ptx,
        "entry": launch.entry,
        "grid": list(launch.grid),
        "block": list(launch.block),
        "parameters": [
            [p.buffer, p.offset, p.begin, p.end] if isinstance(p, Pointer) else p for p in launch.parameters
        ],
        "buffers": [np.ascontiguousarray(buffer).tobytes() for buffer in launch.buffers],
        "initialised": list(launch.initialised),
        "shared_bytes": launch.shared_bytes,
        "seed": launch.seed,
        "races": launch.races,
        "step_limit": launch.step_limit,
        "thread_step_limit": launch.thread_step_limit,
    }


def launch_from_plain(data: dict[str, Any]) -> Launch:
    grid, block = data["grid"], data["block"]
    return Launch(
        ptx=data["ptx"],
        entry=data["entry"],
        grid=(grid[0], grid[1], grid[2]),
        block=(block[0], block[1], block[2]),
        parameters=tuple(Pointer(*p) if isinstance(p, list) else p for p in data["parameters"]),
        buffers=tuple(np.frombuffer(buffer, np.uint8) for buffer in data["buffers"]),
        initialised=tuple(data["initialised"]),
        shared_bytes=data["shared_bytes"],
        seed=data["seed"],
        races=data["races"],
        step_limit=data["step_limit"],
        thread_step_limit=data["thread_step_limit"],
    )


def result_to_plain(result: LaunchResult) -> dict[str, Any]:
    return {
        "buffers": [buffer.tobytes() for buffer in result.buffers],
        "findings": [asdict(finding) for finding in result.findings],
        "counters": asdict(result.counters),
        "seconds": result.seconds,
    }


def result_from_plain(data: dict[str, Any]) -> LaunchResult:
    return LaunchResult(
        [np.frombuffer(buffer, np.uint8).copy() for buffer in data["buffers"]],
        [Finding.from_plain(finding) for finding in data["findings"]],
        Counters(**data["counters"]),
        data["seconds"],
    )


def serve(channel: Channel, options: dict[str, Any]) -> None:
    """Launch what comes until the other side is gone, or the device is lost: the next question finds another bench."""
    device = _device(options["device"])
    answer_all(channel, questions(device), lambda: getattr(device, "lost", None) is None)


def questions(device: Device) -> dict[str, Callable[[Any], Any]]:
    """What a bench answers, by name; on the clock only where the device has one."""
    asked: dict[str, Callable[[Any], Any]] = {
        "launch": lambda plain: result_to_plain(device.launch(launch_from_plain(plain)))
    }
    if hasattr(device, "place"):
        asked |= timed_questions(device)  # type: ignore[arg-type]
    return asked


def timed_questions(device: TimedDevice) -> dict[str, Callable[[Any], Any]]:
    return {
        "place": lambda plain: _finding_to_plain(device.place(launch_from_plain(plain))),
        "warm": lambda seconds: _run_to_plain(device.warm(seconds)),
        "go": lambda repeat: _run_to_plain(device.go(repeat)),
        "collect": lambda number: [buffer.tobytes() for buffer in device.collect(number)],
        "clear": lambda _: device.clear(),
        "conditions": lambda _: device.conditions(),
    }


def _finding_to_plain(finding: Finding | None) -> dict[str, Any] | None:
    return None if finding is None else asdict(finding)


def _run_to_plain(run: Run) -> dict[str, Any]:
    return {"seconds": list(run.seconds), "finding": _finding_to_plain(run.finding)}


def serve_assembler(channel: Channel, options: dict[str, Any]) -> None:
    """Say what the kernels that come take of a GPU, until the other side is gone."""
    gate = Gate()

    def taken(asked: dict[str, Any]) -> dict[str, Any]:
        major, minor = asked["cc"]
        try:
            text = gate.passed(launch_from_plain(asked["launch"])).ptx
            return {"resources": asdict(assemble_here(text, (major, minor)))}
        except Refused as error:
            return {"refused": error.finding.message["en"]}
        except AssemblyError as error:
            return {"refused": str(error)}

    answer_all(channel, {"assemble": taken})


def answer_all(
    channel: Channel, asked: dict[str, Callable[[Any], Any]], usable: Callable[[], bool] = lambda: True
) -> None:
    """Each message names one question and brings what it is about."""
    while usable():
        ((name, about),) = channel.receive().items()
        try:
            channel.send({"answer": asked[name](about)})
        except DeviceError as error:
            channel.send({"failed": str(error)})


def _device(name: str) -> Device:
    if name == "emulated":
        return EmulatedDevice()
    from grader.device.cuda import CudaDevice

    return CudaDevice()
