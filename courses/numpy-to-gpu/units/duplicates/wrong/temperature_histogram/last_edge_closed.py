# finding: wrong-result
def temperature_histogram(temps, edges):
    return cp.histogram(temps.ravel(), edges)[0].astype(cp.int32)
