"""A feigned CUDA driver: modules run on the emulated GPU, times are made up, and every call is noted."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from enum import IntEnum
from types import SimpleNamespace
from typing import Any

import numpy as np

from grader.device.emulated import EmulatedDevice
from grader.device.emulated.ptx import parse
from grader.device.interface import Launch, Pointer


class Status(IntEnum):
    CUDA_SUCCESS = 0
    CUDA_ERROR_INVALID_VALUE = 1
    CUDA_ERROR_ILLEGAL_ADDRESS = 700


class _Names:
    """Any attribute of the driver's enumerations is its own name."""

    def __getattr__(self, name: str) -> str:
        return name


class FeignedDriver:
    """Stands for `cuda.bindings.driver`. `seconds` gives the time of each launch, `fault` may make one fail."""

    CUresult = Status
    CUdevice_attribute = CUjit_option = CUfunction_attribute = _Names()

    def __init__(self, seconds: Callable[[int], float] = lambda number: 1e-3) -> None:
        self.seconds = seconds
        self.fault: Callable[[int], bool] = lambda number: False
        self.calls: list[str] = []
        self.texts: list[str] = []
        self.memory: dict[int, np.ndarray] = {}
        #: Variables of loaded modules by the module's text, each with its name, and their memory by address.
        self.globals: dict[tuple[str, str], int] = {}
        self.variables: dict[int, np.ndarray] = {}
        self.launches = 0
        self._next = 1 << 20
        self._failed = False
        self._elapsed = 0.0

    def __getattr__(self, name: str) -> Any:
        """Calls without a result: contexts, events, attributes of functions."""
        if not name.startswith("cu"):
            raise AttributeError(name)
        return self._noted(name, lambda *arguments: (Status.CUDA_SUCCESS, len(self.calls)))

    def _noted(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            self.calls.append(name)
            return function(*arguments)

        return call

    def cuDeviceGetName(self, size: int, device: int) -> Any:
        return Status.CUDA_SUCCESS, b"Feigned\0"

    def cuDeviceGetUuid(self, device: int) -> Any:
        return Status.CUDA_SUCCESS, SimpleNamespace(bytes=bytes(range(16)))

    def cuDeviceGetAttribute(self, what: str, device: int) -> Any:
        known = {
            "CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR": 9,
            "CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR": 0,
            "CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE": 1 << 20,
            "CU_DEVICE_ATTRIBUTE_PAGEABLE_MEMORY_ACCESS": 0,
        }
        return Status.CUDA_SUCCESS, known[what]

    def cuModuleLoadDataEx(self, data: bytes, *_: Any) -> Any:
        self.calls.append("cuModuleLoadDataEx")
        self.texts.append(data.rstrip(b"\0").decode())
        return Status.CUDA_SUCCESS, self.texts[-1]

    def cuModuleGetFunction(self, module: str, name: bytes) -> Any:
        return Status.CUDA_SUCCESS, (module, name.decode())

    def cuModuleGetGlobal(self, module: str, name: bytes) -> Any:
        key = module, name.decode()
        if key not in self.globals:
            variable = parse(module).variables[key[1]]
            self.globals[key], self._next = self._next, self._next + variable.size + 512
            self.variables[self.globals[key]] = np.array([*(variable.initial or bytes(variable.size))], np.uint8)
        return Status.CUDA_SUCCESS, self.globals[key], self.variables[self.globals[key]].size

    def _at(self, address: int) -> Any:
        return (self.variables if address in self.variables else self.memory)[address].ctypes.data

    def cuMemAlloc(self, size: int) -> Any:
        self.calls.append("cuMemAlloc")
        address, self._next = self._next, self._next + -(-size // 512) * 512 + 512
        self.memory[address] = np.zeros(size, np.uint8)
        return Status.CUDA_SUCCESS, address

    def cuMemFree(self, address: int) -> Any:
        del self.memory[address]
        return (Status.CUDA_SUCCESS,)

    def cuMemcpyHtoD(self, address: int, source: int, size: int) -> Any:
        ctypes.memmove(self._at(address), source, size)
        return (Status.CUDA_SUCCESS,)

    def cuMemcpyDtoH(self, target: int, address: int, size: int) -> Any:
        ctypes.memmove(target, self._at(address), size)
        return (Status.CUDA_SUCCESS,)

    def cuMemsetD8(self, address: int, value: int, size: int) -> Any:
        self.calls.append("cuMemsetD8")
        assert size == self.memory[address].size
        return (Status.CUDA_SUCCESS,)

    def cuCtxSynchronize(self) -> Any:
        self.calls.append("cuCtxSynchronize")
        return (Status.CUDA_ERROR_ILLEGAL_ADDRESS if self._failed else Status.CUDA_SUCCESS,)

    def cuEventElapsedTime(self, begin: Any, end: Any) -> Any:
        return Status.CUDA_SUCCESS, 1000 * self._elapsed

    def cuLaunchKernel(self, function: Any, *given: Any) -> Any:
        self.calls.append("cuLaunchKernel")
        return self._launch(function, *given[:-1])

    def cuLaunchCooperativeKernel(self, function: Any, *given: Any) -> Any:
        self.calls.append("cuLaunchCooperativeKernel")
        return self._launch(function, *given)

    def _launch(self, function: Any, *given: Any) -> Any:
        grid, block, (shared, _, addresses) = given[:3], given[3:6], given[6:]
        if block[0] * block[1] * block[2] > 1024:
            return (Status.CUDA_ERROR_INVALID_VALUE,)
        self.launches += 1
        self._elapsed, self._failed = self.seconds(self.launches), self.fault(self.launches)
        text, entry = function
        parameters = parse(text).functions[entry].parameters
        places = np.ctypeslib.as_array((ctypes.c_uint64 * len(parameters)).from_address(addresses)).tolist()
        raw = [ctypes.string_at(place, one.size) for place, one in zip(places, parameters, strict=True)]
        starts = list(self.memory)
        buffers = [self.memory[start] for start in starts]
        here = {name: self.variables[address] for (module, name), address in self.globals.items() if module == text}
        result = EmulatedDevice().launch(
            Launch(text, entry, grid, block, tuple(self._pointer(value, starts) for value in raw), tuple(buffers),
                   (True,) * len(buffers), shared, races=False,
                   variables={name: content.tobytes() for name, content in here.items()})
        )  # fmt: skip
        for name, left in result.variables.items():
            here[name][:] = np.frombuffer(left, np.uint8)
        for buffer, left in zip(buffers, result.buffers, strict=True):
            buffer[:] = left
        return (Status.CUDA_SUCCESS,)

    def _pointer(self, value: bytes, starts: list[int]) -> Pointer | bytes:
        """An address of the feigned memory, or a number."""
        number = int.from_bytes(value, "little")
        for index, start in enumerate(starts):
            if len(value) == 8 and start <= number < start + self.memory[start].size:
                return Pointer(index, number - start, 0, self.memory[start].size)
        return value
