# finding: barrier
@cuda.jit
def products(a, b, c):
    tile_a = cuda.shared.array((32, 32), np.float32)
    tile_b = cuda.shared.array((32, 32), np.float32)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    column, row, zone = cuda.grid(3)
    rows, inner = a.shape[1], a.shape[2]
    columns = b.shape[2]
    total = np.float32(0)
    for first in range(0, inner, 32):
        tile_a[ty, tx] = 0
        tile_b[ty, tx] = 0
        if row < rows and first + tx < inner:
            tile_a[ty, tx] = a[zone, row, first + tx]
        if first + ty < inner and column < columns:
            tile_b[ty, tx] = b[zone, first + ty, column]
        cuda.syncthreads()
        if row < rows and column < columns:
            for k in range(32):
                total += tile_a[ty, k] * tile_b[k, tx]
            cuda.syncthreads()
    if row < rows and column < columns:
        c[zone, row, column] = total
