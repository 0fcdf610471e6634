@cuda.jit
def add_frame(frame, total):
    i = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    step = cuda.gridDim.x * cuda.blockDim.x
    while i < len(total):
        total[i] = total[i] + frame[i]
        i += step
