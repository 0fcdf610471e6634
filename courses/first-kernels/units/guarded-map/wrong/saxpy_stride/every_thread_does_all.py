# finding: race
# line: 4
@cuda.jit
def saxpy_stride(a, x, y):
    for i in range(x.shape[0]):
        y[i] = a * x[i] + y[i]
