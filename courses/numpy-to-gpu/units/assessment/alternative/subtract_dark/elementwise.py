signal_kernel = cp.ElementwiseKernel(
    "uint16 x, uint16 d, int32 limit",
    "uint16 y",
    "int z = (int)x - (int)d; y = z < 0 ? 0 : z > limit ? limit : z;",
    "signal_above_dark",
)


def subtract_dark(frames, dark, limit):
    return signal_kernel(frames, dark, limit)
