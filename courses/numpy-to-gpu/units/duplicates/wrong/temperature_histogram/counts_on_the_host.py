# finding: host-fallback
def temperature_histogram(temps, edges):
    place = np.searchsorted(edges.get(), temps.get().ravel(), side="right")
    counts = np.bincount(place, minlength=edges.size + 1)[1:-1]
    return cp.asarray(counts.astype(np.int32))
