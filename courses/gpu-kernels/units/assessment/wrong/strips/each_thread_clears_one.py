# finding: uninitialised
@cuda.jit
def strips(heat, low, step, bins, coldest, hottest, common):
    own = cuda.shared.array(64, np.int32)
    ends = cuda.shared.array(2, np.int32)
    t = cuda.threadIdx.x
    i = cuda.grid(1)
    if t < bins:
        own[t] = 0
    if t == 0:
        ends[0] = heat[i]
        ends[1] = heat[i]
    cuda.syncthreads()
    if i < heat.shape[0]:
        b = min(max((heat[i] - low) // step, 0), bins - 1)
        cuda.atomic.add(own, b, 1)
        cuda.atomic.min(ends, 0, heat[i])
        cuda.atomic.max(ends, 1, heat[i])
    cuda.syncthreads()
    if t == 0:
        most = 0
        for b in range(1, bins):
            if own[b] > own[most]:
                most = b
        s = cuda.blockIdx.x
        coldest[s] = ends[0]
        hottest[s] = ends[1]
        common[s] = most
