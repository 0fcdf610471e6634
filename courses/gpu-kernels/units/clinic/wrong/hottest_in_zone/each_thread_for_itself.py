# finding: unwritten
@cuda.jit
def hottest_in_zone(zone, raw, best):
    found = cuda.local.array(9, np.int32)
    i = cuda.grid(1)
    for z in range(best.shape[0]):
        found[z] = best[z]
    if i < zone.shape[0] and zone[i] >= 0:
        found[zone[i]] = max(found[zone[i]], raw[i])
