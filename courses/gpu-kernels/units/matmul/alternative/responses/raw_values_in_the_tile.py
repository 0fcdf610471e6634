@cuda.jit
def responses(patterns, film, gain, offset, out):
    tile = cuda.shared.array((32, 33), np.int32)
    weights = cuda.shared.array((32, 33), np.float32)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    pixel, pattern = cuda.grid(2)
    row = pixel - tx + ty
    acc = np.float32(0)
    t = tx
    while t - tx < film.shape[1]:
        tile[ty, tx] = 0
        weights[ty, tx] = 0
        if t < film.shape[1]:
            if row < film.shape[0]:
                tile[ty, tx] = film[row, t]
            if pattern < patterns.shape[0]:
                weights[ty, tx] = patterns[pattern, t]
        cuda.syncthreads()
        for k in range(32):
            acc += weights[ty, k] * np.float32(tile[tx, k])
        cuda.syncthreads()
        t += 32
    if pattern >= out.shape[0] or pixel >= out.shape[1]:
        return
    out[pattern, pixel] = max(np.float32(0), acc * gain[pattern] + offset[pattern])
