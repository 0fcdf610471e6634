"""NVIDIA's assembler in a process of its own, as exams have it: where it aborts, no other test ends with it."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from grader.device import assembler
from grader.device.assembler import Resources

_pools: list[ProcessPoolExecutor] = []


def assemble(text: str, cc: tuple[int, int]) -> Resources:
    """As `grader.device.assembler.assemble`; a process that ended is replaced once."""
    for last in (False, True):
        if not _pools:
            _pools.append(ProcessPoolExecutor(1, mp_context=get_context("spawn")))
        try:
            return _pools[0].submit(assembler.assemble, text, cc).result()
        except BrokenProcessPool:
            _pools.pop().shutdown()
            if last:
                raise
    raise AssertionError
