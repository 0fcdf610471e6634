"""Front ends of the emulated GPU: what learner code imports (`numba.cuda`, `cupy`), over one heap.

Imports `grader.device` only; `numba` is imported when its front end is installed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np

from grader.device.frontends.report import Reporter, Show
from grader.device.heap import ELEMENTS, Heap, Library, LocalHeap, View
from grader.device.interface import Finding, Language


@dataclass
class Installed:
    """Both front ends over one `heap`; `reporter` has what the device saw in either."""

    heap: Heap
    reporter: Reporter

    def findings(self) -> list[Finding]:
        return self.reporter.findings()


_installed: Installed | None = None


def installed_heap() -> Heap | None:
    """The heap behind the front ends; None where they are not installed."""
    return None if _installed is None else _installed.heap


def host_counts() -> dict[str, int] | None:
    """`HeapCounters.seen` since the front ends were installed; None where they are not."""
    return None if _installed is None else _installed.heap.counters().seen()


def faults() -> list[Finding] | None:
    """Errors of kernels since the front ends were installed; None where they are not."""
    if _installed is None:
        return None
    if isinstance(_installed.heap, LocalHeap):
        _installed.reporter.take("streams", _installed.heap.timeline.conflicts())
    return [one for one in _installed.findings() if one.severity == "error"]


def view_of(array: Any) -> tuple[Library, View] | None:
    """Whose array it is and where it lies; None for what is no array of the installed front ends, and for records."""
    from grader.device.frontends import cupy_standin, numba_cuda

    for library, view in (("cupy", cupy_standin.view_of(array)), ("numba", numba_cuda.view_of(array))):
        if view is not None and np.dtype(view.dtype).kind in ELEMENTS:
            return cast(Library, library), view
    return None


def adopt(library: Library, view: View) -> Any:
    """An array of that library over memory of the installed heap: `view` begins an allocation, which is the array's
    own from now on and goes back to the heap with it."""
    from grader.device.frontends import cupy_standin, numba_cuda

    return cupy_standin.adopt(view) if library == "cupy" else numba_cuda.adopt(view)


def empty(library: Library, shape: tuple[int, ...], dtype: np.dtype[Any], order: Literal["C", "F"] = "C") -> Any:
    """A new array of that library in the installed heap, whose content counts as never written."""
    if library == "cupy":
        from grader.device.frontends.cupy_standin.core import allocate

        return allocate(shape, dtype, order)
    from numba import cuda

    return cuda.device_array(shape, dtype, order=order)


def library_of_stream(value: Any) -> Library | None:
    """Whose stream it is; None for anything else."""
    from grader.device.frontends import cupy_standin, numba_cuda

    return "cupy" if cupy_standin.is_stream(value) else "numba" if numba_cuda.is_stream(value) else None


def install_emulated(
    heap: Heap | None = None,
    *,
    language: Language | None = None,
    show: Show | None = print,
    reporter: Reporter | None = None,
) -> Installed:
    """Install `numba.cuda` and `cupy` over `heap`, a new local one where it is None.

    `show` gets each finding as a line of text, in `language` or LEHRWERK_LANG; None shows nothing. Where there is a
    `reporter`, it gets the findings instead.
    """
    global _installed
    from grader.device.emulated import EmulatedDevice
    from grader.device.frontends import cupy_standin, numba_cuda

    if heap is None:
        heap = LocalHeap(EmulatedDevice())
    reporter = reporter or Reporter(show, language)
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
