# finding: wrong-result
@cuda.jit
def smooth_line(temps, out):
    i = cuda.grid(1)
    n = temps.shape[0]
    if i < n:
        left = temps[(i - 1) % n]
        right = temps[(i + 1) % n]
        out[i] = (left + temps[i] + right) / np.float32(3)
