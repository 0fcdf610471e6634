# finding: host-fallback
def to_celsius(counts, dark, gain):
    signal = np.maximum((counts.get() - dark.get()) * gain.get(), 1)
    return cp.asarray((1430 / np.log(17000 / signal + 1) - 273.15).astype(counts.dtype))
