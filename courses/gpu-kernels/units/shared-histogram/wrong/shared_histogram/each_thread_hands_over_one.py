# finding: wrong-result
@cuda.jit
def shared_histogram(levels, counts):
    own = cuda.shared.array(256, np.int32)
    t = cuda.threadIdx.x
    i = cuda.grid(1)
    bins = counts.shape[0]
    for b in range(t, bins, cuda.blockDim.x):
        own[b] = 0
    cuda.syncthreads()
    if i < levels.shape[0] and 0 <= levels[i] < bins:
        cuda.atomic.add(own, levels[i], 1)
    cuda.syncthreads()
    if t < bins and own[t] > 0:
        cuda.atomic.add(counts, t, own[t])
