"""Checks that learners run themselves. Code: Apache-2.0."""

import numpy as np

from grader.checks import FunctionCheck, Hints, OnDevice, Report, current

#: (height, width, steps): a single cell, single rows and columns, plates that are not square, and no step at all.
RUNS = ((1, 1, 2), (1, 35, 3), (9, 1, 2), (6, 5, 1), (11, 34, 4), (4, 4, 0))
#: Conductivity by number of the material: hole, steel, bronze, aluminium.
TABLE = np.array([0, 1, 1.5, 4], "f4")
#: Beside one launch for each step.
OTHERS = 4


def materials(rng, shape):
    """Numbers of materials, uint8: a hole in the middle, and holes at both ends of the first rows; a single row or
    column begins with a hole of two cells."""
    height, width = shape
    material = rng.integers(1, len(TABLE), shape).astype("u1")
    if min(shape) == 1:
        material.reshape(-1)[:2] = 0
    else:
        material[height // 2, width // 2 - 1 : width // 2 + 1] = 0
        material[:2, :1] = material[1:2, -1:] = 0
    return material


def both_faces(material, table):
    def between(one, other):
        total = one + other
        return np.divide(2 * one * other, total, out=np.zeros(total.shape), where=total > 0)

    conduct = table.astype("f8")[material]
    return between(conduct[:, :-1], conduct[:, 1:]), between(conduct[:-1], conduct[1:])


def heated(rng, shape):
    """temps, float32: warm everywhere, and very hot in two opposite corners."""
    temps = rng.uniform(20, 300, size=shape).astype("f4")
    temps[0, -1] = temps[-1, 0] = 900
    return temps


def with_faces(rng, size):
    """(temps, right, down, rate, steps): float32 arrays and two numbers."""
    *shape, steps = size
    right, down = both_faces(materials(rng, shape), TABLE)
    return heated(rng, shape), right.astype("f4"), down.astype("f4"), float(rng.integers(3, 7)) / 128, steps


def with_map(rng, size):
    """(temps, material, table, rate, steps): float32, uint8, float32 and two numbers."""
    *shape, steps = size
    return heated(rng, shape), materials(rng, shape), TABLE.copy(), float(rng.integers(3, 7)) / 128, steps


def cooled(temps, right, down, rate, steps):
    now = temps.astype("f8")
    for _ in range(steps):
        along, across = rate * right * np.diff(now, axis=1), rate * down * np.diff(now, axis=0)
        now = now + np.pad(along, ((0, 0), (0, 1))) - np.pad(along, ((0, 0), (1, 0)))
        now += np.pad(across, ((0, 1), (0, 0))) - np.pad(across, ((1, 0), (0, 0)))
    return now.astype("f4")


def cooled_by_map(temps, material, table, rate, steps):
    return cooled(temps, *both_faces(material, table), rate, steps)


def operations(function, *arguments):
    """How many operations a call starts; NumPy arrays among the arguments are copied to the device before it.

    Raises LearnerError where `function` raises.
    """
    sent = [OnDevice(one) if isinstance(one, np.ndarray) else one for one in arguments]
    return current().call(function, sent, {})[1].launches


def _check(function, name, hidden) -> FunctionCheck:
    check = FunctionCheck(function, arrays=("cupy",), name=name, hidden=hidden)
    return check.limits(to_host=0, to_device=0, most_launches=lambda size: OTHERS + size[2])


def simulate_fused(function, sizes=RUNS, hidden=False, timed=None) -> Report:
    """`timed` is (size, model solution, bands) for where there is a GPU."""
    check = _check(function, "simulate_fused", hidden).inputs(with_faces, sizes=sizes)
    check.expect(cooled, rtol=1e-5, atol=1e-3)
    share = None
    if timed is not None:
        size, model, bands = timed
        check.timing(size, model=model)
        share = (2, bands)
    check.points(correct=5, same_type=1, on_device=4, keeps_inputs=1, in_bounds=1, race_free=1, model_share=share)
    return check.run()


def simulate_mapped(function, sizes=RUNS, hidden=False) -> Report:
    check = _check(function, "simulate_mapped", hidden).inputs(with_map, sizes=sizes)
    check.expect(cooled_by_map, rtol=1e-5, atol=1e-3)
    return check.points(correct=3, same_type=1, on_device=3, keeps_inputs=1, in_bounds=1, race_free=1).run()


simulate_fused_hint = Hints(
    {
        "en": "Slices think in faces, a kernel thinks in cells: one thread gathers what flows in through the faces of "
        "its cell. How many are there at the border?",
        "de": "Ausschnitte denken in Flächen, ein Kernel in Zellen: Ein Thread sammelt ein, was durch die Flächen seiner "
        "Zelle fließt. Wie viele gibt es am Rand?",
    },
    {
        "en": "The face on the right of cell `y, x` is `right[y * (width - 1) + x]`, the one on its left "
        "`right[y * (width - 1) + x - 1]`. Where there is no neighbour, there is no face.",
        "de": "Die Fläche rechts von Zelle `y, x` ist `right[y * (width - 1) + x]`, die links von ihr "
        "`right[y * (width - 1) + x - 1]`. Wo kein Nachbar ist, ist auch keine Fläche.",
    },
    {
        "en": "`if (x + 1 < width) change += right[y * (width - 1) + x] * (now[i + 1] - now[i]);`, four such lines, then "
        "`out[i] = now[i] + rate * change;`. Pass `np.float32(rate)`, and swap the buffers after each launch.",
        "de": "`if (x + 1 < width) change += right[y * (width - 1) + x] * (now[i + 1] - now[i]);`, vier solche Zeilen, "
        "dann `out[i] = now[i] + rate * change;`. Übergib `np.float32(rate)` und tausche nach jedem Start die Puffer.",
    },
)

simulate_mapped_hint = Hints(
    {
        "en": "One mistake is in the launch, two are in the kernel. How many blocks does a plate of 5 rows get?",
        "de": "Ein Fehler steckt im Start, zwei stecken im Kernel. Wie viele Blöcke bekommt eine Platte mit 5 Zeilen?",
    },
    {
        "en": "Which cell is `i - 1` for the first cell of a row? And what is `0 / 0`?",
        "de": "Welche Zelle ist `i - 1` für die erste Zelle einer Zeile? Und was ist `0 / 0`?",
    },
    {
        "en": "`if (x > 0)` and `if (x + 1 < width)` guard the row; return 0 from `face` where `a + b` is 0; and round the "
        "grid up: `(-(-width // 32), -(-height // 8))`.",
        "de": "`if (x > 0)` und `if (x + 1 < width)` schützen die Zeile; gib aus `face` eine 0 zurück, wo `a + b` 0 ist; "
        "und runde das Gitter auf: `(-(-width // 32), -(-height // 8))`.",
    },
)
