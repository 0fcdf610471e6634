# finding: wrong-result
total_kernel = cp.ReductionKernel("T x", "T y", "x", "a + b", "y = a", "0", "total")
coldest_kernel = cp.ReductionKernel("T x", "T y", "x", "a < b ? a : b", "y = a", "65535", "coldest")


def frame_counts(counts):
    return total_kernel(counts, axis=(1, 2)).astype(cp.int64), coldest_kernel(counts, axis=(1, 2))
