"""What the real GPU's device asks of CUDA's driver, and the two benches on the clock, over a driver that is feigned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numba import cuda

from grader.checks import KernelCheck, LocalSurroundings, use
from grader.checks.timing import Block, Stopped
from grader.device.conditions import throttles
from grader.device.cuda import CudaDevice
from grader.device.emulated import EmulatedDevice
from grader.device.interface import DeviceError, Launch, Pointer
from grader.exam.bench import launch_to_plain
from grader.exam.bench_link import BenchClock, BenchDevice
from tests.benches import Wired, clock_over
from tests.kernels import right_kernels
from tests.kernels.case import Case, python_cases
from tests.unit.driver import FeignedDriver
from tests.unit.emulator import compiled

#: Kernels whose blocks wait for each other, and others.
TOGETHER = ("neighbours_after_the_grid_met", "one_block_sums_what_all_wrote")
APART = ("guarded", "grid_stride", "block_reduction")
RIGHT = [case for case in python_cases(right_kernels) if case.name in TOGETHER + APART]
DOUBLE = """.version 8.0
.target sm_90
.visible .entry secret_name(.param .u64 x) {
.reg .b64 %d<2>; .reg .b32 %r<3>;
ld.param.u64 %d0, [x]; mov.u32 %r0, %tid.x; mul.wide.u32 %d1, %r0, 4; add.u64 %d1, %d0, %d1;
ld.global.u32 %r1, [%d1]; add.u32 %r1, %r1, %r1; st.global.u32 [%d1], %r1; ret; }
"""


def launch(values: Any = range(32), **changes: Any) -> Launch:
    buffer = np.array(values, "i4").view(np.uint8)
    made = Launch(DOUBLE, "secret_name", (1, 1, 1), (32, 1, 1), (Pointer(0, 0, 0, 128),), (buffer,), (True,))
    return replace(made, **changes)


@pytest.fixture
def driver() -> FeignedDriver:
    return FeignedDriver()


@pytest.fixture
def gpu(driver: FeignedDriver, monkeypatch: pytest.MonkeyPatch) -> CudaDevice:
    return device_over(driver, monkeypatch)


def device_over(driver: FeignedDriver, monkeypatch: pytest.MonkeyPatch) -> CudaDevice:
    import cuda.bindings

    monkeypatch.setattr(cuda.bindings, "driver", driver, raising=False)
    return CudaDevice()


def test_the_driver_gets_the_module_written_anew(driver: FeignedDriver, gpu: CudaDevice) -> None:
    result = gpu.launch(launch())
    assert result.buffers[0].view("i4").tolist() == [2 * n for n in range(32)]
    assert (result.findings, result.seconds) == ([], 1e-3)
    (text,) = driver.texts
    assert "secret_name" not in text
    assert ".entry kernel" in text
    assert driver.memory == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"ptx": DOUBLE.replace("add.u32", "evil.u32")},
        {"ptx": DOUBLE.replace("ret;", "call outside; ret;")},
        {"ptx": ".alias a, b; " + DOUBLE},
        {"parameters": (Pointer(0, 0, 0, 128), bytes(4))},
        {"parameters": (bytes(4),)},
        {"entry": "other"},
        {"ptx": "\0" + DOUBLE},
        {"ptx": "\x7fELF\2\1\1"},
    ],
)
def test_what_the_gate_refuses_never_comes_to_the_driver(
    driver: FeignedDriver, gpu: CudaDevice, changes: dict[str, Any]
) -> None:
    before = len(driver.calls)
    result = gpu.launch(launch(**changes))
    assert [finding.kind for finding in result.findings] in (["compile"], ["unsupported"], ["launch"])
    assert gpu.place(launch(**changes)) is not None
    assert driver.calls[before:] == driver.texts == []


def test_each_timed_launch_finds_cold_caches_and_what_warms_up_is_not_timed(
    driver: FeignedDriver, gpu: CudaDevice
) -> None:
    driver.seconds = lambda number: number * 1e-3
    for start in (0, 100, 200):
        assert gpu.place(launch(range(start, start + 32))) is None
    assert len(gpu.warm(0).seconds) == 3
    driver.calls.clear()
    assert gpu.go(2).seconds == pytest.approx([4e-3, 5e-3, 6e-3, 7e-3])
    steps = [call for call in driver.calls if call in ("cuMemsetD8", "cuLaunchKernel", "cuCtxSynchronize")]
    assert steps == ["cuMemsetD8", "cuCtxSynchronize", "cuLaunchKernel", "cuCtxSynchronize"] * 4
    # Doubled twice, each with data of its own.
    assert gpu.collect(1)[0].view("i4").tolist() == [4 * n for n in range(100, 132)]
    assert gpu.collect(2)[0].view("i4").tolist() == [4 * n for n in range(200, 232)]
    gpu.clear()
    assert len(driver.memory) == 1, "only what flushes the caches stays"
    assert gpu.conditions() == {"uuid": "GPU-00010203-0405-0607-0809-0a0b0c0d0e0f", "reaches_host": False}


@pytest.mark.parametrize("case", RIGHT, ids=lambda case: f"{case.name}{'.cu' if case.file else ''}")
def test_kernels_come_to_the_driver_with_their_arguments(driver: FeignedDriver, gpu: CudaDevice, case: Case) -> None:
    result = gpu.launch(case.launch())
    assert result.findings == []
    for left, right in zip(case.run()[0].buffers, result.buffers, strict=True):
        assert np.array_equal(left, right)
    together = case.name in TOGETHER
    assert ("cuLaunchCooperativeKernel" in driver.calls) == together
    assert ("cuLaunchKernel" in driver.calls) != together


def test_a_kernels_fault_is_a_finding_and_the_context_is_lost(driver: FeignedDriver, gpu: CudaDevice) -> None:
    driver.fault = lambda number: True
    assert [finding.kind for finding in gpu.launch(launch()).findings] == ["out-of-bounds"]
    assert gpu.lost == "CUDA_ERROR_ILLEGAL_ADDRESS"
    with pytest.raises(DeviceError, match="lost"):
        gpu.launch(launch())


def test_a_fault_on_the_clock_is_a_finding_too(driver: FeignedDriver, gpu: CudaDevice) -> None:
    gpu.place(launch())
    gpu.place(launch())
    driver.fault = lambda number: number > 3
    gpu.warm(0)
    run = gpu.go(1)
    assert run.seconds == ()
    assert run.finding is not None
    assert run.finding.kind == "out-of-bounds"


COUNTING = """.version 8.0
.target sm_90
.visible .global .u32 secret_count = 5;
.visible .global .u32 unused = 3;
.const .u32 step = 1;
.visible .entry up(.param .u64 x) {
.reg .b64 %d; .reg .b32 %r<2>;
ld.param.u64 %d, [x]; ld.const.u32 %r1, [step]; atom.global.add.u32 %r0, [secret_count], %r1;
st.global.u32 [%d], %r0; ret; }
"""


def test_a_launch_begins_with_the_variables_it_brings_and_else_with_initial_values(
    driver: FeignedDriver, gpu: CudaDevice
) -> None:
    first = launch(ptx=COUNTING, entry="up", block=(1, 1, 1))
    for device in (gpu, EmulatedDevice()):
        results = [device.launch(first), device.launch(first)]
        brought = {"step": np.int32(10).tobytes(), "unused": bytes(4)}
        results.append(device.launch(replace(first, variables={**results[0].variables, **brought})))
        results.append(device.launch(first))
        assert [int(one.buffers[0].view("i4")[0]) for one in results] == [5, 5, 6, 5]
        counts = [int(np.frombuffer(one.variables["secret_count"], "i4")[0]) for one in results]
        assert counts == [6, 6, 16, 6]
    assert len(driver.texts) == 1, "the module is loaded once"
    assert "secret" not in driver.texts[0]


def test_timed_launches_begin_alike(gpu: CudaDevice) -> None:
    for _ in range(3):
        assert gpu.place(launch(ptx=COUNTING, entry="up", block=(1, 1, 1))) is None
    gpu.warm(0)
    gpu.go(3)
    assert [int(gpu.collect(number)[0].view("i4")[0]) for number in (1, 2)] == [5, 5]


def test_throttling_is_told_by_its_reasons() -> None:
    assert throttles(0x1 | 0x2) == []
    assert throttles(0x4 | 0x40) == ["power cap", "hardware thermal slowdown"]


# -- over the wire, as in an exam


def block(bench: Wired, count: int = 2) -> Block:
    return clock_over(bench, bench).block("learner", [launch([n] * 32) for n in range(count)])


def test_a_block_is_placed_warmed_run_and_collected(gpu: CudaDevice) -> None:
    bench = Wired(gpu)
    made = block(bench)
    assert [name for name, _ in bench.asked] == [
        *("clear", "place", "place", "warm", "go", "collect", "go", "conditions", "clear"),
    ]
    assert bench.quiet == {"warm", "go"}
    assert made.fresh == (1e-3,)
    assert len(made.together) == 50, "as often as takes a twentieth of a second"
    # Collected behind the first run, when each output was written once.
    assert made.outputs[0][0].view("i4").tolist() == [2] * 32
    assert made.conditions["uuid"].startswith("GPU-")


BENT: dict[str, Callable[[str, Any], Any]] = {
    "too few times": lambda name, answer: {**answer, "seconds": []} if name == "go" else answer,
    "times that are texts": lambda name, answer: {**answer, "seconds": ["fast"]} if name == "go" else answer,
    "no times": lambda name, answer: None if name == "go" else answer,
    "other buffers": lambda name, answer: [b"short"] if name == "collect" else answer,
    "no buffers": lambda name, answer: 3 if name == "collect" else answer,
    "no conditions": lambda name, answer: "fine" if name == "conditions" else answer,
    "a finding that is none": lambda name, answer: {"kind": 3} if name == "place" else answer,
}


@pytest.mark.parametrize("name", BENT)
def test_what_a_bench_sends_is_checked(gpu: CudaDevice, name: str) -> None:
    with pytest.raises(DeviceError):
        block(Wired(gpu, BENT[name]))


def test_conditions_are_taken_by_name_and_type(gpu: CudaDevice) -> None:
    said = {"uuid": "x" * 500, "clock_mhz": "fast", "throttled": ["power cap"], "shell": "rm"}
    made = block(Wired(gpu, lambda name, answer: said if name == "conditions" else answer))
    assert made.conditions == {"uuid": "x" * 80, "throttled": ["power cap"]}


def test_a_fault_under_the_clock_says_no_line_that_no_cell_has(gpu: CudaDevice) -> None:
    finding = {"kind": "trap", "message": {"en": "x", "de": "y"}, "line": 48271, "thread": None, "block": None}
    said = {"seconds": [], "finding": finding}
    with pytest.raises(Stopped) as error:
        block(Wired(gpu, lambda name, answer: said if name == "go" else answer))
    assert error.value.finding.line is None
    assert "48271" not in str(error.value.finding)


# -- a whole check, with two benches and the gate in between


def scale(x: Any, out: Any) -> None:
    i: Any = cuda.grid(1)  # type: ignore[call-arg]
    if i < out.size:
        out[i] = x[i] * 2


def baseline(x: Any, out: Any) -> None:
    i: Any = cuda.grid(1)  # type: ignore[call-arg]
    if i < out.size:
        out[i] = x[i] + x[i]


class Timed(LocalSurroundings):
    def __init__(self, device: Any, clock: BenchClock) -> None:
        super().__init__(device, "en")
        self.emulator = EmulatedDevice()
        self.clock = clock
        self.seed = 3


def test_a_check_on_two_benches(monkeypatch: pytest.MonkeyPatch) -> None:
    # A GPU's clock agrees with the examiner's only where launches really take their time, so the feigned one is
    # believed for the ratio alone: all take the same, and the ratio is one.
    drivers = [FeignedDriver(), FeignedDriver()]
    benches = [Wired(device_over(driver, monkeypatch)) for driver in drivers]
    learner, yardstick = benches
    name = "cuda:Feigned"
    device = BenchDevice(learner, name, (9, 0), 1 << 20)  # type: ignore[arg-type]
    check = KernelCheck(cuda.jit(scale), "void(float32[:], float32[:])", launch=lambda n: (-(-n // 64), 64))
    check.inputs(lambda rng, n: (rng.random(n, "f4"), np.zeros(n, "f4")), sizes=(33, 200))
    check.expect(lambda x, out: 2 * x, output=1, rtol=0).timing(64, baseline=cuda.jit(baseline))
    with use(Timed(device, clock_over(learner, yardstick))):
        report = check.points(correct=2, in_bounds=1, speedup=(2, {0.5: 2})).run()
    assert (report.device, report.parts[0].points, report.parts[1].points) == (name, 2, 1)
    assert report.measurements["rounds"] >= 5
    own = compiled(scale, "void(float32[:], float32[:])")[0]
    theirs = {about["ptx"] for asked, about in yardstick.asked if asked == "place"}
    ours = {about["ptx"] for asked, about in learner.asked if asked in ("place", "launch")}
    assert len(ours) == 1
    assert not theirs & ours
    assert len(theirs) == 2
    assert own.count(".entry") == 1
    assert {text.count(".entry kernel") for driver in drivers for text in driver.texts} == {1}
    assert not set(drivers[0].texts) & set(drivers[1].texts)


def test_a_kernel_that_reads_every_buffer_of_its_context_finds_no_expected_value(gpu: CudaDevice) -> None:
    """What lies on the bench in a check: arguments, filled outputs and nothing else."""
    bench = Wired(gpu)
    device = BenchDevice(bench, "cuda:Feigned", (9, 0), 1 << 20)  # type: ignore[arg-type]
    check = KernelCheck(cuda.jit(scale), "void(float32[:], float32[:])", launch=lambda n: (-(-n // 64), 64))
    expected: list[bytes] = []

    def reference(x: np.ndarray, out: np.ndarray) -> np.ndarray:
        expected.append((2 * x).tobytes())
        return 2 * x

    check.inputs(lambda rng, n: (rng.random(n, "f4") + np.float32(1), np.zeros(n, "f4")), sizes=(33, 200))
    check.expect(reference, output=1, rtol=0).timing(64)
    with use(Timed(device, clock_over(bench, bench))):
        check.points(correct=2, copy_bandwidth=(1, {0.5: 1})).run()
    held = [buffer for name, about in bench.asked if name in ("place", "launch") for buffer in about["buffers"]]
    assert len(expected) > 10
    assert not [one for one in expected if any(one in buffer for buffer in held)]
    told = {key for name, about in bench.asked if name in ("place", "launch") for key in about}
    assert told == set(launch_to_plain(launch()))
