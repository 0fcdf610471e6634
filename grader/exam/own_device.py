"""The device of test cells: `numba.cuda` and `cupy` in the examiner, over a bench that learner code never comes near.

Arrays cross between a test and learner code as data: what a test hands over is read here, and what comes back gets
memory here. On a real GPU test cells work on this emulated device all the same; the GPU is for learner code.
Imports this package, and the front ends of the device.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from grader.device import frontends
from grader.device.heap import Library
from grader.device.interface import DeviceError, Language
from grader.exam.channel import Channel, NotPlain, pack, unpack
from grader.exam.device_link import ExaminerHeap, ExamMemory, Placed


class OwnDevice:
    """The examiner's own, one for each process. A bench of it that dies takes the examiner along.

    `seconds_left` is the clock of the cell that runs.
    """

    def __init__(self, channel: Channel, seconds_left: Callable[[], float], language: Language) -> None:
        self._channel = channel
        self._seconds_left = seconds_left
        self._memory = ExamMemory(self._ask, channel.limit // 2)
        frontends.install_emulated(ExaminerHeap(self._ask), language=language)

    def _ask(self, body: dict[str, Any]) -> dict[str, Any]:
        packed = pack(body)
        if len(packed) > self._channel.limit:
            raise NotPlain(f"{len(packed)} bytes are more than can be handed to the device at once")
        self._channel.send_raw(pack({"ask": "test-device", "seconds": self._seconds_left()}), packed)
        # The room ends an examiner whose bench gives no answer, so there is one.
        self._channel.receive()
        reply: dict[str, Any] = unpack(self._channel.receive_raw())
        if "dead" in reply:
            raise DeviceError(f"the bench of the test cells ended: {reply['dead']}")
        return reply

    def holds(self, value: Any) -> bool:
        """Is it an array of this device?"""
        return frontends.view_of(value) is not None

    def _placed(self, arrays: Iterable[Any]) -> list[Placed]:
        found = [frontends.view_of(array) for array in arrays]
        return [Placed(one[1], one[0]) for one in found if one is not None]

    def library(self, array: Any) -> Library:
        """Whose array it is."""
        return self._placed([array])[0].library

    def values(self, arrays: Sequence[Any]) -> list[np.ndarray]:
        """What lies in `arrays` of this device now."""
        return self._memory.read(self._placed(arrays)) if arrays else []

    def empty(self, library: Library, shape: tuple[int, ...], dtype: np.dtype[Any], *, fortran: bool = False) -> Any:
        """A new array of this device, to be filled by `put`."""
        return frontends.empty(library, shape, dtype, "F" if fortran else "C")

    def put(self, arrays: Sequence[Any], contents: Sequence[np.ndarray]) -> None:
        """Write contents into arrays of this device, each of its shape and type."""
        self._memory.put(self._placed(arrays), contents)
