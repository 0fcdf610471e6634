# finding: many-launches
def soft_maximum(temps, width):
    result = cp.empty(len(temps), temps.dtype)
    shifted = cp.ReductionKernel("T t, T m, T w", "T y", "exp((t - m) / w)", "a + b", "y = w * log(a)", "0", "shifted")
    for number, frame in enumerate(temps):
        largest = frame.max()
        result[number] = shifted(frame, largest, width) + largest
    return result
