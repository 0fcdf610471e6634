# finding: slow
@cuda.jit
def strips(heat, low, step, bins, coldest, hottest, common):
    own = cuda.local.array(64, np.int32)
    if cuda.threadIdx.x == 0:
        for b in range(bins):
            own[b] = 0
        first = cuda.grid(1)
        low_end = high_end = heat[first]
        for i in range(first, min(first + cuda.blockDim.x, heat.shape[0])):
            value = heat[i]
            low_end = min(low_end, value)
            high_end = max(high_end, value)
            own[min(max((value - low) // step, 0), bins - 1)] += 1
        most = 0
        for b in range(1, bins):
            if own[b] > own[most]:
                most = b
        s = cuda.blockIdx.x
        coldest[s] = low_end
        hottest[s] = high_end
        common[s] = most
