@cuda.jit
def strips_with(levels, counts):
    seen = cuda.shared.array(256, np.int32)
    for b in range(cuda.threadIdx.x, counts.size, cuda.blockDim.x):
        seen[b] = 0
    cuda.syncthreads()
    i = cuda.grid(1)
    if i >= levels.size or levels[i] < 0 or levels[i] >= counts.size:
        return
    if cuda.atomic.add(seen, levels[i], 1) == 0:
        cuda.atomic.add(counts, levels[i], 1)
