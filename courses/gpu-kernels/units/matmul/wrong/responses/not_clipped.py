# finding: wrong-result
@cuda.jit
def responses(patterns, film, gain, offset, out):
    tile_p = cuda.shared.array((32, 32), np.float32)
    tile_f = cuda.shared.array((32, 33), np.float32)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    pixel, pattern = cuda.grid(2)
    first_pixel = 32 * cuda.blockIdx.x
    pixels, frames = film.shape
    count = patterns.shape[0]
    total = np.float32(0)
    for first in range(0, frames, 32):
        time = first + tx
        tile_p[ty, tx] = patterns[pattern, time] if pattern < count and time < frames else np.float32(0)
        there = first_pixel + ty < pixels and time < frames
        tile_f[ty, tx] = np.float32(film[first_pixel + ty, time]) if there else np.float32(0)
        cuda.syncthreads()
        for k in range(32):
            total += tile_p[ty, k] * tile_f[tx, k]
        cuda.syncthreads()
    if pattern < count and pixel < pixels:
        out[pattern, pixel] = gain[pattern] * total + offset[pattern]
