# finding: unwritten
@cuda.jit
def saxpy(a, x, y, out):
    i = cuda.threadIdx.x
    if i < x.shape[0]:
        out[i] = a * x[i] + y[i]
