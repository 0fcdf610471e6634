weighted_kernel = cp.ElementwiseKernel(
    "uint16 count, T gain, T offset, T low, T high",
    "T y",
    "T t = gain * count + offset; y = t <= low ? T(0) : t >= high ? t : t * (t - low) / (high - low)",
    "weighted_in_any_float",
)


def weighted(counts, gain, offset, low, high):
    out = cp.empty_like(gain)
    weighted_kernel(counts, gain, offset, low, high, out)
    return out
