@cuda.jit
def turn_left(image, out):
    kept = cuda.shared.array(1024, np.float32)
    u, v = cuda.threadIdx.x, cuda.threadIdx.y
    rows, columns = image.shape
    i, j = cuda.blockIdx.y * 32 + v, cuda.blockIdx.x * 32 + u
    if not (i >= rows or j >= columns):
        kept[32 * v + (u + v) % 32] = image[i, j]
    cuda.syncthreads()
    i, j = cuda.blockIdx.y * 32 + u, cuda.blockIdx.x * 32 + v
    if i >= rows or j >= columns:
        return
    out[columns - 1 - j, i] = kept[32 * u + (u + v) % 32]
