"""Checks that learners run themselves, hints, and a look at what the compiler made. Code: Apache-2.0."""

import re

import numpy as np
from numba import cuda

from grader.checks import Hints, KernelCheck, Report, ceil_div

BLOCK = 64
SIZES = (33, 1, 200, 1000)
#: (steps, pixels)
FILMS = ((300, 40), (1, 33), (200, 70), (40, 1))


def covering(size):
    """Blocks of 64 threads, just enough for n pixels, or for those of a film of (steps, pixels)."""
    pixels = size[1] if isinstance(size, tuple) else size
    return ceil_div(pixels, BLOCK), BLOCK


def raw_values(rng, n):
    """raw, r, b, f, out: raw values of 14 bits, int32, and the camera's constants for them."""
    raw = rng.integers(4000, 15_000, n).astype("i4")
    r, b, f = rng.uniform(650_000, 750_000), rng.uniform(1400, 1450), rng.uniform(0.9, 1.1)
    return raw, np.float32(r), np.float32(b), np.float32(f), np.empty(n, "f4")


def celsius(raw, r, b, f, out):
    """In float64, degrees Celsius."""
    return np.float64(b) / np.log(np.float64(r) / raw + np.float64(f)) - 273.15


def to_celsius(kernel, sizes=SIZES, hidden=False, timing=None) -> Report:
    names = ("raw", "r", "b", "f", "out")
    signature = "void(int32[:], float32, float32, float32, float32[:])"
    check = KernelCheck(kernel, signature, launch=covering, names=names, name="to_celsius", hidden=hidden)
    check.inputs(raw_values, sizes=sizes)
    check.expect(celsius, output=4, rtol=0, atol=1e-3)
    return _pointed(check, timing, correct=2, in_bounds=1, no_float64=2)


def image_and_changes(rng, film):
    """first, changes, out: float32, shapes (pixels,), (steps, pixels), (pixels,).

    Each pixel drifts by less than float32 tells apart there. From about a third of the steps on the shutter is closed,
    and from two thirds on it is open again.
    """
    steps, pixels = film
    first = rng.uniform(9000, 14_000, pixels)
    drift = rng.uniform(0.0001, 0.0004, pixels) * rng.choice([-1, 1], pixels)
    changes = drift * rng.uniform(0.9, 1.1, film)
    if steps > 2:
        changes[steps // 3] -= rng.uniform(3000, 4000, pixels)
        changes[2 * steps // 3] += rng.uniform(3000, 4000, pixels)
    return first.astype("f4"), changes.astype("f4"), np.empty(pixels, "f4")


def latest(kernel, films=FILMS, hidden=False, timing=None) -> Report:
    names = ("first", "changes", "out")
    signature = "void(float32[:], float32[:, :], float32[:])"
    check = KernelCheck(kernel, signature, launch=covering, names=names, name="latest", hidden=hidden)
    check.inputs(image_and_changes, sizes=films)
    # Neighbours in float32 are 0.00098 apart from 8192 on.
    check.expect(lambda first, changes, out: first + changes.sum(axis=0, dtype=np.float64), output=2, rtol=0, atol=2e-3)
    return _pointed(check, timing, correct=3, in_bounds=1, no_float64=2)


def heat_limit_and_width(rng, n):
    """heat, limit, width, out: degrees Celsius, float32; a good part of them lies near the limit."""
    limit, width = rng.uniform(45, 60), rng.uniform(1.5, 4)
    heat = np.where(rng.random(n) < 0.5, rng.normal(limit, 2 * width, n), rng.uniform(20, 90, n))
    return heat.astype("f4"), np.float32(limit), np.float32(width), np.empty(n, "f4")


def softly(heat, limit, width, out):
    """In float64, 0 to 1."""
    return 1 / (1 + np.exp(-(np.float64(heat) - limit) / width))


def soft_mask(kernel, sizes=SIZES, hidden=False, timing=None) -> Report:
    names = ("heat", "limit", "width", "out")
    signature = "void(float32[:], float32, float32, float32[:])"
    check = KernelCheck(kernel, signature, launch=covering, names=names, name="soft_mask", hidden=hidden)
    check.inputs(heat_limit_and_width, sizes=sizes)
    check.expect(softly, output=3, rtol=2e-5, atol=1e-6)
    return _pointed(check, timing, correct=2, in_bounds=1, no_float64=2)


def _pointed(check, timing, **points) -> Report:
    """`timing` is (size, model solution, thresholds), for where a GPU marks."""
    speed = {}
    if timing is not None:
        size, model, speed = timing
        check.timing(size, model=model)
    return check.points(**points, **speed).run()


_NAMES = "abs add cos cvt div ex2 fma lg2 max min mul neg rcp rsqrt selp setp sin sqrt sub".split()


def instructions(kernel, signature):
    """Names of the instructions that compute with floats, in the order of the kernel's PTX."""
    fast = bool(kernel.targetoptions.get("fastmath"))
    ptx, _ = cuda.compile_ptx(kernel.py_func, signature, cc=(9, 0), fastmath=fast)
    found = re.findall(r"^\s*(?:@\S+\s+)?([a-z0-9]+(?:\.\w+)+)", ptx, re.MULTILINE)
    return [name for name in found if name.split(".")[0] in _NAMES and re.search(r"\.f(32|64)\b", name)]


to_celsius_hint = Hints(
    {
        "en": "Go through the formula from the inside to the outside, and write down the type of each intermediate "
        "value. Where does it become wider?",
        "de": "Geh die Formel von innen nach außen durch und schreib den Typ jedes Zwischenwerts auf. Wo wird er "
        "breiter?",
    },
    {
        "en": "`raw` is an integer: `r / raw[i]` is float64. And `273.15` is a Python float.",
        "de": "`raw` ist ganzzahlig: `r / raw[i]` ist float64. Und `273.15` ist ein float von Python.",
    },
    {
        "en": "Take `value = np.float32(raw[i])`, then `b / math.log(r / value + f) - np.float32(273.15)`.",
        "de": "Nimm `value = np.float32(raw[i])`, dann `b / math.log(r / value + f) - np.float32(273.15)`.",
    },
)

latest_hint = Hints(
    {
        "en": "Write it as a plain sum first. The check then says how far off it is. What became of the small changes?",
        "de": "Schreib es zuerst als einfache Summe. Die Prüfung sagt dann, wie weit sie danebenliegt. Was wurde aus "
        "den kleinen Änderungen?",
    },
    {
        "en": "A second variable keeps what the last addition lost. It starts as `np.float32(0)`, since a plain `0` "
        "would make it float64.",
        "de": "Eine zweite Variable merkt sich, was die letzte Addition verloren hat. Sie beginnt als `np.float32(0)`, "
        "denn eine bloße `0` machte sie zu float64.",
    },
    {
        "en": "In each step: `wanted = changes[k, i] - lost`, `new = total + wanted`, "
        "`lost = (new - total) - wanted`, `total = new`.",
        "de": "In jedem Schritt: `wanted = changes[k, i] - lost`, `new = total + wanted`, "
        "`lost = (new - total) - wanted`, `total = new`.",
    },
)

soft_mask_hint = Hints(
    {
        "en": "Compute by hand for a pixel that is half a width above the limit. Which value should it have, and which "
        "does it get?",
        "de": "Rechne von Hand für ein Pixel, das eine halbe Breite über dem Limit liegt. Welchen Wert soll es haben, "
        "und welchen bekommt es?",
    },
    {
        "en": "`int(...)` cuts the fraction off, and `math.exp` of an integer is float64. Then there is the `1.0`.",
        "de": "`int(...)` schneidet die Nachkommastellen ab, und `math.exp` einer ganzen Zahl ist float64. Dann ist da "
        "noch die `1.0`.",
    },
    {
        "en": "Leave `int` out and take `one = np.float32(1)`: `out[i] = one / (one + math.exp(-steps))`.",
        "de": "Lass `int` weg und nimm `one = np.float32(1)`: `out[i] = one / (one + math.exp(-steps))`.",
    },
)
