# finding: wrong-result
@cuda.jit
def cool_down(temps, out):
    i = cuda.grid(1)
    n = temps.shape[0]
    if i < n:
        out[i] = temps[i]
        if 0 < i < n - 1:
            out[i] += np.float32(0.25) * (temps[i - 1] - np.float32(2) * temps[i] + temps[i + 1])
