"""A real GPU as a `Device`, through CUDA's driver API, behind the gate that the emulated GPU has.

Imports the interface and the gate, and `cuda.bindings` when it is used.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from grader.device.emulated.gate import Gate, Refused
from grader.device.interface import Counters, DeviceError, Finding, Launch, LaunchResult, Pointer

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
    try:
        from cuda.bindings import driver

        if driver.cuInit(0)[0] != driver.CUresult.CUDA_SUCCESS:
            return None
        status, count = driver.cuDeviceGetCount()
        if status != driver.CUresult.CUDA_SUCCESS or count < 1:
            return None
        status, device = driver.cuDeviceGet(0)
        if status != driver.CUresult.CUDA_SUCCESS:
            return None
        status, name = driver.cuDeviceGetName(128, device)
    except (ImportError, RuntimeError):
        # The bindings are not installed, or they find no driver library.
        return None
    return _text(name) if status == driver.CUresult.CUDA_SUCCESS else None


def _text(raw: Any) -> str:
    return bytes(raw).split(b"\0", 1)[0].decode("utf-8", "replace").strip()


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
            int(
                self._call("cuDeviceGetAttribute", attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, self._device)
            ),
            int(
                self._call("cuDeviceGetAttribute", attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, self._device)
            ),
        )
        self.name = f"cuda:{_text(self._call('cuDeviceGetName', 128, self._device))}"
        self._context = self._call("cuDevicePrimaryCtxRetain", self._device)
        self._gate = Gate()
        self._modules: dict[str, Any] = {}
        self._lost: str | None = None

    def close(self) -> None:
        """Give the context back. The device must not be used afterwards."""
        if self._context is not None:
            self._modules.clear()
            self._call("cuDevicePrimaryCtxRelease", self._device)
            self._context = None

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
        if self._lost:
            raise DeviceError(f"the context was lost to an earlier kernel ({self._lost}); start a new process")
        if self._context is None:
            raise DeviceError("the device is closed")
        unchanged = [buffer.copy() for buffer in launch.buffers]
        try:
            launch = self._gate.passed(launch)
        except Refused as error:
            return LaunchResult(unchanged, [error.finding])
        self._call("cuCtxSetCurrent", self._context)
        module, refused = self._module(launch.ptx)
        if refused is not None:
            return LaunchResult(unchanged, [refused])
        function = self._call("cuModuleGetFunction", module, launch.entry.encode())
        memory: list[Any] = []
        try:
            for buffer in launch.buffers:
                memory.append(self._upload(buffer))
            return self._run(function, launch, memory, unchanged)
        finally:
            if self._lost is None:
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

    def _run(self, function: Any, launch: Launch, memory: list[Any], unchanged: list[np.ndarray]) -> LaunchResult:
        driver = self._driver
        if launch.shared_bytes > 48 << 10:
            attribute = driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
            self._status("cuFuncSetAttribute", function, attribute, launch.shared_bytes)
        held = [_parameter(parameter, memory) for parameter in launch.parameters]
        addresses = np.array([ctypes.addressof(item) for item in held], np.uint64)
        begin, end = self._call("cuEventCreate", 0), self._call("cuEventCreate", 0)
        try:
            self._call("cuEventRecord", begin, 0)
            status, _ = self._status(
                "cuLaunchKernel",
                function,
                *launch.grid,
                *launch.block,
                launch.shared_bytes,
                0,
                addresses.ctypes.data,
                0,
            )
            if status != "CUDA_SUCCESS":
                where = f"grid {launch.grid}, block {launch.block}, {launch.shared_bytes} bytes of shared memory"
                wo = f"Gitter {launch.grid}, Block {launch.block}, {launch.shared_bytes} Byte Shared Memory"
                finding = _finding(
                    "launch",
                    f"The GPU refuses the launch ({status}): {where}.",
                    f"Die GPU startet nicht ({status}): {wo}.",
                )
                return LaunchResult(unchanged, [finding])
            self._call("cuEventRecord", end, 0)
            status, _ = self._status("cuCtxSynchronize")
            if status != "CUDA_SUCCESS":
                self._lost = status
                finding = _finding(
                    _FAULTS.get(status, "trap"),
                    f"The GPU stopped the kernel: {status}. The emulated GPU says where.",
                    f"Die GPU hat den Kernel abgebrochen: {status}. Die emulierte GPU sagt, wo.",
                )
                return LaunchResult(unchanged, [finding])
            seconds = float(self._call("cuEventElapsedTime", begin, end)) / 1000.0
        finally:
            if self._lost is None:
                self._call("cuEventDestroy", begin)
                self._call("cuEventDestroy", end)
        buffers, findings = self._download(launch, memory)
        return LaunchResult(buffers, findings, Counters(), seconds)

    def _download(self, launch: Launch, memory: list[Any]) -> tuple[list[np.ndarray], list[Finding]]:
        buffers: list[np.ndarray] = []
        findings: list[Finding] = []
        for pointer, buffer in zip(memory, launch.buffers, strict=True):
            guarded = np.empty(buffer.nbytes + 2 * GUARD, np.uint8)
            self._call("cuMemcpyDtoH", guarded.ctypes.data, pointer, guarded.nbytes)
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


def _parameter(parameter: Pointer | bytes, memory: list[Any]) -> Any:
    """The parameter's bytes in memory that the driver can read."""
    if isinstance(parameter, Pointer):
        return ctypes.c_uint64(int(memory[parameter.buffer]) + GUARD + parameter.offset)
    return (ctypes.c_uint8 * len(parameter)).from_buffer_copy(parameter)


def _finding(kind: str, en: str, de: str) -> Finding:
    return Finding(kind, {"en": en, "de": de})
