@cuda.jit
def coldest_in_strip(raw, lows):
    own = cuda.shared.array(256, np.int32)
    t = cuda.threadIdx.x
    i = cuda.grid(1)
    if i < raw.shape[0]:
        own[t] = raw[i]
    cuda.syncthreads()
    if t == 0:
        low = own[0]
        for k in range(1, min(cuda.blockDim.x, raw.shape[0] - i)):
            low = min(low, own[k])
        lows[cuda.blockIdx.x] = low
