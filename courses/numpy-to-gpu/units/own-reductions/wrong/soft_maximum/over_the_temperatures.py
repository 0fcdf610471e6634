# finding: input-changed
soft_kernel = cp.ReductionKernel("T t, T w", "T y", "exp(t / w)", "a + b", "y = w * log(a)", "0", "soft")


def soft_maximum(temps, width):
    largest = temps.max(axis=(1, 2), keepdims=True)
    temps -= largest
    return soft_kernel(temps, width, axis=(1, 2)) + largest.reshape(-1)
