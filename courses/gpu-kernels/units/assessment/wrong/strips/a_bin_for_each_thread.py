# finding: slow
@cuda.jit
def strips(heat, low, step, bins, coldest, hottest, common):
    found = cuda.shared.array(64, np.int32)
    t, s = cuda.threadIdx.x, cuda.blockIdx.x
    first = s * cuda.blockDim.x
    end = min(first + cuda.blockDim.x, heat.shape[0])
    for b in range(t, bins, cuda.blockDim.x):
        own = 0
        for i in range(first, end):
            if min(max((heat[i] - low) // step, 0), bins - 1) == b:
                own += 1
        found[b] = own
    cuda.syncthreads()
    if t == 0:
        cold = hot = heat[first]
        for i in range(first, end):
            cold = min(cold, heat[i])
            hot = max(hot, heat[i])
        most = 0
        for b in range(1, bins):
            if found[b] > found[most]:
                most = b
        coldest[s] = cold
        hottest[s] = hot
        common[s] = most
