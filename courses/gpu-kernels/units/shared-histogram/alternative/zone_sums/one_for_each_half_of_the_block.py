@cuda.jit
def zone_sums(zone, raw, sums):
    own = cuda.shared.array((2, 256), np.int32)
    half = cuda.threadIdx.x % 2
    first = cuda.threadIdx.x // 2
    step = cuda.blockDim.x // 2
    for z in range(first, len(sums), step):
        own[half, z] = 0
    cuda.syncthreads()
    i = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    number = zone[i] if i < len(zone) else -1
    if number >= 0:
        cuda.atomic.add(own, (half, number), raw[i])
    cuda.syncthreads()
    for z in range(first, len(sums), step):
        if half == 0:
            cuda.atomic.add(sums, z, own[0, z] + own[1, z])
