"""Checks that learners run themselves. Code: Apache-2.0."""

import numpy as np

from grader.checks import FunctionCheck, Hints, Report

#: (capacity, count), (rows, width, height) and (height, width).
BUFFERS = ((1, 1), (300, 257), (64, 31), (40, 0), (700, 512))
SCREENS = ((2, 1, 1), (7, 9, 5), (12, 40, 9), (40, 33, 31))
PAIRS = ((1, 1), (3, 5), (31, 33), (40, 9), (8, 64))
#: One kernel, and one copy before it. The same in array operations takes more.
OPERATIONS = 2


def buffer(rng, size):
    """(signal, drift, factor, count): float32; what lies behind the first `count` must stay."""
    capacity, count = size
    signal, drift = rng.uniform(20, 90, size=(2, capacity)).astype("f4")
    return signal, drift, -float(rng.integers(1, 9)) / 4, count


def corrected(signal, drift, factor, count):
    result = signal.copy()
    result[:count] += np.float32(factor) * drift[:count]
    return result


def screen(rng, size):
    """(buffer, height): float32; the rows behind the first `height` are status lines that must stay."""
    rows, width, height = size
    return rng.uniform(20, 90, size=(rows, width)).astype("f4"), height


def smoothed(buffer, height):
    image = buffer[:height].astype("f8")
    around = np.pad(image, 1, mode="edge")
    total = around[:-2, 1:-1] + around[2:, 1:-1] + around[1:-1, :-2] + around[1:-1, 2:]
    return np.concatenate([(4 * image + total) / 8, buffer[height:]]).astype("f4")


def exposures(rng, shape):
    """(pairs, offsets, channel, scale): float32; two exposures that alternate, and an offset for each row."""
    pairs = rng.uniform(100, 900, size=(*shape, 2)).astype("f4")
    offsets = rng.uniform(80, 400, size=shape[0]).astype("f4")
    return pairs, offsets, shape[1] % 2, float(rng.integers(1, 9)) / 4


def without_bands(pairs, offsets, channel, scale):
    return np.maximum(np.float32(scale) * (pairs[:, :, channel] - offsets[:, None]), 0).astype("f4")


def _check(function, name, hidden) -> FunctionCheck:
    check = FunctionCheck(function, arrays=("cupy",), name=name, hidden=hidden)
    check.limits(to_host=0, to_device=0, most_launches=OPERATIONS)
    return check.points(correct=3, same_type=1, on_device=2, keeps_inputs=1)


def correct(function, sizes=BUFFERS, hidden=False) -> Report:
    check = _check(function, "correct", hidden)
    return check.inputs(buffer, sizes=sizes).expect(corrected, rtol=1e-5, atol=1e-4).run()


def smooth(function, sizes=SCREENS, hidden=False) -> Report:
    check = _check(function, "smooth", hidden)
    return check.inputs(screen, sizes=sizes).expect(smoothed, rtol=1e-5).run()


def remove_bands(function, sizes=PAIRS, hidden=False) -> Report:
    check = _check(function, "remove_bands", hidden)
    return check.inputs(exposures, sizes=sizes).expect(without_bands, rtol=1e-5, atol=1e-3).run()


correct_hint = Hints(
    {
        "en": "How many threads start for 257 elements in blocks of 256? Which of them must do nothing?",
        "de": "Wie viele Threads starten für 257 Elemente in Blöcken von 256? Welche davon dürfen nichts tun?",
    },
    {
        "en": "Begin with `result = signal.copy()`. For a `float` in the kernel pass `np.float32(factor)`, for an "
        "`int` pass `np.int32(count)`.",
        "de": "Beginne mit `result = signal.copy()`. Für ein `float` im Kernel übergibst du `np.float32(factor)`, für "
        "ein `int` `np.int32(count)`.",
    },
    {
        "en": "`int i = blockIdx.x * blockDim.x + threadIdx.x;`, then `if (i < n) out[i] += factor * drift[i];`. "
        "Launch `-(-count // 256)` blocks, and none at all where `count` is 0.",
        "de": "`int i = blockIdx.x * blockDim.x + threadIdx.x;`, dann `if (i < n) out[i] += factor * drift[i];`. "
        "Starte `-(-count // 256)` Blöcke, und gar keinen, wo `count` 0 ist.",
    },
)

smooth_hint = Hints(
    {
        "en": "Give each thread one pixel: `x` counts columns, `y` counts rows. Two conditions guard it.",
        "de": "Gib jedem Thread ein Pixel: `x` zählt Spalten, `y` zählt Zeilen. Zwei Bedingungen schützen es.",
    },
    {
        "en": "At the edge: `int left = max(x - 1, 0);` and `int below = min(y + 1, height - 1);`. Why `height`, and "
        "not the number of rows of the buffer?",
        "de": "Am Rand: `int left = max(x - 1, 0);` und `int below = min(y + 1, height - 1);`. Warum `height` und "
        "nicht die Zeilenzahl des Puffers?",
    },
    {
        "en": "The pixel below is `in[below * width + x]`, the pixel on the left `in[y * width + left]`. Read from "
        "`buffer`, write into `buffer.copy()`.",
        "de": "Das Pixel darunter ist `in[below * width + x]`, das linke `in[y * width + left]`. Lies aus `buffer`, "
        "schreib in `buffer.copy()`.",
    },
)

remove_bands_hint = Hints(
    {
        "en": "Three places: the types in the launch, the memory layout of `exposure`, and who counts rows.",
        "de": "Drei Stellen: die Typen beim Start, die Lage von `exposure` im Speicher, und wer die Zeilen zählt.",
    },
    {
        "en": "`scale` is a Python number. And how many bytes lie between two neighbouring pixels of `pairs[:, :, "
        "channel]`?",
        "de": "`scale` ist eine Python-Zahl. Und wie viele Bytes liegen zwischen zwei Nachbarn in `pairs[:, :, "
        "channel]`?",
    },
    {
        "en": "`np.float32(scale)`; `cp.ascontiguousarray(pairs[:, :, channel])`; and the grid has enough threads in "
        "`x` for the columns, so `col` is made of `blockIdx.x`.",
        "de": "`np.float32(scale)`; `cp.ascontiguousarray(pairs[:, :, channel])`; und das Gitter hat in `x` genug "
        "Threads für die Spalten, also entsteht `col` aus `blockIdx.x`.",
    },
)
