# finding: wrong-result
@cuda.jit
def spread(raw, widest):
    low = cuda.shared.array(256, np.int32)
    high = cuda.shared.array(256, np.int32)
    t = cuda.threadIdx.x
    i = min(cuda.grid(1), raw.shape[0] - 1)
    low[t] = raw[i]
    high[t] = raw[i]
    cuda.syncthreads()
    width = cuda.blockDim.x // 2
    while width > 0:
        if t < width:
            low[t] = min(low[t], low[t + width])
            high[t] = max(high[t], high[t + width])
        cuda.syncthreads()
        width //= 2
    if t == 0:
        cuda.atomic.max(widest, 0, high[0] - low[0])
