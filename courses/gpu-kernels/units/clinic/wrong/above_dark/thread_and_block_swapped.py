# finding: unwritten
@cuda.jit
def above_dark(raw, dark, out):
    i = cuda.blockIdx.x + cuda.threadIdx.x * cuda.blockDim.x
    if i < raw.shape[0]:
        out[i] = raw[i] - dark[i]
