# finding: uninitialised
@cuda.jit
def cool_down(temps, out):
    i = cuda.grid(1)
    n = temps.shape[0]
    before = out
    if i < n:
        left, right = before[max(i - 1, 0)], before[min(i + 1, n - 1)]
        out[i] = temps[i] + np.float32(0.25) * (left - np.float32(2) * temps[i] + right)
