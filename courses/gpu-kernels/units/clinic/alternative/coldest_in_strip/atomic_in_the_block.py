@cuda.jit
def coldest_in_strip(raw, lows):
    low = cuda.shared.array(1, np.int32)
    i = cuda.grid(1)
    if cuda.threadIdx.x == 0:
        low[0] = raw[i]
    cuda.syncthreads()
    if i < raw.shape[0]:
        cuda.atomic.min(low, 0, raw[i])
    cuda.syncthreads()
    if cuda.threadIdx.x == 0:
        lows[cuda.blockIdx.x] = low[0]
