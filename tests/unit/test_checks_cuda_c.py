"""Kernels in CUDA C are checked as those of Numba: results, bounds, races, with the lines of the cell."""

from __future__ import annotations

import linecache
from typing import Any

import numpy as np
import pytest

from grader.checks import KernelCheck, LocalSurroundings, Report, ceil_div, use
from grader.checks.signature import Signature, parse_signature
from grader.device.emulated import EmulatedDevice
from grader.device.frontends import cupy_standin
from grader.device.heap import LocalHeap

SMOOTH = """import cupy as cp

kernel = cp.RawKernel(r'''
extern "C" __global__ void smooth(const float* image, float weight, float* out, int height, int width) {
  int x = blockIdx.x * blockDim.x + threadIdx.x;
  int y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x >= width || y >= height) return;
  int left = max(x - 1, 0), right = min(x + 1, width - 1);
  const float* row = image + y * width;
  out[y * width + x] = weight * row[x] + (row[left] + row[right]) * (1.0f - weight) / 2;
}
''', "smooth")
"""
SIGNATURE = "void smooth(const float* image, float weight, float* out, int height, int width)"


@pytest.fixture
def made() -> Any:
    """A cell of a notebook, run on the stand-in: what it calls `kernel`."""
    cupy_standin.install(LocalHeap(EmulatedDevice()))
    names: list[str] = []

    def run(cell: str) -> Any:
        name = f"/cells/{len(names)}.py"
        names.append(name)
        linecache.cache[name] = (len(cell), None, cell.splitlines(keepends=True), name)
        space: dict[str, Any] = {}
        exec(compile(cell, name, "exec"), space)
        return space["kernel"]

    yield run
    cupy_standin.uninstall()
    for name in names:
        del linecache.cache[name]


def smoothed(image: Any, weight: Any, out: Any, height: int, width: int) -> np.ndarray:
    padded = np.pad(image, ((0, 0), (1, 1)), mode="edge")
    return weight * image + (padded[:, :-2] + padded[:, 2:]) * (1 - weight) / 2


def report(kernel: Any, *, hidden: bool = False, signature: str = SIGNATURE) -> Report:
    check = KernelCheck(
        kernel, signature, launch=lambda s: ((ceil_div(s[1], 32), ceil_div(s[0], 4)), (32, 4)), hidden=hidden
    )
    check.inputs(
        lambda rng, s: (rng.random(s, "f4"), np.float32(0.5), np.empty(s, "f4"), s[0], s[1]), sizes=((3, 40), (9, 31))
    )
    check.expect(smoothed, output=2, rtol=1e-5).points(correct=3, in_bounds=2, race_free=1, no_float64=1)
    with use(LocalSurroundings(EmulatedDevice(), "en")):
        return check.run()


def test_a_right_kernel_gets_all_points(made: Any) -> None:
    found = report(made(SMOOTH))
    assert (found.score, found.findings) == (7, [])


@pytest.mark.parametrize(
    ("old", "new", "kind", "line"),
    [
        ("min(x + 1, width - 1)", "x + 1", "out-of-bounds", 10),
        ("x >= width || ", "", "race", 10),
        ("1.0f - weight", "1.0 - weight", "float64", 10),
        ("image, float weight", "image, double weight", "launch", None),
        ("int y = blockIdx", "int y = blockidx", "compile", 6),
    ],
)
def test_a_fault_is_named_with_the_line_of_the_cell(made: Any, old: str, new: str, kind: str, line: int | None) -> None:
    found = report(made(SMOOTH.replace(old, new)))
    assert found.score < 7
    assert (kind, line) in [(finding.kind, finding.line) for finding in found.findings]


def test_code_that_is_put_together_has_no_line_of_the_cell(made: Any) -> None:
    cell = SMOOTH.replace("row[right]", "row[x + 1]").replace("''', \"smooth\"", "'''.replace('Y', 'y'), \"smooth\"")
    found = report(made(cell.replace("y * width + x]", "Y * width + x]")))
    assert [(finding.kind, finding.line) for finding in found.findings if finding.kind == "out-of-bounds"] == [
        ("out-of-bounds", None)
    ]


@pytest.mark.parametrize("kernel", [None, lambda x: x, "smooth"])
def test_what_is_no_kernel_in_cuda_c_is_named(kernel: Any) -> None:
    found = report(kernel)
    assert found.score == 0
    assert [finding.kind for finding in found.findings] == ["wrong-type"]
    assert "cupy.RawKernel" in found.findings[0].text("de")


def test_a_kernel_in_cuda_c_is_none_of_numbas(made: Any) -> None:
    found = report(made(SMOOTH), signature="void(float32[:, :], float32, float32[:, :], int32, int32)")
    assert [finding.kind for finding in found.findings] == ["wrong-type"]


def test_a_signature_of_cuda_c_is_read() -> None:
    read = parse_signature("void f(const unsigned char *a, float* __restrict__ b, size_t n, long long m)")
    kinds = (("pointer", "uint8"), ("pointer", "float32"), ("scalar", "uint64"), ("scalar", "int64"))
    assert read == Signature(kinds, ("a", "b", "n", "m"), cuda_c=True)
    assert parse_signature("void(int32)") == Signature((("scalar", "int32"),))


@pytest.mark.parametrize("text", ["void f(float**  x)", "void f(struct s x)", "void f(float)", "f(int n)"])
def test_a_signature_that_is_not_known_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="signature"):
        parse_signature(text)
