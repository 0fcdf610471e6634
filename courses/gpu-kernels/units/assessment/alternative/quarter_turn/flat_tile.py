@cuda.jit
def quarter_turn(image, out):
    kept = cuda.shared.array(1024, np.float32)
    rows, columns = image.shape
    i, j = cuda.blockIdx.y * 32 + cuda.threadIdx.y, cuda.blockIdx.x * 32 + cuda.threadIdx.x
    if not (i >= rows or j >= columns):
        kept[32 * cuda.threadIdx.y + cuda.threadIdx.x] = image[i, j]
    cuda.syncthreads()
    i, j = cuda.blockIdx.y * 32 + cuda.threadIdx.x, cuda.blockIdx.x * 32 + cuda.threadIdx.y
    if i >= rows or j >= columns:
        return
    out[j, rows - 1 - i] = kept[32 * cuda.threadIdx.x + cuda.threadIdx.y]
