# finding: uninitialised
# line: 4
@cuda.jit
def saxpy_stride(a, x, y, out):
    for i in range(cuda.grid(1), x.shape[0], cuda.gridsize(1)):
        out[i] += a * x[i] + y[i]
