"""Checks that learners run themselves. Code: Apache-2.0."""

import numpy as np

from grader.checks import FunctionCheck, OnDevice, Report, current

#: (height, width, steps): a single cell, single rows and columns, plates that are not square, and no step at all.
RUNS = ((1, 1, 2), (1, 35, 3), (9, 1, 2), (6, 5, 9), (11, 34, 4), (4, 4, 0))
#: (height, width, steps, every)
TRACES = ((1, 1, 2, 1), (1, 12, 4, 2), (7, 1, 3, 3), (6, 9, 6, 2), (12, 33, 4, 1))
#: Conductivity by number of the material: hole, steel, bronze, aluminium.
TABLE = np.array([0, 1, 1.5, 4], "f4")


def materials(rng, shape):
    """Numbers of materials, uint8, with holes in the middle, in pairs, and at the border; a single cell has none.

    In every plate of odd width but the narrowest the whole left border is a hole: nothing flows to the bath.
    """
    height, width = shape
    material = rng.integers(1, len(TABLE), shape).astype("u1")
    if min(shape) > 1:
        material[height // 2, width // 2 - 1 : width // 2 + 1] = 0
        material[:2, :1] = material[1:2, -1:] = 0
    if width % 2 and width > 1:
        material[:, 0] = 0
    elif height > 1 and width == 1:
        material[1:3] = 0
    return material


def plate(rng, size):
    """(temps, material, table, bath, rate, steps): float32, uint8, float32 and three numbers; two corners are hot."""
    height, width, steps = size[:3]
    temps = rng.uniform(20, 300, size=(height, width)).astype("f4")
    temps[0, -1] = temps[-1, 0] = 900
    bath, rate = float(rng.integers(5, 15)), float(rng.integers(3, 6)) / 128
    return temps, materials(rng, (height, width)), TABLE.copy(), bath, rate, steps


def states(temps, material, table, bath, rate, steps):
    """The temperatures after 0, 1 ... `steps` steps, float64."""
    conduct = table.astype("f8")[material]

    def between(one, other):
        total = one + other
        return np.divide(2 * one * other, total, out=np.zeros(total.shape), where=total > 0)

    right, down = between(conduct[:, :-1], conduct[:, 1:]), between(conduct[:-1], conduct[1:])
    now = temps.astype("f8")
    yield now
    for _ in range(steps):
        along, across = right * np.diff(now, axis=1), down * np.diff(now, axis=0)
        change = np.pad(along, ((0, 0), (0, 1))) - np.pad(along, ((0, 0), (1, 0)))
        change += np.pad(across, ((0, 1), (0, 0))) - np.pad(across, ((1, 0), (0, 0)))
        change[:, 0] += 2 * conduct[:, 0] * (bath - now[:, 0])
        now = now + rate * change
        yield now


def after(*arguments):
    *_, last = states(*arguments)
    return last.astype("f4")


def after_with_energy(temps, material, table, bath, rate, steps, every):
    there = table[material] > 0
    all_states = list(states(temps, material, table, bath, rate, steps))
    energy = [state[there].sum() for state in all_states[::every]]
    return all_states[-1].astype("f4"), np.array(energy, "f4")


def operations(function, *arguments):
    """How many operations a call starts; NumPy arrays among the arguments are copied to the device before it.

    Raises LearnerError where `function` raises.
    """
    sent = [OnDevice(one) if isinstance(one, np.ndarray) else one for one in arguments]
    return current().call(function, sent, {})[1].launches


def heat_run(function, sizes=RUNS, hidden=False, timed=None) -> Report:
    """`timed` is (size, model solution, bands) for where there is a GPU."""
    check = FunctionCheck(function, arrays=("cupy",), name="heat_run", hidden=hidden)
    check.inputs(plate, sizes=sizes).expect(after, rtol=1e-5, atol=1e-3)
    check.limits(to_host=0, to_device=0, most_launches=lambda size: 6 + size[2])
    share = None
    if timed is not None:
        size, model, bands = timed
        check.timing(size, model=model)
        share = (2, bands)
    check.points(correct=3, same_type=1, on_device=3, keeps_inputs=1, in_bounds=1, race_free=1, model_share=share)
    return check.run()


def energy_trace(function, sizes=TRACES, hidden=False) -> Report:
    check = FunctionCheck(function, arrays=("cupy",), name="energy_trace", hidden=hidden)
    check.inputs(lambda rng, size: (*plate(rng, size), size[3]), sizes=sizes)
    check.expect(after_with_energy, rtol=1e-5, atol=1e-3)
    # One launch for each step, and some for each energy.
    check.limits(to_host=0, to_device=0, most_launches=lambda size: 12 + size[2] + 12 * (size[2] // size[3]))
    return check.points(correct=4, same_type=1, on_device=2).run()
