"""The bench: an expendable process that launches PTX on a device. It holds inputs and outputs, and no expected value.

Imports this package's channel, and devices.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from grader.device.emulated import EmulatedDevice
from grader.device.interface import Counters, Device, DeviceError, Finding, Launch, LaunchResult, Pointer
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
    """Launch what comes until the other side is gone."""
    device = _device(options["device"])
    while True:
        launch = launch_from_plain(channel.receive())
        try:
            channel.send({"result": result_to_plain(device.launch(launch))})
        except DeviceError as error:
            channel.send({"failed": str(error)})


def _device(name: str) -> Device:
    if name == "emulated":
        return EmulatedDevice()
    from grader.device.cuda import CudaDevice

    return CudaDevice()
