# finding: bank-conflict
@cuda.jit
def turn_left(image, out):
    tile = cuda.shared.array((33, 32), np.float32)
    tx, ty = cuda.threadIdx.x, cuda.threadIdx.y
    left, top = 32 * cuda.blockIdx.x, 32 * cuda.blockIdx.y
    height, width = image.shape
    if left + tx < width and top + ty < height:
        tile[ty, tx] = image[top + ty, left + tx]
    cuda.syncthreads()
    if left + ty < width and top + tx < height:
        out[width - 1 - left - ty, top + tx] = tile[tx, ty]
