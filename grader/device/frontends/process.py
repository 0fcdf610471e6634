"""A Python process on the emulated GPU: the front ends come with the first import of `numba.cuda` or `cupy`, and what
the device saw goes to a record that another process reads.

A process is such a one where `environment(...)` made its environment; processes that it starts inherit it.
Imports `grader.device` only.
"""

from __future__ import annotations

import atexit
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from grader.device.interface import Finding

#: The file that gets the record, a line of JSON for each finding and for each state of the counters.
RECORD = "LEHRWERK_RECORD"
SITE = Path(__file__).with_name("site")
#: Imports that bring the front ends.
NAMES = frozenset({"cupy", "cupyx", "cupy_backends", "numba.cuda"})


def environment(base: Mapping[str, str], record: Path | None = None) -> dict[str, str]:
    """`base` with what makes a Python process, and those it starts, have the emulated GPU."""
    path = [str(SITE), *filter(None, [base.get("PYTHONPATH")])]
    made = {**base, "PYTHONPATH": os.pathsep.join(path), "LEHRWERK_DEVICE": "emulated"}
    made.pop("NUMBA_ENABLE_CUDASIM", None)
    return made if record is None else {**made, RECORD: str(record)}


def begin() -> None:
    """Let the first import of a GPU library bring the front ends. Called once, before anything else."""
    sys.meta_path.insert(0, _Bringer())
    sys.path[:] = [folder for folder in sys.path if folder != str(SITE)]
    # Where Python would have found another module of this name, that one counts, too.
    hidden = importlib.machinery.PathFinder.find_spec("sitecustomize")
    if hidden is not None and hidden.loader is not None:
        hidden.loader.exec_module(importlib.util.module_from_spec(hidden))


class _Bringer:
    """Finds the first GPU library by installing the front ends, which import it or put theirs in its place."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name not in NAMES:
            return None
        sys.meta_path.remove(self)
        _install()
        found = sys.modules.get(name)
        if found is None:
            return None
        there = _There(found)
        # Python loads what the module itself names where a finder has imported it.
        found.__spec__ = importlib.machinery.ModuleSpec(name, there)
        return found.__spec__


class _There(importlib.abc.Loader):
    """Hands out a module that is there already."""

    def __init__(self, module: ModuleType) -> None:
        self._module, self._spec = module, module.__spec__

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec


def _install() -> None:
    from grader.device.emulated import EmulatedDevice
    from grader.device.frontends import install_emulated
    from grader.device.heap import LocalHeap

    heap = LocalHeap(EmulatedDevice())
    record = os.environ.get(RECORD)
    if record is None:
        install_emulated(heap, show=None)
        return
    install_emulated(heap, reporter=_recorder(heap, Path(record)))


def _recorder(heap: Any, path: Path) -> Any:
    from grader.device.frontends.report import Reporter

    class Recorder(Reporter):
        """Writes what it takes to the record. One write for each line, so that processes do not mix theirs."""

        def __init__(self) -> None:
            super().__init__(None)
            self._device: Counter[str] = Counter()
            self._last: Any = None
            os.register_at_fork(after_in_child=self._forget)
            atexit.register(self._count)

        def take(self, kernel: str, findings: Iterable[Finding], *, quiet: bool = False) -> None:
            found = list(findings)
            super().take(kernel, found, quiet=quiet)
            self._write([{"kernel": kernel, "finding": asdict(finding)} for finding in found])
            if heap.last is not self._last:
                self._last = heap.last
                self._device.update(asdict(heap.last.counters))
            self._count()

        def _count(self) -> None:
            self._write([{"process": os.getpid(), "counters": {**heap.counters().as_dict(), **self._device}}])

        def _forget(self) -> None:
            heap.reset_counters()
            self._device.clear()

        def _write(self, entries: list[dict[str, Any]]) -> None:
            text = "".join(json.dumps(entry) + "\n" for entry in entries)
            if text:
                with path.open("ab", buffering=0) as file:
                    file.write(text.encode())

    return Recorder()


def read(path: Path) -> tuple[list[Finding], dict[str, int]]:
    """(the findings in the order of launches, each once for a line; the counters, summed over processes).

    Raises ValueError for a record that the processes did not leave so.
    """
    findings: dict[tuple[Any, ...], Finding] = {}
    counted: dict[int, dict[str, int]] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            entry = json.loads(line)
            if "counters" in entry:
                counted[int(entry["process"])] = {str(name): int(n) for name, n in entry["counters"].items()}
                continue
            finding = Finding.from_plain(entry["finding"])
            if not set(finding.message) >= {"de", "en"}:
                raise ValueError("a finding speaks two languages")
            # A line of a file is known by its place, whatever types its kernel was compiled for.
            known_by = finding.file if os.path.isabs(finding.file or "") else entry["kernel"]
            key = (known_by, finding.kind, finding.line, finding.other_line, finding.severity)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"the record of findings holds a line that no device wrote: {line[:80]}") from error
        known = findings.get(key)
        if known is not None:
            finding = replace(known, count=known.count + finding.count, waste=known.waste + finding.waste)
        findings[key] = finding
    total: Counter[str] = Counter()
    for one in counted.values():
        total.update(one)
    return list(findings.values()), dict(total)
