@cuda.jit
def saxpy(a, x, y, out):
    i = cuda.threadIdx.x + cuda.blockIdx.x * cuda.blockDim.x
    if i >= out.size:
        return
    out[i] = a * x[i] + y[i]
