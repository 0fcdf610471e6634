"""What a function check asks of a host function: its result's type, how often it copies, what its kernels do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import cuda

from grader.checks import FunctionCheck, Report
from tests.heaps import emulated  # noqa: F401


def counting(function: Any, dtype: Any = None, **points: float) -> Report:
    check = FunctionCheck(function).inputs(lambda rng, n: (rng.integers(0, 9, n),), sizes=(8, 9))
    return check.expect(lambda x: int(x.sum()) if dtype is None else 1.0 * x.sum(), dtype=dtype).points(**points).run()


@pytest.mark.parametrize("dtype", [None, np.int64])
def test_a_float_is_no_whole_number(dtype: Any) -> None:
    def real(x: np.ndarray) -> float:
        return float(x.sum())

    found = counting(real, dtype, correct=3, same_type=1)
    assert (found.score, [one.kind for one in found.findings]) == (3, ["wrong-type"])
    assert "float64" in found.findings[0].text("en")
    assert counting(real, dtype, correct=3).score == 0


@pytest.mark.parametrize("whole", [int, np.int64, bool])
def test_a_whole_number_is_one_whatever_class_it_has(whole: Any) -> None:
    check = FunctionCheck(lambda x: whole(x.sum())).inputs(lambda rng, n: (np.ones(n, np.int64),), sizes=(1,))
    assert check.expect(lambda x: int(x.sum())).points(correct=1, same_type=1).run().passed


def test_an_array_of_floats_is_none_of_integers() -> None:
    check = FunctionCheck(lambda x: x / 1).inputs(lambda rng, n: (rng.integers(0, 9, n),), sizes=(8,))
    found = check.expect(lambda x: x).run()
    assert (found.score, [one.kind for one in found.findings]) == (0, ["wrong-type"])


def test_a_whole_number_is_a_float_where_one_is_expected() -> None:
    check = FunctionCheck(lambda x: int(x[0])).inputs(lambda rng, n: (np.full(n, 3.0),), sizes=(8,))
    assert check.expect(lambda x: float(x[0])).points(correct=1, same_type=1).run().passed


def in_turn(x: Any) -> Any:
    """One copy each way for each element."""
    import cupy

    out = cupy.empty_like(x)
    for i in range(x.size):
        out[i : i + 1] = cupy.asarray(2 * x[i : i + 1].get())
    return out


def at_once(x: Any) -> Any:
    import cupy

    return cupy.asarray(2 * x.get())


@pytest.mark.usefixtures("emulated")
@pytest.mark.parametrize("which", ["copies_to_host", "copies_to_device"])
@pytest.mark.parametrize("allowed", [1, lambda n: n - 3])
def test_copies_are_counted_beside_their_bytes(which: str, allowed: Any) -> None:
    for function, score in ((at_once, 2), (in_turn, 1)):
        check = FunctionCheck(function, arrays=("cupy",)).inputs(lambda rng, n: (rng.random(n),), sizes=(4,))
        check.expect(lambda x: 2 * x).limits(to_host=None, launches=0, **{which: allowed})
        found = check.points(correct=1, on_device=1).run()
        assert (found.score, [one.kind for one in found.findings]) == (score, ["host-fallback"] * (2 - score))
        assert all("4" in one.text(language) for one in found.findings for language in ("de", "en"))


@cuda.jit
def careful(x: Any, out: Any) -> None:
    i = cuda.grid(1)
    if i < out.size:
        out[i] = 2 * x[i]


@cuda.jit
def careless(x: Any, out: Any) -> None:
    i = cuda.grid(1)
    out[i] = 2 * x[i]  # out-of-bounds


@cuda.jit
def racy(x: Any, out: Any) -> None:
    i = cuda.grid(1)
    if i < out.size:
        out[(i + 1) % out.size] = 0
        out[i] = 2 * x[i]  # race


RAW = """extern "C" __global__ void twice(const double* x, double* out) { out[threadIdx.x] = 2 * x[threadIdx.x]; }"""


def line_of(kind: str) -> int:
    rows = Path(__file__).read_text(encoding="utf-8").splitlines()
    return next(number for number, row in enumerate(rows, 1) if row.endswith(f"# {kind}"))


def launching(kernel: Any) -> Any:
    def function(x: Any) -> Any:
        out = cuda.device_array_like(x)
        kernel[1, 32](x, out)
        # What such a kernel leaves depends on who comes last; the result does not.
        careful[1, 32](x, out)
        return out

    return function


def raw(x: Any, code: str = RAW) -> Any:
    import cupy

    out = cupy.empty_like(x)
    cupy.RawKernel(code, "twice")((1,), (x.size + 1,), (x, out))
    return out


def watched(function: Any, library: Any = "numba", hidden: bool = False, **points: float) -> Report:
    check = FunctionCheck(function, arrays=(library,), hidden=hidden)
    check.inputs(lambda rng, n: (rng.random(n),), sizes=(20, 21)).expect(lambda x: 2 * x).limits(launches=0)
    return check.points(**points).run()


SEEN = {"in_bounds": 2.0, "race_free": 1.0}


@pytest.mark.usefixtures("emulated")
@pytest.mark.parametrize(
    ("kernel", "kind", "score"), [(careful, None, 6), (careless, "out-of-bounds", 4), (racy, "race", 5)]
)
def test_what_kernels_of_a_function_do_is_seen_where_there_are_points_for_it(
    kernel: Any, kind: str | None, score: float
) -> None:
    report = watched(launching(kernel), correct=3, **SEEN)
    assert (report.score, [(one.kind, one.line) for one in report.findings]) == (
        score,
        [] if kind is None else [(kind, line_of(kind))],
    )
    assert all("block (0, 0, 0), thread (" in (one.evidence or "") for one in report.findings)
    # Nobody asks.
    unasked = watched(launching(kernel), correct=3)
    assert (unasked.score, unasked.findings) == (3, [])


@pytest.mark.usefixtures("emulated")
def test_only_that_is_told_of_kernels_which_costs_points() -> None:
    report = watched(launching(careless), correct=3, race_free=1)
    assert (report.score, report.findings) == (4, [])


def by_copies(function: Any, **limits: Any) -> Report:
    check = FunctionCheck(function).inputs(lambda rng, n: (rng.random(n),), sizes=(16,))
    return check.expect(lambda x: 2 * x).limits(**limits).points(correct=1, on_device=1).run()


@pytest.mark.usefixtures("emulated")
@pytest.mark.parametrize(
    ("limits", "kinds"),
    [
        ({"to_host": 128, "to_device": 128, "most_launches": 1}, []),
        ({"to_device": 128}, []),
        ({"to_host": 64}, ["host-fallback"]),
        ({"to_device": 127}, ["host-fallback"]),
        ({"launches": 2}, ["host-fallback"]),
        ({"most_launches": 0}, ["many-launches"]),
    ],
)
def test_limits_hold_for_a_function_of_host_arrays_that_uses_the_gpu(limits: Any, kinds: list[str]) -> None:
    def on_the_gpu(x: Any) -> Any:
        import cupy

        return (2 * cupy.asarray(x)).get()

    found = by_copies(on_the_gpu, **limits)
    assert (found.score, [finding.kind for finding in found.findings]) == (2 - len(kinds), kinds)


@pytest.mark.usefixtures("emulated")
def test_a_function_of_host_arrays_that_stays_there_is_seen() -> None:
    found = by_copies(lambda x: 2 * x, to_host=None)
    assert (found.score, [finding.kind for finding in found.findings]) == (1, ["host-fallback"])


@pytest.mark.usefixtures("emulated")
def test_a_hidden_case_does_not_name_the_thread() -> None:
    (finding,) = watched(launching(careless), hidden=True, correct=3, **SEEN).findings
    assert not set("0123456789") & set(finding.text("en").replace(f"(line {finding.line})", ""))


@pytest.mark.usefixtures("emulated")
def test_a_line_of_cuda_c_is_one_of_the_cell_where_it_stands_there() -> None:
    def put_together(x: Any) -> Any:
        return raw(x, RAW.replace(" = ", "="))

    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    (finding,) = watched(put_together, "cupy", correct=3, **SEEN).findings
    assert (finding.kind, finding.line) == ("out-of-bounds", None)
    (finding,) = watched(raw, "cupy", correct=3, **SEEN).findings
    assert "void twice" in lines[finding.line - 1]


@pytest.mark.usefixtures("emulated")
def test_what_a_kernel_did_before_the_function_raised_counts() -> None:
    def raises(x: Any) -> Any:
        result = launching(careless)(x)
        if x.size == 21:
            raise ValueError
        return result

    report = watched(lambda x: launching(careful)(x) if x.size == 20 else raises(x), correct=3, **SEEN)
    assert (report.score, {one.kind for one in report.findings}) == (1, {"exception", "out-of-bounds"})


@pytest.mark.usefixtures("emulated")
def test_a_function_that_launches_nothing_has_no_good_kernel() -> None:
    assert watched(lambda x: 2 * x, "numpy", correct=3, **SEEN).score == 3


def test_where_nobody_looks_at_kernels_their_parts_are_not_measured() -> None:
    report = watched(lambda x: 2 * x, "numpy", correct=3, **SEEN)
    assert (report.score, report.max_score) == (3, 3)
    assert [part.name for part in report.parts if part.points is None] == ["in_bounds", "race_free"]
