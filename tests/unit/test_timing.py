"""Who is believed, and what a time is worth: honest, slow, lying, throttled and noisy devices on a feigned clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import cuda

from grader.checks import KernelCheck, LocalSurroundings, Report, use
from grader.checks.copying import COPY_PTX, copied, copy_launch
from grader.checks.timing import LEAST, MOST, RUNS, Block, Contender, Stopped, checked_bands, credit
from grader.device import assembler
from grader.device.assembler import AssemblyError, Resources, assemble
from grader.device.emulated import EmulatedDevice
from grader.device.emulated.gate import Gate
from grader.device.interface import DeviceError, Finding, Launch

#: Seconds of a launch by who it is, and what each request takes besides.
TIMES: dict[str, float] = {"learner": 1e-3, "copy": 1e-3, "baseline": 3e-3, "model": 0.8e-3}
BESIDE = 2e-4
#: Timed launches are repeated until they take so long.
TOGETHER = 0.05


@dataclass
class Feigned:
    """A clock on a device that computes as it should; what it says of the time is feigned.

    `times` is what launches really take, `said` turns (who, round, seconds) into what the device says of fresh runs,
    `said_together` of repeated ones, and `conditions` gives what else it says.
    """

    times: dict[str, float] = field(default_factory=lambda: dict(TIMES))
    said: Callable[[str, int, float], float] = lambda who, number, seconds: seconds
    said_together: Callable[[str, int, float], float] = lambda who, number, seconds: seconds
    conditions: Callable[[str, int], dict[str, Any]] = lambda who, number: {}
    outputs: Callable[[str, tuple[np.ndarray, ...]], tuple[np.ndarray, ...]] = lambda who, buffers: buffers
    seconds: float = 1e9
    blocks: list[tuple[str, list[Launch]]] = field(default_factory=list)

    def seconds_left(self) -> float:
        return self.seconds

    def block(self, who: Contender, launches: Sequence[Launch]) -> Block:
        number = sum(name == who for name, _ in self.blocks)
        self.blocks.append((who, list(launches)))
        device, real = EmulatedDevice(), self.times[who]
        outputs = tuple(self.outputs(who, tuple(device.launch(launch).buffers)) for launch in launches[1:])
        count = RUNS * max(round(TOGETHER / (RUNS * real)), 1)
        self.seconds -= count * real
        return Block(
            (self.said(who, number, real),) * RUNS,
            (self.said_together(who, number, real),) * count,
            count * (real + BESIDE),
            outputs,
            self.conditions(who, number),
        )


class Surroundings(LocalSurroundings):
    """A notebook with a clock, and perhaps an earlier exam."""

    def __init__(self, clock: Any, stored: dict[str, Any] | None = None) -> None:
        super().__init__(language="en")
        self.clock = clock
        self.stored = stored or {}
        self.seed = 7


def double(x: Any, out: Any) -> None:
    i: Any = cuda.grid(1)  # type: ignore[call-arg]
    if i < out.size:
        out[i] = x[i] + x[i]


def tripled(x: Any, out: Any) -> None:
    i: Any = cuda.grid(1)  # type: ignore[call-arg]
    if i < out.size:
        out[i] = x[i] * 3


def spread(x: Any, out: Any) -> None:
    """Right, with a stride between neighbouring threads."""
    i: Any = cuda.grid(1)  # type: ignore[call-arg]
    j = i % 32 * (out.size // 32) + i // 32
    if i < out.size:
        out[j] = x[j] + x[j]


BANDS: dict[str, Any] = {
    "copy_bandwidth": (2, {0.8: 2, 0.4: 1}),
    "speedup": (2, {2.0: 2, 1.2: 1}),
    "model_share": (2, {0.7: 2, 0.3: 1}),
}


def check(kernel: Any = double, points: dict[str, Any] = BANDS, **timing: Any) -> KernelCheck:
    made = KernelCheck(cuda.jit(kernel), "void(float32[:], float32[:])", launch=lambda n: (-(-n // 64), 64))
    made.inputs(lambda rng, n: (rng.random(n, "f4"), np.zeros(n, "f4")), sizes=(64, 1024))
    made.expect(lambda x, out: 2 * x, output=1, rtol=0)
    made.timing(512, baseline=cuda.jit(spread), model=cuda.jit(double), **timing)
    return made.points(correct=4, **points)


def ran(clock: Any, kernel: Any = double, stored: dict[str, Any] | None = None, **points: Any) -> Report:
    with use(Surroundings(clock, stored)):
        return check(kernel, points or BANDS).run()


def got(report: Report) -> dict[str, Any]:
    return {part.name: part.doubt or part.points for part in report.parts if part.name in BANDS}


def kinds(report: Report) -> list[str]:
    return [finding.kind for finding in report.findings]


def test_an_honest_kernel_gets_its_bands_after_the_fewest_rounds() -> None:
    clock = Feigned()
    report = ran(clock)
    assert got(report) == {"copy_bandwidth": 2, "speedup": 2, "model_share": 2}
    assert report.measurements["rounds"] == report.measurements["sound_rounds"] == LEAST
    assert report.measurements["speedup"] == pytest.approx(3, rel=1e-3)
    assert report.measurements["model_share"] == pytest.approx(0.8, rel=1e-3)
    assert report.measurements["copy_bandwidth"] == pytest.approx(1, rel=1e-3)
    assert kinds(report) == []


def test_a_slow_kernel_gets_the_lower_bands_and_reads_how_far_it_is() -> None:
    report = ran(Feigned(TIMES | {"learner": 2e-3}))
    assert got(report) == {"copy_bandwidth": 1, "speedup": 1, "model_share": 1}
    assert kinds(report) == ["slow"] * 3
    assert "50%" in report.findings[0].message["en"]
    assert "80 %" in report.findings[0].message["de"].replace("%", " %").replace("  ", " ")


def test_a_kernel_below_all_bands_gets_nothing_for_speed_and_keeps_the_rest() -> None:
    report = ran(Feigned(TIMES | {"learner": 9e-3}))
    assert got(report) == {"copy_bandwidth": 0, "speedup": 0, "model_share": 0}
    assert report.score == 4


def test_a_wrong_kernel_is_not_timed() -> None:
    clock = Feigned()
    assert got(ran(clock, tripled)) == {"copy_bandwidth": 0, "speedup": 0, "model_share": 0}
    assert clock.blocks == []


def test_contenders_take_turns_and_change_their_order() -> None:
    clock = Feigned()
    ran(clock)
    order = [who for who, _ in clock.blocks]
    assert order[:8] == ["learner", "copy", "baseline", "model", "model", "baseline", "copy", "learner"]
    assert len(order) == 4 * LEAST


def test_every_run_has_data_of_its_own_that_no_case_had() -> None:
    clock = Feigned()
    with use(surroundings := Surroundings(clock)):
        seen: list[bytes] = []
        launch = surroundings.device.launch
        surroundings.device.launch = lambda one: (seen.append(one.buffers[0].tobytes()), launch(one))[1]  # type: ignore[method-assign]
        check().run()
    inputs = seen + [one.buffers[0].tobytes() for who, launches in clock.blocks if who != "copy" for one in launches]
    assert len(inputs) == 2 + 3 * LEAST * (RUNS + 1) == len(set(inputs))


def test_the_yardstick_gets_none_of_the_learners_ptx_and_no_expected_value() -> None:
    def own(x: Any, out: Any) -> None:
        i: Any = cuda.grid(1)  # type: ignore[call-arg]
        if i < out.size:
            out[i] = 2 * x[i]

    clock = Feigned()
    ran(clock, own)
    learners = {one.ptx for who, launches in clock.blocks if who == "learner" for one in launches}
    others = {one.ptx for who, launches in clock.blocks if who != "learner" for one in launches}
    assert len(learners) == 1
    assert not learners & others
    for _, launches in clock.blocks:
        held = [buffer.tobytes() for one in launches for buffer in one.buffers]
        for one in launches:
            values = one.buffers[0][4096:-4096].view("f4") if one.ptx != COPY_PTX else None
            assert values is None or not any((2 * values).tobytes() in buffer for buffer in held)


def test_the_same_ptx_goes_to_results_diagnosis_assembler_and_clock() -> None:
    seen: dict[str, set[str]] = {"device": set(), "emulator": set(), "assembler": set()}
    device, clock = EmulatedDevice(), Feigned()

    class Watching(EmulatedDevice):
        def __init__(self, name: str) -> None:
            super().__init__()
            self.seen = seen[name]

        def launch(self, launch: Launch) -> Any:
            self.seen.add(launch.ptx)
            return device.launch(launch)

    surroundings: Any = Surroundings(clock)
    surroundings._device, surroundings.emulator = Watching("device"), Watching("emulator")
    local = surroundings.assemble

    def assemble_too(launch: Launch) -> Any:
        seen["assembler"].add(launch.ptx)
        return local(launch)

    surroundings.assemble = assemble_too
    with use(surroundings):
        report = check(points={**BANDS, "no_spills": 1}).run()
    timed = {one.ptx for who, launches in clock.blocks if who == "learner" for one in launches}
    assert report.passed
    assert seen["device"] == seen["emulator"] == seen["assembler"] == timed
    assert len(timed) == 1


# -- devices that cannot be believed


def lying(said: float) -> Callable[[str, int, float], float]:
    return lambda who, number, seconds: said * seconds if who == "learner" else seconds


UNBELIEVED = {
    "less time than passes on the examiner's clock": (
        Feigned(said=lying(0.5), said_together=lying(0.5)),
        "the device does not tell of",
    ),
    "a quarter less": (Feigned(TIMES | {"learner": 2e-3}, lying(0.6), lying(0.6)), "does not tell of"),
    "less at first, when nobody looks": (Feigned(said=lying(0.5)), "faster at first"),
    "more time than passes": (Feigned(said_together=lying(5)), "more time than has passed"),
    "no time": (Feigned(said=lying(0)), "times that are none"),
    "a negative time": (Feigned(said_together=lying(-1)), "times that are none"),
    "not a number": (Feigned(said=lying(float("nan"))), "times that are none"),
    "endless": (Feigned(said=lying(float("inf"))), "times that are none"),
    "throttled": (
        Feigned(conditions=lambda who, number: {"throttled": ["power cap"] if who == "copy" else []}),
        "throttled",
    ),
    "clocks that change": (
        Feigned(conditions=lambda who, number: {"clock_mhz": 1980 if who == "learner" else 1200}),
        "clock changed",
    ),
}


@pytest.mark.parametrize("name", UNBELIEVED)
def test_what_cannot_be_believed_is_no_result_and_costs_nothing(name: str) -> None:
    clock, why = UNBELIEVED[name]
    report = ran(clock)
    assert got(report) == dict.fromkeys(BANDS, "inconclusive")
    assert report.score == report.max_score == 4
    assert kinds(report) == ["inconclusive"]
    assert why in str(report.findings[0].evidence)
    assert report.measurements["rounds"] == MOST


def test_a_round_that_does_not_count_is_repeated() -> None:
    report = ran(Feigned(conditions=lambda who, number: {"throttled": ["power cap"]} if number in (0, 2) else {}))
    assert got(report) == {"copy_bandwidth": 2, "speedup": 2, "model_share": 2}
    assert (report.measurements["rounds"], report.measurements["sound_rounds"]) == (LEAST + 2, LEAST)
    assert report.measurements["doubts"]


def test_a_device_that_fails_once_is_asked_again_and_one_that_always_fails_is_no_result() -> None:
    class Failing(Feigned):
        def block(self, who: Contender, launches: Sequence[Launch]) -> Block:
            block = super().block(who, launches)
            if len(self.blocks) in failing:
                raise DeviceError("gone")
            return block

    failing: Any = {3}
    assert got(ran(Failing())) == {"copy_bandwidth": 2, "speedup": 2, "model_share": 2}
    failing = range(1 << 20)
    assert got(ran(Failing())) == dict.fromkeys(BANDS, "inconclusive")


@pytest.mark.parametrize(
    ("times", "points"),
    [({"learner": 5e-4}, ("copy_bandwidth",)), ({"learner": 2.5e-4, "copy": 2e-4}, ("model_share",))],
)
def test_faster_than_the_device_can_be_is_for_a_person(times: dict[str, float], points: tuple[str, ...]) -> None:
    report = ran(Feigned(TIMES | times), **{name: BANDS[name] for name in points})
    assert got(report) == dict.fromkeys(points, "implausible")
    assert kinds(report) == ["implausible"]


def wavering(share: float) -> Callable[[str, int, float], float]:
    """The learner's times go up and down by this share."""
    return lambda who, number, seconds: seconds * (1 + share * (-1) ** number) if who == "learner" else seconds


def test_a_noisy_device_gets_more_rounds_and_in_doubt_the_higher_band() -> None:
    report = ran(Feigned(said=wavering(0.1), said_together=wavering(0.1)), speedup=(2, {2.9: 2, 1.0: 1}))
    assert report.measurements["rounds"] == MOST
    assert report.measurements["speedup"] < 2.9
    assert got(report) == {"speedup": 2}


def test_noise_within_one_band_does_no_harm() -> None:
    clock = Feigned(said=wavering(0.3), said_together=wavering(0.3))
    clock.block = follow(clock)  # type: ignore[method-assign]
    report = ran(clock, speedup=(2, {1.5: 2, 1.0: 1}))
    assert got(report) == {"speedup": 2}
    assert report.measurements["rounds"] < MOST
    assert report.measurements["speedup_spread"] > 0.05


def test_too_noisy_to_tell_is_no_result() -> None:
    def wild(who: str, number: int, seconds: float) -> float:
        return seconds * (1.0, 0.3, 2.4)[number % 3] if who == "learner" else seconds

    clock = Feigned(said=wild, said_together=wild, conditions=lambda who, number: {})
    clock.block = follow(clock)  # type: ignore[method-assign]
    assert got(ran(clock)) == dict.fromkeys(BANDS, "inconclusive")


def follow(clock: Feigned) -> Callable[..., Block]:
    """The examiner's clock shows what the device says, so that only the noise is left."""
    block = clock.block

    def followed(who: Contender, launches: Sequence[Launch]) -> Block:
        made = block(who, launches)
        return replace(made, wall=sum(made.together) + len(made.together) * BESIDE)

    return followed


def test_where_the_gpu_reaches_the_hosts_memory_only_the_examiners_clock_counts() -> None:
    clock = Feigned(conditions=lambda who, number: {"reaches_host": True}, said=lambda who, number, seconds: seconds)
    report = ran(clock)
    assert report.measurements["speedup"] == pytest.approx((3e-3 + BESIDE) / (1e-3 + BESIDE), rel=0.01)


def test_a_kernel_that_is_right_only_where_it_is_not_timed_is_wrong() -> None:
    def broken(who: str, buffers: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
        changed = buffers[1].copy()
        changed[4096] ^= 1
        return (buffers[0], changed) if who == "learner" else buffers

    report = ran(Feigned(outputs=broken))
    assert report.score == 0
    assert kinds(report) == ["wrong-result"]


def test_a_kernel_that_stops_on_the_clock_is_told_why() -> None:
    class Stopping(Feigned):
        def block(self, who: Contender, launches: Sequence[Launch]) -> Block:
            raise Stopped(Finding("trap", {"en": "It stopped.", "de": "Es hielt an."}))

    report = ran(Stopping())
    assert (report.score, kinds(report)) == (0, ["trap"])


def test_rounds_end_before_the_clock_of_the_cell_does() -> None:
    clock = Feigned(TIMES, seconds=0.5)
    report = ran(clock)
    assert clock.seconds > 0
    assert got(report) == dict.fromkeys(BANDS, "inconclusive")


def test_a_verdict_is_reached_again_from_what_was_measured_then() -> None:
    first = ran(Feigned(TIMES | {"learner": 2e-3}))
    again = ran(Feigned(), stored=first.measurements)
    assert got(again) == got(first)
    assert again.measurements["speedup"] == pytest.approx(3, rel=1e-3)
    assert again.measurements["speedup_credited"] == first.measurements["speedup_credited"]
    # Also where there is no clock any more.
    assert got(ran(None, stored=first.measurements)) == got(first)
    doubted = ran(Feigned(said=lying(0)))
    assert got(ran(Feigned(), stored=doubted.measurements)) == dict.fromkeys(BANDS, "inconclusive")


# -- where there is no GPU


def test_without_a_clock_nothing_is_timed_and_the_report_says_so() -> None:
    report = ran(None)
    assert got(report) == dict.fromkeys(BANDS)
    assert (report.score, report.max_score, report.passed) == (4, 4, True)
    assert str(report).count("not measured here") == 4


@pytest.mark.parametrize(("kernel", "points"), [(double, 2), (spread, 0)])
def test_memory_traffic_may_stand_for_time_where_there_is_no_gpu(kernel: Any, points: float) -> None:
    with use(Surroundings(None)):
        bands = {"copy_bandwidth": {0.9: 2, 0.5: 1}, "speedup": {3.0: 1}}
        report = check(kernel, BANDS, emulated=bands).run()
    assert got(report) == {"copy_bandwidth": points, "speedup": points, "model_share": None}
    assert report.measurements["copy_bandwidth_traffic"] == (1.0 if points else pytest.approx(0.125, abs=0.01))
    assert "speedup" not in report.measurements
    assert (kinds(report).count("slow"), "traffic" in str(report)) == ((0, False) if points else (2, True))


# -- bands, and the copy kernel


@pytest.mark.parametrize("bands", [{}, {0.5: 1}, {0.5: 2, 0.6: 1}, {0.5: 2, 0.6: 2}, {0: 2}, {0.5: 0, 0.6: 2}])
def test_bands_that_make_no_sense_are_refused(bands: dict[float, float]) -> None:
    with pytest.raises(ValueError, match="speedup"):
        checked_bands("speedup", (2, bands))


def test_credit_is_that_of_the_highest_band_reached() -> None:
    bands = {0.4: 1, 0.6: 2}
    assert [credit(bands, ratio) for ratio in (0.39, 0.4, 0.59, 0.6, 9)] == [0, 1, 1, 2, 2]


def test_points_for_speed_need_something_to_time() -> None:
    made = KernelCheck(cuda.jit(double), "void(float32[:], float32[:])", launch=lambda n: (1, 64))
    made.inputs(lambda rng, n: (rng.random(n, "f4"), np.zeros(n, "f4")), sizes=(64,)).expect(lambda x, out: 2 * x, 1)
    with pytest.raises(ValueError, match="timing"):
        made.points(speedup=BANDS["speedup"]).run()
    with pytest.raises(ValueError, match="baseline"):
        made.timing(64).points(speedup=BANDS["speedup"]).run()


def test_a_baseline_that_does_not_compile_is_the_authors_fault() -> None:
    def bad(x: Any, out: Any) -> None:
        out[0] = nothing  # type: ignore[name-defined]  # noqa: F821

    with use(Surroundings(Feigned())), pytest.raises(ValueError, match="baseline"):
        check().timing(512, baseline=cuda.jit(bad), model=cuda.jit(double)).run()


@pytest.mark.parametrize("nbytes", [1, 32, 33, 100_000])
def test_the_copy_kernel_copies_and_is_assembled(nbytes: int) -> None:
    launch = copy_launch(nbytes, np.random.default_rng(1))
    result = EmulatedDevice().launch(launch)
    assert result.findings == []
    assert np.array_equal(result.buffers[0], launch.buffers[1])
    assert sum(buffer.nbytes for buffer in launch.buffers) == copied(nbytes) >= nbytes
    assert result.counters.coalescing == 1
    assert assemble(Gate().passed(launch).ptx, (12, 0)).spilled_bytes == 0


# -- what the assembler says


def test_registers_and_spills_are_the_assemblers() -> None:
    with use(LocalSurroundings(language="en")):
        report = check(points={"registers": (1, 255), "no_spills": 1}).run()
        few = check(points={"registers": (1, 4), "no_spills": 1}).run()
    assert report.passed
    assert 4 < report.measurements["registers"] < 40
    assert report.measurements["spilled_bytes"] == 0
    assert (few.score, kinds(few)) == (5, ["occupancy"])
    assert "at most 4" in few.findings[0].message["en"]


def test_spills_cost_their_points_and_are_told() -> None:
    surroundings: Any = LocalSurroundings(language="en")
    surroundings.assemble = lambda launch: Resources(255, 64, 128, 0)
    with use(surroundings):
        report = check(points={"registers": (1, 255), "no_spills": 1}).run()
    assert (report.score, kinds(report)) == (5, ["spills"])
    assert "64 bytes" in report.findings[0].message["en"]
    assert "64 Byte" in report.findings[0].message["de"]


def test_what_the_assembler_refuses_costs_its_parts_only() -> None:
    def refuse(launch: Launch) -> Any:
        raise AssemblyError("line 3; unexpected")

    surroundings: Any = LocalSurroundings(language="en")
    surroundings.assemble = refuse
    with use(surroundings):
        report = check(points={"no_spills": 1}).run()
    assert (report.score, kinds(report)) == (4, ["compile"])
    assert "line 3" not in str(report)


ENDINGS = {"an abort": "kill -ABRT $$", "noise": "echo resources", "nothing said": "exit 0", "a hang": "exec sleep 600"}


@pytest.fixture
def ending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """The assembler's process ends so."""
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\n{ENDINGS[request.param]}\n")
    program.chmod(0o700)
    monkeypatch.setattr(assembler.sys, "executable", str(program))
    monkeypatch.setattr(assembler.assemble, "__defaults__", (5.0 if request.param != "a hang" else 0.01,))


@pytest.mark.usefixtures("ending")
@pytest.mark.parametrize("ending", ENDINGS, indirect=True)
def test_an_assembler_that_ends_takes_no_notebook_along_and_costs_nothing() -> None:
    with use(LocalSurroundings(language="en")):
        report = check(points={"registers": (1, 255), "no_spills": 1}).run()
    assert (report.score, report.max_score, kinds(report)) == (4, 4, ["inconclusive"])
    assert {part.name: part.doubt for part in report.parts if part.points is None} == dict.fromkeys(
        ("registers", "no_spills"), "inconclusive"
    )


@pytest.mark.usefixtures("ending")
@pytest.mark.parametrize("ending", ["an abort"], indirect=True)
def test_where_no_process_may_be_started_this_one_assembles(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(assembler.sys.executable).chmod(0o600)
    monkeypatch.setattr(assembler, "assemble_here", lambda text, cc: Resources(len(text), *cc, 0))
    assert assemble("four", (9, 0)) == Resources(4, 9, 0, 0)


def test_registers_and_blocks_decide_how_many_threads_a_multiprocessor_holds() -> None:
    def share(registers: int, block: int, cc: tuple[int, int] = (9, 0)) -> float:
        return Resources(registers, 0, 0, 0).occupancy(block, cc)

    # From NVIDIA's occupancy tables: 32 registers fill a multiprocessor, 33 are handed out as 40.
    assert share(32, 256) == 1
    assert share(33, 256) == 0.75
    assert share(64, 256) == 0.5
    assert share(255, 256) == 0.125
    assert share(32, 32) == 0.5
    assert share(32, 256, (12, 0)) == 1
