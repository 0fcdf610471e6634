@cuda.jit
def smooth(image, out):
    tile = cuda.shared.array((10, 34), np.float32)
    sums = cuda.shared.array((10, 32), np.float32)
    t = cuda.threadIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    threads = cuda.blockDim.x * cuda.blockDim.y
    height, width = image.shape
    i = t
    while i < 340:
        y = cuda.blockIdx.y * 8 + i // 34 - 1
        x = cuda.blockIdx.x * 32 + i % 34 - 1
        tile[i // 34, i % 34] = image[max(0, min(y, height - 1)), max(0, min(x, width - 1))]
        i += threads
    cuda.syncthreads()
    for i in range(t, 320, threads):
        row, column = i // 32, i % 32
        sums[row, column] = tile[row, column] + tile[row, column + 1] + tile[row, column + 2]
    cuda.syncthreads()
    x, y = cuda.grid(2)
    if x >= width or y >= height:
        return
    row, column = cuda.threadIdx.y, cuda.threadIdx.x
    out[y, x] = (sums[row, column] + sums[row + 1, column] + sums[row + 2, column]) / np.float32(9)
