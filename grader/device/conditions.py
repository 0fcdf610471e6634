"""What a GPU says of itself while something is timed: clocks, throttling, temperature, power, MIG.

Through NVIDIA's management library, if its bindings (`nvidia-ml-py`, in the extra `gpu`) are installed; a timing is
judged by what is known. Imports nothing of the project.
"""

from __future__ import annotations

from typing import Any

#: Reasons to run slower that have nothing to do with the kernel, by their bit in NVML.
_THROTTLES = {
    0x8: "hardware slowdown",
    0x4: "power cap",
    0x20: "software thermal slowdown",
    0x40: "hardware thermal slowdown",
    0x80: "hardware power brake",
}


class Management:
    """One GPU, by its UUID as the CUDA driver knows it. Without the library `now` knows nothing."""

    def __init__(self, uuid: str) -> None:
        self.uuid = uuid
        self._library: Any = None
        self._handle: Any = None
        try:
            import pynvml

            pynvml.nvmlInit()
            self._handle = pynvml.nvmlDeviceGetHandleByUUID(uuid)
            self._library = pynvml
        except ImportError:
            return
        except pynvml.NVMLError:
            # No access to it from here; the timing itself does not need it.
            return

    def now(self) -> dict[str, Any]:
        """`clock_mhz`, `memory_clock_mhz`, `celsius`, `watts`, `throttled` (a list of reasons), `mig` (is it a slice);
        what the GPU does not tell is left out, as a MIG slice does with most."""
        if self._library is None:
            return {}
        library, handle = self._library, self._handle
        questions = {
            "clock_mhz": lambda: library.nvmlDeviceGetClockInfo(handle, library.NVML_CLOCK_SM),
            "memory_clock_mhz": lambda: library.nvmlDeviceGetClockInfo(handle, library.NVML_CLOCK_MEM),
            "celsius": lambda: library.nvmlDeviceGetTemperature(handle, library.NVML_TEMPERATURE_GPU),
            "watts": lambda: library.nvmlDeviceGetPowerUsage(handle) / 1000,
            "throttled": lambda: throttles(library.nvmlDeviceGetCurrentClocksThrottleReasons(handle)),
            "mig": lambda: bool(library.nvmlDeviceIsMigDeviceHandle(handle)),
        }
        found: dict[str, Any] = {}
        for name, question in questions.items():
            try:
                found[name] = question()
            except library.NVMLError:
                continue
        return found


def throttles(reasons: int) -> list[str]:
    """The reasons among NVML's bits that make a timing unfair."""
    return [text for bit, text in _THROTTLES.items() if reasons & bit]
