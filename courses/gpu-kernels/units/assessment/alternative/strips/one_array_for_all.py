@cuda.jit
def strips(heat, low, step, bins, coldest, hottest, common):
    own = cuda.shared.array(66, np.int32)
    threads = cuda.blockDim.x
    start = cuda.blockIdx.x * threads
    if cuda.threadIdx.x == 0:
        own[64], own[65] = 2147483647, -2147483648
        for b in range(bins):
            own[b] = 0
    cuda.syncthreads()
    if start + cuda.threadIdx.x < heat.size:
        value = heat[start + cuda.threadIdx.x]
        b = 0 if value < low else min((value - low) // step, bins - 1)
        cuda.atomic.add(own, b, 1)
        cuda.atomic.max(own, 65, value)
        cuda.atomic.min(own, 64, value)
    cuda.syncthreads()
    if cuda.threadIdx.x == 0:
        coldest[cuda.blockIdx.x], hottest[cuda.blockIdx.x] = own[64], own[65]
        most = bins - 1
        for b in range(bins - 1, -1, -1):
            if own[b] >= own[most]:
                most = b
        common[cuda.blockIdx.x] = most
