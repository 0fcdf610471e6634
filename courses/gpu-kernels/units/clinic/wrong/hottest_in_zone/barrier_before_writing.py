# finding: race
@cuda.jit
def hottest_in_zone(zone, raw, best):
    i = cuda.grid(1)
    hotter = False
    if i < zone.shape[0] and zone[i] >= 0:
        hotter = raw[i] > best[zone[i]]
    cuda.syncthreads()
    if hotter:
        best[zone[i]] = raw[i]
