# finding: wrong-type
celsius_kernel = cp.ElementwiseKernel(
    "float32 counts, float32 dark, float32 gain",
    "float32 celsius",
    "float s = max((counts - dark) * gain, 1.0f); celsius = 1430.0f / log(17000.0f / s + 1.0f) - 273.15f",
    "celsius",
)


def to_celsius(counts, dark, gain):
    return celsius_kernel(
        counts.astype(cp.float32, copy=False), dark.astype(cp.float32, copy=False), gain.astype(cp.float32, copy=False)
    )
