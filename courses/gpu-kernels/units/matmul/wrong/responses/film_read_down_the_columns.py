# finding: uncoalesced
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
        there = pixel < pixels and first + ty < frames
        tile_f[tx, ty] = np.float32(film[pixel, first + ty]) if there else np.float32(0)
        cuda.syncthreads()
        for k in range(32):
            total += tile_p[ty, k] * tile_f[tx, k]
        cuda.syncthreads()
    if pattern < count and pixel < pixels:
        out[pattern, pixel] = max(gain[pattern] * total + offset[pattern], np.float32(0))
