@cuda.jit
def smooth_line(temps, out):
    last = temps.shape[0] - 1
    for i in range(cuda.grid(1), last + 1, cuda.gridsize(1)):
        total = np.float32(0)
        for k in range(i - 1, i + 2):
            total += temps[min(max(k, 0), last)]
        out[i] = total / np.float32(3)
