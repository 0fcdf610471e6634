# finding: uninitialised
@cuda.jit
def smooth(image, out):
    tile = cuda.shared.array((10, 34), np.float32)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    x, y = cuda.grid(2)
    height, width = image.shape
    if x < width and y < height:
        tile[ty + 1, tx + 1] = image[y, x]
    cuda.syncthreads()
    if x < width and y < height:
        total = np.float32(0)
        for row in range(3):
            for column in range(3):
                total += tile[ty + row, tx + column]
        out[y, x] = total / np.float32(9)
