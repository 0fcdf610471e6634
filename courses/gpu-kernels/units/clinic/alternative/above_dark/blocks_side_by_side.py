@cuda.jit
def above_dark(raw, dark, out):
    i = cuda.threadIdx.x * cuda.gridDim.x + cuda.blockIdx.x
    if i >= raw.shape[0]:
        return
    out[i] = raw[i] - dark[i]
