@cuda.jit
def responses(patterns, film, gain, offset, out):
    waves = cuda.shared.array((32, 32), np.float32)
    counts = cuda.shared.array((32, 33), np.float32)
    u, v = cuda.threadIdx.x, cuda.threadIdx.y
    x, y = cuda.grid(2)
    frames = film.shape[1]
    above = 32 * cuda.blockIdx.x + v
    total = np.float32(0)
    for first in range(0, frames, 32):
        length = min(32, frames - first)
        if u < length and y < patterns.shape[0]:
            waves[v, u] = patterns[y, first + u]
        if u < length and above < film.shape[0]:
            counts[u, v] = film[above, first + u]
        cuda.syncthreads()
        if y < out.shape[0] and x < out.shape[1]:
            for k in range(length):
                total += waves[v, k] * counts[k, u]
        cuda.syncthreads()
    if y < out.shape[0] and x < out.shape[1]:
        answer = total * gain[y] + offset[y]
        out[y, x] = answer if answer > 0 else np.float32(0)
