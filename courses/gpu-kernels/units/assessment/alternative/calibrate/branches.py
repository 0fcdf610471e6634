@cuda.jit
def calibrate(raw, dark, gain, limit, heat, dead):
    column = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    row = cuda.blockIdx.y * cuda.blockDim.y + cuda.threadIdx.y
    if row >= raw.shape[0] or column >= raw.shape[1]:
        return
    if 0 < raw[row, column] < limit:
        heat[row, column] = (raw[row, column] - dark[row, column]) * gain[row, column]
        dead[row, column] = 0
    else:
        heat[row, column] = -300
        dead[row, column] = 1
