# finding: input-changed
celsius_kernel = cp.ElementwiseKernel(
    "T counts, T dark, T gain",
    "T celsius",
    "celsius = T(1430) / log(T(17000) / max((counts - dark) * gain, T(1)) + T(1)) - T(273.15)",
    "celsius",
)


def to_celsius(counts, dark, gain):
    return celsius_kernel(counts, dark, gain, counts)
