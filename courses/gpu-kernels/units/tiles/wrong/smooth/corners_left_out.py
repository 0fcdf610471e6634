# finding: uninitialised
@cuda.jit
def smooth(image, out):
    tile = cuda.shared.array((10, 34), np.float32)
    tx, ty = cuda.threadIdx.x + 1, cuda.threadIdx.y + 1
    x, y = cuda.grid(2)
    height, width = image.shape
    row, column = min(y, height - 1), min(x, width - 1)
    tile[ty, tx] = image[row, column]
    if tx == 1:
        tile[ty, 0] = image[row, max(column - 1, 0)]
    if tx == 32:
        tile[ty, 33] = image[row, min(column + 1, width - 1)]
    if ty == 1:
        tile[0, tx] = image[max(row - 1, 0), column]
    if ty == 8:
        tile[9, tx] = image[min(row + 1, height - 1), column]
    cuda.syncthreads()
    if x < width and y < height:
        total = np.float32(0)
        for r in range(ty - 1, ty + 2):
            for c in range(tx - 1, tx + 2):
                total += tile[r, c]
        out[y, x] = total / np.float32(9)
