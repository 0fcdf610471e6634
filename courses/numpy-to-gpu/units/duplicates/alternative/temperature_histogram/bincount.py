def temperature_histogram(temps, edges):
    if temps.size == 0:
        return cp.zeros(len(edges) - 1, dtype="int32")
    place = cp.digitize(temps.reshape(-1), edges)
    return cp.bincount(place, minlength=len(edges) + 1)[1:-1].astype("int32")
