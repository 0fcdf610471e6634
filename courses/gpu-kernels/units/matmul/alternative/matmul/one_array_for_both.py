@cuda.jit
def matmul(a, b, c):
    tiles = cuda.shared.array((2, 32, 33), np.float32)
    i, j = cuda.threadIdx.y, cuda.threadIdx.x
    top, left = 32 * cuda.blockIdx.y, 32 * cuda.blockIdx.x
    inner = a.shape[1]
    total = np.float32(0)
    step = 0
    while step * 32 < inner:
        tiles[0, i, j] = tiles[1, i, j] = 0
        if top + i < a.shape[0] and step * 32 + j < inner:
            tiles[0, i, j] = a[top + i, step * 32 + j]
        if step * 32 + i < inner and left + j < b.shape[1]:
            tiles[1, i, j] = b[step * 32 + i, left + j]
        cuda.syncthreads()
        for k in range(min(32, inner - step * 32)):
            total += tiles[0, i, k] * tiles[1, k, j]
        step += 1
        cuda.syncthreads()
    if top + i >= c.shape[0] or left + j >= c.shape[1]:
        return
    c[top + i, left + j] = total
