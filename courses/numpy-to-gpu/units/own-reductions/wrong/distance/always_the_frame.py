# finding: wrong-result
distance_kernel = cp.ReductionKernel(
    "T x, T r", "T y", "(x - r) * (x - r)", "a + b", "y = sqrt(a)", "0", "distance"
)


def distance(film, reference, axis):
    return distance_kernel(film, reference, axis=tuple(range(1, film.ndim)))
