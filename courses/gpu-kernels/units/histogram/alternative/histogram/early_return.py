@cuda.jit
def histogram(heat, low, width, counts):
    i = cuda.threadIdx.x + cuda.blockIdx.x * cuda.blockDim.x
    if i >= len(heat):
        return
    t = heat[i]
    high = low + width * len(counts)
    if t < low or t >= high:
        return
    cuda.atomic.add(counts, np.int32((t - low) / width), np.int32(1))
