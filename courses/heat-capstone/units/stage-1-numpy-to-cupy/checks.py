"""Checks that learners run themselves. Code: Apache-2.0."""

import numpy as np

from grader.checks import FunctionCheck, Hints, OnDevice, Report, current

#: (height, width): a single cell, single rows and columns, and plates that are not square.
PLATES = ((1, 1), (1, 6), (7, 1), (5, 4), (12, 31))
#: (height, width, steps)
RUNS = ((1, 1, 3), (1, 9, 4), (6, 1, 5), (5, 4, 1), (13, 24, 7), (4, 4, 0))
#: Operations of one step in slices, with room for other ways to write them; a loop over rows takes more.
EACH_STEP = 30


def plate(rng, shape):
    """Conductivities, float32: steel, aluminium and holes that do not conduct, at the edges, too."""
    conduct = rng.choice(np.array([0, 1, 4], "f4"), size=shape, p=[0.3, 0.4, 0.3])
    if min(shape) > 4:
        conduct[1:3, 1:3] = 0  # a hole within, whose faces lie between two zeros
        conduct[-1, :2] = 0  # a notch at the edge
        conduct[3:, 3:] = np.where(conduct[3:, 3:] == 0, 2, conduct[3:, 3:])
    return conduct


def between(one, other):
    """What the face between two cells conducts: float64."""
    one, other = one.astype("f8"), other.astype("f8")
    total = one + other
    return np.divide(2 * one * other, total, out=np.zeros(total.shape), where=total > 0)


def both_faces(conduct):
    right = between(conduct[:, :-1], conduct[:, 1:])
    down = between(conduct[:-1], conduct[1:])
    return right.astype("f4"), down.astype("f4")


def heated(rng, size):
    """(temps, right, down, rate, steps): float32; one plate with a hot and a cold place, in every other one the
    halves mirror each other."""
    height, width, steps = size
    temps = rng.uniform(20, 300, size=(height, width)).astype("f4")
    conduct = plate(rng, (height, width))
    if height % 2:
        temps, conduct = np.maximum(temps, temps[::-1]), np.maximum(conduct, conduct[::-1])
    temps[0, -1] = 900
    right, down = both_faces(conduct)
    return temps, right, down, float(rng.integers(3, 7)) / 128, steps


def cooled(temps, right, down, rate, steps):
    now = temps.astype("f8")
    for _ in range(steps):
        along, across = rate * right * np.diff(now, axis=1), rate * down * np.diff(now, axis=0)
        now = now + np.pad(along, ((0, 0), (0, 1))) - np.pad(along, ((0, 0), (1, 0)))
        now += np.pad(across, ((0, 1), (0, 0))) - np.pad(across, ((1, 0), (0, 0)))
    return now.astype("f4")


def wave(size):
    """(temps, right, down, rate, steps) of a plate of length 1 whose temperatures are one bump and one dip."""
    x = (np.arange(size) + 0.5) / size
    temps = 100 + 50 * np.outer(np.cos(np.pi * x), np.cos(np.pi * x))
    full = np.ones((size, size), "f4")
    return temps.astype("f4"), full[:, 1:], full[1:], 0.125, size * size // 16


def exact(size):
    """What becomes of `wave(size)` in the time of all its steps, by the solution on paper."""
    x = (np.arange(size) + 0.5) / size
    # Each step takes rate / size² units of time, so the whole run takes 1/128, on every grid.
    fading = np.exp(-2 * np.pi**2 / 128)
    return 100 + 50 * fading * np.outer(np.cos(np.pi * x), np.cos(np.pi * x))


def grid_error(function, size):
    """The largest difference, in degrees, between `function` and the solution on paper, on a grid of size × size."""
    temps, right, down, rate, steps = wave(size)
    on_device = [OnDevice(np.ascontiguousarray(array)) for array in (temps, right, down)]
    result, _ = current().call(function, [*on_device, rate, steps], {})
    return float(abs(result.array - exact(size)).max())


def faces(function, sizes=PLATES, hidden=False) -> Report:
    check = FunctionCheck(function, arrays=("cupy",), name="faces", hidden=hidden)
    check.inputs(lambda rng, shape: (plate(rng, shape),), sizes=sizes).expect(both_faces, rtol=1e-5)
    # A plate of one cell has no face, and nothing to compute.
    check.limits(to_host=0, to_device=0, launches=0, most_launches=40)
    return check.points(correct=4, same_type=1, on_device=2, keeps_inputs=1).run()


def simulate(function, sizes=RUNS, hidden=False) -> Report:
    check = FunctionCheck(function, arrays=("cupy",), name="simulate", hidden=hidden)
    check.inputs(heated, sizes=sizes).expect(cooled, rtol=1e-5, atol=1e-3)
    check.limits(to_host=0, to_device=0, most_launches=lambda size: 10 + EACH_STEP * size[2])
    return check.points(correct=7, same_type=2, on_device=4, keeps_inputs=1).run()


faces_hint = Hints(
    {
        "en": "Two neighbours are two slices of the same array: all columns but the last, and all but the first.",
        "de": "Zwei Nachbarn sind zwei Ausschnitte desselben Arrays: alle Spalten außer der letzten und alle außer der "
        "ersten.",
    },
    {
        "en": "Where both cells are 0, the formula divides by 0. What may you put below the fraction line there, since "
        "the line above it is 0 anyway?",
        "de": "Wo beide Zellen 0 sind, teilt die Formel durch 0. Was darfst du dort unter den Bruchstrich schreiben, wo "
        "doch darüber ohnehin 0 steht?",
    },
    {
        "en": "`total = one + other`, then `2 * one * other / cp.where(total > 0, total, 1)`. Write it once as a "
        "function, call it for `conduct[:, :-1], conduct[:, 1:]` and for `conduct[:-1], conduct[1:]`.",
        "de": "`total = one + other`, dann `2 * one * other / cp.where(total > 0, total, 1)`. Schreib es einmal als "
        "Funktion, ruf sie für `conduct[:, :-1], conduct[:, 1:]` und für `conduct[:-1], conduct[1:]` auf.",
    },
)

simulate_hint = Hints(
    {
        "en": "The NumPy version has a loop over steps and two over cells. Only the loop over steps stays.",
        "de": "Die NumPy-Fassung hat eine Schleife über Schritte und zwei über Zellen. Nur die über Schritte bleibt.",
    },
    {
        "en": "`flow = rate * right * (now[:, 1:] - now[:, :-1])` is what flows through all faces of this kind. Which "
        "cells gain it, and which lose it?",
        "de": "`flow = rate * right * (now[:, 1:] - now[:, :-1])` ist, was durch alle Flächen dieser Art fließt. Welche "
        "Zellen gewinnen es, und welche verlieren es?",
    },
    {
        "en": "Before the loop: `now, new = temps.copy(), cp.empty_like(temps)`. In each step `new[...] = now`, then "
        "`new[:, :-1] += flow`, `new[:, 1:] -= flow`, the same for rows, and at the end `now, new = new, now`.",
        "de": "Vor der Schleife: `now, new = temps.copy(), cp.empty_like(temps)`. In jedem Schritt `new[...] = now`, "
        "dann `new[:, :-1] += flow`, `new[:, 1:] -= flow`, dasselbe für Zeilen, und am Ende `now, new = new, now`.",
    },
)
