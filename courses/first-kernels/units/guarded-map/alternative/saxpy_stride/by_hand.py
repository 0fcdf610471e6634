@cuda.jit
def saxpy_stride(a, x, y):
    first = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    stride = cuda.gridDim.x * cuda.blockDim.x
    for i in range(first, len(x), stride):
        y[i] += a * x[i]
