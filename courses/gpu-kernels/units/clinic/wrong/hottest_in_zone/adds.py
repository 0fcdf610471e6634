# finding: wrong-result
@cuda.jit
def hottest_in_zone(zone, raw, best):
    i = cuda.grid(1)
    if i < zone.shape[0] and zone[i] >= 0:
        cuda.atomic.add(best, zone[i], raw[i])
