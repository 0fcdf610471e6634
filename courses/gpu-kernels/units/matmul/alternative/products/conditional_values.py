@cuda.jit
def products(a, b, c):
    tile_a = cuda.shared.array((32, 32), np.float32)
    tile_b = cuda.shared.array((32, 32), np.float32)
    tx, ty, zone = cuda.threadIdx.x, cuda.threadIdx.y, cuda.blockIdx.z
    column, row = 32 * cuda.blockIdx.x + tx, 32 * cuda.blockIdx.y + ty
    total = np.float32(0)
    for first in range(0, a.shape[2], 32):
        there = row < a.shape[1] and first + tx < a.shape[2]
        tile_a[ty, tx] = a[zone, row, first + tx] if there else np.float32(0)
        there = first + ty < b.shape[1] and column < b.shape[2]
        tile_b[ty, tx] = b[zone, first + ty, column] if there else np.float32(0)
        cuda.syncthreads()
        for k in range(32):
            total += tile_a[ty, k] * tile_b[k, tx]
        cuda.syncthreads()
    if row < c.shape[1] and column < c.shape[2]:
        c[zone, row, column] = total
