# finding: race
@cuda.jit
def cool_down(temps, out):
    i = cuda.grid(1)
    n = temps.shape[0]
    change = np.float32(0)
    if i < n:
        left, right = temps[max(i - 1, 0)], temps[min(i + 1, n - 1)]
        change = np.float32(0.25) * (left - np.float32(2) * temps[i] + right)
    cuda.syncthreads()
    if i < n:
        temps[i] += change
        out[i] = temps[i]
