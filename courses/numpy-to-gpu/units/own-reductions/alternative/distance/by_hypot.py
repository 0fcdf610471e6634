lengths = cp.ReductionKernel("T x, T r", "T y", "x - r", "hypot(a, b)", "y = a", "0", "lengths")


def distance(film, reference, axis):
    return lengths(film, reference[None], axis=axis)
