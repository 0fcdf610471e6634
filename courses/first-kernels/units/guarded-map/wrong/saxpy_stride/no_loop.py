# finding: wrong-result
@cuda.jit
def saxpy_stride(a, x, y):
    i = cuda.grid(1)
    if i < x.shape[0]:
        y[i] = a * x[i] + y[i]
