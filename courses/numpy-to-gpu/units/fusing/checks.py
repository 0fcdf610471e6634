"""Checks that learners run themselves. Code: Apache-2.0."""

import numpy as np

from grader.checks import FunctionCheck, Hints, OnDevice, Report, current

FILMS = ((1, 1, 1), (2, 3, 5), (3, 4, 6), (0, 2, 3), (2, 9, 31))
#: One kernel, and the copies that the stand-in makes of two operands that broadcast. A chain starts at least six.
OPERATIONS = 3


def traffic(function, *arrays):
    """Call `function` with copies of the NumPy `arrays` on the device: (operations started, bytes in, bytes back).

    Raises LearnerError where `function` raises.
    """
    _, trace = current().call(function, [OnDevice(array) for array in arrays], {})
    return trace.launches, trace.to_device, trace.to_host


def raw_film(rng, shape):
    """(counts, dark, gain): float32 where a frame has an odd number of columns, else float64; some counts lie below
    the dark frame, which has no film's axis."""
    dtype = "f4" if shape[2] % 2 else "f8"
    counts = rng.uniform(900, 3000, size=shape)
    counts[..., ::3] = 400
    dark = rng.uniform(500, 800, size=shape[1:])
    return counts.astype(dtype), dark.astype(dtype), rng.uniform(0.4, 0.6, size=shape[1:]).astype(dtype)


def celsius(counts, dark, gain):
    signal = np.maximum((counts.astype("f8") - dark) * gain, 1)
    return (1430 / np.log(17000 / signal + 1) - 273.15).astype(counts.dtype)


def warm_film(rng, shape):
    """(temps, limit, width): dtypes as in `raw_film`; a limit for each row, and a Python number."""
    dtype = "f4" if shape[2] % 2 else "f8"
    limit = rng.uniform(50, 70, size=(shape[1], 1)).astype(dtype)
    return rng.uniform(40, 80, size=shape).astype(dtype), limit, float(rng.integers(2, 9)) / 2


def weight(temps, limit, width):
    return (1 / (1 + np.exp((limit - temps.astype("f8")) / width))).astype(temps.dtype)


def _finish(check) -> Report:
    check.limits(to_host=0, to_device=0, most_launches=OPERATIONS)
    return check.points(correct=3, same_type=1, on_device=2, keeps_inputs=1).run()


def to_celsius(function, sizes=FILMS, hidden=False) -> Report:
    check = FunctionCheck(function, arrays=("cupy",), name="to_celsius", hidden=hidden)
    # Near 0 °C the two large terms of the formula nearly cancel.
    return _finish(check.inputs(raw_film, sizes=sizes).expect(celsius, rtol=1e-5, atol=2e-3))


def hot_weight(function, sizes=FILMS, hidden=False) -> Report:
    check = FunctionCheck(function, arrays=("cupy",), name="hot_weight", hidden=hidden)
    return _finish(check.inputs(warm_film, sizes=sizes).expect(weight, rtol=1e-4, atol=1e-6))


to_celsius_hint = Hints(
    {
        "en": "The formula stands in `celsius_chain` already. You only have to say that it is one operation.",
        "de": "Die Formel steht schon in `celsius_chain`. Du musst nur sagen, dass sie eine einzige Operation ist.",
    },
    {
        "en": "Either write the steps into a function below `@cp.fuse()`, or make an `ElementwiseKernel` with three "
        "inputs and one output.",
        "de": "Schreib die Schritte entweder in eine Funktion unter `@cp.fuse()`, oder mach einen `ElementwiseKernel` "
        "mit drei Eingaben und einer Ausgabe.",
    },
    {
        "en": 'The types `"T counts, T dark, T gain"` and `"T celsius"` fit every dtype. In the body, '
        "`T signal = max((counts - dark) * gain, T(1));` is the first line.",
        "de": 'Die Typen `"T counts, T dark, T gain"` und `"T celsius"` passen zu jedem dtype. Im Rumpf ist '
        "`T signal = max((counts - dark) * gain, T(1));` die erste Zeile.",
    },
)

hot_weight_hint = Hints(
    {
        "en": "Try one pixel by hand: limit 60, width 2, temperature 80. Must the weight be near 0 or near 1?",
        "de": "Rechne ein Pixel von Hand: Grenze 60, Breite 2, Temperatur 80. Muss das Gewicht nahe 0 oder nahe 1 sein?",
    },
    {
        "en": "`float32` in the lists of parameters fixes the type. Which word stands for 'the type that comes in'?",
        "de": "`float32` in den Parameterlisten legt den Typ fest. Welches Wort steht für den Typ, der hereinkommt?",
    },
    {
        "en": "With `T` everywhere the line is `w = T(1) / (T(1) + exp((limit - t) / width));`.",
        "de": "Mit `T` überall lautet die Zeile `w = T(1) / (T(1) + exp((limit - t) / width));`.",
    },
)
