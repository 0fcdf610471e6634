"""`inspect(kernel)[grid, block](...)`: launch a kernel and see what one of its warps did.

Imports `grader.device` only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from grader.device import frontends
from grader.device.emulated import pictures
from grader.device.emulated.trace import Trace
from grader.device.frontends import report
from grader.device.heap import LocalHeap
from grader.device.interface import Counters, Language

NO_DEVICE = {
    "en": "No picture: the kernel ran, but not on an emulated GPU of this notebook.",
    "de": "Kein Bild: Der Kernel lief, aber nicht auf einer emulierten GPU dieses Notebooks.",
}
NO_WARP = {
    "en": "No picture: the launch has no such warp, or did not come that far.",
    "de": "Kein Bild: Der Start hat keinen solchen Warp oder kam nicht so weit.",
}


@dataclass(frozen=True)
class Inspection:
    """What `inspect` gives: pictures in a notebook, their words elsewhere.

    `trace` and `counters` are those of the last kernel that the call launched; None where no emulated GPU saw it.
    `result` is what the call returned.
    """

    trace: Trace | None
    counters: Counters | None
    result: Any
    language: Language

    def pictures(self) -> list[pictures.Picture]:
        return [] if self.trace is None else pictures.pictures(self.trace, self.language)

    @property
    def _said(self) -> str:
        counters, trace = self.counters, self.trace
        if counters is None or trace is None:
            return NO_DEVICE[self.language]
        if not trace.steps:
            return NO_WARP[self.language]
        moved, ideal, lost = counters.global_sectors, counters.ideal_sectors, counters.bank_conflicts
        if self.language == "de":
            return (
                f"Warp {trace.warp} des Gitters, in Block {trace.block}. Der ganze Start bewegte {moved} Sektoren, "
                f"{ideal} genügten, und verlor {lost} Durchgänge an Bankkonflikte."
            )
        return (
            f"Warp {trace.warp} of the grid, in block {trace.block}. The whole launch moved {moved} sectors, {ideal} "
            f"would do, and lost {lost} turns to bank conflicts."
        )

    def __str__(self) -> str:
        return "\n".join([*(picture.text for picture in self.pictures()), self._said])

    __repr__ = __str__

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": str(self), "text/html": pictures.html(self.pictures(), self._said)}


class Inspected:
    """A kernel, or a kernel with its launch shape, whose call is recorded."""

    def __init__(self, act: Any, warp: int) -> None:
        self._act, self._warp = act, warp

    def __getitem__(self, shape: Any) -> Inspected:
        return Inspected(self._act[shape], self._warp)

    def forall(self, *args: Any, **options: Any) -> Inspected:
        return Inspected(self._act.forall(*args, **options), self._warp)

    def __call__(self, *args: Any, **options: Any) -> Inspection:
        language = report.language()
        with _recording(self._warp) as heap:
            result = self._act(*args, **options)
        last = None if heap is None else heap.last
        if last is None or last.trace is None:
            return Inspection(None, None, result, language)
        return Inspection(last.trace, last.counters, result, language)


def inspect(kernel: Callable[..., Any], *, warp: int = 0) -> Inspected:
    """`kernel`, so that a launch shows what its warp number `warp`, counted through the grid, did.

        inspect(transpose)[(4, 4), (32, 8)](a, out)

    Takes what `@cuda.jit` made, `cupy.RawKernel` and its kin, or any function that launches a kernel. Elsewhere than on
    the emulated GPU of a notebook the kernel is launched all the same, and there is no picture.
    Raises ValueError for a negative `warp`.
    """
    if warp < 0:
        raise ValueError(f"warps count from 0; there is no warp {warp}")
    return Inspected(kernel, warp)


@contextmanager
def _recording(warp: int) -> Iterator[LocalHeap | None]:
    heap = frontends.installed_heap()
    if not isinstance(heap, LocalHeap):
        yield None
        return
    heap.last, heap.trace = None, warp
    try:
        yield heap
    finally:
        heap.trace = None
