"""Kernels of courses and books: the right ones compute what NumPy computes, and nothing is found in them.

What a wrong kernel promises is tested with the other wrong ones, in `test_kernels`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.kernels import classics
from tests.kernels.case import cuda_cases, python_cases

CASES = {case.name: case for case in [*python_cases(classics), *cuda_cases("classics.cu")]}


def _scan(a: np.ndarray) -> np.ndarray:
    return np.cumsum(a) - a


def _neighbours(weights: list[int]) -> Callable[[np.ndarray], np.ndarray]:
    return lambda a: np.convolve(a, weights, "same")


def _square(a: np.ndarray) -> np.ndarray:
    return (a.reshape(32, 32) @ a.reshape(32, 32)).reshape(-1)


def _bodies(a: np.ndarray) -> np.ndarray:
    apart = a[None, :] - a[:, None]
    return (apart / (abs(apart) ** 3 + 1)).sum(axis=1)


def _mandelbrot(a: np.ndarray) -> np.ndarray:
    c = a / 5 - 1.5 + 1j * np.arange(len(a)) / 128
    z, count = np.zeros(len(a), complex), np.zeros(len(a))
    for _ in range(50):
        inside = abs(z) < 2
        count += inside
        z = np.where(inside, z * z + c, z)
    return count


def _life(a: np.ndarray) -> np.ndarray:
    side = int(len(a) ** 0.5)
    cells = a.reshape(side, side) % 2
    alive = sum(np.roll(cells, (y, x), (0, 1)) for y in (-1, 0, 1) for x in (-1, 0, 1) if x or y)
    return ((alive == 3) | ((alive == 2) & (cells == 1))).reshape(-1)


def _levels(a: np.ndarray) -> np.ndarray:
    level, front = np.zeros(64, int), [0]
    level[0] = depth = 1
    while front:
        depth += 1
        found = {o for t in front for o in ((2 * t + 1) % 64, (t + 17) % 64) if not level[o]}
        level[list(found)] = depth
        front = sorted(found)
    return level


def _clusters(a: np.ndarray) -> np.ndarray:
    nearest = abs(a[:, None] - np.array([1, 5, 9])).argmin(axis=1)
    return np.r_[np.bincount(nearest, a), np.bincount(nearest)]


def _elimination(a: np.ndarray) -> np.ndarray:
    m = a.reshape(16, 16).astype("f8") + 60 * np.eye(16)
    for k in range(15):
        m[k + 1 :, k] /= m[k, k]
        m[k + 1 :, k + 1 :] -= np.outer(m[k + 1 :, k], m[k, k + 1 :])
    return m.reshape(-1)


def _relaxed(a: np.ndarray) -> np.ndarray:
    for _ in range(5):
        a = np.r_[a[0], (a[:-2] + a[2:]) / 2, a[-1]]
    return a


def _fourier(a: np.ndarray) -> np.ndarray:
    found = np.fft.fft(a[:64])
    return np.r_[found.real, found.imag]


def _by_warps(a: np.ndarray) -> np.ndarray:
    return np.array([a[(row * 32 + np.arange(40)) % 512].sum() for row in range(16)])


#: What `b` begins with, of `a` as it was before.
WANTED: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "work_efficient_scan": _scan,
    "scan_that_looks_back": np.cumsum,
    "scan_of_a_block_by_warps": lambda a: np.cumsum(a.reshape(4, 128), axis=1).reshape(-1),
    "bitonic_sort_of_the_grid": np.sort,
    "transpose_in_a_padded_tile": lambda a: a.reshape(32, 32).T.reshape(-1),
    "tiled_matrix_product": _square,
    "sum_by_tiles": lambda a: a.sum(keepdims=True),
    "ring_between_two_blocks": lambda a: a,
    "histogram_of_each_block": lambda a: np.bincount(a),
    "work_is_fetched_from_a_counter": lambda a: 2 * a,
    "life_in_tiles_with_halo": _life,
    "a_barrier_of_the_grid_made_by_hand": lambda a: a[::-1] + 2,
    "bitonic_sort": np.sort,
    "odd_even_sort": np.sort,
    "stencil_with_both_halos": _neighbours([1, 1, 1, 1, 1]),
    "matrix_product_with_two_buffers": _square,
    "bodies_in_tiles": _bodies,
    "convolution_with_constant_weights": _neighbours([1, 2, 3, 2, 1]),
    "sum_of_a_block_by_shuffles": lambda a: a.sum(keepdims=True),
    "mandelbrot": _mandelbrot,
    "game_of_life": _life,
    "breadth_first_search": _levels,
    "sparse_product_by_warps": _by_warps,
    "clusters_of_points": _clusters,
    "fourier_butterflies": _fourier,
    "elimination": _elimination,
    "relaxation": _relaxed,
    "compaction_that_keeps_the_order_in_each_block": lambda a: np.array([(a > 6).sum()]),
}


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case.promised])
def test_a_classic_computes_what_numpy_computes(name: str, seed: int) -> None:
    result, a, b = CASES[name].run(seed)
    assert [(f.kind, f.line, f.message["en"]) for f in result.findings] == []
    wanted = WANTED[name](a.copy())
    if b.dtype.kind == "i":
        assert np.array_equal(b[: len(wanted)], wanted)
    else:
        assert np.allclose(b[: len(wanted)], wanted, rtol=1e-4, atol=1e-3)


def test_every_right_classic_has_its_reference() -> None:
    assert set(WANTED) == {name for name, case in CASES.items() if not case.promised}
