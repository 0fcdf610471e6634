"""Checks that learners run themselves. Code: Apache-2.0."""

from dataclasses import replace

import numpy as np

from grader.checks import FunctionCheck, Hints, Report, ceil_div, current, use
from grader.device.interface import Finding

#: (frames, height, width, frames in a piece). The last piece is shorter in most of them.
FILMS = ((3, 4, 5, 7), (50, 8, 16, 4), (48, 16, 16, 3))
LONG = ((50, 16, 16, 3), (61, 24, 16, 4), (37, 32, 32, 2))
FLICKER = ((41, 32, 32, 4), (26, 24, 40, 3), (31, 40, 40, 2))
#: The largest share of the time one after the other. Two streams come to about 0.55, and to 0.7 for the noise.
SHARE = 0.8
#: So many pieces may lie on the device at once, besides what has the size of a frame.
PIECES, PIECES_OF_TWO, FRAMES = 6, 10, 8


def look(function, *arrays):
    """Call `function` with copies of the arrays: (share, bytes).

    `share` is the time that the work took on the modelled timeline, as a share of what it takes one after the other;
    `bytes` is by how much the device's memory in use grew at most. Both are None where nothing counts them. Raises
    LearnerError where `function` raises.
    """
    _, trace = current().call(function, arrays, {})
    return round(trace.makespan / trace.busy, 2) if trace.busy else None, trace.peak_bytes


class Watching:
    """The surroundings in force; work that overlapped and that nobody waited for is a finding of the call."""

    def __init__(self):
        self._inner = current()

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def call(self, function, args, kwargs):
        result, trace = self._inner.call(function, args, kwargs)
        if trace.busy and trace.makespan < trace.busy and not trace.synchronisations:
            trace = replace(trace, findings=(*(trace.findings or ()), Finding("stream-race", NOBODY_WAITED)))
        return result, trace


def film(rng, size):
    """(film, dark, piece): float32, in steps of a quarter degree."""
    n, height, width, piece = size
    frames = rng.integers(60, 360, size=(n, height, width)) / 4
    return frames.astype("f4"), (rng.integers(60, 120, size=(height, width)) / 4).astype("f4"), piece


def without_dark(film, dark, piece):
    return np.maximum(film - dark, 0)


def flicker(rng, size):
    """(film, dark, piece): float32; the frames differ from `dark` by a few degrees."""
    n, height, width, piece = size
    dark = rng.uniform(20, 25, size=(height, width))
    frames = dark + rng.normal(0, 1, size=(n, height, width)) * rng.uniform(0.5, 2, size=(height, width))
    return frames.astype("f4"), dark.astype("f4"), piece


def deviation(film, dark, piece):
    return film.astype("f8").std(axis=0).astype("f4")


def nbytes(size, frames):
    return 4 * size[1] * size[2] * frames


def _check(function, name, generate, sizes, hidden) -> FunctionCheck:
    return FunctionCheck(function, name=name, hidden=hidden).inputs(generate, sizes=sizes)


def _limits(check, pieces, operations, result, makespan=None) -> FunctionCheck:
    """Film and dark frame go there once, the result of so many frames comes back once, the device holds some pieces
    only, and each takes some operations only."""
    return check.limits(
        to_device=lambda size: nbytes(size, size[0] + 1),
        to_host=lambda size: nbytes(size, result(size)),
        most_launches=lambda size: operations * (ceil_div(size[0], size[3]) + 1),
        peak_bytes=lambda size: nbytes(size, pieces * size[3] + FRAMES) + 4096,
        makespan=makespan,
    )


def in_pieces(function, sizes=FILMS, hidden=False) -> Report:
    check = _check(function, "in_pieces", film, sizes, hidden).expect(without_dark, rtol=1e-6)
    _limits(check, PIECES, 5, lambda size: size[0])
    return check.points(correct=3, same_type=1, on_device=2, keeps_inputs=1).run()


def overlapped(function, sizes=LONG, hidden=False) -> Report:
    """The modelled overlap is what counts where there is no GPU."""
    check = _check(function, "overlapped", film, sizes, hidden).expect(without_dark, rtol=1e-6)
    _limits(check, PIECES_OF_TWO, 5, lambda size: size[0], SHARE)
    with use(Watching()):
        return check.points(correct=3, on_device=3, race_free=2).run()


def noise(function, sizes=FLICKER, hidden=False) -> Report:
    check = _check(function, "noise", flicker, sizes, hidden).expect(deviation, rtol=1e-3, atol=1e-3)
    _limits(check, PIECES_OF_TWO, 12, lambda size: 1, SHARE)
    return check.points(correct=3, on_device=2, race_free=2).run()


NOBODY_WAITED = {
    "en": "Copies were still under way when the function returned: nobody waited for the streams. Call "
    "`stream.synchronize()` for each of them before you give the result away.",
    "de": "Als die Funktion zurückkam, waren noch Kopien unterwegs: Niemand hat auf die Streams gewartet. Ruf für jeden "
    "`stream.synchronize()` auf, bevor du das Ergebnis weitergibst.",
}

in_pieces_hint = Hints(
    {
        "en": "`for begin in range(0, len(film), piece)`: which slice of the film is the piece, and where does its result "
        "go?",
        "de": "`for begin in range(0, len(film), piece)`: Welcher Ausschnitt des Films ist das Stück, und wohin gehört sein "
        "Ergebnis?",
    },
    {
        "en": "Before the loop: the dark frame goes to the device, and `out = np.empty_like(film)` takes the results on the "
        "host. `film[begin : begin + piece]` is shorter by itself at the end.",
        "de": "Vor der Schleife: Das Dunkelbild geht zum Device, und `out = np.empty_like(film)` nimmt die Ergebnisse auf "
        "dem Host auf. `film[begin : begin + piece]` wird am Ende von selbst kürzer.",
    },
    {
        "en": "In the loop: `part = cp.asarray(film[begin : begin + piece])`, then "
        "`out[begin : begin + piece] = cp.asnumpy(cp.maximum(part - dark_there, 0))`.",
        "de": "In der Schleife: `part = cp.asarray(film[begin : begin + piece])`, dann "
        "`out[begin : begin + piece] = cp.asnumpy(cp.maximum(part - dark_there, 0))`.",
    },
)

overlapped_hint = Hints(
    {
        "en": "`in_pieces` is the frame. What has to be pinned, and who says on which stream a piece goes?",
        "de": "`in_pieces` ist das Gerüst. Was muss fest liegen, und wer sagt, auf welchen Stream ein Stück geht?",
    },
    {
        "en": "Copy the film into `cupyx.empty_pinned(film.shape, film.dtype)` and make a second such array for the result. "
        "In the loop: `with streams[number % 2]:`.",
        "de": "Kopier den Film in `cupyx.empty_pinned(film.shape, film.dtype)` und leg ein zweites solches Array für das "
        "Ergebnis an. In der Schleife: `with streams[number % 2]:`.",
    },
    {
        "en": "`part = cp.empty(frames.shape, frames.dtype)`, `part.set(frames)`, compute, "
        "`clean.get(out=out[begin : begin + piece], blocking=False)`. After the loop wait for both streams.",
        "de": "`part = cp.empty(frames.shape, frames.dtype)`, `part.set(frames)`, rechnen, "
        "`clean.get(out=out[begin : begin + piece], blocking=False)`. Warte nach der Schleife auf beide Streams.",
    },
)

noise_hint = Hints(
    {
        "en": "Follow one buffer: who writes into it, who reads it, who writes into it again? Each change of hands needs an "
        "event.",
        "de": "Verfolge einen Puffer: Wer schreibt hinein, wer liest ihn, wer schreibt wieder hinein? Jeder Wechsel braucht "
        "ein Event.",
    },
    {
        "en": "`loaded[k].record(copying)` behind the copy, `computing.wait_event(loaded[k])` before the sum. And the other "
        "way round with a second event. What does the buffer hold behind a shorter last piece?",
        "de": "`loaded[k].record(copying)` hinter der Kopie, `computing.wait_event(loaded[k])` vor der Summe. Und umgekehrt "
        "mit einem zweiten Event. Was steht im Puffer hinter einem kürzeren letzten Stück?",
    },
    {
        "en": "`part = buffers[k][: len(frames)]` is as long as the piece. `copying.wait_event(free[k])` before the copy, "
        "`free[k].record(computing)` behind the sums. The last lines belong on `computing`, too.",
        "de": "`part = buffers[k][: len(frames)]` ist so lang wie das Stück. `copying.wait_event(free[k])` vor der Kopie, "
        "`free[k].record(computing)` hinter den Summen. Auch die letzten Zeilen gehören auf `computing`.",
    },
)
