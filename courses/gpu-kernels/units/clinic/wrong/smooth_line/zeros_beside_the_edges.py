# finding: wrong-result
@cuda.jit
def smooth_line(temps, out):
    i = cuda.grid(1)
    n = temps.shape[0]
    if i < n:
        left = temps[i - 1] if i > 0 else np.float32(0)
        right = temps[i + 1] if i < n - 1 else np.float32(0)
        out[i] = (left + temps[i] + right) / np.float32(3)
