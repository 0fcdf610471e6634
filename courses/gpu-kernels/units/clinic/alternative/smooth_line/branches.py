@cuda.jit
def smooth_line(temps, out):
    i = cuda.grid(1)
    if i >= temps.shape[0]:
        return
    total = temps[i] + temps[i] + temps[i]
    if i > 0:
        total += temps[i - 1] - temps[i]
    if i + 1 < temps.shape[0]:
        total += temps[i + 1] - temps[i]
    out[i] = total / np.float32(3)
