@cuda.jit
def shared_histogram(levels, counts):
    own = cuda.shared.array(256, np.int32)
    if cuda.threadIdx.x == 0:
        for b in range(counts.size):
            own[b] = 0
    cuda.syncthreads()
    i = cuda.grid(1)
    if i < levels.size:
        level = levels[i]
        if level >= 0 and level < counts.size:
            cuda.atomic.add(own, level, 1)
    cuda.syncthreads()
    if cuda.threadIdx.x == 0:
        for b in range(counts.size):
            cuda.atomic.add(counts, b, own[b])
