# finding: out-of-bounds
@cuda.jit
def above_dark(raw, dark, out):
    i = cuda.threadIdx.x + cuda.blockIdx.x * cuda.blockDim.x
    out[i] = raw[i] - dark[i]
