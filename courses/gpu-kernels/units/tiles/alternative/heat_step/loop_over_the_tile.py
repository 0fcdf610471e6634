@cuda.jit
def heat_step(heat, rate, out):
    tile = cuda.shared.array((10, 34), np.float32)
    height, width = heat.shape
    for row in range(cuda.threadIdx.y, 10, 8):
        y = min(max(8 * cuda.blockIdx.y + row - 1, 0), height - 1)
        for column in range(cuda.threadIdx.x, 34, 32):
            x = min(max(32 * cuda.blockIdx.x + column - 1, 0), width - 1)
            tile[row, column] = heat[y, x]
    cuda.syncthreads()
    x, y = cuda.grid(2)
    if x >= width or y >= height:
        return
    r, c = cuda.threadIdx.y + 1, cuda.threadIdx.x + 1
    own = tile[r, c]
    change = (tile[r, c - 1] - own) + (tile[r, c + 1] - own) + (tile[r - 1, c] - own) + (tile[r + 1, c] - own)
    out[y, x] = own + rate * change
