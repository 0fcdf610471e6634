# finding: wrong-type
total_kernel = cp.ReductionKernel("uint16 x", "int64 y", "x", "a + b", "y = a", "0", "total")
coldest_kernel = cp.ReductionKernel("uint16 x", "int64 y", "x", "min(a, b)", "y = a", "65535", "coldest")


def frame_counts(counts):
    return total_kernel(counts, axis=(1, 2)), coldest_kernel(counts, axis=(1, 2))
