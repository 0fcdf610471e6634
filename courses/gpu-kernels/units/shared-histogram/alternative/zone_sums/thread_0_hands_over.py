@cuda.jit
def zone_sums(zone, raw, sums):
    own = cuda.shared.array(256, np.int32)
    t = cuda.threadIdx.x
    z = t
    while z < 256:
        own[z] = 0
        z += cuda.blockDim.x
    cuda.syncthreads()
    for i in range(cuda.grid(1), zone.size, cuda.gridsize(1)):
        if zone[i] != -1:
            cuda.atomic.add(own, zone[i], raw[i])
    cuda.syncthreads()
    if t == 0:
        for z in range(sums.size):
            if own[z] != 0:
                cuda.atomic.add(sums, z, own[z])
