# finding: wrong-result
weighted_kernel = cp.ElementwiseKernel(
    "uint16 count, float32 gain, float32 offset, float32 low, float32 high",
    "float32 y",
    """
    float t = gain * (float)count + offset;
    float weight = (t - low) / (high - low);
    y = t * min(weight, 1.0f);
    """,
    "weighted",
)


def weighted(counts, gain, offset, low, high):
    return weighted_kernel(counts, gain, offset, low, high)
