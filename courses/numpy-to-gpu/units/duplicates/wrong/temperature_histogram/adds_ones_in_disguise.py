# finding: wrong-result
def temperature_histogram(temps, edges):
    place = cp.searchsorted(edges, temps.ravel(), side="right")
    counts = cp.zeros(edges.size + 1, cp.int32)
    counts[place] = counts[place] + cp.ones(place.size, cp.int32)
    return counts[1:-1]
