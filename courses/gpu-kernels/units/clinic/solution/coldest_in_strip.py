@cuda.jit
def coldest_in_strip(raw, lows):
    own = cuda.shared.array(256, np.int32)
    t = cuda.threadIdx.x
    i = cuda.grid(1)
    own[t] = raw[i] if i < raw.shape[0] else 2147483647
    cuda.syncthreads()
    step = cuda.blockDim.x // 2
    while step > 0:
        if t < step:
            own[t] = min(own[t], own[t + step])
        cuda.syncthreads()
        step //= 2
    if t == 0:
        lows[cuda.blockIdx.x] = own[0]
