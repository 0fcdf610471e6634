# finding: out-of-bounds
@cuda.jit
def smooth_line(temps, out):
    i = cuda.grid(1)
    n = temps.shape[0]
    if i < n:
        left = temps[max(i - 1, 0)]
        right = temps[i + 1]
        out[i] = (left + temps[i] + right) / np.float32(3)
