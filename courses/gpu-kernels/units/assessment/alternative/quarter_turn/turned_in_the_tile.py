@cuda.jit
def quarter_turn(image, out):
    tile = cuda.shared.array((32, 32), np.float32)
    height, width = image.shape
    x, y = cuda.grid(2)
    u, v = cuda.threadIdx.x, cuda.threadIdx.y
    if y < height and x < width:
        tile[u, 31 - v] = image[y, x]
    cuda.syncthreads()
    row = cuda.blockIdx.x * cuda.blockDim.x + v
    column = height - 32 * cuda.blockIdx.y - 32 + u
    if row < width and column >= 0:
        out[row, column] = tile[v, u]
