@cuda.jit
def saxpy_stride(a, x, y):
    i = cuda.grid(1)
    while i < y.size:
        y[i] = a * x[i] + y[i]
        i += cuda.gridsize(1)
