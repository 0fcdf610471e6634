# finding: unwritten
@cuda.jit
def above_dark(raw, dark, out):
    i = cuda.threadIdx.x + cuda.blockIdx.x * 64
    if i < raw.shape[0]:
        out[i] = raw[i] - dark[i]
