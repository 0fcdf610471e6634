unband = cp.ElementwiseKernel(
    "raw float32 pairs, raw float32 offsets, float32 scale, int64 width, int64 channel",
    "float32 y",
    "y = max(scale * (pairs[2 * i + channel] - offsets[i / width]), 0.0f)",
    "unband",
)


def remove_bands(pairs, offsets, channel, scale):
    out = cp.empty(pairs.shape[:2], cp.float32)
    return unband(pairs, offsets, scale, pairs.shape[1], channel, out)
