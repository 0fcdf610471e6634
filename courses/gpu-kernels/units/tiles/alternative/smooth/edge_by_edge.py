@cuda.jit
def smooth(image, out):
    tile = cuda.shared.array((10, 34), np.float32)
    tx, ty = cuda.threadIdx.x + 1, cuda.threadIdx.y + 1
    x, y = cuda.grid(2)
    height, width = image.shape
    here, row = min(x, width - 1), min(y, height - 1)
    before, after = max(here - 1, 0), min(here + 1, width - 1)
    above, below = max(row - 1, 0), min(row + 1, height - 1)
    if x == width - 1 or x < width and tx == 32:
        tile[ty, tx + 1] = image[row, after]
        if ty == 1:
            tile[0, tx + 1] = image[above, after]
        if ty == 8:
            tile[9, tx + 1] = image[below, after]
    if tx == 1:
        tile[ty, 0] = image[row, before]
        if ty == 1:
            tile[0, 0] = image[above, before]
        if ty == 8:
            tile[9, 0] = image[below, before]
    if x < width:
        tile[ty, tx] = image[row, here]
        if ty == 1:
            tile[0, tx] = image[above, here]
        if ty == 8:
            tile[9, tx] = image[below, here]
    cuda.syncthreads()
    if x < width and y < height:
        total = np.float32(0)
        for k in range(9):
            total += tile[ty - 1 + k // 3, tx - 1 + k % 3]
        out[y, x] = total * np.float32(1 / 9)
