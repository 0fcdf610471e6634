# finding: input-changed
def temperature_histogram(temps, edges):
    pixels = temps.ravel()
    pixels.sort()
    return cp.diff(cp.searchsorted(pixels, edges, side="left")).astype(cp.int32)
