"""Checks that learners run themselves. Code: Apache-2.0."""

import numpy as np

from grader.checks import FunctionCheck, Hints, LearnerError, OnDevice, Report, ceil_div, current

FILMS = ((1, 2, 3), (3, 4, 5), (24, 6, 9))
POINTS = (5, 12, 33)
LIMIT = 60.0
STEPS = 60
#: Array operations that film_report may start. A solution without a Python loop needs about eight.
OPERATIONS = 20


def traffic(function, *arrays):
    """Call `function` with copies of the NumPy `arrays` on the device: (operations started, bytes in, bytes back).

    Raises LearnerError where `function` raises.
    """
    _, trace = current().call(function, [OnDevice(array) for array in arrays], {})
    return trace.launches, trace.to_device, trace.to_host


def film(rng, shape):
    """(frames, offset, limit): float32 in steps of a quarter degree; one pixel of each frame lies at the limit."""
    frames = (rng.integers(80, 360, size=shape) / 4).astype("f4")
    offset = (rng.integers(-12, 12, size=shape[1:]) / 4).astype("f4")
    frames[1::3] -= 40
    frames[:, 0, 0] = LIMIT + offset[0, 0]
    return frames, offset, LIMIT


def report_of(frames, offset, limit):
    clean = frames.astype("f8") - offset
    columns = [clean.max(axis=(1, 2)), clean.mean(axis=(1, 2)), (clean > limit).mean(axis=(1, 2))]
    return np.stack(columns, axis=1).astype(frames.dtype)


def check_every(points):
    return 20 if points % 2 else 15


def cooling(rng, points):
    """(matrix, start, steps, check_every): symmetric, float32; the second largest eigenvalue is 0.7 of the largest,
    and `start` holds a share of every eigenvector."""
    basis, _ = np.linalg.qr(rng.normal(size=(points, points)))
    values = rng.uniform(0.3, 0.4) * np.concatenate([[1, 0.7], rng.uniform(0.1, 0.6, points - 2)])
    start = basis @ rng.uniform(0.5, 1, points) * rng.uniform(5, 30)
    return ((basis * values) @ basis.T).astype("f4"), start.astype("f4"), STEPS, check_every(points)


def bytes_of_looks(points):
    """One float32 for each look at the convergence, and one to spare."""
    return 4 * (ceil_div(STEPS, check_every(points)) + 1)


def largest_eigenvalue(matrix, start, steps, every):
    return np.float32(np.linalg.eigvalsh(matrix.astype("f8"))[-1])


def _check(function, name, hidden) -> FunctionCheck:
    check = FunctionCheck(function, arrays=("cupy",), name=name, hidden=hidden)
    return check.points(correct=3, same_type=1, on_device=2, keeps_inputs=1)


def film_report(function, sizes=FILMS, hidden=False) -> Report:
    check = _check(function, "film_report", hidden)
    check.inputs(film, sizes=sizes).expect(report_of, rtol=1e-5)
    return check.limits(to_host=0, to_device=64, most_launches=OPERATIONS).run()


def cooling_factor(function, sizes=POINTS, hidden=False) -> Report:
    check = _check(function, "cooling_factor", hidden)
    check.inputs(cooling, sizes=sizes).expect(largest_eigenvalue, rtol=1e-4)
    return check.limits(to_host=bytes_of_looks, to_device=64).run()


film_report_hint = Hints(
    {
        "en": "Subtract the offset from the whole film at once: shape `(n, h, w)` minus shape `(h, w)`.",
        "de": "Zieh den Versatz vom ganzen Film auf einmal ab: Form `(n, h, w)` minus Form `(h, w)`.",
    },
    {
        "en": "Each column is one reduction over `axis=(1, 2)`. The mean of a mask is the share of its true values.",
        "de": "Jede Spalte ist eine Reduktion über `axis=(1, 2)`. Das Mittel einer Maske ist der Anteil ihrer wahren "
        "Werte.",
    },
    {
        "en": "`cp.stack([a, b, c], axis=1)` makes three columns of three arrays, on the device. Convert the share with "
        "`.astype(frames.dtype)` before.",
        "de": "`cp.stack([a, b, c], axis=1)` macht aus drei Arrays drei Spalten, auf dem Device. Wandle den Anteil "
        "vorher mit `.astype(frames.dtype)` um.",
    },
)

cooling_factor_hint = Hints(
    {
        "en": "After `previous = v`, how many arrays are there? What does `v[:] = ...` do to `previous`?",
        "de": "Wie viele Arrays gibt es nach `previous = v`? Was macht `v[:] = ...` mit `previous`?",
    },
    {
        "en": "An array divided by an array without axes is an array. Which `float(...)` is needed by Python at all?",
        "de": "Ein Array geteilt durch ein Array ohne Achsen ist ein Array. Welches `float(...)` braucht Python "
        "überhaupt?",
    },
    {
        "en": "Let Python ask first: `if step % check_every == 0 and float(...) < 1e-5:` computes and copies the right "
        "side in few steps only. Return the product as it is, without `float`.",
        "de": "Lass zuerst Python fragen: `if step % check_every == 0 and float(...) < 1e-5:` rechnet und kopiert die "
        "rechte Seite nur in wenigen Schritten. Gib das Produkt zurück, wie es ist, ohne `float`.",
    },
)
