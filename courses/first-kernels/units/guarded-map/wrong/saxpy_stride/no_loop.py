# finding: unwritten
@cuda.jit
def saxpy_stride(a, x, y, out):
    i = cuda.grid(1)
    if i < x.shape[0]:
        out[i] = a * x[i] + y[i]
