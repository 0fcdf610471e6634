@cuda.jit
def shared_histogram(levels, counts):
    own = cuda.shared.array((8, 256), np.int32)
    t = cuda.threadIdx.x
    warps = (cuda.blockDim.x + 31) // 32
    b = t
    while b < counts.size:
        for warp in range(warps):
            own[warp, b] = 0
        b += cuda.blockDim.x
    cuda.syncthreads()
    for i in range(cuda.grid(1), levels.size, cuda.gridsize(1)):
        if 0 <= levels[i] < counts.size:
            cuda.atomic.add(own, (t // 32, levels[i]), 1)
    cuda.syncthreads()
    b = t
    while b < counts.size:
        found = 0
        for warp in range(warps):
            found += own[warp, b]
        cuda.atomic.add(counts, b, found)
        b += cuda.blockDim.x
