drifted = cp.ElementwiseKernel("T x, T drift, T factor", "T y", "y = x + factor * drift", "drifted")


def correct(signal, drift, factor, count):
    result = signal.copy()
    drifted(signal[:count], drift[:count], factor, result[:count])
    return result
