@cuda.jit
def strips(heat, low, step, bins, coldest, hottest, common):
    own = cuda.shared.array(64, np.int32)
    cold = cuda.shared.array(1, np.int32)
    hot = cuda.shared.array(1, np.int32)
    best = cuda.shared.array(1, np.int32)
    i, t = cuda.grid(1), cuda.threadIdx.x
    b = t
    while b < 64:
        own[b] = 0
        b += cuda.blockDim.x
    if t == 0:
        cold[0] = 2147483647
        hot[0] = -2147483648
        best[0] = 0
    cuda.syncthreads()
    there = i < heat.shape[0]
    if there:
        cuda.atomic.max(hot, 0, heat[i])
        cuda.atomic.min(cold, 0, heat[i])
        where = (heat[i] - low) // step if heat[i] > low else 0
        cuda.atomic.add(own, where if where < bins else bins - 1, 1)
    cuda.syncthreads()
    b = t
    while b < bins:
        cuda.atomic.max(best, 0, 64 * own[b] + 63 - b)
        b += cuda.blockDim.x
    cuda.syncthreads()
    if t:
        return
    coldest[cuda.blockIdx.x] = cold[0]
    hottest[cuda.blockIdx.x] = hot[0]
    common[cuda.blockIdx.x] = 63 - best[0] % 64
