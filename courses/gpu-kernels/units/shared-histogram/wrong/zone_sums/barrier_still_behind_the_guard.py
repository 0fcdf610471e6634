# finding: barrier
@cuda.jit
def zone_sums(zone, raw, sums):
    own = cuda.shared.array(256, np.int32)
    t = cuda.threadIdx.x
    i = cuda.grid(1)
    zones = sums.shape[0]
    for z in range(t, zones, cuda.blockDim.x):
        own[z] = 0
    cuda.syncthreads()
    if i < zone.shape[0]:
        if zone[i] >= 0:
            cuda.atomic.add(own, zone[i], raw[i])
        cuda.syncthreads()
    for z in range(t, zones, cuda.blockDim.x):
        cuda.atomic.add(sums, z, own[z])
