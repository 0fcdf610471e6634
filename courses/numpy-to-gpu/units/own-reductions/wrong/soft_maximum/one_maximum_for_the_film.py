# finding: wrong-result
soft_kernel = cp.ReductionKernel("T t, T m, T w", "T y", "exp((t - m) / w)", "a + b", "y = w * log(a)", "0", "soft")


def soft_maximum(temps, width):
    if not temps.size:
        return cp.empty(len(temps), temps.dtype)
    largest = temps.max()
    return soft_kernel(temps, largest, width, axis=(1, 2)) + largest
