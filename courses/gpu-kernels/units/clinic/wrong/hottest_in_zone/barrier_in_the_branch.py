# finding: barrier
@cuda.jit
def hottest_in_zone(zone, raw, best):
    own = cuda.shared.array(16, np.int32)
    t = cuda.threadIdx.x
    i = cuda.grid(1)
    if t < best.shape[0]:
        own[t] = 0
    cuda.syncthreads()
    if i < zone.shape[0] and zone[i] >= 0:
        cuda.atomic.max(own, zone[i], raw[i])
        cuda.syncthreads()
    if t < best.shape[0]:
        cuda.atomic.max(best, t, own[t])
