@cuda.jit
def spread(raw, widest):
    limits = cuda.shared.array(2, np.int32)
    i = cuda.grid(1)
    if cuda.threadIdx.x == 0:
        limits[0] = raw[i]
        limits[1] = raw[i]
    cuda.syncthreads()
    if i < raw.size:
        cuda.atomic.min(limits, 0, raw[i])
        cuda.atomic.max(limits, 1, raw[i])
    cuda.syncthreads()
    if cuda.threadIdx.x == 0:
        cuda.atomic.max(widest, 0, limits[1] - limits[0])
