def temperature_histogram(temps, edges):
    ordered = cp.sort(temps.flatten())
    colder = cp.searchsorted(ordered, edges, side="left")
    return cp.diff(colder).astype(cp.int32)
