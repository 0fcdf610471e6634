# finding: host-fallback
def weighted(counts, gain, offset, low, high):
    temps = cp.asnumpy(gain) * cp.asnumpy(counts) + cp.asnumpy(offset)
    weight = np.clip((temps - low) / (high - low), 0, 1)
    return cp.asarray((temps * weight).astype(np.float32))
