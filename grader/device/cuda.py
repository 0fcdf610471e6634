"""A real GPU as a `Device`, through CUDA's driver API, behind the gate that the emulated GPU has.

Imports the interface and the gate, and `cuda.bindings` when it is used.
"""

from __future__ import annotations

import ctypes
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.device.conditions import Management
from grader.device.emulated.gate import Gate, Refused
from grader.device.emulated.library import REGISTERS
from grader.device.interface import Counters, DeviceError, Finding, Launch, LaunchResult, Pointer, Run

#: Bytes before and behind each buffer whose change shows a write outside.
GUARD = 256
_GUARD_BYTE = 0xA5
#: What a GPU reports when a kernel went wrong, and the finding's kind for it.
_FAULTS = {
    "CUDA_ERROR_ILLEGAL_ADDRESS": "out-of-bounds",
    "CUDA_ERROR_MISALIGNED_ADDRESS": "out-of-bounds",
    "CUDA_ERROR_INVALID_ADDRESS_SPACE": "out-of-bounds",
    "CUDA_ERROR_LAUNCH_TIMEOUT": "step-limit",
    "CUDA_ERROR_LAUNCH_FAILED": "trap",
    "CUDA_ERROR_ASSERT": "trap",
    "CUDA_ERROR_ILLEGAL_INSTRUCTION": "trap",
    "CUDA_ERROR_HARDWARE_STACK_ERROR": "trap",
}


def available() -> str | None:
    """The first GPU's product name; None where no driver or no GPU is there."""
    found = described()
    return None if found is None else found[0]


def described() -> tuple[str, tuple[int, int]] | None:
    """Product name and compute capability of the first GPU; None where no driver or no GPU is there."""
    try:
        from cuda.bindings import driver

        if driver.cuInit(0)[0] != driver.CUresult.CUDA_SUCCESS:
            return None
        known = driver.CUdevice_attribute
        answers: list[Any] = []
        for question, *arguments in (
            (driver.cuDeviceGetCount,),
            (driver.cuDeviceGetName, 128, 0),
            (driver.cuDeviceGetAttribute, known.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, 0),
            (driver.cuDeviceGetAttribute, known.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, 0),
        ):
            status, answer = question(*arguments)
            if status != driver.CUresult.CUDA_SUCCESS or (answer == 0 and not answers):
                return None
            answers.append(answer)
    except (ImportError, RuntimeError):
        # The bindings are not installed, or they find no driver library.
        return None
    _, name, major, minor = answers
    return _text(name), (int(major), int(minor))


def _text(raw: Any) -> str:
    return bytes(raw).split(b"\0", 1)[0].decode("utf-8", "replace").strip()


@dataclass(frozen=True)
class _Variable:
    """One of the module's that its kernel may change or a launch has brought, and what it holds before this launch."""

    name: str
    address: Any
    before: np.ndarray


@dataclass(frozen=True)
class _Placed:
    function: Any
    launch: Launch
    memory: list[Any]
    variables: list[_Variable]


class CudaDevice:
    """GPU number `ordinal` of this process.

    The driver's primary context is taken in the constructor and given back by `close`. After a kernel's fault the
    context is lost, so every later launch raises `DeviceError`: give each kernel that is not trusted its own process.
    Raises `DeviceError` where there is no GPU.
    """

    def __init__(self, ordinal: int = 0) -> None:
        try:
            from cuda.bindings import driver
        except ImportError as error:
            raise DeviceError(f"the CUDA bindings are missing ({error}); install the extra `examiner`") from error
        self._driver = driver
        try:
            self._call("cuInit", 0)
        except RuntimeError as error:
            raise DeviceError(f"no CUDA driver here: {error}") from error
        self._device = self._call("cuDeviceGet", ordinal)
        attribute = driver.CUdevice_attribute
        self.compute_capability: tuple[int, int] = (
            self._attribute(attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
            self._attribute(attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR),
        )
        self.name = f"cuda:{_text(self._call('cuDeviceGetName', 128, self._device))}"
        self._context = self._call("cuDevicePrimaryCtxRetain", self._device)
        self._gate = Gate()
        self._modules: dict[str, Any] = {}
        #: Where a module's variables lie and what they hold at first, by the module's text and their names in it.
        self._variables: dict[tuple[str, str], tuple[Any, np.ndarray]] = {}
        #: The fault that took the context along, if any.
        self.lost: str | None = None
        self._placed: list[_Placed] = []
        self._flush_memory: tuple[Any, int] | None = None
        self._management: Management | None = None

    def close(self) -> None:
        """Give the context back. The device must not be used afterwards."""
        if self._context is not None:
            self.clear()
            self._modules.clear()
            self._variables.clear()
            self._call("cuDevicePrimaryCtxRelease", self._device)
            self._context = None

    def _attribute(self, what: Any) -> int:
        return int(self._call("cuDeviceGetAttribute", what, self._device))

    def _status(self, name: str, *arguments: Any) -> tuple[str, tuple[Any, ...]]:
        """(name of the status, results) of a driver function."""
        status, *results = getattr(self._driver, name)(*arguments)
        return self._driver.CUresult(status).name, tuple(results)

    def _call(self, name: str, *arguments: Any) -> Any:
        status, results = self._status(name, *arguments)
        if status != "CUDA_SUCCESS":
            raise DeviceError(f"{name} failed with {status}")
        return results[0] if len(results) == 1 else results or None

    def launch(self, launch: Launch) -> LaunchResult:
        """Run it to its end; `seconds` is the kernel's time by events.

        What a GPU notices (a fault, a write just beside a buffer) is a finding; what it hides is not. `seed`, `races`
        and `step_limit` mean nothing here: who needs a limit on time ends the process.
        """
        unchanged = [buffer.copy() for buffer in launch.buffers]
        loaded = self._loaded(launch)
        if isinstance(loaded, Finding):
            return LaunchResult(unchanged, [loaded])
        placed = self._uploaded(*loaded)
        try:
            return self._run(placed, unchanged)
        finally:
            self._free(placed.memory)

    def _loaded(self, launch: Launch) -> tuple[Any, Launch, list[_Variable]] | Finding:
        """(the kernel, the launch as the gate lets it pass, the module's variables), or why not.

        The context is this thread's from then on.
        """
        if self.lost:
            raise DeviceError(f"the context was lost to an earlier kernel ({self.lost}); start a new process")
        if self._context is None:
            raise DeviceError("the device is closed")
        try:
            passed = self._gate.passed(launch)
        except Refused as error:
            return error.finding
        self._call("cuCtxSetCurrent", self._context)
        module, refused = self._module(passed.ptx)
        if refused is not None:
            return refused
        function = self._call("cuModuleGetFunction", module, passed.entry.encode())
        changed = self._gate.program(launch).variables
        variables = [
            self._variable(module, passed, name, there)
            for name, there in self._gate.names(launch).items()
            if name in changed or there in passed.variables or (passed.ptx, there) in self._variables
        ]
        if launch.shared_bytes > 48 << 10:
            attribute = self._driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
            self._status("cuFuncSetAttribute", function, attribute, launch.shared_bytes)
        return function, passed, variables

    def _variable(self, module: Any, launch: Launch, name: str, there: str) -> _Variable:
        """A module stays loaded and keeps its variables, so each launch sets them anew."""
        key = launch.ptx, there
        if key not in self._variables:
            address, size = self._call("cuModuleGetGlobal", module, there.encode())
            self._variables[key] = address, self._read(address, size)
        address, initial = self._variables[key]
        given = launch.variables.get(there)
        return _Variable(name, address, initial if given is None else np.frombuffer(given, np.uint8))

    def _read(self, address: Any, size: int) -> np.ndarray:
        data = np.empty(size, np.uint8)
        self._call("cuMemcpyDtoH", data.ctypes.data, address, size)
        return data

    def _uploaded(self, function: Any, launch: Launch, variables: list[_Variable]) -> _Placed:
        memory: list[Any] = []
        try:
            for buffer in launch.buffers:
                memory.append(self._upload(buffer))
        except DeviceError:
            self._free(memory)
            raise
        return _Placed(function, launch, memory, variables)

    def _free(self, memory: list[Any]) -> None:
        # A lost context takes its memory along.
        if self.lost is None:
            for pointer in memory:
                self._call("cuMemFree", pointer)

    def _module(self, ptx: str) -> tuple[Any, Finding | None]:
        if ptx in self._modules:
            return self._modules[ptx], None
        option = self._driver.CUjit_option
        log = bytearray(8192)
        status, results = self._status(
            "cuModuleLoadDataEx",
            ptx.encode() + b"\0",
            2,
            [option.CU_JIT_ERROR_LOG_BUFFER, option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES],
            [log, len(log)],
        )
        if status != "CUDA_SUCCESS":
            why = _text(log) or status
            return None, _finding(
                "compile",
                f"The driver refuses the kernel's PTX: {why}",
                f"Der Treiber weist das PTX des Kernels zurück: {why}",
            )
        self._modules[ptx] = results[0]
        return results[0], None

    def _upload(self, buffer: np.ndarray) -> Any:
        """Device memory with the buffer's bytes and a guard on either side."""
        guarded = np.full(buffer.nbytes + 2 * GUARD, _GUARD_BYTE, np.uint8)
        guarded[GUARD : GUARD + buffer.nbytes] = buffer
        pointer = self._call("cuMemAlloc", guarded.nbytes)
        self._call("cuMemcpyHtoD", pointer, guarded.ctypes.data, guarded.nbytes)
        return pointer

    def _run(self, placed: _Placed, unchanged: list[np.ndarray]) -> LaunchResult:
        run = self._timed(placed)
        if run.finding is not None:
            return LaunchResult(unchanged, [run.finding])
        buffers, findings = self._download(placed.launch, placed.memory)
        variables = {v.name: self._read(v.address, v.before.nbytes).tobytes() for v in placed.variables}
        return LaunchResult(buffers, findings, Counters(), run.seconds[0], variables=variables)

    def _timed(self, placed: _Placed) -> Run:
        """One launch and its time by events, or what went wrong."""
        launch = placed.launch
        held = [_parameter(parameter, placed.memory) for parameter in launch.parameters]
        addresses = np.array([ctypes.addressof(item) for item in held], np.uint64)
        for variable in placed.variables:
            self._call("cuMemcpyHtoD", variable.address, variable.before.ctypes.data, variable.before.nbytes)
        begin, end = self._call("cuEventCreate", 0), self._call("cuEventCreate", 0)
        try:
            self._call("cuEventRecord", begin, 0)
            arguments = (*launch.grid, *launch.block, launch.shared_bytes, 0, addresses.ctypes.data)
            if any(register in launch.ptx for register in REGISTERS):
                # Blocks that wait for each other must all be resident.
                status, _ = self._status("cuLaunchCooperativeKernel", placed.function, *arguments)
            else:
                status, _ = self._status("cuLaunchKernel", placed.function, *arguments, 0)
            if status != "CUDA_SUCCESS":
                where = f"grid {launch.grid}, block {launch.block}, {launch.shared_bytes} bytes of shared memory"
                wo = f"Gitter {launch.grid}, Block {launch.block}, {launch.shared_bytes} Byte Shared Memory"
                return Run(
                    finding=_finding(
                        "launch",
                        f"The GPU refuses the launch ({status}): {where}.",
                        f"Die GPU startet nicht ({status}): {wo}.",
                    )
                )
            self._call("cuEventRecord", end, 0)
            status, _ = self._status("cuCtxSynchronize")
            if status != "CUDA_SUCCESS":
                self.lost = status
                return Run(
                    finding=_finding(
                        _FAULTS.get(status, "trap"),
                        f"The GPU stopped the kernel: {status}. The emulated GPU says where.",
                        f"Die GPU hat den Kernel abgebrochen: {status}. Die emulierte GPU sagt, wo.",
                    )
                )
            return Run((float(self._call("cuEventElapsedTime", begin, end)) / 1000.0,))
        finally:
            if self.lost is None:
                self._call("cuEventDestroy", begin)
                self._call("cuEventDestroy", end)

    def _download(self, launch: Launch, memory: list[Any]) -> tuple[list[np.ndarray], list[Finding]]:
        buffers: list[np.ndarray] = []
        findings: list[Finding] = []
        for pointer, buffer in zip(memory, launch.buffers, strict=True):
            guarded = self._read(pointer, buffer.nbytes + 2 * GUARD)
            inside = slice(GUARD, GUARD + buffer.nbytes)
            buffers.append(guarded[inside].copy())
            guarded[inside] = _GUARD_BYTE
            if (guarded != _GUARD_BYTE).any():
                findings.append(
                    _finding(
                        "out-of-bounds",
                        "The kernel wrote just beside an array. The emulated GPU says where.",
                        "Der Kernel hat dicht neben ein Array geschrieben. Die emulierte GPU sagt, wo.",
                    )
                )
        return buffers, findings

    # -- on the clock; see `grader.device.interface.TimedDevice`

    def place(self, launch: Launch) -> Finding | None:
        loaded = self._loaded(launch)
        if isinstance(loaded, Finding):
            return loaded
        self._placed.append(self._uploaded(*loaded))
        return None

    def warm(self, seconds: float) -> Run:
        until = time.monotonic() + seconds
        times: list[float] = []
        while len(times) < 3 or time.monotonic() < until:
            run = self._timed(self._placed[0])
            if run.finding is not None:
                return run
            times += run.seconds
        return Run(tuple(times))

    def go(self, repeat: int) -> Run:
        times: list[float] = []
        for _ in range(repeat):
            for placed in self._placed[1:]:
                self._flush()
                run = self._timed(placed)
                if run.finding is not None:
                    return run
                times += run.seconds
        return Run(tuple(times))

    def collect(self, number: int) -> list[np.ndarray]:
        placed = self._placed[number]
        return self._download(placed.launch, placed.memory)[0]

    def clear(self) -> None:
        for placed in self._placed:
            self._free(placed.memory)
        self._placed.clear()

    def conditions(self) -> dict[str, Any]:
        if self._management is None:
            raw = bytes(self._call("cuDeviceGetUuid", self._device).bytes).hex()
            parts = (raw[:8], raw[8:12], raw[12:16], raw[16:20], raw[20:])
            self._management = Management(f"GPU-{'-'.join(parts)}")
        reaches_host = self._attribute(self._driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_PAGEABLE_MEMORY_ACCESS)
        return {"uuid": self._management.uuid, "reaches_host": bool(reaches_host), **self._management.now()}

    def _flush(self) -> None:
        """Write twice the L2 cache's size, so that nothing of the data is left in it."""
        if self._flush_memory is None:
            size = 2 * self._attribute(self._driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE)
            self._flush_memory = self._call("cuMemAlloc", max(size, 1 << 20)), max(size, 1 << 20)
        pointer, size = self._flush_memory
        self._call("cuMemsetD8", pointer, 0, size)
        self._call("cuCtxSynchronize")


def _parameter(parameter: Pointer | bytes, memory: list[Any]) -> Any:
    """The parameter's bytes in memory that the driver can read."""
    if isinstance(parameter, Pointer):
        return ctypes.c_uint64(int(memory[parameter.buffer]) + GUARD + parameter.offset)
    return (ctypes.c_uint8 * len(parameter)).from_buffer_copy(parameter)


def _finding(kind: str, en: str, de: str) -> Finding:
    return Finding(kind, {"en": en, "de": de})
