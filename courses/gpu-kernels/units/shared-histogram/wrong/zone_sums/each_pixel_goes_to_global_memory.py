# finding: many-atomics
@cuda.jit
def zone_sums(zone, raw, sums):
    i = cuda.grid(1)
    if i < zone.size and zone[i] >= 0:
        cuda.atomic.add(sums, zone[i], raw[i])
