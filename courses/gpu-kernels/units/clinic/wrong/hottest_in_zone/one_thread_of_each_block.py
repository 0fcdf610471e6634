# finding: race
@cuda.jit
def hottest_in_zone(zone, raw, best):
    if cuda.threadIdx.x == 0:
        first = cuda.blockIdx.x * cuda.blockDim.x
        for i in range(first, min(first + cuda.blockDim.x, zone.shape[0])):
            if zone[i] >= 0 and raw[i] > best[zone[i]]:
                best[zone[i]] = raw[i]
