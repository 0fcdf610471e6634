# finding: wrong-type
def temperature_histogram(temps, edges):
    place = cp.searchsorted(edges, temps.ravel(), side="right")
    return cp.bincount(place, minlength=edges.size + 1)[1:-1]
