# finding: wrong-result
largest_kernel = cp.ReductionKernel("T t", "T y", "t", "max(a, b)", "y = a", "0", "largest")
soft_kernel = cp.ReductionKernel("T t, T m, T w", "T y", "exp((t - m) / w)", "a + b", "y = w * log(a)", "0", "soft")


def soft_maximum(temps, width):
    largest = largest_kernel(temps, axis=(1, 2), keepdims=True)
    return soft_kernel(temps, largest, width, axis=(1, 2)) + largest.reshape(-1)
