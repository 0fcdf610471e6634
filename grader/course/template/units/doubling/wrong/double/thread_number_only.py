# finding: unwritten
@cuda.jit
def double(x, out):
    i = cuda.grid(1)
    i = cuda.threadIdx.x
    if i < x.shape[0]:
        out[i] = 2 * x[i]
