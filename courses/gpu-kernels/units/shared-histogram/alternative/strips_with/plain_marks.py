@cuda.jit
def strips_with(levels, counts):
    seen = cuda.shared.array(256, np.bool_)
    for b in range(cuda.threadIdx.x, 256, cuda.blockDim.x):
        seen[b] = False
    cuda.syncthreads()
    i = cuda.grid(1)
    level = levels[i] if i < levels.size else -1
    if 0 <= level < counts.size:
        seen[level] = True
    cuda.syncthreads()
    for b in range(cuda.threadIdx.x, counts.size, cuda.blockDim.x):
        cuda.atomic.add(counts, b, 1 if seen[b] else 0)
