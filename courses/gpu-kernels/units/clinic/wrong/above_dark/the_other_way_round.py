# finding: wrong-result
@cuda.jit
def above_dark(raw, dark, out):
    i = cuda.threadIdx.x + cuda.blockIdx.x * cuda.blockDim.x
    if i < raw.shape[0]:
        out[i] = dark[i] - raw[i]
