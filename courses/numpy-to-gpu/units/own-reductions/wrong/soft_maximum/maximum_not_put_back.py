# finding: wrong-result
soft_kernel = cp.ReductionKernel("T t, T m, T w", "T y", "exp((t - m) / w)", "a + b", "y = w * log(a)", "0", "soft")


def soft_maximum(temps, width):
    return soft_kernel(temps, temps.max(axis=(1, 2), keepdims=True), width, axis=(1, 2))
