@cuda.jit
def matmul(a, b, c):
    tile_a = cuda.shared.array((2, 32, 32), np.float32)
    tile_b = cuda.shared.array((2, 32, 32), np.float32)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    x, y = cuda.grid(2)
    total = np.float32(0)
    now = 0
    for first in range(0, a.shape[1], 32):
        length = min(32, a.shape[1] - first)
        if y < a.shape[0] and tx < length:
            tile_a[now, ty, tx] = a[y, first + tx]
        if x < b.shape[1] and ty < length:
            tile_b[now, ty, tx] = b[first + ty, x]
        cuda.syncthreads()
        if y < c.shape[0] and x < c.shape[1]:
            for k in range(length):
                total += tile_a[now, ty, k] * tile_b[now, k, tx]
        now = 1 - now
    if y < c.shape[0] and x < c.shape[1]:
        c[y, x] = total
