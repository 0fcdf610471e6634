# finding: wrong-result
def temperature_histogram(temps, edges):
    if temps.size == 0:
        return cp.zeros(edges.size - 1, cp.int32)
    place = cp.searchsorted(edges, temps.ravel(), side="right")
    return cp.bincount(place)[1:-1].astype(cp.int32)
