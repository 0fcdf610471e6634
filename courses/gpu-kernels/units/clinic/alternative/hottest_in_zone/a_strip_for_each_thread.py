@cuda.jit
def hottest_in_zone(zone, raw, best):
    each = -(-zone.shape[0] // cuda.gridsize(1))
    first = cuda.grid(1) * each
    for i in range(first, min(first + each, zone.shape[0])):
        z = zone[i]
        if z >= 0:
            cuda.atomic.max(best, z, raw[i])
