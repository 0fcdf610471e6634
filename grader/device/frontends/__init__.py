"""Front ends of the emulated GPU: what learner code imports (`numba.cuda`, `cupy`), over one heap.

Imports `grader.device` only; `numba` is imported when its front end is installed.
"""

from __future__ import annotations

from dataclasses import dataclass

from grader.device.frontends.report import Reporter, Show
from grader.device.heap import Heap, LocalHeap
from grader.device.interface import Finding, Language


@dataclass
class Installed:
    """Both front ends over one `heap`; `reporter` has what the device saw in either."""

    heap: Heap
    reporter: Reporter

    def findings(self) -> list[Finding]:
        return self.reporter.findings()


_installed: Installed | None = None


def host_counts() -> dict[str, int] | None:
    """Work started and data moved by host code since the front ends were installed; None where they are not.

    `launches` are kernels and array operations; `to_device` and `to_host` are bytes, `copies_to_host` is how often.
    """
    if _installed is None:
        return None
    counters = _installed.heap.counters()
    return {
        "launches": counters.launches + counters.operations,
        "to_device": counters.host_to_device_bytes,
        "to_host": counters.device_to_host_bytes,
        "copies_to_host": counters.device_to_host,
    }


def install_emulated(
    heap: Heap | None = None, *, language: Language | None = None, show: Show | None = print
) -> Installed:
    """Install `numba.cuda` and `cupy` over `heap`, a new local one where it is None.

    `show` gets each finding as a line of text, in `language` or LEHRWERK_LANG; None shows nothing.
    """
    global _installed
    from grader.device.emulated import EmulatedDevice
    from grader.device.frontends import cupy_standin, numba_cuda

    if heap is None:
        heap = LocalHeap(EmulatedDevice())
    reporter = Reporter(show, language)
    numba_cuda.install(heap, language=language, reporter=reporter)
    cupy_standin.install(heap, reporter=reporter)
    _installed = Installed(heap, reporter)
    return _installed


def uninstall() -> None:
    """Take both away again."""
    global _installed
    from grader.device.frontends import cupy_standin, numba_cuda

    numba_cuda.uninstall()
    cupy_standin.uninstall()
    _installed = None
