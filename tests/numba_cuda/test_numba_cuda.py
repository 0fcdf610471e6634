"""numba-cuda's own tests pass on the emulated GPU; which of them do not, and why, is written here."""

from __future__ import annotations

import fnmatch

import pytest

from tests.numba_cuda.room import listed, run

#: Why tests do not pass, by the pattern of their names.
REASONS = {
    "test_array.TestCudaArray.test_array_like_*": "memory of the host that is mapped into the device is not offered",
    "test_array.TestCudaArray.test_array_reshape": "C++ that numba-cuda adds to a kernel is not linked: reshape",
    "test_ssa.TestReportedSSAIssues.test_issue3931": "C++ that numba-cuda adds to a kernel is not linked: reshape",
    "test_array_methods.TestCudaArrayMethods.*": "CUDA C++ that numba-cuda adds to a kernel is not linked: NRT",
    **dict.fromkeys(
        (
            "test_casting.TestCasting.test_float_to_float",
            "test_casting.TestCasting.test_int_to_float",
            "test_casting.TestCasting.test_literal_to_float16",
            "test_intrinsics.TestCudaIntrinsic.test_fp16_comparison",
            "test_intrinsics.TestCudaIntrinsic.test_fp16_intrinsics_common",
            "test_intrinsics.TestCudaIntrinsic.test_h[!l]*",
            "test_intrinsics.TestCudaIntrinsic.test_multiple_float16_comparisons",
            "test_math.TestCudaMath.test_math_fp16",
            "test_operator.TestOperatorModule.test_*fp16_*",
            "test_operator.TestOperatorModule.test_multiple_float16_*",
        ),
        "CUDA C++ that numba-cuda adds to a kernel is not linked: its functions of half precision",
    ),
    **dict.fromkeys(
        (
            "test_exception.TestException.test_exception",
            "test_exception.TestException.test_raise_in_device_function",
            "test_exception.TestException.test_user_raise",
            "test_exception.TestException.test_zero_division_error_in_debug",
        ),
        "exceptions of kernels need debug=True, and kernels are compiled without",
    ),
    "test_userexc.TestUserExc.*": "exceptions of kernels need debug=True, and kernels are compiled without",
    # Skipped, or expected to fail, wherever there is no simulator.
    "test_array_alignment.TestCudasimUnsupportedAlignment.*": "tests the simulator itself",
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
    assert {name: outcomes[name] for name in set(outcomes) - passed - explained} == {}
    assert passed & explained == set()


def test_every_reason_is_about_a_test() -> None:
    names = listed()
    assert [pattern for pattern in REASONS if not fnmatch.filter(names, pattern)] == []
    assert set(names) >= TOO_LONG
