# finding: wrong-result
soft_kernel = cp.ReductionKernel("T t, T w", "T y", "exp(t / w)", "a + b", "y = w * log(a)", "0", "soft")


def soft_maximum(temps, width):
    return soft_kernel(temps, width, axis=(1, 2))
