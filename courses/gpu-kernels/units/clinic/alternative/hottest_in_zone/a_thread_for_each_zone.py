@cuda.jit
def hottest_in_zone(zone, raw, best):
    for z in range(cuda.grid(1), best.shape[0], cuda.gridsize(1)):
        for i in range(zone.shape[0]):
            if zone[i] == z and raw[i] > best[z]:
                best[z] = raw[i]
