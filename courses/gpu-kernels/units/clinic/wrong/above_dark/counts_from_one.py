# finding: out-of-bounds
@cuda.jit
def above_dark(raw, dark, out):
    i = 1 + cuda.threadIdx.x + cuda.blockIdx.x * cuda.blockDim.x
    if i <= raw.shape[0]:
        out[i] = raw[i] - dark[i]
