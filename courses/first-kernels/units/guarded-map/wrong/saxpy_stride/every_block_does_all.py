# finding: race
# line: 4
@cuda.jit
def saxpy_stride(a, x, y):
    for i in range(cuda.threadIdx.x, x.shape[0], cuda.blockDim.x):
        y[i] = a * x[i] + y[i]
