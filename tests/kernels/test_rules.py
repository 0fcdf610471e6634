from __future__ import annotations

import numpy as np
import pytest

from grader.device.emulated import order
from grader.device.interface import KINDS
from tests.kernels import right_kernels, wrong_kernels
from tests.kernels.case import FOLDER, Case, cuda_cases, python_cases

CASES = {case.name: case for case in python_cases(right_kernels)}
WRONG = {case.name: case for case in python_cases(wrong_kernels)}
CUDA = {case.name: case for case in cuda_cases("right.cu")}


def kinds(case: Case, **more: object) -> list[str]:
    return [finding.kind for finding in case.run(**more)[0].findings]  # type: ignore[arg-type]


def test_the_same_seed_gives_the_same_order_and_others_other_ones() -> None:
    def order_of(seed: int) -> bytes:
        return CASES["compaction"].run(seed)[2].tobytes()

    assert order_of(5) == order_of(5)
    assert len({order_of(seed) for seed in range(5)}) > 1


def test_a_compaction_keeps_its_elements_in_every_order() -> None:
    for seed in range(3):
        _, a, b = CASES["compaction"].run(seed)
        wanted = np.sort(a[:-1][a[:-1] > 5])
        assert b[0] == len(wanted)
        assert np.array_equal(np.sort(b[1 : 1 + len(wanted)]), wanted)


@pytest.mark.parametrize(("name", "place", "value"), [("spin_lock", 1, 16), ("blocks_meet_at_a_counter", 0, 8)])
def test_waiting_threads_get_on(name: str, place: int, value: int) -> None:
    for seed in range(3):
        assert CASES[name].run(seed)[2][place] == value


def test_a_chain_of_blocks_longer_than_a_wave_ends() -> None:
    assert CUDA["blocks_one_after_another"].run()[2][512 + 499] == 500


def test_a_grid_that_meets_is_resident_as_a_whole_or_refused() -> None:
    case = CUDA["grid_group_of_many_blocks"]
    result, _, _ = case.run(grid=(2113, 1, 1))
    assert [finding.kind for finding in result.findings] == ["residency"]
    assert "2113" in result.findings[0].message["de"]
    assert result.findings[0].general is not None
    assert "2113" not in str(result.findings[0].general)
    _, a, b = case.run()
    assert np.array_equal(b, a)


def test_the_step_limit_counts_all_threads_and_each() -> None:
    case = CASES["grid_stride"]
    needed = case.run()[0].counters.thread_instructions
    assert kinds(case, step_limit=needed) == []
    assert kinds(case, step_limit=needed - 1) == ["step-limit"]
    long = WRONG["never_counts_on"]
    assert kinds(long, step_limit=10**9, thread_step_limit=20_000) == ["step-limit"]


def test_where_an_order_cannot_be_followed_nothing_is_said_and_it_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    case = WRONG["lock_fenced_on_one_side"]
    assert case.run()[0].counters.undecided_orders == 0
    monkeypatch.setattr(order, "RELEASES", -1)
    right = CASES["last_block"].run()[0]
    assert right.findings == []
    assert right.counters.undecided_orders > 0


def test_without_race_detection_nothing_is_watched_and_results_are_the_same() -> None:
    for name in ("block_reduction", "last_block", "scan_in_one_buffer"):
        watched, _, there = CASES[name].run()
        bare, _, here = CASES[name].run(races=False)
        assert np.array_equal(there, here)
        assert watched.counters.thread_instructions == bare.counters.thread_instructions
    assert kinds(WRONG["no_barrier"], races=False) == []


def test_every_kind_is_explained() -> None:
    page = (FOLDER.parents[1] / "docs" / "learn" / "findings.md").read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f"`{kind}`" not in page] == []
