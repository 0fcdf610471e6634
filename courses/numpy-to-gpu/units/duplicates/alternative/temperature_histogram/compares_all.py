def temperature_histogram(temps, edges):
    at_least = (temps.ravel()[:, None] >= edges[None, :]).sum(axis=0)
    return (at_least[:-1] - at_least[1:]).astype(np.int32)
