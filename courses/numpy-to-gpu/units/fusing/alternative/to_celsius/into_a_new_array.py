corrected = cp.ElementwiseKernel(
    "T counts, T dark, T gain, T planck, T ratio",
    "T out",
    "T s = (counts - dark) * gain; if (s < 1) s = 1; out = planck / log(ratio / s + 1) - T(273.15)",
    "corrected",
)


def to_celsius(counts, dark, gain):
    out = cp.empty_like(counts)
    corrected(counts, dark[None], gain[None], 1430.0, 17000.0, out)
    return out
