# finding: wrong-result
soft_kernel = cp.ReductionKernel(
    "T t, T m, T w, T count", "T y", "exp((t - m) / w)", "a + b", "y = w * log(a / count)", "0", "soft"
)


def soft_maximum(temps, width):
    largest = temps.max(axis=(1, 2), keepdims=True)
    return soft_kernel(temps, largest, width, temps[0].size if len(temps) else 1, axis=(1, 2)) + largest.reshape(-1)
