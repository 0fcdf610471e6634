# finding: race
# line: 19
@cuda.jit
def spread(raw, widest):
    low = cuda.shared.array(256, np.int32)
    high = cuda.shared.array(256, np.int32)
    t = cuda.threadIdx.x
    i = min(cuda.grid(1), raw.shape[0] - 1)
    low[t] = raw[i]
    high[t] = raw[i]
    cuda.syncthreads()
    width = cuda.blockDim.x
    while width > 1:
        half = (width + 1) // 2
        if t + half < width:
            low[t] = min(low[t], low[t + half])
            high[t] = max(high[t], high[t + half])
        cuda.syncthreads()
        width = half
    if t == 0:
        widest[0] = max(widest[0], high[0] - low[0])
