# finding: slow
@cuda.jit
def matmul(a, b, c):
    tile_a = cuda.shared.array((32, 32), np.float32)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    column, row = cuda.grid(2)
    rows, inner = a.shape
    columns = b.shape[1]
    total = np.float32(0)
    for first in range(0, inner, 32):
        if row < rows and first + tx < inner:
            tile_a[ty, tx] = a[row, first + tx]
        cuda.syncthreads()
        if row < rows and column < columns:
            for k in range(min(32, inner - first)):
                total += tile_a[ty, k] * b[first + k, column]
        cuda.syncthreads()
    if row < rows and column < columns:
        c[row, column] = total
