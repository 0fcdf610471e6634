"""Warp operations: lanes of a mask wait for each other, wherever they come from, and get what the manual says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.device.interface import LaunchResult
from tests.unit.test_emulated_calls import run

CODE = """
__global__ void k(const int* a, const int* late, const unsigned* masks, const int* zero, int* o, int n) {
  int t = threadIdx.x, v = a[t];
  unsigned m = masks[t];
  for (int i = 0; i < late[t]; i++) v = v * 3 % 1001;
  int by = n;
  switch (late[t] % 3) { case 0: %s break; case 1: v += zero[0]; %s break; default: v -= zero[1]; %s }
  o[t] = v; }
"""
OPERATIONS = {
    "shfl": ("v = __shfl_sync(m, v, by);", lambda lane, by: by),
    "up": ("v = __shfl_up_sync(m, v, by);", lambda lane, by: lane - by if lane >= by else lane),
    "down": ("v = __shfl_down_sync(m, v, by);", lambda lane, by: lane + by if lane + by < 32 else lane),
    "xor": ("v = __shfl_xor_sync(m, v, by);", lambda lane, by: lane ^ by),
    "down8": (
        "v = __shfl_down_sync(m, v, by, 8);",
        lambda lane, by: lane + by if lane % 8 + by < 8 else lane,
    ),
    "idx16": ("v = __shfl_sync(m, v, by, 16);", lambda lane, by: lane // 16 * 16 + by % 16),
}
GROUPED: dict[str, tuple[str, Callable[[list[int], int], int]]] = {
    "ballot": ("v = __ballot_sync(m, v & 1);", lambda group, v: 0),
    "any": ("v = __any_sync(m, v %% 7 == 0);", lambda group, v: any(x % 7 == 0 for x in group)),
    "all": ("v = __all_sync(m, v & 1);", lambda group, v: all(x & 1 for x in group)),
    "add": ("v = __reduce_add_sync(m, v);", lambda group, v: sum(group)),
    "max": ("v = __reduce_max_sync(m, v);", lambda group, v: max(group)),
    "min": ("v = __reduce_min_sync(m, v);", lambda group, v: min(group)),
    "xor": ("v = __reduce_xor_sync(m, (unsigned)v);", lambda group, v: int(np.bitwise_xor.reduce(group))),
}


def launched(statement: str, late: list[int], groups: list[int], by: int) -> tuple[LaunchResult, list[int], list[int]]:
    """(result, what each lane had, what it got); lanes of a group have the same mask."""
    statement = statement.replace("%%", "%")
    code = CODE.replace("%s", statement).replace("%%", "%")
    masks = np.array([sum(1 << j for j in range(32) if groups[j] == g) for g in groups], "u4")
    had = [lane * 37 % 101 for lane in range(32)]
    a, turns = np.array(had, "i4"), np.array(late, "i4")
    result, (_, _, _, _, got) = run(code, a, turns, masks, np.zeros(2, "i4"), np.zeros(32, "i4"), np.int32(by))
    for lane in range(32):
        for _ in range(late[lane]):
            had[lane] = had[lane] * 3 % 1001
    return result, had, got.tolist()


LANES = st.lists(st.integers(0, 40), min_size=32, max_size=32)
GROUPS = st.lists(st.integers(0, 2), min_size=32, max_size=32)


@pytest.mark.parametrize("name", OPERATIONS)
@settings(max_examples=12, deadline=None)
@given(late=LANES, groups=GROUPS, by=st.integers(0, 31))
def test_a_shuffle_gives_what_lanes_of_the_mask_brought(name: str, late: list[int], groups: list[int], by: int) -> None:
    statement, source = OPERATIONS[name]
    result, had, got = launched(statement, late, groups, by)
    undefined = set()
    for lane in range(32):
        other = source(lane, by)
        if groups[other] == groups[lane]:
            assert got[lane] == had[other]
        else:
            undefined = {"uninitialised"}
    assert {f.kind for f in result.findings if f.severity == "error"} == undefined


@pytest.mark.parametrize("name", GROUPED)
@settings(max_examples=12, deadline=None)
@given(late=LANES, groups=GROUPS)
def test_a_vote_or_reduction_is_over_the_mask(name: str, late: list[int], groups: list[int]) -> None:
    statement, wanted = GROUPED[name]
    result, had, got = launched(statement, late, groups, 0)
    assert [f.kind for f in result.findings if f.severity == "error"] == []
    for lane in range(32):
        others = [j for j in range(32) if groups[j] == groups[lane]]
        if name == "ballot":
            assert got[lane] & 0xFFFFFFFF == sum(1 << j for j in others if had[j] & 1)
        else:
            assert got[lane] == wanted([had[j] for j in others], had[lane])


@settings(max_examples=12, deadline=None)
@given(late=LANES, groups=GROUPS)
def test_a_match_names_the_lanes_of_the_mask_with_the_same_value(late: list[int], groups: list[int]) -> None:
    result, had, got = launched("v = __match_any_sync(m, v %% 5);", late, groups, 0)
    assert [f.kind for f in result.findings if f.severity == "error"] == []
    for lane in range(32):
        equal = [j for j in range(32) if groups[j] == groups[lane] and had[j] % 5 == had[lane] % 5]
        assert got[lane] & 0xFFFFFFFF == sum(1 << j for j in equal)


def test_a_match_of_all_says_whether_all_have_it() -> None:
    code = """__global__ void k(const int* a, int* o) { int t = threadIdx.x, p;
      unsigned m = __match_all_sync(t < 16 ? 0xffff : 0xffff0000, a[t], &p); o[t] = p ? m >> 8 : -1; }"""
    a = np.where(np.arange(32) < 16, 4, np.arange(32)).astype("i4")
    _, (_, o) = run(code, a, np.zeros(32, "i4"))
    assert o.tolist() == [0xFF] * 16 + [-1] * 16


def test_lanes_that_have_returned_are_not_waited_for() -> None:
    code = """__global__ void k(int* o) { int t = threadIdx.x;
      if (t % 3 == 0) return;
      if (t % 3 == 1) o[t] = __ballot_sync(0xffffffff, 1); else o[t] = __ballot_sync(0xffffffff, 1); }"""
    result, (o,) = run(code, np.zeros(32, "i4"))
    assert [f.kind for f in result.findings if f.severity == "error"] == []
    alive = [t for t in range(32) if t % 3]
    assert {int(o[t]) & 0xFFFFFFFF for t in alive} == {sum(1 << t for t in alive)}


def test_one_lane_of_the_mask_is_elected() -> None:
    code = """__global__ void k(int* o) { int t = threadIdx.x; int p, who;
      if (t < 5) return;
      asm volatile("{ .reg .pred q; elect.sync %0|q, %2; selp.s32 %1, 1, 0, q; }"
                   : "=r"(who), "=r"(p) : "r"(0xffffffff));
      o[t] = p * 100 + who; }"""
    _, (o,) = run(code, np.zeros(32, "i4"))
    assert sorted(o[5:].tolist()) == [5] * 26 + [105]


def test_a_shuffle_of_the_old_kind_is_refused_by_name() -> None:
    code = """__global__ void k(int* o) { int v = threadIdx.x;
      asm volatile("shfl.bfly.b32 %0, %0, 1, 31;" : "+r"(v)); o[threadIdx.x] = v; }"""
    result, _ = run(code, np.zeros(32, "i4"))
    assert [f.kind for f in result.findings] == ["unsupported"]
    assert "shfl.bfly" in result.findings[0].message["en"]
