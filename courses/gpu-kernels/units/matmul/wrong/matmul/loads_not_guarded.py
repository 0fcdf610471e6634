# finding: out-of-bounds
@cuda.jit
def matmul(a, b, c):
    tile_a = cuda.shared.array((32, 32), np.float32)
    tile_b = cuda.shared.array((32, 32), np.float32)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    column, row = cuda.grid(2)
    rows, inner = a.shape
    columns = b.shape[1]
    total = np.float32(0)
    for first in range(0, inner, 32):
        tile_a[ty, tx] = a[row, first + tx]
        tile_b[ty, tx] = b[first + ty, column]
        cuda.syncthreads()
        for k in range(32):
            total += tile_a[ty, k] * tile_b[k, tx]
        cuda.syncthreads()
    if row < rows and column < columns:
        c[row, column] = total
