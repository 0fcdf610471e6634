# finding: many-launches
def weighted(counts, gain, offset, low, high):
    temps = gain * counts.astype(cp.float32) + offset
    weight = (temps - cp.float32(low)) / cp.float32(high - low)
    return temps * cp.clip(weight, cp.float32(0), cp.float32(1))
