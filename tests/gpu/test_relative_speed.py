"""Relative speed on a real GPU: ratios repeat, slow kernels are told from quick ones, and an exam measures them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import cuda

from grader.checks import KernelCheck, LocalSurroundings, Report, ceil_div, use
from grader.course.calibrate import calibrate
from grader.device.emulated import EmulatedDevice
from grader.exam.room import ExamRoom
from tests.benches import Wired, clock_over
from tests.notebooks import given, notebook, solution, test
from tests.shipped import FOLDERS

pytestmark = pytest.mark.gpu

SIZE = 1 << 23
#: How often a ratio is measured, and how far apart the results may lie.
RUNS, APART = 20, 0.05


class OnTheGpu(LocalSurroundings):
    """Both benches in this process, so that it does not take an exam for each number."""

    def __init__(self, gpu: Any) -> None:
        super().__init__(gpu, "en")
        self.emulator = EmulatedDevice(gpu.compute_capability)
        self.clock = clock_over(Wired(gpu), Wired(gpu))


def saxpy(a: Any, x: Any, y: Any, out: Any) -> None:
    i: Any = cuda.grid(1)  # type: ignore[call-arg]
    if i < out.size:
        out[i] = a * x[i] + y[i]


def scattered(a: Any, x: Any, y: Any, out: Any) -> None:
    i: Any = cuda.grid(1)  # type: ignore[call-arg]
    j = i % 32 * (out.size // 32) + i // 32
    if i < out.size:
        out[j] = a * x[j] + y[j]


def report(gpu: Any, kernel: Any) -> Report:
    signature = "void(float32, float32[:], float32[:], float32[:])"
    check = KernelCheck(cuda.jit(kernel), signature, launch=lambda n: (ceil_div(n, 256), 256))
    check.inputs(lambda rng, n: (2, rng.random(n, "f4"), rng.random(n, "f4"), np.empty(n, "f4")), sizes=(32, 4096))
    check.expect(lambda a, x, y, out: a * x + y, output=3, rtol=1e-6)
    check.timing(SIZE, baseline=cuda.jit(scattered), model=cuda.jit(saxpy))
    bands: dict[str, Any] = {
        "copy_bandwidth": (2, {0.7: 2, 0.3: 1}), "speedup": (2, {1.5: 2}), "model_share": (2, {0.7: 2})
    }  # fmt: skip
    with use(OnTheGpu(gpu)):
        return check.points(correct=1, in_bounds=1, **bands).run()


@pytest.mark.timeout(1800)
def test_ratios_repeat(gpu: Any, table: dict[str, Any]) -> None:
    found = [report(gpu, saxpy).measurements for _ in range(RUNS)]
    apart = {}
    for name in ("copy_bandwidth", "speedup", "model_share"):
        values = [measured[name] for measured in found]
        apart[name] = (max(values) - min(values)) / float(np.median(values))
        table[f"saxpy {name}"] = {"median": float(np.median(values)), "apart": apart[name], "runs": RUNS}
    assert {name: value for name, value in apart.items() if value > APART} == {}


def test_a_good_kernel_gets_all_bands_and_a_scattered_one_does_not(gpu: Any, table: dict[str, Any]) -> None:
    good, bad = report(gpu, saxpy), report(gpu, scattered)
    table["saxpy"], table["scattered saxpy"] = good.measurements, bad.measurements
    assert good.passed, str(good)
    assert 0 < bad.score < good.score, str(bad)
    assert "slow" in [finding.kind for finding in bad.findings]


EXAM = """import numpy as np
from numba import cuda
from grader.checks import KernelCheck, ceil_div

@cuda.jit
def naive(x, out):
    i = cuda.grid(1)
    j = i % 32 * (out.size // 32) + i // 32
    if i < out.size: out[j] = x[j] + x[j]

def double(kernel):
    check = KernelCheck(kernel, "void(float32[:], float32[:])", launch=lambda n: (ceil_div(n, 256), 256))
    check.inputs(lambda rng, n: (rng.random(n, "f4"), np.empty(n, "f4")), sizes=(32, 4096))
    check.expect(lambda x, out: x + x, output=1, rtol=0).timing(1 << 22, baseline=naive)
    return check.points(correct=1, speedup=(1, {1.5: 1}), copy_bandwidth=(1, {0.5: 1}), no_spills=1).run()
"""
DOUBLE = "@cuda.jit\ndef double(x, out):\n    i = cuda.grid(1)\n    if i < out.size: out[i] = x[i] + x[i]"


def test_an_exam_times_a_kernel_in_two_benches(tmp_path: Path, table: dict[str, Any]) -> None:
    source = tmp_path / "source"
    source.mkdir()
    head = given("from numba import cuda")
    test_cell = test("double-test", 4, "import exam\nexam.double(double)")
    (source / "unit.ipynb").write_bytes(notebook(head, solution("double", ""), test_cell))
    (source / "exam.py").write_text(EXAM)
    with ExamRoom(device="cuda", scratch=tmp_path / "room") as room:
        verdict = room.examine(source, "unit", {"unit.ipynb": notebook(head, solution("double", DOUBLE))})
    table["exam"] = verdict.measurements
    assert verdict.cells[0].outcome == "passed", verdict.cells[0].findings
    assert verdict.measurements["double-test"]["sound_rounds"] >= 5


def test_model_solutions_are_measured_and_written_back(tmp_path: Path, table: dict[str, Any]) -> None:
    found = {}
    for course in FOLDERS:
        folder = tmp_path / course.name
        shutil.copytree(course, folder)
        if list(folder.glob("units/*/performance.yaml")):
            measured, problems = calibrate(folder, device="cuda")
            found[course.name] = {f"{one.unit} {one.cell} {one.part}": [one.ratio, one.spread] for one in measured}
            assert [str(problem) for problem in problems] == []
    table["calibrated"] = found
