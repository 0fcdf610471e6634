"""The emulated GPU: executes PTX in lock step on NumPy and sees what a GPU hides."""

from grader.device.emulated.device import EmulatedDevice
from grader.device.emulated.ptx import PtxError, parse

__all__ = ["EmulatedDevice", "PtxError", "parse"]
