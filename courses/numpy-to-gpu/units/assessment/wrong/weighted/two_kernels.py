# finding: many-launches
to_celsius = cp.ElementwiseKernel(
    "uint16 count, float32 gain, float32 offset",
    "float32 t",
    "t = gain * count + offset",
    "to_celsius",
)
weigh = cp.ElementwiseKernel(
    "float32 t, float32 low, float32 high",
    "float32 y",
    "y = t * min(max((t - low) / (high - low), 0.0f), 1.0f)",
    "weigh",
)


def weighted(counts, gain, offset, low, high):
    return weigh(to_celsius(counts, gain, offset), low, high)
