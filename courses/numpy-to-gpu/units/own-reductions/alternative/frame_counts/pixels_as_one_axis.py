total = cp.ReductionKernel("T x", "int64 y", "(long long)x", "a + b", "y = a", "0", "total")
largest_gap = cp.ReductionKernel("T x", "T y", "65535 - x", "a > b ? a : b", "y = 65535 - a", "0", "largest_gap")


def frame_counts(counts):
    pixels = counts.reshape(len(counts), counts.shape[1] * counts.shape[2])
    return total(pixels, axis=1), largest_gap(pixels, axis=-1)
