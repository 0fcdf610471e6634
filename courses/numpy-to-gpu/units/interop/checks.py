"""Checks that learners run themselves. Code: Apache-2.0."""

from dataclasses import replace

import numpy as np

from grader.checks import FunctionCheck, Hints, Report, current, use

IMAGES = ((1, 1), (3, 5), (33, 9), (64, 12), (257, 4))
FILMS = ((1, 2, 3), (4, 3, 5), (20, 6, 9))
CHANNELS = ((1, 4), (3, 5), (33, 8), (64, 3), (70, 12))
#: Array operations that may be started. Without a Python loop over rows or frames it takes about four.
OPERATIONS = 8


def traffic(function, *arrays):
    """Call `function` with the arrays as they are: (operations started, bytes to the device, bytes back).

    Raises LearnerError where `function` raises.
    """
    _, trace = current().call(function, arrays, {})
    return trace.launches, trace.to_device, trace.to_host


class InPlace:
    """The surroundings in force, but a call's result is its first argument as the call left it."""

    def __init__(self):
        self._inner = current()

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def call(self, function, args, kwargs):
        _, trace = self._inner.call(function, args, kwargs)
        return trace.arguments[0], replace(trace, arguments=None)


def picture(rng, shape):
    """(image, offset, high, low): float32 in steps of a quarter; both limits lie between two steps."""
    image = rng.integers(200, 260, size=shape) / 4
    offset = rng.integers(-12, 12, size=shape) / 4
    return image.astype("f4"), offset.astype("f4"), 60.125, 55.125


def share_of(image, offset, high, low):
    clean = image - offset
    hot = np.zeros(clean.shape, bool)
    before = np.zeros(len(clean), bool)
    for column in range(clean.shape[1]):
        before = (clean[:, column] > high) | (before & (clean[:, column] > low))
        hot[:, column] = before
    return hot.mean(axis=1).astype("f4")


def film(rng, shape):
    """(film,): float32."""
    return (rng.uniform(20, 90, size=shape).astype("f4"),)


def without_background(film):
    return (film - film.mean(axis=0, dtype="f8")).astype("f4")


def lagging(rng, shape):
    """(image, channel, lag): float32; the share of each row lies below one half."""
    image = rng.uniform(20, 90, size=shape).astype("f4")
    return image, int(shape[1] % 2), rng.uniform(0.1, 0.5, size=shape[0]).astype("f4")


def mended(image, channel, lag):
    result = image.astype("f8")
    part = image[:, channel::2].astype("f8")
    share = lag[:, None].astype("f8")
    result[:, channel + 2 :: 2] = (part[:, 1:] - share * part[:, :-1]) / (1 - share)
    return result.astype("f4")


def hot_share(function, sizes=IMAGES, hidden=False) -> Report:
    check = FunctionCheck(function, arrays=("cupy",), name="hot_share", hidden=hidden)
    check.inputs(picture, sizes=sizes).expect(share_of, rtol=1e-5)
    check.limits(to_host=0, to_device=0, most_launches=OPERATIONS)
    return check.points(correct=3, same_type=1, on_device=2, keeps_inputs=1).run()


def _in_place(check, most, **points) -> Report:
    """What the first argument holds in the end is what is compared."""
    check.limits(to_host=0, to_device=0, most_launches=most)
    with use(InPlace()):
        return check.points(**points).run()


def remove_background(function, sizes=FILMS, hidden=False) -> Report:
    check = FunctionCheck(function, arrays=("numba",), name="remove_background", hidden=hidden)
    check.inputs(film, sizes=sizes).expect(without_background, rtol=1e-4, atol=1e-4)
    return _in_place(check, OPERATIONS, correct=4, on_device=2)


def mend_channel(function, sizes=CHANNELS, hidden=False) -> Report:
    check = FunctionCheck(function, arrays=("cupy",), name="mend_channel", hidden=hidden)
    check.inputs(lagging, sizes=sizes).expect(mended, rtol=1e-4, atol=1e-3)
    return _in_place(check, 1, correct=3, on_device=2, in_bounds=1)


hot_share_hint = Hints(
    {
        "en": "Three steps: `image - offset`, the launch, a mean along an axis. What does the kernel need to write its "
        "decisions into?",
        "de": "Drei Schritte: `image - offset`, der Start, ein Mittel entlang einer Achse. Wohin schreibt der Kernel seine "
        "Entscheidungen?",
    },
    {
        "en": "The marks: `cp.empty(image.shape, cp.uint8)`. One thread for each row, so it takes "
        "`-(-image.shape[0] // 32)` blocks of 32.",
        "de": "Die Markierungen: `cp.empty(image.shape, cp.uint8)`. Ein Thread für jede Zeile, also braucht es "
        "`-(-image.shape[0] // 32)` Blöcke zu 32.",
    },
    {
        "en": "`hysteresis[blocks, 32](image - offset, high, low, marks)`, then `marks.mean(axis=1)`. Its dtype is "
        "`float64`; which dtype is wanted?",
        "de": "`hysteresis[blocks, 32](image - offset, high, low, marks)`, dann `marks.mean(axis=1)`. Das hat den dtype "
        "`float64`; welcher ist verlangt?",
    },
)

remove_background_hint = Hints(
    {
        "en": "Make a view of the film for CuPy. Is it one, or is it a copy?",
        "de": "Mach CuPy eine Ansicht des Films. Ist es eine, oder ist es eine Kopie?",
    },
    {
        "en": "`view = cp.asarray(film)`. The mean over time is `view.mean(axis=0)`. And now: `view = view - ...` or "
        "`view -= ...`?",
        "de": "`view = cp.asarray(film)`. Das Mittel über die Zeit ist `view.mean(axis=0)`. Und nun: `view = view - ...` "
        "oder `view -= ...`?",
    },
    {
        "en": "`view -= ...` writes into the memory of `view`, and that is the memory of `film`.",
        "de": "`view -= ...` schreibt in den Speicher von `view`, und das ist der Speicher von `film`.",
    },
)

mend_channel_hint = Hints(
    {
        "en": "Three lines, three bugs. Which of the arrays are views, which are copies, and who counts the rows?",
        "de": "Drei Zeilen, drei Fehler. Welche Arrays sind Ansichten, welche Kopien, und wer zählt die Zeilen?",
    },
    {
        "en": "`cp.ascontiguousarray` copies a slice with gaps. Does a kernel of Numba need an array without gaps?",
        "de": "`cp.ascontiguousarray` kopiert einen Ausschnitt mit Lücken. Braucht ein Kernel von Numba ein Array ohne "
        "Lücken?",
    },
    {
        "en": "`image[:, channel::2]` and `lag` go into the kernel as they are. The number of blocks is rounded up: "
        "`-(-part.shape[0] // 32)`.",
        "de": "`image[:, channel::2]` und `lag` gehen in den Kernel, wie sie sind. Die Zahl der Blöcke wird aufgerundet: "
        "`-(-part.shape[0] // 32)`.",
    },
)
