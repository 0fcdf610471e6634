# finding: wrong-result
def temperature_histogram(temps, edges):
    place = cp.searchsorted(edges, temps.ravel(), side="right") - 1
    counts = cp.zeros(edges.size - 1, cp.int32)
    cupyx.scatter_add(counts, place, 1)
    return counts
