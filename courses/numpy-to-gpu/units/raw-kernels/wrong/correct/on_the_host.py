# finding: host-fallback
def correct(signal, drift, factor, count):
    result = signal.get()
    result[:count] += np.float32(factor) * drift.get()[:count]
    return cp.asarray(result)
