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


def install_emulated(
    heap: Heap | None = None, *, language: Language | None = None, show: Show | None = print
) -> Installed:
    """Install `numba.cuda` and `cupy` over `heap`, a new local one where it is None.

    `show` gets each finding as a line of text, in `language` or LEHRWERK_LANG; None shows nothing.
    """
    from grader.device.emulated import EmulatedDevice
    from grader.device.frontends import cupy_standin, numba_cuda

    if heap is None:
        heap = LocalHeap(EmulatedDevice())
    reporter = Reporter(show, language)
    numba_cuda.install(heap, language=language, reporter=reporter)
    cupy_standin.install(heap, reporter=reporter)
    return Installed(heap, reporter)


def uninstall() -> None:
    """Take both away again."""
    from grader.device.frontends import cupy_standin, numba_cuda

    numba_cuda.uninstall()
    cupy_standin.uninstall()
