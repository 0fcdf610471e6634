"""Runs numba-cuda's test modules, each in a process of its own with a time limit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from grader.device.frontends import process

LIST = Path(__file__).with_name("simulator.txt")
ROOT = Path(__file__).parents[2]
#: Seconds for one module, and modules at a time.
LIMIT, AT_ONCE = 150, 2

Device = Literal["emulated", "simulator"]


@dataclass(frozen=True)
class Outcome:
    """`how` is passed, failed, skipped, expected (a failure that numba-cuda expects) or lost."""

    how: str
    why: str = ""


def listed() -> list[str]:
    """Tests that the simulator passes, for the installed numba-cuda. Raises ValueError for another version's list."""
    first, *names = LIST.read_text(encoding="utf-8").split()
    if first != version("numba-cuda"):
        raise ValueError(f"{LIST.name} is for numba-cuda {first}: run `python -m tests.numba_cuda simulator`")
    return names


def modules() -> list[str]:
    import numba.cuda.tests.cudapy as package

    return sorted(path.stem for path in Path(package.__path__[0]).glob("test_*.py"))


def run_module(device: Device, module: str, names: Sequence[str] = ()) -> dict[str, Outcome]:
    """How each test went; those of `names` that said nothing are lost."""
    base = {**os.environ, "PYTHONPATH": str(ROOT), "LEHRWERK_LANG": "en"}
    environment = process.environment(base) if device == "emulated" else {**base, "NUMBA_ENABLE_CUDASIM": "1"}
    found = {name: Outcome("lost", "the process ended before this test did") for name in names}
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(
                [sys.executable, "-m", "tests.numba_cuda.child", device, module, *names],
                cwd=folder,
                env=environment,
                capture_output=True,
                timeout=LIMIT,
            ).stdout
        except subprocess.TimeoutExpired as late:
            done = late.stdout or b""
    for line in done.decode("utf-8", "replace").splitlines():
        # Kernels print, too.
        if line.startswith('["test_'):
            name, how, why = json.loads(line)
            found[name] = Outcome(how, why)
    return found


def run(device: Device, names: Iterable[str] = ()) -> dict[str, Outcome]:
    """The tests `names`, or all of them."""
    chosen: dict[str, list[str]] = defaultdict(list)
    for name in names:
        chosen[name.partition(".")[0]].append(name)
    wanted = chosen or {module: [] for module in modules()}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        parts = pool.map(lambda item: run_module(device, *item), wanted.items())
        return {name: outcome for part in parts for name, outcome in part.items()}
