@cuda.jit
def turn_left(image, out):
    tile = cuda.shared.array((32, 33), np.float32)
    height, width = image.shape
    x, y = cuda.grid(2)
    u, v = cuda.threadIdx.x, cuda.threadIdx.y
    if y < height and x < width:
        tile[31 - u, v] = image[y, x]
    cuda.syncthreads()
    row = width - 32 * cuda.blockIdx.x - 32 + v
    column = cuda.blockIdx.y * cuda.blockDim.y + u
    if row >= 0 and column < height:
        out[row, column] = tile[v, u]
