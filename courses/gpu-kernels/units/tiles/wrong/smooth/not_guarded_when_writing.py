# finding: out-of-bounds
# line: 19
@cuda.jit
def smooth(image, out):
    tile = cuda.shared.array((10, 34), np.float32)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    left, top = 32 * cuda.blockIdx.x - 1, 8 * cuda.blockIdx.y - 1
    height, width = image.shape
    for row in range(ty, 10, 8):
        for column in range(tx, 34, 32):
            y = min(max(top + row, 0), height - 1)
            x = min(max(left + column, 0), width - 1)
            tile[row, column] = image[y, x]
    cuda.syncthreads()
    x, y = cuda.grid(2)
    if True:
        total = np.float32(0)
        for row in range(3):
            for column in range(3):
                total += tile[ty + row, tx + column]
        out[y, x] = total / np.float32(9)
