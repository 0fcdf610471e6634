@cuda.jit
def grey(heat, low, high, out):
    column = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    row = cuda.blockIdx.y * cuda.blockDim.y + cuda.threadIdx.y
    if row >= heat.shape[0] or column >= heat.shape[1]:
        return
    t = heat[row, column]
    if t <= low:
        out[row, column] = 0
    elif t >= high:
        out[row, column] = 1
    else:
        out[row, column] = (t - low) / (high - low)
