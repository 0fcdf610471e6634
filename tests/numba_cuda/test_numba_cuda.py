"""numba-cuda's own tests pass on the emulated GPU; which of them do not, and why, is written here."""

from __future__ import annotations

import fnmatch

import pytest

from tests.numba_cuda.room import listed, run

#: Why tests do not pass, by the pattern of their names.
REASONS = {
    "test_array_methods.TestCudaArrayMethods.*": "kernels have no memory manager: arrays are not made inside (NRT)",
    # Skipped, or expected to fail, wherever there is no simulator.
    "test_array.TestCudaArray.test_array_like_2d_view_transpose_simulator": "tests the simulator itself",
    "test_array_alignment.TestCudasimUnsupportedAlignment.*": "tests the simulator itself",
    "test_exception.TestException.test_raise_in_device_function": "numba-cuda expects it to fail where PTX is compiled",
    "test_stream_api.TestStreamAPI.test_external_stream_simulator_unavailable": "tests the simulator itself",
}
#: 256 by 256 places and 1000 rounds, where the simulator takes 4 by 4: not run.
TOO_LONG = {"test_laplace.TestCudaLaplace.test_laplace_small"}


@pytest.mark.timeout(900)
def test_what_the_simulator_passes_passes_here_but_for_what_is_explained() -> None:
    names = listed()
    outcomes = run("emulated", [name for name in names if name not in TOO_LONG])
    passed = {name for name, outcome in outcomes.items() if outcome.how == "passed"}
    explained = {name for name in names if any(fnmatch.fnmatch(name, pattern) for pattern in REASONS)}
    print(f"{len(passed)} of {len(names)} tests pass")
    for pattern, reason in REASONS.items():
        print(f"{len(fnmatch.filter(names, pattern))} do not: {reason} ({pattern})")
    print(f"{len(TOO_LONG)} not run: too long ({', '.join(sorted(TOO_LONG))})")
    assert {name: outcomes[name] for name in set(outcomes) - passed - explained} == {}
    assert passed & explained == set()


def test_every_reason_is_about_a_test() -> None:
    names = listed()
    assert [pattern for pattern in REASONS if not fnmatch.filter(names, pattern)] == []
    assert set(names) >= TOO_LONG
