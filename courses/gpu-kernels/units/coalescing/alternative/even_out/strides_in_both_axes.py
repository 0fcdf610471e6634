@cuda.jit
def even_out(raw, offset, out):
    row = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    column = cuda.blockIdx.y * cuda.blockDim.y + cuda.threadIdx.y
    step_row, step_column = cuda.gridsize(2)
    for c in range(column, raw.shape[0], step_column):
        shift = offset[c]
        for r in range(row, raw.shape[1], step_row):
            out[c, r] = raw[c, r] - shift
